package bench

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli/clitest"
)

// oldRow is a row of an older report about two rows, as JSON.
func oldRow(kernel string, median float64, repeats string) string {
	return fmt.Sprintf(`{"kernel":%q,"loss":"ce","op":"sum","labels":"classes","workers":1,"ns_per_score":%g,"repeats_ns_per_score":%s,"loss_sum":2}`, kernel, median, repeats)
}

func oldJSON(rows ...string) string {
	return `{"environment":{"cpu":"Old One","cores":2,"os":"plan9","arch":"amd64","go":"go1.20","gomaxprocs":2,"scores":180,"anchors":60,"classes":3,"seed":1,"repeats":5,"revision":"abc"},"rows":[` + strings.Join(rows, ",") + `]}`
}

// nowRow is a row as it is measured.
func nowRow(kernel string, median float64, repeats ...float64) row {
	return row{Kernel: kernel, Loss: "ce", Op: "sum", Input: "logits", Labels: "classes", Weights: "none", Columns: 3, Scores: 180, Workers: 1, NsPerScore: median, Repeats: repeats, Sum: 2}
}

// TestCompare: ratios, significance and what is missing on either side.
func TestCompare(t *testing.T) {
	old, err := parseOld([]byte(oldJSON(
		oldRow("faster", 3, "[3,3.1,2.9,3.05,2.95]"), oldRow("same", 1, "[1,1.2,0.8,1.1,0.9]"), oldRow("few", 1, "[1]"),
		oldRow("before", 2, "null"), oldRow("gone", 1, "[1]"))))
	if err != nil {
		t.Fatal(err)
	}
	now := &report{Environment: old.Environment, Rows: []row{
		nowRow("faster", 2, 2, 2.1, 1.9, 2.05, 1.95), nowRow("same", 1.01, 1.01, 1.19, 0.81, 1.11, 0.91), nowRow("few", 2, 2),
		nowRow("before", 1, 1, 1), nowRow("new", 1, 1),
	}}
	old.path = "a\nb.json"
	now.compare(old)
	for i, want := range []struct {
		ratio       float64
		p           string
		delta, note string
	}{
		{1.5, "0.008", "-33.33%", ""}, {1 / 1.01, "", "~", ""}, {0.5, "1.000", "~", "need >= 4 samples"}, {2, "none", "-50.00%", "no repeats"},
	} {
		c := now.Rows[i].Change
		p := "none"
		if c.P != nil {
			p = fmt.Sprintf("%.3f", *c.P)
		}
		if math.Abs(c.Ratio-want.ratio) > 1e-9 || want.p != "" && p != want.p || c.delta != want.delta || !strings.Contains(c.Note, want.note) || (c.Note == "") != (want.note == "") {
			t.Errorf("%s: %+v, p %s, want %+v", now.Rows[i].Kernel, c, p, want)
		}
	}
	if now.Rows[4].Change != nil || now.Old.OnlyThere != 1 || now.Old.OnlyHere != 1 || math.Abs(now.Old.Ratio-math.Pow(1.5/1.01*0.5*2, 0.25)) > 1e-9 {
		t.Errorf("%+v, %+v", now.Rows[4].Change, now.Old)
	}
	var out strings.Builder
	if err := now.write(&out, "table"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`compared with "a\nb.json":` + "\nOld One, 2 cores, plan9/amd64, go1.20, GOMAXPROCS 2\n5 repeats, commit abc\n",
		"ce    sum        faster         3.000         2.000    1.500  -33.33%  0.008      5+5\n",
		"ce    sum        before         2.000         1.000    2.000  -50.00%      –        –\n",
		"ce    sum        new                –         1.000        –        –      –        –\n",
		"Geometric mean of old/new: 1.104.", "1 row of the old report not measured now.",
		"1 row is not in the old report: kernel=new/loss=ce/op=sum/labels=classes/workers=1/columns=3/scores=180.",
		"Note: the old report does not say inputs, weights and sizes of rows: they are taken as logits, none, and 60 anchors × 3 columns.\n", "Note: need >= 4 samples", "Note: the old report has no repeats",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

// TestBenchCompare compares two runs.
func TestBenchCompare(t *testing.T) {
	args := append(tiny, "--ops", "sum", "--losses", "ce", "--kernels", "generic")
	path := filepath.Join(t.TempDir(), "old.json")
	if err := os.WriteFile(path, []byte(flbench.Must(t, append(args, "--json")...)), 0o666); err != nil {
		t.Fatal(err)
	}
	table := flbench.Must(t, append(args, "--compare", path)...)
	if !regexp.MustCompile(`(?m)^ce +sum +generic +[0-9.]+ +[0-9.]+ +[0-9.]+ +(~|[-+][0-9.]+%) +[0-9.]+ +\d+\+\d+$`).MatchString(table) || strings.Contains(table, "Note: the sum") {
		t.Errorf("%s", table)
	}
	var r report
	if err := json.Unmarshal([]byte(flbench.Must(t, append(args, "--compare", path, "--json")...)), &r); err != nil {
		t.Fatal(err)
	}
	if c := r.Rows[0].Change; c == nil || !(c.Ratio > 0) || c.P == nil || strings.Contains(c.Note, "sum") || r.Old == nil || r.Old.Path != path {
		t.Errorf("%+v, %+v", c, r.Old)
	}
	// Rows that are not there are counted.
	table = flbench.Must(t, append(args, "--weights", "none,score", "--compare", path)...)
	if !strings.Contains(table, "\n1 row is not in the old report: kernel=generic/loss=ce/op=sum/labels=classes/workers=1/weights=score/columns=3/scores=180.\n") || strings.Contains(table, "Note: the old") {
		t.Errorf("%s", table)
	}
	// What is not the same work is refused before anything is measured.
	for _, other := range []string{"--anchors 60 --columns 3 --seed 2", "--anchors 60 --columns 4", "--anchors 61 --columns 3", "--scores 180 --columns 1,4"} {
		flbench.Refuses(t, "it is on another batch: want --seed 1 and --anchors 60 --columns 3 as there", append(strings.Fields(other), "--compare", path)...)
	}
	flbench.Refuses(t, "it has none of the rows that are to be measured, as kernel=generic/loss=focal2/", append(tiny, "--losses", "focal2", "--kernels", "generic", "--compare", path)...)
	flbench.Refuses(t, "it has none of the rows that are to be measured, as kernel=generic/loss=ce/op=sum/labels=classes/workers=1/input=float16/", append(args, "--inputs", "float16", "--compare", path)...)
}

// TestBenchCompareOlder: reports of versions that knew one batch, of logits without weights,
// still have rows to compare with.
func TestBenchCompareOlder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "old.json")
	if err := os.WriteFile(path, []byte(oldJSON(oldRow("generic", 3, "[3,3.1,2.9,3.05,2.95]"))), 0o666); err != nil {
		t.Fatal(err)
	}
	args := []string{"--anchors", "60", "--time", "0.02", "--ops", "sum", "--losses", "ce", "--kernels", "generic", "--compare", path}
	table := flbench.Must(t, append(args, "--columns", "3,4", "--inputs", "logits,probs")...)
	for _, want := range []string{"\n3 rows are not in the old report, the first of them kernel=", "taken as logits, none, and 60 anchors × 3 columns.\n", "Note: the sum of ce was another one"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	if !regexp.MustCompile(`(?m)^ce +sum +logits +generic +3 +180 +3.000 +[0-9.]+ `).MatchString(table) {
		t.Errorf("%s", table)
	}
	flbench.Refuses(t, "it is on another batch: want --seed 1 and --anchors 60 --columns 3 as there", append(args, "--columns", "4")...)
}

// TestBenchCompareBad: what is no report is refused, with the file's name.
func TestBenchCompareBad(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ content, want string }{
		"text":     {"BenchmarkFlbench", "invalid character 'B'"},
		"empty":    {"", "unexpected end of JSON input, want what 'flbench bench --json' printed"},
		"other":    {`{"results": []}`, "it has no rows, want what"},
		"zero":     {oldJSON(oldRow("generic", 0, "[]")), "rows[0].ns_per_score is 0, want 1e-9 to 1e12"},
		"negative": {oldJSON(oldRow("generic", 1, "[1,-1]")), "rows[0].repeats_ns_per_score has a time out of range"},
		"twice":    {oldJSON(oldRow("generic", 1, "[]"), oldRow("generic", 1, "[]")), "rows[1] is kernel=generic/loss=ce/op=sum/labels=classes/workers=1/columns=3/scores=180, as one before"},
		"types":    {`{"rows": [{"kernel": 5}]}`, "cannot unmarshal number"},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(c.content), 0o666); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := flbench.Run(t, append(tiny, "--compare", path)...)
		if code != 1 || stdout != "" || !strings.HasPrefix(stderr, "flbench: --compare "+path+": ") || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: exit code %d, stderr %q, want %q", name, code, stderr, c.want)
		}
	}
	if code, _, stderr := flbench.Run(t, "--compare", filepath.Join(dir, "none")); code != 1 || strings.Count(stderr, "none") != 1 {
		t.Errorf("a missing file: exit code %d, stderr %q", code, stderr)
	}
}

// FuzzCompare compares with anything.
func FuzzCompare(f *testing.F) {
	f.Add([]byte(oldJSON(oldRow("generic", 1, "[1,2,3]"), oldRow("avx2", 1e-300, "null"))))
	f.Add([]byte(oldJSON(oldRow("generic", 1e300, "[1e-300,1e300,1,1,1]"))))
	f.Add([]byte(`{"rows":[{"ns_per_score":1}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		old, err := parseOld(b)
		if err != nil {
			return
		}
		now := &report{Environment: environment{Batches: []batch{{Columns: 3, Anchors: 60, Scores: 180}}}, Rows: []row{nowRow("generic", 2, 1, 2, 3, 4), nowRow("avx2", 1, 1)}}
		for _, r := range old.Rows {
			r.NsPerScore, r.Repeats, r.Change = 1, []float64{1, 1, 2}, nil
			if r.key() != now.Rows[0].key() && r.key() != now.Rows[1].key() {
				now.Rows = append(now.Rows, r)
			}
		}
		now.compare(old)
		if now.Old.OnlyThere < 0 {
			t.Errorf("%+v", now.Old)
		}
		for _, format := range []string{"table", "json", "csv"} {
			var out strings.Builder
			if err := now.write(&out, format); err != nil {
				t.Errorf("%s: %v", format, err)
			}
		}
		_ = now.write(clitest.Full{}, "table")
	})
}
