package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/cli/clitest"
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
	for _, command := range [][]string{{}, {"bench"}, {"info"}, {"plot"}, {"plot", "curves"}, {"roofline"}, {"scenarios"}} {
		wantUsageError(t, "unknown flag: --nonsense", append(command, "--nonsense")...)
		wantUsageError(t, `"nonsense"`, append(command, "nonsense")...)
	}
}

func TestHelp(t *testing.T) {
	root := mustRun(t, "--help")
	for _, command := range []string{"bench", "eval", "info", "plot", "roofline", "scenarios"} {
		if !strings.Contains(root, "\n  "+command+" ") {
			t.Errorf("flbench --help does not list %s:\n%s", command, root)
		}
		if help := mustRun(t, command, "--help"); !strings.Contains(help, "flbench "+command) {
			t.Errorf("flbench %s --help:\n%s", command, help)
		}
	}
	for _, command := range [][]string{{}, {"bench"}, {"info"}, {"plot"}, {"roofline"}, {"scenarios"}} {
		help := mustRun(t, append(command, "--help")...)
		_, examples, found := strings.Cut(help, "Examples:\n")
		if !found || !strings.Contains(examples, "--json") {
			t.Errorf("flbench %s --help has no examples:\n%s", command, help)
		}
	}
}

// TestNoSuchCommand: what is no command is refused, with what may have been meant.
func TestNoSuchCommand(t *testing.T) {
	for args, want := range map[string]string{
		"evl":             "did you mean eval?",
		"verfy --stride":  "",
		"help evl":        "did you mean eval?",
		"help bogus":      `unknown command "bogus": want bench, completion, eval, hardest, info, `,
		"help bench x":    `unknown command "x" for "flbench bench"`,
		"completion":      "want bash, fish, powershell or zsh",
		"completion zssh": "did you mean bash, fish or zsh?",
		"info x":          `unexpected "x": want nothing but flags`,
	} {
		wantUsageError(t, want, strings.Fields(args)...)
	}
	for _, args := range []string{"help", "help eval", "help completion zsh", "completion --help", "completion bash", "completion powershell"} {
		if mustRun(t, strings.Fields(args)...) == "" {
			t.Errorf("%s prints nothing", args)
		}
	}
	if help := mustRun(t, "help", "eval"); help != mustRun(t, "eval", "--help") {
		t.Errorf("help eval prints\n%s", help)
	}
	if help := mustRun(t, "--help"); !strings.Contains(help, "\n  completion ") || !strings.Contains(help, "source <(flbench completion bash)") {
		t.Errorf("help does not tell of completion:\n%s", help)
	}
}

// TestVersionFlag: --version is version.
func TestVersionFlag(t *testing.T) {
	for _, form := range []string{"--json", "--json=false"} {
		if got, want := mustRun(t, "--version", form), mustRun(t, "version", form); got != want {
			t.Errorf("--version %s prints\n%s, version\n%s", form, got, want)
		}
	}
}

// TestFullDisk: what stdout does not take is a failure with one message, of every command.
func TestFullDisk(t *testing.T) {
	t.Setenv(cli.KernelVariable, "")
	for _, args := range []string{
		"--help", "help", "help eval", "eval --help", "--version", "version", "completion bash", "completion fish", "completion --help",
		"--scores 80 --time 0.001", "info", "plot curves", "scenarios", "verify --only exp --stride 50000017",
	} {
		var stderr bytes.Buffer
		code := run(strings.Fields(args), clitest.Full{}, &stderr)
		if code != 1 || !strings.HasPrefix(stderr.String(), "flbench: ") || strings.Count(stderr.String(), "no space left on device") != 1 {
			t.Errorf("flbench %s: exit code %d, stderr %q", args, code, &stderr)
		}
	}
}

// TestNoColour: nothing that is printed acts on a terminal, whatever NO_COLOR says.
func TestNoColour(t *testing.T) {
	for _, args := range []string{"--help", "info", "plot gradients", "scenarios", "version", "--scores 80 --time 0.001", "evl", "x\x1b[2J"} {
		if code, stdout, stderr := runFlbench(t, strings.Fields(args)...); strings.ContainsAny(stdout+stderr, "\x1b\r\x07") || code == 1 {
			t.Errorf("flbench %q: %q, %q", args, stdout, stderr)
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
