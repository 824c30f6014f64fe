package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// report is what a comparison measured.
type report struct {
	CPU     string
	Kernels []string // ours, fastest first
	Sizes   []int
	rows    rows
	native  string // nativeISA
}

// side is one row of a table.
type side struct {
	row
	ISA    string             `json:"isa"` // whose kernel to compare with; "" unknown
	Ratios map[string]float64 `json:"ratios,omitempty"`
}

// sides returns who did a work at a size: ours, then the peers, the fastest first,
// with the ratio of their time to that of each of our kernels.
func (r *report) sides(work string, n int) (ours, peers []side) {
	for _, v := range r.rows.list {
		if v.Work != work || v.N != n {
			continue
		}
		if strings.HasPrefix(v.Peer, ourPrefix) {
			ours = append(ours, side{row: v, ISA: isa(v.Peer, r.native)})
		} else {
			peers = append(peers, side{row: v, ISA: isa(v.Peer, r.native)})
		}
	}
	slices.SortStableFunc(ours, func(a, b side) int {
		return cmp.Compare(slices.Index(r.Kernels, a.ISA), slices.Index(r.Kernels, b.ISA))
	})
	slices.SortStableFunc(peers, func(a, b side) int { return cmp.Compare(a.NS, b.NS) })
	for i := range peers {
		peers[i].Ratios = map[string]float64{}
		for _, o := range ours {
			peers[i].Ratios[o.ISA] = peers[i].NS / o.NS
		}
	}
	return ours, peers
}

// best is the verdict on one of our kernels for a work and a size.
type best struct {
	Work        string  `json:"work"`
	N           int     `json:"n"`
	Kernel      string  `json:"kernel"`
	NS          float64 `json:"ns_per_elem"`
	MaxULP      float64 `json:"max_ulp"`
	Accurate    *rival  `json:"best_accurate"` // of this ISA, error < 100 ULP
	OfISA       *rival  `json:"best_of_isa"`   // of this ISA, any error
	Any         *rival  `json:"best"`          // of any ISA and any error
	AccurateAny *rival  `json:"best_accurate_of_any_isa"`
}

// rival is the fastest peer of a kind.
type rival struct {
	Peer   string  `json:"peer"`
	NS     float64 `json:"ns_per_elem"`
	MaxULP float64 `json:"max_ulp"`
	Ratio  float64 `json:"ratio"` // its time : ours
}

func (r *report) summary() []best {
	var all []best
	for _, n := range r.Sizes {
		for _, w := range works {
			ours, peers := r.sides(w.name, n)
			for _, o := range ours {
				first := func(ok func(side) bool) *rival {
					i := slices.IndexFunc(peers, ok)
					if i < 0 {
						return nil
					}
					p := peers[i]
					return &rival{p.Peer, p.NS, p.MaxULP, p.Ratios[o.ISA]}
				}
				same := func(p side) bool { return p.ISA == o.ISA }
				all = append(all, best{
					Work: w.name, N: n, Kernel: o.ISA, NS: o.NS, MaxULP: o.MaxULP,
					Accurate:    first(func(p side) bool { return same(p) && p.accurate() }),
					OfISA:       first(same),
					Any:         first(func(side) bool { return true }),
					AccurateAny: first(side.accurate),
				})
			}
		}
	}
	return all
}

func (r *report) writeJSON(w io.Writer) error {
	var all []side
	for _, n := range r.Sizes {
		for _, work := range works {
			ours, peers := r.sides(work.name, n)
			all = append(append(all, ours...), peers...)
		}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(struct {
		CPU     string   `json:"cpu"`
		Kernels []string `json:"kernels"`
		Rows    []side   `json:"rows"`
		Summary []best   `json:"summary"`
	}{r.CPU, r.Kernels, all, r.summary()})
}

func (r *report) writeTable(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, one thread; ns are medians per element; ÷ K is the time of the row over that of our kernel K:\n", r.CPU)
	fmt.Fprintf(&b, "2.00 says that ours takes half. max ULP is the largest error against MPFR, wide that of logits up to ±20;\n")
	fmt.Fprintf(&b, "! marks an error of %d ULP or more, or none measured.\n", maxAccurate)
	for _, n := range r.Sizes {
		for _, work := range works {
			ours, peers := r.sides(work.name, n)
			fmt.Fprintf(&b, "\n%s, %s; %d elements\n\n", work.name, work.what, n)
			head := []string{"side", "ISA", "ns", "max ULP", "!", "wide", "sum error"}
			for _, o := range ours {
				head = append(head, "÷ "+o.ISA)
			}
			t := table{left: 2, lines: [][]string{head}}
			for _, s := range append(ours, peers...) {
				line := []string{s.Peer, cmp.Or(s.ISA, "?"), formatNS(s.NS), formatULP(s.MaxULP), mark(s.row), formatULP(s.WideULP), formatSumErr(s.SumErr)}
				for _, o := range ours {
					line = append(line, fmt.Sprintf("%.2f", s.NS/o.NS))
				}
				t.lines = append(t.lines, line)
			}
			t.write(&b)
		}
	}
	for _, n := range r.Sizes {
		fmt.Fprintf(&b, "\nBest peers, %d elements: the fastest of the kernel's ISA with an error < %d ULP, of the ISA with any error, of all\n\n", n, maxAccurate)
		t := table{left: 2, lines: [][]string{{"work", "kernel", "ns", "max ULP", "ISA, accurate", "ratio", "ISA, any error", "ratio", "all", "ratio"}}}
		for _, s := range r.summary() {
			if s.N != n {
				continue
			}
			line := []string{s.Work, s.Kernel, formatNS(s.NS), formatULP(s.MaxULP)}
			for _, v := range []*rival{s.Accurate, s.OfISA, s.Any} {
				if v == nil {
					line = append(line, "-", "-")
				} else {
					line = append(line, fmt.Sprintf("%s %s (%s)", v.Peer, formatNS(v.NS), formatULP(v.MaxULP)), fmt.Sprintf("%.2f", v.Ratio))
				}
			}
			t.lines = append(t.lines, line)
		}
		t.write(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func mark(r row) string {
	if r.accurate() {
		return ""
	}
	return "!"
}

func formatSumErr(v float64) string {
	if v < 0 {
		return "-"
	}
	if v >= infinite {
		return "∞"
	}
	return fmt.Sprintf("%.1e", v)
}

// table is a Markdown table with aligned columns, the first left ones to the left.
type table struct {
	left  int
	lines [][]string // the first is the head
}

func (t table) write(b *strings.Builder) {
	width := make([]int, len(t.lines[0]))
	for _, l := range t.lines {
		for i, s := range l {
			width[i] = max(width[i], utf8.RuneCountInString(s), 2)
		}
	}
	for k, l := range t.lines {
		for i, s := range l {
			pad := strings.Repeat(" ", width[i]-utf8.RuneCountInString(s))
			if i < t.left {
				b.WriteString("| " + s + pad + " ")
			} else {
				b.WriteString("| " + pad + s + " ")
			}
		}
		b.WriteString("|\n")
		if k > 0 {
			continue
		}
		for i := range l {
			if i < t.left {
				b.WriteString("| " + strings.Repeat("-", width[i]) + " ")
			} else {
				b.WriteString("| " + strings.Repeat("-", width[i]-1) + ": ")
			}
		}
		b.WriteString("|\n")
	}
}
