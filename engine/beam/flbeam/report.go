package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/flengine/flengine/engine"
	flbeam "github.com/flengine/flengine/engine/beam"
	"github.com/flengine/flengine/engine/beam/internal/object"
)

// report is what is printed. Of one loss, its parts are the report's own in JSON, as in that of
// flbench eval.
type report struct {
	Losses   []*lossReport
	Runner   string
	Blocks   int
	Warnings []note
	Notes    []note
}

type note struct {
	Path path   `json:"path"`
	Text string `json:"text"`
}

// lossReport is what one loss came to.
type lossReport struct {
	Loss    lossInfo `json:"loss"`
	Results []*entry `json:"results"`
	Total   *entry   `json:"total"`
}

// entry is what one key, or all of them, came to.
type entry struct {
	Key         path          `json:"key"`
	Scores      int64         `json:"scores"`
	Positives   int64         `json:"positives"`
	Ignored     int64         `json:"ignored"`
	Sum         number        `json:"sum"`
	Mean        number        `json:"mean"`
	PerPositive number        `json:"per_positive"`
	Exact       engine.Result `json:"exact"`
	Top         *[]ranked     `json:"top,omitempty"` // nil if not asked for
}

// MarshalJSON writes the exact form of the result as a text.
func (e *entry) MarshalJSON() ([]byte, error) {
	exact, err := e.Exact.MarshalText()
	if err != nil {
		return nil, err
	}
	type plain entry
	return encode(struct {
		*plain
		Exact string `json:"exact"`
	}{(*plain)(e), string(exact)})
}

// ranked is one of the hardest scores.
type ranked struct {
	Path   path    `json:"path"`
	Row    int     `json:"row"`
	Column int     `json:"column"`
	Logit  *number `json:"logit,omitempty"`
	Prob   *number `json:"prob,omitempty"`
	Label  *uint8  `json:"label,omitempty"`
	Target *number `json:"target,omitempty"`
	Loss   number  `json:"loss"`
}

// newReport puts records, which come in any order, into that of the losses and keys.
func newReport(f *flags, o flbeam.Options, records []record) (*report, error) {
	r := &report{Runner: f.runner, Blocks: o.SpanBlocks, Warnings: []note{}, Notes: []note{}}
	byLoss := map[string]*lossReport{}
	for _, l := range o.Losses {
		one := &lossReport{Loss: lossInfo{l}}
		r.Losses, byLoss[l.String()] = append(r.Losses, one), one
	}
	type place struct{ loss, key string }
	entries := map[place]*entry{}
	for _, rec := range records {
		switch rec.Kind {
		case resultKind:
			e := newEntry(f.keyName(rec.Key), rec.Result)
			byLoss[rec.Loss].Results = append(byLoss[rec.Loss].Results, e)
			entries[place{rec.Loss, rec.Key}] = e
		case totalKind:
			byLoss[rec.Loss].Total = newEntry("total", rec.Result)
		case noteKind:
			list := &r.Notes
			if rec.Note.Warning {
				list = &r.Warnings
			}
			*list = append(*list, note{path(rec.Note.Path), rec.Note.Text})
		}
	}
	for _, rec := range records {
		switch rec.Kind {
		case hardestKind:
			entries[place{rec.Loss, rec.Key}].Top = f.rank(rec.Hardest)
		case topKind:
			byLoss[rec.Loss].Total.Top = f.rank(rec.Hardest)
		}
	}
	for text, l := range byLoss {
		if l.Total == nil {
			return nil, fmt.Errorf("the results have no total of %s: want all that the last step wrote", text)
		}
		slices.SortFunc(l.Results, func(a, b *entry) int { return cmp.Compare(a.Key, b.Key) })
	}
	for _, list := range [][]note{r.Warnings, r.Notes} {
		slices.SortFunc(list, func(a, b note) int { return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Text, b.Text)) })
	}
	return r, nil
}

// keyName is how a key is called.
func (f *flags) keyName(key string) string {
	if f.key == allKey {
		return allKey
	}
	return key
}

func newEntry(key string, r engine.Result) *entry {
	return &entry{
		Key: path(key), Scores: r.Scores, Positives: r.Positives, Ignored: r.Ignored,
		Sum: number(r.Sum()), Mean: number(r.Mean()), PerPositive: number(r.PerPositive()), Exact: r,
	}
}

// rank has the hardest scores as they are printed.
func (f *flags) rank(h flbeam.Hardest) *[]ranked {
	list := []ranked{}
	for _, s := range h.Scores {
		score, target, label := short(s.Score), short(s.Target), uint8(s.Target)
		r := ranked{Path: path(s.Path), Row: s.Row, Column: s.Column, Loss: short(s.Loss), Logit: &score, Label: &label}
		if f.probs {
			r.Logit, r.Prob = nil, &score
		}
		if s.Soft {
			r.Label, r.Target = nil, &target
		}
		list = append(list, r)
	}
	return &list
}

// print prints the report, in one piece.
func (r *report) print(w io.Writer, asJSON bool) error {
	text, err := r.table(), error(nil)
	if asJSON {
		text, err = r.jsonText()
	}
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("printing the results: %w", err)
	}
	return nil
}

// jsonText is the report as one object.
func (r *report) jsonText() ([]byte, error) {
	type common struct {
		Runner   string `json:"runner"`
		Blocks   int    `json:"span_blocks"`
		Warnings []note `json:"warnings"`
		Notes    []note `json:"notes"`
	}
	with := common{r.Runner, r.Blocks, r.Warnings, r.Notes}
	var v any = struct {
		Losses []*lossReport `json:"losses"`
		common
	}{r.Losses, with}
	if len(r.Losses) == 1 {
		v = struct {
			*lossReport
			common
		}{r.Losses[0], with}
	}
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return text.Bytes(), err
}

// table is the report for people.
func (r *report) table() []byte {
	var text bytes.Buffer
	for i, l := range r.Losses {
		if i > 0 {
			text.WriteByte('\n')
		}
		fmt.Fprintf(&text, "%s; runner %s, spans of %d blocks\n\n", l.Loss, r.Runner, r.Blocks)
		t := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprint(t, "scores\tpositives\tignored\tsum\tmean\tper positive\t  key\n")
		for _, e := range append(slices.Clone(l.Results), l.Total) {
			fmt.Fprintf(t, "%d\t%d\t%d\t%s\t%.4g\t%s\t  %s\n", e.Scores, e.Positives, e.Ignored, decimals(e.Sum), e.Mean, decimals(e.PerPositive), object.Printable(string(e.Key)))
		}
		_ = t.Flush() // to memory
		for _, e := range l.Results {
			rankTable(&text, "hardest scores of "+object.Printable(string(e.Key)), e.Top)
		}
		rankTable(&text, "hardest scores of all", l.Total.Top)
	}
	return text.Bytes()
}

// rankTable prints the hardest scores under a title.
func rankTable(w io.Writer, title string, top *[]ranked) {
	if top == nil || len(*top) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n\n", title)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	score, label := "logit", "label"
	if (*top)[0].Prob != nil {
		score = "prob"
	}
	if (*top)[0].Target != nil {
		label = "target"
	}
	fmt.Fprintf(t, "row\tcolumn\t%s\t%s\tloss\t  path\n", score, label)
	for _, s := range *top {
		value, kind := s.Logit, ""
		if s.Prob != nil {
			value = s.Prob
		}
		if s.Target != nil {
			kind = s.Target.String()
		} else {
			kind = fmt.Sprint(*s.Label)
		}
		fmt.Fprintf(t, "%d\t%d\t%s\t%s\t%s\t  %s\n", s.Row, s.Column, value, kind, s.Loss, object.Printable(string(s.Path)))
	}
	_ = t.Flush() // by whom errors are seen
}

// decimals writes a sum with six decimals, while that makes sense.
func decimals(v number) string {
	if v >= 1e15 {
		return fmt.Sprintf("%.6e", float64(v))
	}
	return fmt.Sprintf("%.6f", float64(v))
}

// number is a float that may be infinite in JSON: there it is the string "Infinity", or
// "-Infinity".
type number float64

// short is a float32 as a number of the same digits.
func short(v float32) number {
	n, _ := strconv.ParseFloat(strconv.FormatFloat(float64(v), 'g', -1, 32), 64)
	return number(n)
}

func (n number) String() string { return strconv.FormatFloat(float64(n), 'g', -1, 64) }

// MarshalJSON writes a number, or a string.
func (n number) MarshalJSON() ([]byte, error) {
	switch v := float64(n); {
	case math.IsInf(v, 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(v, -1):
		return []byte(`"-Infinity"`), nil
	default:
		return json.Marshal(v)
	}
}

// path is a name in JSON. Bytes that are no UTF-8 are \udc80 to \udcff, as Python's os.fsdecode
// has them.
type path string

// MarshalJSON writes a string.
func (p path) MarshalJSON() ([]byte, error) {
	b := []byte{'"'}
	for rest := string(p); rest != ""; {
		c, n := utf8.DecodeRuneInString(rest)
		if c == utf8.RuneError && n == 1 {
			b = fmt.Appendf(b, `\udc%02x`, rest[0])
		} else {
			quoted, err := encode(rest[:n])
			if err != nil {
				return nil, err
			}
			b = append(b, quoted[1:len(quoted)-1]...)
		}
		rest = rest[n:]
	}
	return append(b, '"'), nil
}

// encode writes JSON that leaves <, > and & as they are.
func encode(v any) ([]byte, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return bytes.TrimSpace(text.Bytes()), err
}

// lossInfo is a loss in reports: its name and the parameters that it has.
type lossInfo struct{ engine.Loss }

// parameters calls f with the loss's parameters in order.
func (l lossInfo) parameters(f func(name string, v number)) {
	names := []string{}
	for _, p := range l.Family().Parameters {
		names = append(names, p.Name)
	}
	for _, name := range append(names, "pos", "neg", "smoothing") {
		if v, ok := l.Parameter(name); ok {
			f(name, short(v))
		}
	}
}

// MarshalJSON writes an object of the name and the parameters.
func (l lossInfo) MarshalJSON() ([]byte, error) {
	b := fmt.Appendf(nil, `{"name":%q`, l.Family().Name)
	l.parameters(func(name string, v number) { b = fmt.Appendf(b, ",%q:%s", name, v) })
	return append(b, '}'), nil
}

// String returns the loss for people: "focal loss, alpha 0.25, gamma 2".
func (l lossInfo) String() string {
	text := l.Family().Title
	l.parameters(func(name string, v number) { text += ", " + name + " " + v.String() })
	return text
}
