package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// command runs flbench and returns what it printed and its exit code.
func command(args ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	code = run(args, &out, &errs)
	return out.String(), errs.String(), code
}

// runFlbench is a call of the command.
func runFlbench(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	stdout, stderr, code = command(args...)
	return code, stdout, stderr
}

// mustRun is a call that succeeds and says nothing on stderr.
func mustRun(t *testing.T, args ...string) (stdout string) {
	t.Helper()
	code, stdout, stderr := runFlbench(t, args...)
	if code != 0 || stderr != "" {
		t.Fatalf("flbench %s: exit code %d, stderr %q", strings.Join(args, " "), code, stderr)
	}
	return stdout
}

// wantUsageError is a call that exits with 2, prints nothing on stdout, and says
// on stderr what is wrong and where to read on.
func wantUsageError(t *testing.T, want string, args ...string) {
	t.Helper()
	code, stdout, stderr := runFlbench(t, args...)
	if code != 2 || stdout != "" {
		t.Errorf("flbench %s: exit code %d, stdout %q, want code 2 and nothing", strings.Join(args, " "), code, stdout)
	}
	if !strings.Contains(stderr, want) || !strings.Contains(stderr, "--help' for usage.") {
		t.Errorf("flbench %s: stderr %q, want %q and where to find help", strings.Join(args, " "), stderr, want)
	}
}

func TestUnknown(t *testing.T) {
	for _, command := range [][]string{{}, {"bench"}, {"info"}, {"roofline"}, {"scenarios"}} {
		wantUsageError(t, "unknown flag: --nonsense", append(command, "--nonsense")...)
		wantUsageError(t, `"nonsense"`, append(command, "nonsense")...)
	}
}

func TestHelp(t *testing.T) {
	root := mustRun(t, "--help")
	for _, command := range []string{"bench", "eval", "info", "roofline", "scenarios"} {
		if !strings.Contains(root, "\n  "+command+" ") {
			t.Errorf("flbench --help does not list %s:\n%s", command, root)
		}
		if help := mustRun(t, command, "--help"); !strings.Contains(help, "flbench "+command) {
			t.Errorf("flbench %s --help:\n%s", command, help)
		}
	}
	for _, command := range [][]string{{}, {"bench"}, {"info"}, {"roofline"}, {"scenarios"}} {
		help := mustRun(t, append(command, "--help")...)
		_, examples, found := strings.Cut(help, "Examples:\n")
		if !found || !strings.Contains(examples, "--json") {
			t.Errorf("flbench %s --help has no examples:\n%s", command, help)
		}
	}
}

// TestBenchIsRoot: without a command the flags are bench's.
func TestBenchIsRoot(t *testing.T) {
	var got struct {
		Environment struct{ Seed int }
		Rows        []struct{ Kernel string }
	}
	args := []string{"--anchors", "60", "--classes", "3", "--time", "0.02", "--json", "--ops", "sum", "--losses", "ce", "--kernels", "generic", "--seed", "7"}
	if err := json.Unmarshal([]byte(mustRun(t, args...)), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Rows) != 1 || got.Environment.Seed != 7 || got.Rows[0].Kernel != "generic" {
		t.Errorf("%+v", got)
	}
	wantUsageError(t, "--ops: sum twice", "--ops", "sum,sum")
}
