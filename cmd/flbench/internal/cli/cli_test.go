package cli

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// command returns a command that does f.
func command(f func(cmd *cobra.Command) error) *cobra.Command {
	cmd := &cobra.Command{Use: "thing", Short: "do a thing", RunE: func(cmd *cobra.Command, _ []string) error { return f(cmd) }}
	cmd.Flags().Int("n", 0, "")
	cmd.Flags().Func("even", "", func(string) error { return errors.New("want an even number") })
	return cmd
}

func TestExecute(t *testing.T) {
	boom := errors.New("a\x1b[2Jb\nc\xffd: boom")
	for _, c := range []struct {
		args   []string
		f      func(cmd *cobra.Command) error
		code   int
		stdout string
		stderr string
	}{
		{nil, func(cmd *cobra.Command) error { return Print(cmd.OutOrStdout(), "done\n") }, 0, "done\n", ""},
		{nil, func(*cobra.Command) error { return boom }, 1, "", `flbench: a\x1b[2Jb\nc\xffd: boom` + "\n"},
		{nil, func(*cobra.Command) error { return Usagef("--n: %w", boom) }, 2, "", `flbench: --n: a\x1b[2Jb\nc\xffd: boom` + "\nRun 'thing --help' for usage.\n"},
		{[]string{"--n", "x"}, nil, 2, "", "flbench: --n: \"x\": want a whole number\nRun 'thing --help' for usage.\n"},
		{[]string{"--n=99999999999999999999"}, nil, 2, "", "flbench: --n: \"99999999999999999999\": want a whole number, in the range of Go's int\nRun 'thing --help' for usage.\n"},
		{[]string{"--even", "3"}, nil, 2, "", "flbench: --even: \"3\": want an even number\nRun 'thing --help' for usage.\n"},
		{[]string{"--bogus"}, nil, 2, "", "flbench: unknown flag: --bogus\nRun 'thing --help' for usage.\n"},
		{[]string{"--hlp"}, nil, 2, "", "flbench: unknown flag: --hlp: did you mean --help?\nRun 'thing --help' for usage.\n"},
		{[]string{"-nn=1"}, nil, 2, "", "flbench: unknown shorthand flag: 'n' in -nn=1: did you mean --n?\nRun 'thing --help' for usage.\n"},
		{[]string{"-m"}, nil, 2, "", "flbench: unknown shorthand flag: 'm' in -m: did you mean --n?\nRun 'thing --help' for usage.\n"},
		{[]string{"x"}, nil, 2, "", "flbench: unexpected \"x\": want nothing but flags\nRun 'thing --help' for usage.\n"},
	} {
		var stdout, stderr bytes.Buffer
		if code := Execute(t.Context(), command(c.f), append([]string{}, c.args...), &stdout, &stderr); code != c.code || stdout.String() != c.stdout || stderr.String() != c.stderr {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q; want %d, %q, %q", c.args, code, &stdout, &stderr, c.code, c.stdout, c.stderr)
		}
	}
}

// full is a stdout that takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestExecuteFull: output that is lost is a failure, also of help, and where the command
// did not look.
func TestExecuteFull(t *testing.T) {
	careless := func(cmd *cobra.Command) error {
		cmd.Print("x") // to stdout
		_, _ = cmd.OutOrStdout().Write([]byte("x"))
		return nil
	}
	careful := func(cmd *cobra.Command) error { return WriteJSON(cmd.OutOrStdout(), 1) }
	for _, c := range []struct {
		f    func(cmd *cobra.Command) error
		args []string
	}{{careless, []string{}}, {careful, []string{}}, {careful, []string{"--help"}}} {
		var stderr bytes.Buffer
		code := Execute(t.Context(), command(c.f), c.args, full{}, &stderr)
		if want := "flbench: printing the results: no space left on device\n"; code != 1 || !strings.HasSuffix(stderr.String(), want) || strings.Count(stderr.String(), "no space") != 1 {
			t.Errorf("%q: exit code %d, stderr %q, want %q", c.args, code, &stderr, want)
		}
	}
	if _, err := os.Stat("/dev/full"); err == nil {
		f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var stderr bytes.Buffer
		if code := Execute(t.Context(), command(careful), []string{"--help"}, f, &stderr); code != 1 {
			t.Errorf("--help > /dev/full: exit code %d, stderr %q", code, &stderr)
		}
	}
}

func TestPrintable(t *testing.T) {
	for path, want := range map[string]string{
		"a/b c.npy": "a/b c.npy", "γ": "γ", "a\nb": `"a\nb"`, "\x1b[2J": `"\x1b[2J"`, "a\xffb": `"a\xffb"`, "a\u200bb": `"a\u200bb"`, "": "",
	} {
		if got := Printable(path); got != want {
			t.Errorf("%q: %s, want %s", path, got, want)
		}
	}
}

func TestOrList(t *testing.T) {
	for want, names := range map[string][]string{"a": {"a"}, "a or b": {"a", "b"}, "a, b or c": {"a", "b", "c"}} {
		if got := OrList(names); got != want {
			t.Errorf("%q: %q, want %q", names, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for _, c := range []struct {
		n           int
		thing, want string
	}{{0, "core", "0 cores"}, {1, "core", "1 core"}, {2, "core", "2 cores"}, {1, "class", "1 class"}, {80, "class", "80 classes"}} {
		if got := Count(c.n, c.thing); got != c.want {
			t.Errorf("%d of %q: %q, want %q", c.n, c.thing, got, c.want)
		}
	}
}
