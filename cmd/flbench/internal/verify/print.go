package verify

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// report is what verify prints.
type report struct {
	cli.Environment
	Stride  uint64   `json:"stride"`
	OK      bool     `json:"ok"`
	Missing []string `json:"missing,omitempty"` // not verified, as verify was interrupted
	Results []result `json:"results"`
}

// result is the error of one output of a subject.
type result struct {
	ID        string    `json:"id"` // as --only has it
	Subject   string    `json:"subject"`
	Input     string    `json:"input"`  // "logit", "probability", or "float32" for a function's argument
	Output    string    `json:"output"` // "loss" or "gradient", "value" of a function, or Pow's exponent
	Label     *uint8    `json:"label,omitempty"`
	Stride    uint64    `json:"stride"`
	Inputs    int64     `json:"inputs"`
	BoundULP  float64   `json:"bound_ulp"`
	MaxULP    cli.Float `json:"max_ulp"`
	MeanULP   cli.Float `json:"mean_ulp"`
	Worst     worst     `json:"worst"`
	Histogram []bin     `json:"histogram"`
	Bad       int64     `json:"special_values_wrong"` // NaN, infinities and signs
	Differing int64     `json:"bits_differ"`          // inputs on which a kernel is not generic
	DiffersAt cli.Float `json:"bits_differ_at"`
	Differs   string    `json:"bits_differ_kernel,omitempty"`
	OK        bool      `json:"ok"`
}

type worst struct {
	Input   cli.Float  `json:"input"`
	Target  *cli.Float `json:"target,omitempty"`
	Columns int        `json:"columns,omitempty"` // of a row; the input is its true class's logit, or the gradient's
	Got     cli.Float  `json:"got"`
	Want    cli.Float  `json:"want"`
}

// at spells where that is.
func (w *worst) at() string {
	text := fmt.Sprintf("%g", float32(w.Input))
	if w.Target != nil {
		text += fmt.Sprintf(", %g", float32(*w.Target))
	}
	if w.Columns > 0 {
		text += fmt.Sprintf(" of %d", w.Columns)
	}
	return text
}

// labels spells what a loss's labels are, "" for a function.
func (r *result) labels() string {
	switch {
	case r.Label != nil:
		return fmt.Sprint(*r.Label)
	case r.Worst.Target != nil:
		return "0 to 1"
	case r.Worst.Columns > 0:
		return "class"
	}
	return ""
}

// bin counts errors up to To ULP, the last bin all beyond.
type bin struct {
	To    cli.Float `json:"to"`
	Count int64     `json:"count"`
}

// add appends a sweep's results.
func (r *report) add(s subject, stride uint64, stats []errorStats) {
	for i, o := range s.outputs {
		m := &stats[i]
		v := result{
			ID: s.id(), Subject: s.title, Input: s.input, Output: o.name, Label: o.label, Stride: stride, Inputs: m.count,
			BoundULP: o.bound, MaxULP: cli.Float(m.max), MeanULP: cli.Float(m.sum / float64(max(1, m.count))),
			Worst: worst{Input: cli.Float(m.x), Got: cli.Float(m.got), Want: cli.Float(m.want)},
			Bad:   m.bad, Differing: m.differing, DiffersAt: cli.Float(m.differsAt), Differs: m.differs,
			OK: m.max <= o.bound && m.bad == 0 && m.differing == 0,
		}
		if s.group == groupTargets {
			y := cli.Float(m.y)
			v.Worst.Target = &y
		}
		if s.group == groupRows {
			v.Worst.Columns = int(m.y)
		}
		for i, n := range m.histogram() {
			to := math.Inf(1)
			if i < len(histogramTo) {
				to = histogramTo[i]
			}
			v.Histogram = append(v.Histogram, bin{cli.Float(to), n})
		}
		r.Results = append(r.Results, v)
		r.OK = r.OK && v.OK
	}
}

// failures says what is wrong, a line for each fault of a result.
func (r *report) failures() []string {
	var list []string
	for _, v := range r.Results {
		what := fmt.Sprintf("%s from %s, %s", v.Subject, v.Input, v.Output)
		if v.Label != nil {
			what = fmt.Sprintf("%s, label %d", what, *v.Label)
		}
		if v.Differing > 0 {
			list = append(list, fmt.Sprintf("%s: bits differ from generic's on %d inputs, first those of %s on %g", what, v.Differing, v.Differs, float64(v.DiffersAt)))
		}
		switch got := fmt.Sprintf("%g at %s, exactly %g", float64(v.Worst.Got), v.Worst.at(), float64(v.Worst.Want)); {
		case v.Bad > 0:
			list = append(list, fmt.Sprintf("%s: %d special values or signs are wrong, as %s", what, v.Bad, got))
		case float64(v.MaxULP) > v.BoundULP:
			list = append(list, fmt.Sprintf("%s: %.3f ULP, above the bound of %g: %s", what, float64(v.MaxULP), v.BoundULP, got))
		}
	}
	return list
}

func (r *report) print(to io.Writer) error {
	head := []string{"", "from", "output", "label", "bound", "max ULP", "at", "got", "exactly", "mean"}
	for _, end := range histogramTo {
		head = append(head, fmt.Sprintf("≤%g", end))
	}
	table := cli.NewTable("lll"+strings.Repeat("r", len(head)-2), append(head, "more")...)
	var sampled []string
	for i, v := range r.Results {
		if i > 0 && v.ID != r.Results[i-1].ID && (v.labels() != "" || r.Results[i-1].labels() != "") {
			table.Gap()
		}
		row := []string{v.Subject, v.Input, v.Output, v.labels(), fmt.Sprintf("%g", v.BoundULP), fmt.Sprintf("%.3f", float64(v.MaxULP)),
			v.Worst.at(), fmt.Sprintf("%.9g", float64(v.Worst.Got)), fmt.Sprintf("%.9g", float64(v.Worst.Want)), fmt.Sprintf("%.3f", float64(v.MeanULP))}
		for _, b := range v.Histogram {
			row = append(row, percent(b.Count, v.Inputs))
		}
		table.Row(row...)
		what := v.Subject
		switch {
		case v.Worst.Target != nil:
			what = "targets"
		case v.Worst.Columns > 0:
			what = "rows"
		}
		if text := fmt.Sprintf("; %s: every %s", what, ordinal(v.Stride)); v.Stride != r.Stride && !slices.Contains(sampled, text) {
			sampled = append(sampled, text)
		}
	}
	inputs := "all inputs"
	if r.Stride > 1 {
		inputs = fmt.Sprintf("every %s of all inputs", ordinal(r.Stride))
	}
	verdict := "All bounds hold, and all kernels give the same bits."
	if len(r.Missing) > 0 {
		verdict = "Interrupted. Not verified: " + strings.Join(r.Missing, ", ") + "."
	}
	if list := r.failures(); len(list) > 0 {
		verdict = "Not all is well:\n  " + strings.Join(list, "\n  ")
		if len(r.Missing) > 0 {
			verdict += "\nInterrupted. Not verified: " + strings.Join(r.Missing, ", ") + "."
		}
	}
	return cli.Print(to, fmt.Sprintf("%v; kernels %s; %s%s\n\n%s\n%s\n", r.Environment,
		strings.Join(r.Kernels, ", "), inputs, strings.Join(sampled, ""), table, verdict))
}

// ordinal writes n as in 1st, 2nd, 3rd, 4th.
func ordinal(n uint64) string {
	suffix := "th"
	if n/10%10 != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprint(n, suffix)
}

// percent writes a part of a whole in %, nothing if it is none.
func percent(n, of int64) string {
	if n == 0 {
		return "·"
	}
	if p := 100 * float64(n) / float64(of); p >= 0.001 {
		return fmt.Sprintf("%.3f%%", p)
	}
	return "<0.001%"
}
