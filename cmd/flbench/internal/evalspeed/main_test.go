//go:build linux

package main

import (
	"archive/zip"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/flengine/flengine/engine"
)

// TestMain lets the test's program stand for this one's as a child.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == childCommand {
		os.Exit(child(os.Args[2:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// A test program for another CPU is started by its emulator.
func init() {
	emulator := os.Getenv("FLENGINE_EMULATOR")
	if emulator == "" {
		return
	}
	executable = func() (string, error) {
		self, err := os.Executable()
		if err != nil {
			return "", err
		}
		path := self + ".sh" // in the folder that go test removes
		return path, os.WriteFile(path, fmt.Appendf(nil, "#!/bin/sh\nexec %s %s \"$@\"\n", emulator, self), 0o755)
	}
}

// script writes an executable shell script.
func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "flbench.sh")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

const testRows = 1000

// gib is the size of a large file of testRows.
var gib = strconv.FormatFloat(float64(testRows)*4*columns/(1<<30), 'g', -1, 64)

// evalOf is a script in place of flbench, which knows the sum of a large file of
// testRows, plus some.
func evalOf(t *testing.T, plus float64) string {
	t.Helper()
	a := newAnchors(testRows, 1)
	e, err := engine.New(engine.Focal(0.25, 2))
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.Sum(engine.Batch{Logits: a.logits, Classes: a.classes, NumClasses: columns})
	if err != nil {
		t.Fatal(err)
	}
	return script(t, fmt.Sprintf(`sleep 0.1; echo "$@" >> "$0.log"; echo '{"total": {"sum": %s, "scores": %d}}'`+"\n",
		strconv.FormatFloat(r.Sum()+plus, 'g', -1, 64), r.Scores))
}

// TestLargeFile runs everything that is measured of a large file, on a small one.
func TestLargeFile(t *testing.T) {
	dir := t.TempDir()
	flbench := evalOf(t, 0)
	var stdout, stderr bytes.Buffer
	args := []string{"-flbench", flbench, "-dir", dir, "-gib", gib, "-repeats", "2", "-cpu", "0"}
	if code := command(context.Background(), args, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, &stderr)
	}
	for _, want := range []string{
		"one file of 1000 × 80 float32 logits", "in the page cache, classes", "in the page cache, labels",
		"eval's rate with 1 worker : engine.Sum's", "eval's rate with 2 workers : with 1", "no  flbench eval, 2 workers",
		"yes  flbench eval, 1 worker", "flbench eval, --workers 2: ", "load average",
	} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("%q is not in\n%s", want, &stdout)
		}
	}
	log, err := os.ReadFile(flbench + ".log")
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"classes", "labels"} {
		for workers, least := range map[int]int{1: 2 + 1, 2: 2 + 1} { // warm and memory; cold where the folder allows it
			line := fmt.Sprintf("--workers %d --logits", workers)
			n := 0
			for l := range strings.Lines(string(log)) {
				if strings.Contains(l, line) && strings.HasSuffix(l, form+".npy\n") {
					n++
				}
			}
			if n < least {
				t.Errorf("%s with %d workers ran %d times, want %d or more:\n%s", form, workers, n, least, log)
			}
		}
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestWrongSum: an eval that is wrong is an error, as is one that fails, and the
// data are removed.
func TestWrongSum(t *testing.T) {
	for flbench, want := range map[string]string{
		evalOf(t, 1e-6):                  "flbench eval, 1 worker: sum ",
		script(t, "echo oh >&2; exit 3"): "exit status 3: oh",
		script(t, "echo nothing"):        "flbench eval, 1 worker: sum 0 of 0 scores (strconv",
	} {
		dir := t.TempDir()
		var stdout, stderr bytes.Buffer
		args := []string{"-flbench", flbench, "-dir", dir, "-gib", gib, "-repeats", "1", "-cpu", "0", "-only", "warm", "-labels", "classes"}
		code := command(context.Background(), args, &stdout, &stderr)
		if code != 1 || !strings.Contains(stderr.String(), want) || stdout.Len() > 0 {
			t.Errorf("exit code %d, %s%s; want 1 and %q", code, &stdout, &stderr, want)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
}

// TestAnchors: the made-up scores are as those of testdata/detector-logits.
func TestAnchors(t *testing.T) {
	a := newAnchors(20000, 7)
	var easy, scored, positives, ignored float64
	for i, y := range a.oneHot() {
		switch class := a.classes[i/columns]; {
		case (y == 255) != (class == -2) || (y == 1) != (class == int32(i%columns)):
			t.Fatalf("score %d: label %d of class %d", i, y, class)
		case y == 255:
			ignored++
			continue
		case y == 1:
			positives++
		case a.logits[i] < -2.1972246:
			easy++
		}
		scored++
	}
	for _, c := range []struct {
		what                 string
		share, least, atMost float64
	}{
		{"easy negatives", easy / scored, 0.9987, 0.9997},
		{"positive rows", positives / float64(a.rows()), 0.002, 0.004},
		{"ignored rows", ignored / columns / float64(a.rows()), 0.003, 0.007},
	} {
		if c.share < c.least || c.share > c.atMost {
			t.Errorf("share of %s is %v, want %v to %v", c.what, c.share, c.least, c.atMost)
		}
	}
}

// TestWriteImage: both forms of an image hold the same two arrays.
func TestWriteImage(t *testing.T) {
	a := newAnchors(7, 3)
	files := map[string]string{
		"logits.npy": string(header("=f4", 7, columns)) + string(bytesOf(a.logits)),
		"labels.npy": string(header("=i4", 7)) + string(bytesOf(a.classes)),
	}
	folder, err := writeImage(filepath.Join(t.TempDir(), "x"), "folders", a)
	if err != nil {
		t.Fatal(err)
	}
	archive, err := writeImage(filepath.Join(t.TempDir(), "x"), "npz", a)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join(folder, name)); err != nil || string(got) != want {
			t.Errorf("%s in a folder: %d bytes, %v; want %d", name, len(got), err, len(want))
		}
		m, err := z.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(m); err != nil || string(got) != want {
			t.Errorf("%s in an archive: %d bytes, %v; want %d", name, len(got), err, len(want))
		}
	}
	if head := files["logits.npy"]; len(head) != headerSize+7*columns*4 || !strings.HasPrefix(head, "\x93NUMPY\x01\x00\x76\x00{'descr': '"+byteOrder()+"f4', ") ||
		!strings.Contains(head, "'shape': (7,80,), } ") || head[headerSize-1] != '\n' {
		t.Errorf("header %q", head[:headerSize])
	}
}

func TestResident(t *testing.T) {
	smaps := `00400000-00800000 r-xp 00000000 fe:00 17   /data/x/flbench
Size:               4096 kB
Rss:                3000 kB
Pss:                3000 kB
c000000000-c000400000 rw-p 00000000 00:00 0
Rss:                 500 kB
7f0000000000-7f1000000000 r--s 00000000 fe:00 18   /data/x/logits with blanks.npy
Rss:             4000000 kB
7f1000000000-7f1000001000 r--s 00000000 fe:00 19   /data/xy
Rss:                   4 kB
7fff00000000-7fff00021000 rw-p 00000000 00:00 0    [stack]
Rss:                  16 kB
VmFlags: rd wr
`
	if anonymous, other := resident([]byte(smaps), "/data/x"); anonymous != 516<<10 || other != 3004<<10 {
		t.Errorf("anonymous %d, other %d bytes; want %d, %d", anonymous, other, 516<<10, 3004<<10)
	}
}

func TestCommandErrors(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"-dir " + none, 1, "no such file"},
		{"-flbench " + none + " -gib 1e-6 -repeats 1", 1, "no such file"},
		{"-gib 0", 2, "-gib 0: want more than 0"},
		{"-gib NaN", 2, "-gib NaN: want more than 0"},
		{"-repeats 0", 2, "-repeats 0: want 1 or more"},
		{"-labels soft", 2, `-labels: unknown "soft": want one or more of classes, labels`},
		{"-only ,", 2, "-only is empty: want one or more of warm, cold, memory"},
		{"-images -1", 2, "-images -1: want"},
		{"-form zip", 2, `-form "zip": want npz or folders`},
		{"-check", 2, "-check without -images: want both"},
		{"-nonsense", 2, "not defined"},
		{"extra", 2, `unexpected argument "extra"`},
		{"-h", 0, "usage: evalspeed"},
	} {
		var stdout, stderr strings.Builder
		code := command(context.Background(), strings.Fields(c.args), &stdout, &stderr)
		if code != c.code || !strings.Contains(stderr.String(), c.want) || stdout.Len() != 0 {
			t.Errorf("%s: exit code %d, %s%s; want %d and %q on stderr", c.args, code, &stdout, &stderr, c.code, c.want)
		}
	}
	if err := checkSpace(t.TempDir(), 1<<60); err == nil || !strings.Contains(err.Error(), "want 1073741824.00 GiB") {
		t.Errorf("error %v for more data than any disk holds", err)
	}
}

// TestImages runs everything that is measured of images, on a few small ones, with
// a script in place of flbench that gives a report made beforehand.
func TestImages(t *testing.T) {
	const images = 3
	e, err := engine.New(engine.Focal(0.25, 2))
	if err != nil {
		t.Fatal(err)
	}
	var total engine.Result
	for i := range images {
		a := newAnchors(imageRows, uint64(i))
		r, err := e.Sum(engine.Batch{Logits: a.logits, Classes: a.classes, NumClasses: columns})
		if err != nil {
			t.Fatal(err)
		}
		total.Merge(r)
	}
	for _, form := range []string{"npz", "folders"} {
		dir := t.TempDir()
		flbench := script(t, fmt.Sprintf(`sleep 0.1; echo "$@" >> "$0.log"
shift $(($# - 1)); [ "$(wc -l < "$1")" = %d ] && xargs ls -d < "$1" > /dev/null || [ "${1%%.npy}" != "$1" ] || exit 5
echo '{"total": {"sum": %s, "scores": %d}}'`+"\n", images, strconv.FormatFloat(total.Sum(), 'g', -1, 64), total.Scores))
		var stdout, stderr bytes.Buffer
		args := []string{"-flbench", flbench, "-dir", dir, "-images", strconv.Itoa(images), "-form", form, "-repeats", "1", "-cpu", "0"}
		if code := command(context.Background(), args, &stdout, &stderr); code != 0 {
			t.Fatalf("exit code %d: %s", code, &stderr)
		}
		for _, want := range []string{"3 images of 937 × 80", "as " + form, "images, 2 workers: ", "µs per image beyond its scores", "--workers 2: "} {
			if !strings.Contains(stdout.String(), want) {
				t.Errorf("%q is not in\n%s", want, &stdout)
			}
		}
		log, err := os.ReadFile(flbench + ".log")
		if err != nil || !strings.Contains(string(log), "eval --json --workers 1 --sort loss --limit 20 --from "+dir) {
			t.Errorf("ran %s, %v", log, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
}

// TestCheck: NumPy agrees with the engine on the hardest of some images, and with
// nothing else. Only the sums of images are made up here, so ours are the engine's.
// FLENGINE_REQUIRE_PYTHON makes the test fail where there is no Python with NumPy.
func TestCheck(t *testing.T) {
	if out, err := exec.Command("python3", "-c", "import numpy").CombinedOutput(); err != nil {
		if os.Getenv("FLENGINE_REQUIRE_PYTHON") != "" {
			t.Fatalf("no python3 with NumPy: %v: %s", err, out)
		}
		t.Skipf("no python3 with NumPy here: %v: %s", err, out)
	}
	type result struct {
		Path      string  `json:"path"`
		Sum       float64 `json:"sum"`
		Scores    int64   `json:"scores"`
		Positives int64   `json:"positives"`
	}
	e, err := engine.New(engine.Focal(0.25, 2))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var paths []string
	var all []result
	for i := range hardest + 5 {
		a := newAnchors(50, uint64(i))
		path, err := writeImage(filepath.Join(dir, strconv.Itoa(i)), []string{"npz", "folders"}[i%2], a)
		if err != nil {
			t.Fatal(err)
		}
		r, err := e.Sum(engine.Batch{Logits: a.logits, Classes: a.classes, NumClasses: columns})
		if err != nil {
			t.Fatal(err)
		}
		paths, all = append(paths, path), append(all, result{path, r.Sum(), r.Scores, r.Positives})
	}
	list := filepath.Join(dir, "list")
	if err := os.WriteFile(list, []byte(strings.Join(paths, "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b result) int { return cmp.Compare(b.Sum, a.Sum) })
	change := func(f func(r []result)) []result {
		r := slices.Clone(all[:hardest])
		f(r)
		return r
	}
	for _, c := range []struct {
		name    string
		results []result
		want    string // of the error
	}{
		{"right", change(func([]result) {}), ""},
		{"one too few", all[:hardest-1], "19 images are listed, want 20"},
		{"the next one in place of the last", change(func(r []result) { r[hardest-1] = all[hardest] }), "place 19: "},
		{"two changed places", change(func(r []result) { r[3], r[4] = r[4], r[3] }), "place 3: "},
		{"another sum", change(func(r []result) { r[7].Sum *= 1.00001 }), "place 7: "},
		{"another count", change(func(r []result) { r[7].Positives++ }), "place 7: "},
		{"a strange path", change(func(r []result) { r[0].Path = "x" }), "x is none of the images"},
	} {
		report, err := json.Marshal(map[string]any{"results": c.results})
		if err != nil {
			t.Fatal(err)
		}
		got, err := check(context.Background(), dir, list, report)
		if c.want == "" {
			if want := "the 20 hardest of 25 images are NumPy's"; err != nil || !strings.HasPrefix(got, want) {
				t.Errorf("%s: %q, %v; want %q", c.name, got, err, want)
			}
		} else if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, error %v; want %q", c.name, got, err, c.want)
		}
	}
}
