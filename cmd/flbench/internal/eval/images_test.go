package eval

import (
	"bufio"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/outcome"
	"github.com/flengine/flengine/engine"
)

// album is images, in folders, and what is true of them.
type album struct {
	paths []string
	want  []jsonEntry // in the order of the paths
}

// newAlbum writes so many images of a few hundred scores each.
func newAlbum(t *testing.T, count int) (a album) {
	t.Helper()
	e := must(engine.New(engine.Focal(0.25, 2)))
	for i := range count {
		s := newSample(uint64(100+i), 20+7*i%50, 5)
		s.classes[0] = -1 // so that none is without background
		for c := range s.columns {
			s.labels[c] = 0
		}
		s.logits[0] = -1
		path := folder(t, s.logitsFile(), s.classesFile())
		losses := make([]float32, len(s.logits))
		r := must(e.Losses(losses, s.batch()))
		largest := cli.Float32(slices.Max(losses))
		a.paths = append(a.paths, path)
		a.want = append(a.want, jsonEntry{Entry: outcome.Entry{
			Path: cli.Path(path), Scores: r.Scores, Positives: r.Positives, Ignored: r.Ignored,
			Sum: cli.Float(r.Sum()), Mean: cli.Float(r.Mean()), PerPositive: cli.Float(r.PerPositive()), Max: &largest,
			Exact: string(must(r.MarshalText())),
		}})
	}
	return a
}

// same compares all but what newAlbum does not know.
func same(a, b jsonEntry) bool {
	if (a.Max == nil) != (b.Max == nil) || a.Max != nil && *a.Max != *b.Max {
		return false
	}
	for _, e := range []*jsonEntry{&a, &b} {
		e.Max, e.EasyNegatives, e.Top = nil, outcome.Shares{}, nil
	}
	return fmt.Sprint(a) == fmt.Sprint(b)
}

// TestEvalSort has all keys of --sort, and --limit.
func TestEvalSort(t *testing.T) {
	a := newAlbum(t, 12)
	orders := map[string]func(x, y jsonEntry) int{
		"":             func(x, y jsonEntry) int { return 0 },
		"loss":         func(x, y jsonEntry) int { return cmp.Compare(y.Sum, x.Sum) },
		"mean":         func(x, y jsonEntry) int { return cmp.Compare(y.Mean, x.Mean) },
		"per-positive": func(x, y jsonEntry) int { return cmp.Compare(y.PerPositive, x.PerPositive) },
		"max":          func(x, y jsonEntry) int { return cmp.Compare(*y.Max, *x.Max) },
		"positives":    func(x, y jsonEntry) int { return cmp.Compare(y.Positives, x.Positives) },
		"ignored":      func(x, y jsonEntry) int { return cmp.Compare(y.Ignored, x.Ignored) },
		"scores":       func(x, y jsonEntry) int { return cmp.Compare(y.Scores, x.Scores) },
		"path":         func(x, y jsonEntry) int { return strings.Compare(string(x.Path), string(y.Path)) },
	}
	if len(orders) != len(outcome.SortNames())+1 {
		t.Fatal("a key of --sort has no test")
	}
	whole := evalReport(t, a.paths...).Total.Entry
	for key, order := range orders {
		for _, limit := range []int{0, 1, 5, 100} {
			var args []string
			if key != "" {
				args = append(args, "--sort", key)
			}
			if limit > 0 {
				args = append(args, "--limit", fmt.Sprint(limit))
			}
			want := slices.Clone(a.want)
			slices.SortStableFunc(want, order)
			if limit > 0 {
				want = want[:min(limit, len(want))]
			}
			r := evalReport(t, append(append(args, "--max"), a.paths...)...)
			if !slices.EqualFunc(r.Results, want, same) {
				t.Errorf("%q: %+v\nwant\n%+v", args, r.Results, want)
			}
			total := r.Total.Entry
			total.Max = nil
			if fmt.Sprint(total) != fmt.Sprint(whole) {
				t.Errorf("%q: total %+v, want %+v", args, total, whole)
			}
			if r.Images.Count != len(a.paths) {
				t.Errorf("%q: summary of %d", args, r.Images.Count)
			}
		}
	}
	// What is not asked for is not there, and --sort max asks for it.
	if r := evalReport(t, a.paths...); r.Results[0].Max != nil || r.Total.Max != nil {
		t.Error("a largest loss without --max")
	}
	if r := evalReport(t, append(a.paths, "--sort", "max")...); *r.Results[0].Max != *r.Total.Max {
		t.Errorf("largest of all %v, of the first %v", *r.Total.Max, *r.Results[0].Max)
	}
}

// TestEvalFormats: JSON Lines and CSV have what JSON has.
func TestEvalFormats(t *testing.T) {
	a := newAlbum(t, 11)
	for _, args := range [][]string{nil, {"--max"}, {"--sort", "loss", "--limit", "3"}} {
		args = append(args, a.paths...)
		want := evalReport(t, args...)
		withTop := evalReport(t, append(args, "--top", "2")...)
		lines := strings.Split(strings.TrimSuffix(eval(t, append(args, "--format", "jsonl", "--top", "2")...), "\n"), "\n")
		if len(lines) != len(want.Results) {
			t.Fatalf("%d lines, want %d", len(lines), len(want.Results))
		}
		for i, line := range lines {
			var got jsonEntry
			if err := json.Unmarshal([]byte(line), &got); err != nil {
				t.Fatalf("%v in %s", err, line)
			}
			w := withTop.Results[i]
			if !same(got, w) || got.EasyNegatives != w.EasyNegatives || !slices.Equal(hards(got.Top), hards(w.Top)) || len(got.Top) != 2 {
				t.Errorf("line %d: %s, want %+v", i, line, w)
			}
		}

		records := must(csv.NewReader(strings.NewReader(eval(t, append(args, "--format", "csv")...))).ReadAll())
		if got := strings.Join(records[0], ","); got != "path,scores,positives,ignored,sum,mean,per_positive,max,"+
			"easy_negatives_entries_share,easy_negatives_ce_share,easy_negatives_loss_share,weighted_mean" {
			t.Errorf("heads %s", got)
		}
		number := func(s string) cli.Float { return cli.Float(must(strconv.ParseFloat(s, 64))) }
		whole := func(s string) int64 { return must(strconv.ParseInt(s, 10, 64)) }
		for i, c := range records[1:] {
			w := want.Results[i]
			got := jsonEntry{Entry: outcome.Entry{
				Path: cli.Path(c[0]), Scores: whole(c[1]), Positives: whole(c[2]), Ignored: whole(c[3]),
				Sum: number(c[4]), Mean: number(c[5]), PerPositive: number(c[6]), Exact: w.Exact,
			}}
			if c[7] != "" {
				largest := cli.Float32(must(strconv.ParseFloat(c[7], 32)))
				got.Max = &largest
			}
			easy := outcome.Shares{Entries: number(c[8]), CE: number(c[9]), Loss: number(c[10])}
			if !same(got, w) || easy != w.EasyNegatives || c[11] != "" {
				t.Errorf("%q, want %+v", c, w)
			}
		}
		if len(records) != len(want.Results)+1 {
			t.Errorf("%d records, want %d and the heads", len(records), len(want.Results))
		}
	}
	// A path may have what CSV and JSON give a meaning.
	odd := filepath.Join(t.TempDir(), `a,"b" é`)
	copyFolder(t, a.paths[0], odd)
	if got := must(csv.NewReader(strings.NewReader(eval(t, "--format", "csv", odd))).ReadAll())[1][0]; got != odd {
		t.Errorf("path %q in CSV, want %q", got, odd)
	}
	if got := evalReport(t, odd).Results[0].Path; string(got) != odd {
		t.Errorf("path %q in JSON, want %q", got, odd)
	}
}

// TestEvalSummaryTable pins the table of many images.
func TestEvalSummaryTable(t *testing.T) {
	a := newAlbum(t, 10)
	table := eval(t, append([]string{"--sort", "positives", "--limit", "2"}, a.paths...)...)
	lines := bufio.NewScanner(strings.NewReader(table))
	var got []string
	for lines.Scan() {
		got = append(got, strings.Join(strings.Fields(lines.Text()), " "))
	}
	text := strings.Join(got, "\n")
	for _, want := range []string{"\n… 8 more\n", " total\n", "\npositives of 10 inputs\n", "\n0 % 5 % 25 % 50 % 75 % 95 % 100 %\n", "\nfrom to inputs\n", " ####"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	if few := eval(t, a.paths[:outcome.ManyInputs-1]...); strings.Contains(few, "inputs") {
		t.Errorf("a summary of few images:\n%s", few)
	}
}
