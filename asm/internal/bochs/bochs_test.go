package main

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

// TestJudge: only tests that ran, passed and, where they can say so, took AVX-512 will do.
func TestJudge(t *testing.T) {
	const passes = "=== RUN   TestA\n=== RUN   TestA/avx512\n--- PASS: TestA (0.00s)\n    --- PASS: TestA/avx512 (0.00s)\nPASS\n"
	named := suite{name: "s", named: true}
	for _, c := range []struct {
		name   string
		suite  suite
		out    string
		end    error
		passed int
		faults []string
	}{
		{"passed", named, passes, nil, 2, nil},
		{"without names", suite{}, "--- PASS: TestA (0.00s)\nPASS\n", nil, 1, nil},
		{"another kernel", named, strings.ReplaceAll(passes, "avx512", "avx2"), nil, 2, []string{"no test ran avx512"}},
		{"none matched", suite{}, "testing: warning: no tests to run\nPASS\n", nil, 0, []string{"no test ran"}},
		{"no output", named, "", nil, 0, []string{"no test ran"}},
		{"skipped", named, passes + "        --- SKIP: TestA/avx512/x (0.00s)\n", nil, 2, []string{"TestA/avx512/x was skipped"}},
		{"failed", named, passes + "--- FAIL: TestB (1.00s)\nFAIL\n", errors.New("exit status 1"), 2, []string{"exit status 1", "TestB failed"}},
		{"crashed", named, passes + "SIGILL: illegal instruction\n", errors.New("exit status 2"), 2, []string{"exit status 2"}},
		{"not started", named, "", errors.New("no such file"), 0, []string{"no such file", "no test ran"}},
	} {
		passed, faults := c.suite.judge([]byte(c.out), c.end)
		if passed != c.passed || !slices.Equal(faults, c.faults) {
			t.Errorf("%s: %d passed, faults %q, want %d, %q", c.name, passed, faults, c.passed, c.faults)
		}
	}
}

// TestRemarks: what is shown of a failure is the failure, under its test's name.
func TestRemarks(t *testing.T) {
	out := "=== RUN   TestA\n--- PASS: TestA (0.00s)\n=== RUN   TestB\n    b_test.go:3: 1, want 2\n    b_test.go:4: 3, want 4\n--- FAIL: TestB (0.00s)\n\nFAIL\n"
	want := []string{"=== RUN   TestB", "    b_test.go:3: 1, want 2", "    b_test.go:4: 3, want 4"}
	if got := remarks([]byte(out)); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got := remarks([]byte(strings.Repeat(strings.Repeat("x", 1000)+"\n", 1000))); len(got) > 50 || len(got[0]) > 500 {
		t.Errorf("%d lines, the first of %d bytes", len(got), len(got[0]))
	}
}

// TestFollow: the verdict is the guest's own last line, and nothing else that the serial
// line may bring.
func TestFollow(t *testing.T) {
	for _, c := range []struct {
		name, serial, verdict string
		ends                  int
	}{
		{"passed", "[ 0.1] Linux\r\nguest: kernel: 5 tests passed\r\nguest: all passed\r\n[ 9.0] Power down\r\n", guestPassed, 1},
		{"failed", "guest: kernel: TestA failed\r\nguest: failed: kernel\r\n", "failed: kernel", 1},
		{"panic", "[ 1.0] Kernel panic - not syncing: Attempted to kill init!\r\n", "", 1},
		{"cut off", "guest: kernel: 5 tests pas", "", 0},
		{"another's words", "[ 1.0] all passed\r\nguest: kernel: all passed\r\n", "", 0},
	} {
		var said []string
		ends := 0
		last, verdict := follow(strings.NewReader(c.serial), func(s string) { said = append(said, s) }, func() { ends++ })
		if verdict != c.verdict || ends != c.ends || len(last) == 0 {
			t.Errorf("%s: verdict %q, %d ends, last lines %q, want %q, %d", c.name, verdict, ends, last, c.verdict, c.ends)
		}
		for _, s := range said {
			if !strings.HasPrefix(s, "kernel: ") {
				t.Errorf("%s: said %q", c.name, s)
			}
		}
	}
	last, _ := follow(io.LimitReader(strings.NewReader(strings.Repeat("x\n", 1000)), 500), nil, nil)
	if len(last) != 20 {
		t.Errorf("%d last lines, want 20", len(last))
	}
}
