package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// script writes an executable shell script.
func script(t *testing.T, path, body string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o755); err != nil {
		t.Fatal(err)
	}
}

func jsonRow(peer, work string, n, threads int, ns float64) string {
	return fmt.Sprintf(`{"peer":%q,"work":%q,"n":%d,"threads":%d,"ns_per_elem":%g,"ns_min":%g,"max_ulp":9,"max_ulp_wide":9,"sum_rel_err":0}`, peer, work, n, threads, ns, ns)
}

// TestComparison runs a comparison of shell scripts: run.sh builds once, rounds
// alternate, the filter arrives, the harness is stopped once it has printed what is
// wanted, and the least times count.
func TestComparison(t *testing.T) {
	dir := t.TempDir()
	peers, out, journal := filepath.Join(dir, "peers"), filepath.Join(dir, "out"), filepath.Join(dir, "journal")
	// The harness would hang after the rows of two threads. It is faster from the
	// second round on, flengine in the first.
	harness := filepath.Join(dir, "harness")
	script(t, harness, fmt.Sprintf(`echo "harness $2 $3" >> %[1]s
[ "$2" = slow ] || exit 0
ns=3; [ "$(grep -c 'harness slow' %[1]s)" -gt 1 ] && ns=2
cat <<END
%[2]s
{"peer":"slow-v3","work":"W1","n":1048576,"threads":1,"ns_per_elem":$ns,"max_ulp":9}
%[3]s
END
exec sleep 60
`, journal, jsonRow("slow-v3", "W1", 16384, 1, 7), jsonRow("slow-v3", "W1", 1<<20, 2, 0.1)))
	script(t, filepath.Join(peers, "run.sh"), fmt.Sprintf("echo \"run.sh $@\" >> %s\ncd $PEERS_OUT && mkdir -p bin data/wide && touch data/wide/w8.f64 && cp %s bin/harness\n", journal, harness))
	self := filepath.Join(dir, "self")
	script(t, self, fmt.Sprintf(`echo "ours $FLENGINE_KERNEL" >> %[1]s
ns=1; [ "$(grep -c ours %[1]s)" -gt 1 ] && ns=4
echo '{"peer":"flengine-avx2","work":"W1","n":1048576,"threads":1,"ns_per_elem":'$ns',"max_ulp":9}'
`, journal))
	parts, err := parseParts("c")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var log strings.Builder
	c := comparison{peers: peers, out: out, parts: parts, filters: []string{"slow", "none"}, ms: 5, rounds: 2,
		sizes: []int{1 << 20}, kernels: []string{"avx2"}, self: self, log: &log}
	r, err := c.run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if want := "peers: no peer's name holds none\n"; log.String() != want {
		t.Errorf("said %q, want %q", log.String(), want)
	}
	if _, err := (&c).run(ctx); err != nil { // again: nothing is built
		t.Fatal(err)
	}
	got, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	round := "harness slow 5\nharness none 5\nours avx2\n"
	if want := "run.sh c\n" + strings.Repeat(round, 4); string(got) != want {
		t.Errorf("ran\n%s\nwant\n%s", got, want)
	}
	ours, others := r.sides("W1", 1<<20)
	if len(ours) != 1 || ours[0].NS != 1 || len(others) != 1 || others[0].NS != 2 || others[0].Ratios["avx2"] != 2 {
		t.Errorf("ours %+v, peers %+v: want 1 ns, 2 ns, ratio 2", ours, others)
	}
	if n := len(r.rows.list); n != 2 {
		t.Errorf("%d rows, want only those of one thread and the wanted size: %+v", n, r.rows.list)
	}

	// Changed sources are built again.
	if err := os.WriteFile(filepath.Join(peers, "more.c"), []byte("int x;"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := c.run(ctx); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(journal); strings.Count(string(got), "run.sh") != 2 {
		t.Errorf("a changed source was not built:\n%s", got)
	}

	// So is what was built and is gone.
	for i, name := range []string{"bin/harness", "data/wide/w8.f64"} {
		if err := os.Remove(filepath.Join(out, name)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.run(ctx); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(journal); strings.Count(string(got), "run.sh") != 3+i {
			t.Errorf("%s was not built again:\n%s", name, got)
		}
	}

	c.filters = []string{"none"}
	if _, err := c.run(ctx); err == nil || !strings.Contains(err.Error(), "no peer's name holds none") {
		t.Errorf("error %v without a peer", err)
	}
}

// TestBuildFails: what run.sh says is in the error, and the next run builds again.
func TestBuildFails(t *testing.T) {
	dir := t.TempDir()
	script(t, filepath.Join(dir, "peers", "run.sh"), "echo no such compiler >&2; exit 3\n")
	parts, _ := parseParts("c")
	c := comparison{peers: filepath.Join(dir, "peers"), out: filepath.Join(dir, "out"), parts: parts, filters: []string{"-"},
		ms: 1, rounds: 1, sizes: []int{1 << 20}, kernels: []string{"avx2"}, log: &strings.Builder{}}
	for range 2 {
		if _, err := c.run(context.Background()); err == nil || !strings.Contains(err.Error(), "no such compiler") {
			t.Errorf("error %v does not say what run.sh did", err)
		} else if !strings.Contains(err.Error(), "lists the packages") {
			t.Errorf("error %v does not say what to install", err)
		}
	}
	runSh := filepath.Join(dir, "peers", "run.sh")
	script(t, runSh, "echo mkdir: Permission denied >&2; exit 1\n")
	for _, mode := range []os.FileMode{0o755, 0o644} {
		if err := os.Chmod(runSh, mode); err != nil {
			t.Fatal(err)
		}
		_, err := c.run(context.Background())
		if err == nil || !strings.Contains(strings.ToLower(err.Error()), "permission denied") || strings.Contains(err.Error(), "packages") {
			t.Errorf("mode %v: error %v, want that permission is denied, and no word of packages", mode, err)
		}
	}
}

func TestCommandErrors(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"-peers " + dir, 1, "want a folder with run.sh"},
		{"-ours " + dir, 1, "no such file"},
		{"-parts c,cobol", 2, `unknown part "cobol": want c, go, python`},
		{"-parts ,", 2, "-parts is empty"},
		{"-n 5", 2, `size "5": want one of 16384,1048576,8000000`},
		{"-n ,", 2, "-n is empty"},
		{"-ms 0", 2, "-ms 0 -rounds 3: want at least 1"},
		{"-nonsense", 2, "not defined"},
		{"extra", 2, `unexpected argument "extra"`},
		{"-h", 0, "usage: peers"},
	} {
		var stdout, stderr strings.Builder
		code := command(context.Background(), strings.Fields(c.args), &stdout, &stderr)
		if code != c.code || !strings.Contains(stderr.String(), c.want) || stdout.Len() != 0 {
			t.Errorf("%s: exit code %d, %s%s; want %d and %q on stderr", c.args, code, &stdout, &stderr, c.code, c.want)
		}
	}
}
