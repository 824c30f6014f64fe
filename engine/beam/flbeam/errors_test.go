package main

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
)

// TestErrors: what is wrong is one line on stderr, and nothing is printed.
func TestErrors(t *testing.T) {
	dir := t.TempDir()
	shards := album(t, dir)
	last := shards[2] // the last span of the last shard that has several
	last.logits[len(last.logits)-1] = float32(math.NaN())
	last.classes[last.rows-1] = 3
	nan := dir + "/nan"
	write(t, nan+"/logits.npy", npyFile([]int{last.rows, 16}, last.logits))
	write(t, nan+"/labels.npy", npyFile([]int{last.rows}, last.classes))
	put := func(name string, logits, labels []byte) string {
		if logits != nil {
			write(t, dir+"/"+name+"/logits.npy", logits)
		}
		if labels != nil {
			write(t, dir+"/"+name+"/labels.npy", labels)
		}
		return dir + "/" + name
	}
	zeros := make([]float32, 12)
	good := npyFile([]int{3, 4}, zeros)
	classes := npyFile([]int{3}, make([]int32, 3))
	if err := os.Symlink(shards[0].path, dir+"/link"); err != nil {
		t.Fatal(err)
	}
	all := dir + "/cam*/*"
	evaluate(t, shards[3].path) // there is a job server from here on, whose address is that flag of Beam's
	before := *jobopts.Endpoint
	defer func() { *jobopts.Endpoint = before }()
	for _, c := range []struct {
		code int
		want string
		args []string
	}{
		{1, fmt.Sprintf("%s/logits.npy: [5000, 15] is NaN: want a number", nan), []string{"--span-blocks", "1", all, nan}},
		{1, fmt.Sprintf("%s/logits.npy: [5000, 15] is NaN: want a number", nan), []string{"--top", "3", "--losses", "ce,focal", all, nan}},
		{1, dir + "/class/labels.npy: [2] is 4: want a class in [0, 4), -1 for background, or -2 for ignored; background=4", []string{put("class", good, npyFile([]int{3}, []int64{0, 1, 4}))}},
		{1, dir + "/huge/labels.npy: [1] is 4294967296: want a class", []string{put("huge", good, npyFile([]int{3}, []int64{0, 1 << 32, 0}))}},
		{1, dir + "/label/labels.npy: [1, 2] is 7: want 0, 1, or 255 for ignored", []string{put("label", good, npyFile([]int{3, 4}, []uint8{6: 7, 11: 0}))}},
		{1, dir + "/target/labels.npy: [0, 1] is 1.5: want 0 to 1, or -1 for ignored", []string{put("target", good, npyFile([]int{3, 4}, []float64{0.5, 1.5, 11: 0}))}},
		{1, dir + "/half/logits.npy: [2, 3] is NaN: want a number", []string{put("half", npyFile([]int{3, 4}, []uint16{11: 0x7e00}), classes)}},
		{1, dir + "/prob/logits.npy: [0, 0] is 1.5: want a probability", []string{"--probs", put("prob", npyFile([]int{3, 4}, []float32{1.5, 11: 0}), classes)}},
		{1, dir + "/shape/labels.npy: shape (2,), want (3,), a class for each anchor", []string{put("shape", good, npyFile([]int{2}, make([]int32, 2)))}},
		{1, dir + "/ints/logits.npy: dtype int32, want float32", []string{put("ints", classes, classes)}},
		{1, dir + "/two/labels.npy: int64 labels of one column, none of them negative, can mean two things", []string{put("two", npyFile([]int{3}, zeros[:3]), npyFile([]int{3}, make([]int64, 3)))}},
		{1, dir + "/cut/logits.npy: header claims 48 bytes of data, the file has 44", []string{put("cut", good[:len(good)-4], classes)}},
		{1, dir + "/nolabels/labels.npy: no such file or directory", []string{put("nolabels", good, nil)}},
		{1, dir + "/none/*/logits.npy: stands for no file, want at least one", []string{all, dir + "/none/*"}},
		{1, shards[0].path + "/logits.npy: given twice, want a shard once", []string{shards[0].path, all}},
		{1, "given twice, as " + dir + "/link/logits.npy, too", []string{shards[0].path, dir + "/link"}},
		{1, "given twice, as " + dir + "/link/logits.npy, too", []string{"--key", "all", shards[0].path + "/.", dir + "/link"}},
		{1, "no match of the key's expression", []string{"--key", "image-[01]/", all}},
		{1, "want a folder with logits.npy and labels.npy", []string{shards[0].path + "/logits.npy"}},
		{1, `scheme "http"`, []string{"http://host/path"}},
		{1, "stars, want none or 2", []string{"--logits", dir + "/cam*/*/logits.npy", "--labels", dir + "/*/labels.npy"}},
		{2, "want PATHs", nil},
		{2, "want both --logits and --labels", []string{"--logits", "x"}},
		{2, "PATHs beside --logits", []string{"--logits", "x", "--labels", "y", "z"}},
		{2, "an empty PATH", []string{""}},
		{2, "--losses", []string{"--losses", "nonsense", all}},
		{2, "--losses: ce twice", []string{"--losses", "ce,ce", all}},
		{2, "--losses", []string{"--losses", "", all}},
		{2, "--span-blocks is 0", []string{"--span-blocks", "0", all}},
		{2, "SpanBlocks is 99999", []string{"--span-blocks", "99999", all}},
		{2, "--top is -1", []string{"--top", "-1", all}},
		{2, "Top is 9999999", []string{"--top", "9999999", all}},
		{2, "Targets is \"x\"", []string{"--targets", "x", all}},
		{2, "Probs beside the loss softmaxce", []string{"--losses", "softmaxce", "--probs", all}},
		{2, "--background: \"x\"", []string{"--background", "x", all}},
		{2, "Background is -2, which also stands for ignored", []string{"--background", "-2", all}},
		{2, "--key: \"(\" is no regular expression", []string{"--key", "(", all}},
		{2, "--key is empty", []string{"--key", "", all}},
		{2, "--runner is \"direct\"", []string{"--runner", "direct", all}},
		{2, "--runner universal: want --endpoint", []string{"--runner", "universal", all}},
		{2, "--endpoint beside --runner prism", []string{"--endpoint", "localhost:1", all}},
		{2, "--pipeline-option: \"x\"", []string{"--pipeline-option", "x", all}},
		{2, "--results is empty", []string{"--results", "", all}},
		{2, "unknown flag", []string{"--nonsense", all}},
		{2, "--port is 0", []string{"pool"}},
	} {
		stdout, stderr, code := command(c.args...)
		first, rest, _ := strings.Cut(stderr, "\n")
		if code != c.code || stdout != "" || !strings.HasPrefix(first, "flbeam: ") || !strings.Contains(first, c.want) || (rest != "") != (code == 2) {
			t.Errorf("%q: exit code %d, stdout %q, stderr %q, want %d, %s", c.args, code, stdout, stderr, c.code, c.want)
		}
	}
}

// TestResultsName: a place for the results that cannot be written to is an error.
func TestResultsName(t *testing.T) {
	dir := t.TempDir()
	s := newShard(t, dir+"/a", 10, 3)
	if _, stderr, code := command("--results", dir+"/none/results", s.path); code != 1 || !strings.Contains(stderr, "no such file or directory") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	evaluate(t, "--results", dir+"/results", s.path)
	if _, err := os.Stat(dir + "/results"); err != nil {
		t.Error(err)
	}
	if _, stderr, code := command("--results", dir+"/results", s.path); code != 1 || !strings.Contains(stderr, "results: is there already") {
		t.Errorf("exit code %d, %s", code, stderr)
	}
	if _, err := readBack(t.Context(), dir+"/results", "another"); err == nil || !strings.Contains(err.Error(), "of another run") {
		t.Error(err)
	}
	if _, err := readBack(t.Context(), dir+"/other", ""); err == nil || !strings.Contains(err.Error(), "the job ended without results") {
		t.Error(err)
	}
	content := must(os.ReadFile(dir + "/results"))
	write(t, dir+"/results", content[:len(content)-3])
	if _, err := readBack(t.Context(), dir+"/results", runOf(content)); err == nil {
		t.Error("truncated results are read")
	}
}

// runOf is the run that results are of.
func runOf(content []byte) (run string) {
	if err := gob.NewDecoder(bytes.NewReader(content)).Decode(&run); err != nil {
		panic(err)
	}
	return run
}

// TestOutput: the table has what JSON has, and a failure to print is one.
func TestOutput(t *testing.T) {
	dir := t.TempDir()
	s := newShard(t, dir+"/a b\n", 1000, 3)
	stdout, stderr, code := command("--top", "1", "--losses", "ce,focal", s.path)
	r := evaluate(t, "--losses", "ce", s.path)
	for _, want := range []string{
		"cross-entropy; runner prism, spans of 256 blocks\n", "focal loss, alpha 0.25, gamma 2; runner prism", "hardest scores of all",
		`a b\n"`, "  total\n", fmt.Sprintf("%.6f", r.Total.Sum),
	} {
		if code != 0 || stderr != "" || !strings.Contains(stdout, want) {
			t.Errorf("exit code %d, stderr %q, no %q in\n%s", code, stderr, want, stdout)
		}
	}
	if r.Results[0].Key != s.path || r.Loss["name"] != "ce" {
		t.Errorf("%+v", r)
	}
	var errs bytes.Buffer
	if code := run([]string{s.path}, failing{}, &errs); code != 1 || errs.String() != "flbeam: printing the results: disk full\n" {
		t.Errorf("exit code %d, %q", code, errs.String())
	}
	if stdout, _, code := command("--help"); code != 0 || !strings.Contains(stdout, "--environment_type") || strings.Contains(stdout, "--semi_persist_dir") {
		t.Errorf("exit code %d, %s", code, stdout)
	}
	if _, stderr, _ := command("-v", s.path); !strings.Contains(stderr, "level=INFO") {
		t.Errorf("-v prints %q", stderr)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// TestBytesOfNames: names that are no UTF-8 pass through the pipeline as they are.
func TestBytesOfNames(t *testing.T) {
	dir := t.TempDir()
	s := newShard(t, dir+"/a\xff", 10, 3)
	stdout, stderr, code := command("--json", "--top", "1", s.path)
	if code != 0 || !strings.Contains(stdout, `a\udcff"`) || !strings.Contains(stdout, `a\udcff/logits.npy"`) {
		t.Errorf("exit code %d, stderr %q, %s", code, stderr, stdout)
	}
}

// TestDumps: files as Python saves them are evaluated as flbench eval does, or refused with the
// word on what takes them.
func TestDumps(t *testing.T) {
	const dumps = "../../../testdata/dumps"
	var all struct {
		Cases []struct {
			Name   string
			Files  []string
			Args   []string
			Refuse string
			Warn   string
			Want   *struct {
				Scores, Positives, Ignored int64
				Sum                        float64
			}
		}
	}
	if err := json.Unmarshal(must(os.ReadFile(filepath.Join(dumps, "cases.json"))), &all); err != nil {
		t.Fatal(err)
	}
	evaluated, refused := 0, 0
	for _, c := range all.Cases {
		logits := filepath.Join(dumps, c.Files[0])
		labels := filepath.Join(dumps, c.Files[len(c.Files)-1])
		warned := 0
		stdout, stderr, code := command(append([]string{"--json", "--logits", logits, "--labels", labels}, c.Args...)...)
		var r jsonReport
		switch {
		case c.Refuse != "":
			if code != 1 || !strings.Contains(stderr, "targets=binary") || !strings.Contains(stderr, "targets=class") {
				t.Errorf("%s: exit code %d, %s", c.Name, code, stderr)
			}
		case code == 2:
			if !strings.Contains(stderr, "unknown flag: --layout") {
				t.Errorf("%s: %s", c.Name, stderr)
			}
		case code == 1:
			refused++
			if !strings.Contains(stderr, "flbench eval --partial") {
				t.Errorf("%s: refused without a word on what takes it: %s", c.Name, stderr)
			}
		default:
			evaluated++
			if err := json.Unmarshal([]byte(stdout), &r); err != nil {
				t.Fatal(err)
			}
			if c.Warn != "" {
				warned = 1
			}
			if len(r.Warnings) != warned || strings.Count(stderr, "flbeam: warning: "+logits+": ") != warned || warned == 1 && !strings.Contains(r.Warnings[0].Text, c.Warn) {
				t.Errorf("%s: warnings %v, stderr %q, want %q", c.Name, r.Warnings, stderr, c.Warn)
			}
			if e, w := r.Total, c.Want; w != nil && (e.Scores != w.Scores || e.Positives != w.Positives || e.Ignored != w.Ignored || math.Abs(e.Sum-w.Sum) > 1e-6*w.Sum) {
				t.Errorf("%s: %+v, want %+v", c.Name, e, *w)
			}
		}
	}
	if evaluated < 20 || refused < 6 {
		t.Errorf("%d evaluated, %d refused, of %d", evaluated, refused, len(all.Cases))
	}
}
