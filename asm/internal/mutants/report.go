package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
)

// tally counts the fates of a file's mutants.
type tally struct {
	Mutants   int `json:"mutants"` // that were tried and compile to other code
	Killed    int `json:"killed"`
	TimedOut  int `json:"timed_out"` // of the killed ones
	Survived  int `json:"survived"`
	Explained int `json:"explained"` // of those
	Unbuilt   int `json:"not_compiled"`
	Unchanged int `json:"same_code"`
	Possible  int `json:"possible"` // edits of the file, tried or not
}

func (t *tally) add(o tally) {
	t.Mutants += o.Mutants
	t.Killed += o.Killed
	t.TimedOut += o.TimedOut
	t.Survived += o.Survived
	t.Explained += o.Explained
	t.Unbuilt += o.Unbuilt
	t.Unchanged += o.Unchanged
	t.Possible += o.Possible
}

func (p *progress) tally() tally {
	t := tally{Possible: len(p.mutants)}
	for _, r := range p.trials {
		if r.fate.counts() {
			t.Mutants++
		}
		switch r.fate {
		case timedOut:
			t.TimedOut++
			t.Killed++
		case killed:
			t.Killed++
		case survived:
			t.Survived++
			if r.reason != "" {
				t.Explained++
			}
		case unbuilt:
			t.Unbuilt++
		case unchanged:
			t.Unchanged++
		}
	}
	return t
}

// survivors returns the trials of mutants that survived without an explanation.
func survivors(files []*progress) (list []trial) {
	for _, p := range files {
		for _, t := range p.trials {
			if t.fate == survived && t.reason == "" {
				list = append(list, t)
			}
		}
	}
	return list
}

// writeTable prints a line per file and the survivors.
func writeTable(w io.Writer, files []*progress) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "mutants\tkilled\tby timeout\tsurvived\texplained\tnot compiled\tsame code\tpossible\t  file")
	row := func(t tally, name string) {
		fmt.Fprintf(tw, "%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t  %s\n",
			t.Mutants, t.Killed, t.TimedOut, t.Survived, t.Explained, t.Unbuilt, t.Unchanged, t.Possible, name)
	}
	var total tally
	for _, p := range files {
		t := p.tally()
		total.add(t)
		row(t, p.path)
	}
	row(total, "total")
	if err := tw.Flush(); err != nil {
		return err
	}
	for i, t := range survivors(files) {
		if i == 0 {
			fmt.Fprintln(w, "\nsurvivors without an explanation:")
		}
		fmt.Fprintf(w, "%s: %s: %s\n", t.place(), t.op, t.mutant)
	}
	for _, p := range files {
		if p.dead() {
			fmt.Fprintf(w, "\n%s: no test is built from its code\n", p.path)
		}
	}
	return nil
}

// writeJSON prints everything.
func writeJSON(w io.Writer, goarch string, kernels []string, seed uint64, seconds float64, files []*progress) error {
	type jsonTrial struct {
		Line    int     `json:"line"`
		In      string  `json:"in,omitempty"`
		Op      string  `json:"op"`
		Old     string  `json:"old"`
		New     string  `json:"new"`
		Fate    fate    `json:"fate"`
		Test    string  `json:"test,omitempty"`
		Reason  string  `json:"reason,omitempty"`
		Seconds float64 `json:"seconds"`
	}
	type jsonFile struct {
		File string `json:"file"`
		tally
		Trials []jsonTrial `json:"trials"`
	}
	out := struct {
		GOARCH  string     `json:"goarch"`
		Kernels []string   `json:"kernels"`
		Seed    uint64     `json:"seed"`
		Seconds float64    `json:"seconds"`
		Total   tally      `json:"total"`
		Files   []jsonFile `json:"files"`
	}{GOARCH: goarch, Kernels: kernels, Seed: seed, Seconds: seconds, Files: []jsonFile{}}
	for _, p := range files {
		f := jsonFile{File: p.path, tally: p.tally(), Trials: []jsonTrial{}}
		out.Total.add(f.tally)
		for _, t := range p.trials {
			f.Trials = append(f.Trials, jsonTrial{t.line, t.in, t.op, t.old, t.new, t.fate, t.test, t.reason, t.seconds})
		}
		out.Files = append(out.Files, f)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "\t")
	e.SetEscapeHTML(false)
	return e.Encode(out)
}
