package bench

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/perf/benchfmt"

	"github.com/flengine/flengine/cmd/flbench/internal/measure"
	"github.com/flengine/flengine/engine"
)

// TestBenchForms: columns, sizes, inputs, labels and weights are combined; kernels, workers and
// operations agree on all of it, or there would be no report.
func TestBenchForms(t *testing.T) {
	var got report
	out := flbench.Must(t, "--columns", "1,3", "--anchors", "2,50", "--losses", "focal2", "--ops", "sum,losses+gradients", "--inputs", "logits,float16,bfloat16",
		"--labels", "classes,targets", "--weights", "none,anchor,class+column+score", "--time", "0.01", "--json")
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	if b := got.Environment.Batches; len(b) != 4 || b[0].Scores != 2 || b[0].Columns != 1 || b[3].Anchors != 50 || b[3].Scores != 150 || b[3].Columns != 3 {
		t.Errorf("batches %+v", b)
	}
	bytes, seen := 0., map[string]bool{}
	for _, r := range got.Rows {
		seen[r.key()] = true
		if math.Abs(r.NsPerCall/float64(r.Scores)-r.NsPerScore) > 1e-9*r.NsPerScore || r.RatioToGeneric == nil {
			t.Errorf("%s: %v ns a call, %v a score", r.key(), r.NsPerCall, r.NsPerScore)
		}
		if r.Kernel == "generic" && r.Scores == 150 && r.Op == measure.OpSum && r.Input == measure.InputFloat16 && r.Labels == measure.LabelsClasses {
			bytes += r.BytesPerScore
		}
	}
	if want := 4 * 2 * 3 * 2 * 3 * len(engine.Kernels()); len(seen) != want || len(got.Rows) != want {
		t.Errorf("%d rows, %d different ones, want %d", len(got.Rows), len(seen), want)
	}
	// Each has half a logit and a third of a class; one has a third of a weight, one a weight.
	if want := 3*(2+4./3) + 4./3 + 4; math.Abs(bytes-want) > 1e-12 {
		t.Errorf("%v bytes of float16 sums, want %v", bytes, want)
	}
}

// TestBenchLeftOut: combinations that do not exist are named once, and the others measured.
func TestBenchLeftOut(t *testing.T) {
	args := []string{"--columns", "1,80", "--scores", "1,64,100,140", "--losses", "focal2,softmaxce,asl", "--inputs", "logits,probs", "--labels", "classes,targets",
		"--ops", "sum,gradients+hessians", "--weights", "none,column", "--kernels", "generic", "--workers", "1,2", "--time", "0.01", "--json"}
	code, stdout, stderr := flbench.Run(t, args...)
	var got report
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || code != 0 {
		t.Fatalf("exit code %d, %v, %s", code, err, stderr)
	}
	want := []string{
		"--scores 1 with --columns 80: want 0, or 80 (one anchor) to ", "--scores 64 with --columns 80: want 0, or 80 ",
		"focal2 with --labels targets --inputs probs: want --labels classes or uint8, or --inputs logits, float16 or bfloat16\n",
		"focal2 with --inputs probs --ops gradients+hessians: ", "focal2 with --labels targets --ops gradients+hessians: ",
		"softmaxce with --labels targets: want --labels classes\n", "softmaxce with --inputs probs: ", "softmaxce with --weights column: want --weights none, anchor or class\n",
		"softmaxce with --ops gradients+hessians: ", "asl with --labels targets: want --labels classes or uint8\n", "asl with --inputs probs: ",
	}
	for _, w := range want {
		if strings.Count(stderr, "flbench: left out: "+w) != 1 {
			t.Errorf("not once %q in\n%s", w, stderr)
		}
	}
	if n := strings.Count(stderr, "\n"); n != len(want) {
		t.Errorf("%d lines, want %d:\n%s", n, len(want), stderr)
	}
	rows := map[string]int{}
	for _, r := range got.Rows {
		rows[r.Loss]++
	}
	// 4 sizes of one column; of 80 one, as 100 and 140 scores are one anchor.
	const sizes, workers, weights = 5, 2, 2
	if rows["focal2"] != sizes*workers*weights*(3+1) || rows["softmaxce"] != sizes*workers || rows["asl"] != sizes*workers*weights*2 {
		t.Errorf("rows %v", rows)
	}
}

// TestBenchOthers: without flags that name what is measured, the table ends with other things
// that people have, all of which there are.
func TestBenchOthers(t *testing.T) {
	p := planOf(&lists{columns: []int{80}, anchors: []int{1}, ops: []string{measure.OpSum}}, engine.Kernels())
	list, chooser := others(engine.Kernels()[0]), measure.NewChooser()
	for i := range list {
		c := &list[i]
		if why := chooser.Refusal(c.Work); why != "" {
			t.Error(why)
		}
		if c.anchors*c.columns > defaultScores || !c.other || len(c.kernels) != 1 {
			t.Errorf("%+v", c)
		}
		c.anchors = i + 1
	}
	p.combos = append(p.combos, list...)
	p.budget = 1
	m, err := p.measure(t.Context(), time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	p.format = "table"
	if err := m.finish(&out, nil); err != nil {
		t.Fatal(err)
	}
	main, rest, found := strings.Cut(out.String(), "\nOther inputs, labels, weights, sizes and losses:\n\n")
	if !found || !strings.Contains(main, "80 scores = 1 anchor × 80 classes") || strings.Contains(main, "columns") || !strings.Contains(rest, "  columns  scores") {
		t.Errorf("%s", &out)
	}
	// No row twice, so that reports can be compared.
	if _, err := parseOld([]byte(jsonOf(t, m))); err != nil {
		t.Error(err)
	}
	// Any of the flags asks for its own rows alone.
	for _, args := range [][]string{{"--scores", "80"}, {"--anchors", "1"}, {"--columns", "1", "--losses", "ce", "--scores", "1"}, {"--classes", "1", "--anchors", "1"}} {
		if out := flbench.Must(t, append(args, "--time", "0.001")...); strings.Contains(out, "\nOther") {
			t.Errorf("%s: %s", args, out)
		}
	}
}

// jsonOf is the report of a measurement.
func jsonOf(t *testing.T, m *measurement) string {
	t.Helper()
	var out strings.Builder
	m.format = "json"
	if err := m.finish(&out, nil); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestBenchCSV: each line has what the row has in JSON, under its keys.
func TestBenchCSV(t *testing.T) {
	none := append(tiny, "--losses", "focal2,softmaxce", "--ops", "sum", "--kernels", "generic")
	args := append(slices.Clip(none), "--weights", "none,anchor")
	path := filepath.Join(t.TempDir(), "old.json")
	if err := os.WriteFile(path, []byte(flbench.Must(t, append(none, "--json")...)), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, compared := range []bool{false, true} {
		if compared {
			args = append(args, "--compare", path)
		}
		records, err := csv.NewReader(strings.NewReader(flbench.Must(t, append(args, "--format", "csv")...))).ReadAll()
		if err != nil || len(records) != 5 {
			t.Fatalf("%v, %v", records, err)
		}
		raw, err := json.Marshal(row{})
		if err != nil {
			t.Fatal(err)
		}
		keys := map[string]any{}
		if err := json.Unmarshal(raw, &keys); err != nil {
			t.Fatal(err)
		}
		delete(keys, "repeats_ns_per_score")
		for _, head := range records[0] {
			_, of := keys[head]
			if !of && !slices.Contains([]string{"partial", "old_ns_per_score", "ratio", "p", "note"}, head) {
				t.Errorf("head %s is no key", head)
			}
			delete(keys, head)
		}
		if len(keys) > 0 {
			t.Errorf("no heads for %v", keys)
		}
		at := func(record []string, head string) string { return record[slices.Index(records[0], head)] }
		for i, want := range []string{"focal2 none", "focal2 anchor", "softmaxce none", "softmaxce anchor"} {
			r := records[i+1]
			if got := at(r, "loss") + " " + at(r, "weights"); got != want || at(r, "columns") != "3" || at(r, "scores") != "180" || at(r, "ratio_to_generic") != "1" || at(r, "partial") != "false" {
				t.Errorf("%s: %v", want, r)
			}
			if compared && (at(r, "p") == "") != strings.HasSuffix(want, "anchor") {
				t.Errorf("%s compared: %v", want, r)
			}
		}
	}
}

// TestBenchGoSizes: each size is a configuration, and names tell inputs and weights that are
// not usual.
func TestBenchGoSizes(t *testing.T) {
	out := flbench.Must(t, "--columns", "1,3", "--anchors", "5,7", "--losses", "ce", "--ops", "sum", "--inputs", "logits,float16", "--weights", "none,score",
		"--kernels", "generic", "--time", "0.001", "--format", "go")
	r := benchfmt.NewReader(strings.NewReader(out), "stdout")
	seen := map[string]bool{}
	for r.Scan() {
		if rec, ok := r.Result().(*benchfmt.Result); ok {
			_, parts := rec.Name.Parts()
			name := ""
			for _, p := range parts[5:] {
				if p[0] == '/' {
					name += string(p)
				}
			}
			seen[fmt.Sprint(rec.GetConfig("classes"), " ", rec.GetConfig("scores"), " ", name)] = true
		}
	}
	for _, size := range []string{"1 5", "1 7", "3 15", "3 21"} {
		for _, name := range []string{"", "/input=float16", "/weights=score", "/input=float16/weights=score"} {
			if key := size + " " + name; !seen[key] {
				t.Errorf("no %q in %v", key, seen)
			}
			delete(seen, size+" "+name)
		}
	}
	if len(seen) > 0 {
		t.Errorf("more: %v", seen)
	}
}
