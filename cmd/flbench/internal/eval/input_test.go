package eval

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

// wantFailure runs eval, which must print nothing but one message: about the file, or
// whatever else stands before the first colon of want, and with the rest of want in it. How
// else it goes on is the matter of who reads the files.
func wantFailure(t *testing.T, name string, want string, args ...string) {
	t.Helper()
	stdout, stderr, code := command(append([]string{"eval"}, args...)...)
	about, reason, _ := strings.Cut(want, ": ")
	if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "flbench: "+about+": ") || !strings.Contains(stderr, reason) || strings.Count(stderr, "\n") != 1 {
		t.Errorf("%s: exit code %d, stdout %q, stderr\n%s, want 1, nothing, and\n%s", name, code, stdout, stderr, want)
	}
}

// systemError is how the operating system words an error.
func systemError(err error) string {
	if inPath, ok := err.(*fs.PathError); ok {
		err = inPath.Err
	}
	return err.Error()
}

// TestEvalBadInput has every way in which the files can be bad. In messages LOGITS
// and LABELS stand for the files.
func TestEvalBadInput(t *testing.T) {
	withShards(t, 1)
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	_, err := os.Stat(filepath.Join(t.TempDir(), "missing"))
	missing := systemError(err)

	// with returns zeros, with one other value at an index.
	floats := func(n, at int, v float32) []float32 { s := make([]float32, n); s[at] = v; return s }
	bytes := func(n, at int, v uint8) []uint8 { s := make([]uint8, n); s[at] = v; return s }
	ints := func(n, at int, v int32) []int32 { s := make([]int32, n); s[at] = v; return s }
	longs := func(n, at int, v int64) []int64 { s := make([]int64, n); s[at] = v; return s }
	file := func(data any, shape ...int) []byte { return array{shape, data}.file() }

	good := file(floats(12, 0, 1), 4, 3)
	classes := file(ints(4, 0, 1), 4)
	// Large enough that the last element is in the third shard.
	const rows, columns = 1000, 10
	large := file(floats(rows*columns, 0, 1), rows, columns)
	largeClasses := file(ints(rows, 0, 1), rows)

	for _, c := range []struct {
		name           string
		logits, labels []byte
		want           string
	}{
		{"no logits.npy", nil, classes, "LOGITS: " + missing},
		{"no labels.npy", good, nil, "LABELS: " + missing},
		{"empty file", []byte{}, classes, "LOGITS: "},
		{"foreign file", []byte("GIF89a\x00 an image"), classes, `LOGITS: want an .npy`},
		{"truncated header", good[:20], classes, "LOGITS: truncated header"},
		{"truncated data", good[:len(good)-1], classes, "LOGITS: header claims 48 bytes of data, the file has 47"},
		{"claims too much", npyFile("<f4", "(5000000, 80)", floats(4, 0, 0)), classes,
			"LOGITS: header claims 1600000000 bytes of data, the file has 16"},
		{"claims the impossible", npyFile("<f4", fmt.Sprintf("(%d, 4)", math.MaxInt/2+1), floats(4, 0, 0)), classes,
			fmt.Sprintf("LOGITS: shape (%d, 4) is too large", math.MaxInt/2+1)},
		{"trailing data", append(slices.Clone(good), 0), classes, "LOGITS: header claims 48 bytes of data, the file has 49"},
		{"integer logits", npyFile("<i8", "(4, 3)", make([]int64, 12)), classes, "LOGITS: dtype"},
		{"float32 labels", good, file(floats(4, 0, 0), 4), "LABELS: want class indices of an integer type"},
		{"no dimension", npyFile("<f4", "()", float32(0)), classes, "LOGITS: shape (), want (A,), (A, C)"},
		{"no columns", file([]float32{}, 4, 0), classes, "LOGITS: shape (4, 0), want (A,), (A, C)"},
		{"too few classes", good, file(ints(3, 0, 0), 3), "LABELS: shape (3,), want (4,), a class for each anchor"},

		{"class above", good, file(ints(4, 2, 3), 4), "LABELS: [2] is 3: want a class in [0, 3), -1 for background, or -2 for ignored"},
		{"class below", good, file(ints(4, 3, -3), 4), "LABELS: [3] is -3: want a class in [0, 3), -1 for background, or -2 for ignored"},
		{"class above, one column", file(floats(4, 0, 0), 4), file([]int32{-1, 1, -1, 0}, 4),
			"LABELS: [1] is 1: want a class in [0, 1), -1 for background, or -2 for ignored"},
		{"one column, two meanings", file(floats(4, 0, 0), 4), file(ints(4, 1, 1), 4), "LABELS: --targets=binary"},
		{"int64 class above", good, file(longs(4, 0, 3), 4), "LABELS: [0] is 3: want a class in [0, 3), -1 for background, or -2 for ignored"},
		{"int64 class beyond int32", good, file(longs(4, 3, 1<<32+1), 4),
			"LABELS: [3] is 4294967297: want a class in [0, 3), -1 for background, or -2 for ignored"},
		{"int64 class below int32", good, file(longs(4, 1, math.MinInt64), 4),
			"LABELS: [1] is -9223372036854775808: want a class in [0, 3), -1 for background, or -2 for ignored"},
		{"label 2", good, file(bytes(12, 5, 2), 4, 3), "LABELS: [1, 2] is 2: want 0, 1, or 255 for ignored"},
		{"label 254, one dimension", file(floats(4, 0, 0), 4), file(bytes(4, 3, 254), 4), "LABELS: [3] is 254: want 0, 1, or 255 for ignored"},
		{"NaN", file(floats(12, 7, nan), 4, 3), classes, "LOGITS: [2, 1] is NaN: want a number"},
		{"NaN, one dimension", file(floats(12, 7, nan), 12), file(ints(12, 0, -1), 12), "LOGITS: [7] is NaN: want a number"},
		{"+Inf background", file(floats(12, 0, inf), 4, 3), classes, "LOGITS: [0, 0] is +Inf: want a finite logit, or −Inf, for background"},
		{"−Inf foreground", file(floats(12, 1, -inf), 4, 3), classes, "LOGITS: [0, 1] is -Inf: want a finite logit, or +Inf, for foreground"},

		{"late NaN", file(floats(rows*columns, rows*columns-2, nan), rows, columns), largeClasses, "LOGITS: [999, 8] is NaN: want a number"},
		{"late class", large, file(ints(rows, 990, 10), rows),
			"LABELS: [990] is 10: want a class in [0, 10), -1 for background, or -2 for ignored"},
		{"late int64 class", large, file(longs(rows, 820, -3), rows),
			"LABELS: [820] is -3: want a class in [0, 10), -1 for background, or -2 for ignored"},
		{"late label", large, file(bytes(rows*columns, 9001, 9), rows, columns), "LABELS: [900, 1] is 9: want 0, 1, or 255 for ignored"},
		// The row begins in one shard and goes on in the next.
		{"class at a cut", large, file(ints(rows, 409, 10), rows),
			"LABELS: [409] is 10: want a class in [0, 10), -1 for background, or -2 for ignored"},
		{"NaN before a bad class", file(floats(rows*columns, 9899, nan), rows, columns), file(ints(rows, 990, 10), rows),
			"LOGITS: [989, 9] is NaN: want a number"},
		{"NaN after a bad class", file(floats(rows*columns, 9901, nan), rows, columns), file(ints(rows, 990, 10), rows),
			"LABELS: [990] is 10: want a class in [0, 10), -1 for background, or -2 for ignored"},
		{"a fault in each shard", file(floats(rows*columns, 5000, nan), rows, columns), file(ints(rows, 990, 10), rows),
			"LOGITS: [500, 0] is NaN: want a number"},
	} {
		dir := folder(t, c.logits, c.labels)
		logits, labels := filepath.Join(dir, "logits.npy"), filepath.Join(dir, "labels.npy")
		want := strings.NewReplacer("LOGITS", logits, "LABELS", labels).Replace(c.want)
		for _, args := range [][]string{
			{dir},
			{"--json", "--workers", "1", "--top", "3", dir},
			{"--logits", logits, "--labels", labels},
			{photoPath("handtrack/coffee"), "--workers", "3", dir},
		} {
			wantFailure(t, c.name, want, args...)
		}
		out := t.TempDir()
		wantFailure(t, c.name, want, "--losses-out", filepath.Join(out, "l.npy"), "--gradients-out", filepath.Join(out, "g.npy"), dir)
		if left, err := os.ReadDir(out); err != nil || len(left) > 0 {
			t.Errorf("%s: outputs %v, %v", c.name, left, err)
		}
	}
}

func TestEvalBadFolder(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	_, err := os.Stat(missing)
	wantMissing := missing + ": " + systemError(err) + ", want a folder with logits.npy and labels.npy"
	wantFailure(t, "missing", wantMissing, missing)

	file := filepath.Join(photoPath("nanodet"), "classes.txt")
	wantFailure(t, "a file", file+": CSV or other text", file)

	// One file of two names the flags for both.
	one := filepath.Join(photoPath("handtrack/coffee"), "logits.npy")
	wantFailure(t, "one of two files", one+": named by --logits and --labels", one)

	// The last input is looked at before the first is evaluated.
	bad := folder(t, array{[]int{1}, []float32{float32(math.NaN())}}.file(), array{[]int{1}, []int32{-1}}.file())
	wantFailure(t, "bad and missing", wantMissing, bad, missing)
	without := folder(t, array{[]int{1}, []float32{1}}.file(), nil)
	wantFailure(t, "bad and without labels", filepath.Join(without, "labels.npy")+": "+systemError(err), bad, without)

	dir := folder(t, nil, array{[]int{1}, []int32{-1}}.file())
	if err := os.Mkdir(filepath.Join(dir, "logits.npy"), 0o777); err != nil {
		t.Fatal(err)
	}
	wantFailure(t, "a folder for a file", filepath.Join(dir, "logits.npy")+": a directory", dir)
}

// TestEvalUsage has every wrong call.
func TestEvalUsage(t *testing.T) {
	t.Setenv("FLENGINE_KERNEL", "")
	dir := folder(t, array{[]int{1}, []float32{2}}.file(), array{[]int{1}, []int32{-1}}.file())
	usable := strings.Join(engine.Kernels(), ", ")
	for _, c := range []struct{ args, want string }{
		{"", "no input: want PATHs, --from, or --logits and --labels"},
		{"--logits f", "only one of --logits and --labels: want both, or PATHs"},
		{"--labels f DIR", "only one of --logits and --labels: want both, or PATHs"},
		{"--logits f --labels g DIR", "DIR beside --logits and --labels: want one or the other"},
		{"--logits f --labels g --from h", "--from beside --logits and --labels: want one or the other"},
		{"--loss hinge DIR", `--loss is "hinge": want ` + cli.OrList(cli.FamilyNames(cli.AllFamilies()))},
		{"--loss= DIR", `--loss is "": want ` + cli.OrList(cli.FamilyNames(cli.AllFamilies()))},
		{"--loss focal(gamma=two) DIR", `--loss: gamma is "two": want a finite number ≥ 0`},
		{"--loss focal(beta=2) DIR", `--loss: loss "focal(beta=2)" has no parameter "beta": want alpha, gamma, pos, neg, smoothing`},
		{"--loss qfl0.5 DIR", `--loss: "qfl0.5": beta is 0.5: want a finite number ≥ 1`},
		{"--loss asl(margin=1e-5) DIR", "--loss: margin is 1e-05: want 0, or a number in [0.00024414063, 0.99975586]"},
		{"--loss asl --margin 1e-5 DIR", "--margin is 1e-05: want 0, or a number in [0.00024414063, 0.99975586]"},
		{"--loss vfl(smoothing=0.1) --kernel generic DIR", "--loss: smoothing is 0.1: want 0 of vfl, whose foreground is all that has a target above 0"},
		{"--loss softmaxfocal(smoothing=0.1) DIR", "--loss: smoothing is 0.1: want 0 of softmaxfocal, which libraries smooth in ways of their own"},
		{"--loss qfl --probs DIR", "--probs beside --loss qfl(beta=2): want logits, the scores before the sigmoid, which it is from"},
		{"--loss vfl --probs DIR", "--probs beside --loss vfl(alpha=0.75,gamma=2,iou=1): want logits, the scores before the sigmoid, which it is from"},
		{"--loss asl(margin=0) --probs DIR", "--probs beside --loss asl(gammapos=1,gammaneg=4,margin=0): want logits, the scores before the sigmoid, which it is from"},
		{"--loss ce(smoothing=0.1) --probs DIR", "--probs beside --loss ce(smoothing=0.1): want logits, the scores before the sigmoid, which it is from"},
		{"--loss focal1.5 --alpha 0.5 DIR", "--alpha beside --loss focal1.5: want one or the other"},
		{"--loss focal(gamma=1) --gamma 2 DIR", "--gamma beside --loss focal(gamma=1): want one or the other"},
		{"--alpha 1.5 DIR", "--alpha is 1.5: want a weight in [0, 1]"},
		{"--alpha 1.00000001 DIR", "--alpha is 1.00000001: want a weight in [0, 1]"},
		{"--alpha -0.1 --loss balanced DIR", "--alpha is -0.1: want a weight in [0, 1]"},
		{"--alpha NaN DIR", "--alpha is NaN: want a weight in [0, 1]"},
		{"--gamma -1 DIR", "--gamma is -1: want a finite number ≥ 0"},
		{"--gamma NaN DIR", "--gamma is NaN: want a finite number ≥ 0"},
		{"--gamma Inf DIR", "--gamma is +Inf: want a finite number ≥ 0"},
		{"--gamma 1e39 DIR", "--gamma is 1e+39: want a finite number ≥ 0"},
		{"--gamma two DIR", `--gamma: "two": want a number`},
		{"--loss ce --alpha 0.25 DIR", "--alpha has no meaning for --loss ce"},
		{"--loss ce --gamma 2 DIR", "--gamma has no meaning for --loss ce"},
		{"--loss balanced --gamma 2 DIR", "--gamma has no meaning for --loss balanced"},
		{"--kernel sse9 DIR", `--kernel: unknown kernel "sse9"; usable here: ` + usable},
		{"--workers 0 DIR", "--workers is 0: want 1 or more"},
		{"--workers -2 DIR", "--workers is -2: want 1 or more"},
		{"--top -1 DIR", "--top is -1: want 0 or more"},
		{"--limit -1 DIR", "--limit is -1: want 0 or more"},
		{"--sort size DIR", `--sort is "size": want loss, mean, per-positive, max, positives, ignored, scores or path`},
		{"--sort= DIR", `--sort is "": want loss, mean, per-positive, max, positives, ignored, scores or path`},
		{"--format xml DIR", `--format is "xml": want table, json, jsonl or csv`},
		{"--format csv --json DIR", "--json beside --format csv: want one or the other"},
		{"--format csv --top 3 DIR", "--top with --format csv: its lines have no lists, want another format"},
		{"--losses-out f DIR DIR", "--losses-out with 2 inputs: want exactly one"},
		{"--gradients-out f DIR DIR DIR", "--gradients-out with 3 inputs: want exactly one"},
		{"--losses-out= DIR", "--losses-out is empty: want a file name"},
		{"--losses-out DIR/logits.npy DIR", "--losses-out DIR/logits.npy is the input DIR/logits.npy: want another file"},
		{"--gradients-out DIR/./labels.npy DIR", "--gradients-out DIR/./labels.npy is the input DIR/labels.npy: want another file"},
		{"--gradients-out DIR/labels.npy --logits DIR/logits.npy --labels DIR/labels.npy",
			"--gradients-out DIR/labels.npy is the input DIR/labels.npy: want another file"},
		{"--losses-out DIR/f --gradients-out DIR/./f DIR", "--losses-out and --gradients-out are both DIR/f: want two files"},
		{"--frobnicate DIR", "unknown flag: --frobnicate"},
		{"--loss", "flag needs an argument: --loss"},
	} {
		args := strings.Fields(strings.ReplaceAll(c.args, "DIR", filepath.ToSlash(dir)))
		for i := range args {
			args[i] = filepath.FromSlash(strings.Trim(args[i], "'"))
		}
		want := "flbench: " + strings.ReplaceAll(c.want, "DIR/./", "DOT") + "\nRun 'flbench eval --help' for usage.\n"
		want = strings.NewReplacer("DOT", filepath.FromSlash(filepath.ToSlash(dir)+"/./"), "DIR", dir, "/", string(filepath.Separator)).Replace(want)
		stdout, stderr, code := command(append([]string{"eval"}, args...)...)
		if code != 2 || stdout != "" || stderr != want {
			t.Errorf("eval %s: exit code %d, stdout %q, stderr\n%s, want 2, nothing, and\n%s", c.args, code, stdout, stderr, want)
		}
	}

	t.Setenv("FLENGINE_KERNEL", "sse9")
	_, stderr, code := command("eval", dir)
	want := "flbench: FLENGINE_KERNEL: unknown kernel \"sse9\"; usable here: " + usable + "\n"
	if code != 1 || stderr != want {
		t.Errorf("exit code %d, stderr %q, want %q", code, stderr, want)
	}
	t.Setenv("FLENGINE_KERNEL", "generic")
	if r := evalReport(t, dir); r.Kernel != "generic" {
		t.Errorf("kernel %q, want that of FLENGINE_KERNEL", r.Kernel)
	}
	if r := evalReport(t, "--kernel", engine.Kernels()[0], dir); r.Kernel != engine.Kernels()[0] {
		t.Errorf("kernel %q, want that of the flag", r.Kernel)
	}
}

// TestEvalSameFile: the outputs may not be an input by another name.
func TestEvalSameFile(t *testing.T) {
	dir := folder(t, array{[]int{1}, []float32{1}}.file(), array{[]int{1}, []int32{0}}.file())
	before := string(must(os.ReadFile(filepath.Join(dir, "logits.npy"))))
	link := filepath.Join(t.TempDir(), "link.npy")
	if err := os.Link(filepath.Join(dir, "logits.npy"), link); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := command("eval", "--losses-out", link, dir)
	want := fmt.Sprintf("flbench: --losses-out %s is the input %s: want another file\nRun 'flbench eval --help' for usage.\n",
		link, filepath.Join(dir, "logits.npy"))
	if code != 2 || stdout != "" || stderr != want {
		t.Errorf("exit code %d, stdout %q, stderr %q, want %q", code, stdout, stderr, want)
	}
	if after := string(must(os.ReadFile(link))); after != before {
		t.Error("the input changed")
	}
}
