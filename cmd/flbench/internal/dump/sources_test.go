package dump

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// TestUsage has flags that contradict each other or cannot be read.
func TestUsage(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"", "no input: want PATHs, --from, or --logits and --labels"},
		{"--logits=a", "only one of --logits and --labels: want both, or PATHs"},
		{"--labels=a x", "only one of --logits and --labels: want both, or PATHs"},
		{"--logits=a --labels=b x", "x beside --logits and --labels: want one or the other"},
		{"--logits=a --labels=b --from=c", "--from beside --logits and --labels: want one or the other"},
		{"--logits=- --labels=-", "standard input is named twice: want - for one of --logits, --labels and --weights, or as a PATH for an archive with all"},
		{"- -", "standard input is named twice: want - once, as a PATH or for --from"},
		{"x --layout=cn", "--layout=cn: want ac, nac, ca, nca or chw"},
		{"x --targets=hard", "--targets=hard: want binary, class or soft"},
		{"x --targets=soft --background=1", "--background beside --targets=soft: want it with class indices only, of soft labels 0 is background"},
		{"x --targets=binary --background=0", "--background beside --targets=binary: want it with class indices only, of binary labels 0 is background"},
		{"x --background=-2", "--background=-2 also stands for ignored: want another, or another --ignored"},
		{"x --background=3 --ignored=4,3", "--background=3 also stands for ignored: want another, or another --ignored"},
		{"x --columns=4", "--columns=4: want a slice, FROM:TO, such as 4: or :80"},
		{"x --columns=4:8:2", "--columns=4:8:2: want FROM:TO, without a step"},
		{"x --columns=a:", `--columns=a:: "a": want a whole number`},
		{"x --columns=:99999999999999999999", `--columns=:99999999999999999999: "99999999999999999999": want a whole number`},
	} {
		o := new(Options)
		flags := pflag.NewFlagSet("eval", pflag.ContinueOnError)
		o.AddFlags(flags)
		if err := flags.Parse(strings.Fields(c.args)); err != nil {
			t.Fatal(err)
		}
		_, err := o.Sources(flags.Args())
		if usage := (UsageError{}); !errors.As(err, &usage) || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.args, err, c.want)
		}
	}
	o := new(Options)
	if _, err := o.Sources([]string{""}); !errors.As(err, new(UsageError)) {
		t.Errorf("an empty PATH: %v", err)
	}
}

// TestFlags has values that flags refuse.
func TestFlags(t *testing.T) {
	for _, c := range []struct{ arg, want string }{
		{"--logits=", "is empty"}, {"--columns=", "is empty"}, {"--weights=", "is empty"}, {"--from=", "is empty"},
		{"--background=", "want a whole number"}, {"--background=1.5", "want a whole number"},
		{"--background=2147483648", "want a whole number from -2147483648 to 2147483647"},
		{"--ignored=-1,", "want a whole number"}, {"--ignored=all", "want a whole number"},
	} {
		flags := pflag.NewFlagSet("eval", pflag.ContinueOnError)
		flags.SetOutput(io.Discard)
		new(Options).AddFlags(flags)
		if err := flags.Parse([]string{c.arg}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", c.arg, err, c.want)
		}
	}
	o := options(t, "--ignored=-1", "--ignored", "-100, 255", "--background=-5")
	if want := []int32{-1, -100, 255}; !slices.Equal(o.Ignored, want) || o.Background == nil || *o.Background != -5 {
		t.Errorf("ignored %v, background %v, want %v and -5", o.Ignored, o.Background, want)
	}
}

// TestFolder: a folder of archives is its archives by name, without hidden files and
// folders.
func TestFolder(t *testing.T) {
	dir := write(t, map[string][]byte{
		"b.npz": nil, "a.npz": nil, "10.NPZ": nil, "9.npz": nil, "._a.npz": nil, "notes.txt": nil, "sub.npz/c.npz": nil, "sub/d.npz": nil, "anchors.npy": nil,
	})
	sources, err := new(Options).Sources([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range sources {
		names = append(names, filepath.Base(s.Path))
		if files := s.Files(); !slices.Equal(files, []string{s.Path}) {
			t.Errorf("%s: files %q", s.Path, files)
		}
	}
	if want := []string{"10.NPZ", "9.npz", "a.npz", "b.npz"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	mixed := write(t, map[string][]byte{"a.npz": nil, "a.safetensors": nil})
	if _, err := new(Options).Sources([]string{mixed}); err == nil || !strings.Contains(err.Error(), "a folder with .npz files and .safetensors files, want one of these") {
		t.Errorf("a folder of both: %v", err)
	}
}

// TestFrom has the ways to write a list of PATHs.
func TestFrom(t *testing.T) {
	dir := write(t, map[string][]byte{
		"lines": []byte("a.npz\n\n  \nb c.npz\r\nd.npz"), "nul": []byte("a.npz\x00b c.npz\x00\x00d.npz\x00"), "none": []byte("\n\r\n"), "a.npz": nil, "b c.npz": nil, "d.npz": nil,
	})
	t.Chdir(dir)
	for _, file := range []string{"lines", "nul", "-"} {
		o := options(t, "--from="+file)
		if file == "-" {
			stdin(t, []byte("a.npz\nb c.npz\nd.npz\n"))
		}
		sources, err := o.Sources(nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range sources {
			got = append(got, s.Path)
		}
		if want := []string{"a.npz", "b c.npz", "d.npz"}; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", file, got, want)
		}
		if sources, err = o.Sources([]string{"d.npz"}); file != "-" && (err != nil || len(sources) != 4 || sources[0].Path != "d.npz") {
			t.Errorf("%s after a PATH: %v, %v", file, sources, err)
		}
	}
	for file, want := range map[string]string{"none": "--from=none: no PATH in it", "missing": "--from=missing: "} {
		if _, err := options(t, "--from="+file).Sources(nil); err == nil || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), ", want a file with a PATH per line") {
			t.Errorf("%s: %v, want %s…", file, err, want)
		}
	}
}

// stdin makes a pipe with the text standard input.
func stdin(t *testing.T, text []byte) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	was := os.Stdin
	os.Stdin = r
	done := make(chan error, 1)
	go func() {
		_, err := w.Write(text)
		done <- errors.Join(err, w.Close())
	}()
	t.Cleanup(func() {
		os.Stdin = was
		if err := errors.Join(r.Close(), <-done); err != nil {
			t.Errorf("the pipe: %v", err)
		}
	})
}

// TestPipe: what Check reads of a pipe is what Open gives, once.
func TestPipe(t *testing.T) {
	for _, name := range []string{"image.npz", "packed.npz", "image.safetensors"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(dumps, name))
			if err != nil {
				t.Fatal(err)
			}
			stdin(t, text)
			sources, err := new(Options).Sources([]string{"-"})
			if err != nil {
				t.Fatal(err)
			}
			s := sources[0]
			for range 2 {
				if n, err := s.Check(); n != 185 || err != nil {
					t.Fatalf("Check: %d, %v", n, err)
				}
			}
			d, err := s.Open()
			if err != nil {
				t.Fatal(err)
			}
			var all outcome
			if err := evaluateDump(d, &all); err != nil || all.Scores != 175 || all.Positives != 10 {
				t.Errorf("%+v, %v", all, err)
			}
			if d.Path() != "-" || len(s.Files()) != 0 {
				t.Errorf("path %q, files %q", d.Path(), s.Files())
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
			if _, err := s.Open(); err == nil || !strings.Contains(err.Error(), "want it once") {
				t.Errorf("opened again: %v", err)
			}
		})
	}
}
