// Package ranking lists scores by their losses, with what is known of their places.
package ranking

import (
	"cmp"
	"container/heap"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/engine"
)

// Ranking is the hardest scores of an input, or of several, in order. It is none if nil.
type Ranking struct {
	Limit int
	Lists []List
	Paths bool // whether the inputs' paths are told
}

// List is the hardest scores of one input, hardest first, and what is known of their places.
type List struct {
	path    cli.Path
	kept    []engine.Score
	columns int
	probs   bool
	soft    bool           // there are targets, not labels
	classes map[int]string // names of the columns that occur, nil if they have none
	boxes   []float32      // of kept, box after box, nil if there are none
}

// NewList returns the list of an input that is still open.
func NewList(in *dump.Dump, kept []engine.Score) List {
	l := List{path: cli.Path(in.Path()), kept: kept, columns: in.Columns(), probs: in.Probs(), soft: in.Soft()}
	for _, s := range kept {
		row, column := s.Index/l.columns, s.Index%l.columns
		if _, known := l.classes[column]; !known {
			if name := in.Class(column); name != "" {
				if l.classes == nil {
					l.classes = map[int]string{}
				}
				l.classes[column] = name
			}
		}
		l.boxes = append(l.boxes, in.Box(row)...)
	}
	return l
}

// Columns returns the number of scores of a row.
func (l *List) Columns() int { return l.columns }

// Empty tells whether there are no scores.
func (k *Ranking) Empty() bool {
	return !slices.ContainsFunc(k.Lists, func(l List) bool { return len(l.kept) > 0 })
}

// Ranked is a score in a ranking, as it is printed.
type Ranked struct {
	Path   cli.Path      `json:"path,omitempty"`
	Row    int           `json:"row"`
	Column int           `json:"column"`
	Logit  *cli.Float32  `json:"logit,omitempty"`
	Prob   *cli.Float32  `json:"prob,omitempty"`
	Label  *uint8        `json:"label,omitempty"`
	Target *cli.Float32  `json:"target,omitempty"`
	Loss   cli.Float32   `json:"loss"`
	Class  string        `json:"class,omitempty"`
	Box    []cli.Float32 `json:"box,omitempty"`
}

// ranked returns the i-th score of the list.
func (l *List) ranked(i int) Ranked {
	s := l.kept[i]
	at, score, label := s.Index, cli.Float32(s.Score), uint8(s.Target)
	r := Ranked{
		Row: at / l.columns, Column: at % l.columns, Label: &label,
		Logit: &score, Loss: cli.Float32(s.Loss), Class: l.classes[at%l.columns],
	}
	if l.probs {
		r.Logit, r.Prob = nil, &score
	}
	if l.soft {
		target := cli.Float32(s.Target)
		r.Label, r.Target = nil, &target
	}
	if l.boxes != nil {
		n := len(l.boxes) / len(l.kept)
		for _, v := range l.boxes[i*n : (i+1)*n] {
			r.Box = append(r.Box, cli.Float32(v))
		}
	}
	return r
}

// Each yields the scores.
func (k *Ranking) Each() iter.Seq[Ranked] {
	return func(yield func(Ranked) bool) {
		m := &merge{lists: k.Lists}
		for i := range k.Lists {
			if len(k.Lists[i].kept) > 0 {
				m.heads = append(m.heads, head{list: i})
			}
		}
		heap.Init(m)
		for range k.Limit {
			if len(m.heads) == 0 {
				return
			}
			h := &m.heads[0]
			l := &k.Lists[h.list]
			r := l.ranked(h.at)
			if k.Paths {
				r.Path = l.path
			}
			if !yield(r) {
				return
			}
			if h.at++; h.at < len(l.kept) {
				heap.Fix(m, 0)
			} else {
				heap.Remove(m, 0)
			}
		}
	}
}

// merge is a heap of lists, with the hardest next score on top; of equal ones that of the
// first list.
type merge struct {
	lists []List
	heads []head
}

// head is the next score of a list.
type head struct{ list, at int }

func (m *merge) Len() int { return len(m.heads) }

func (m *merge) Less(i, j int) bool {
	a, b := m.heads[i], m.heads[j]
	return cmp.Or(-cmp.Compare(m.lists[a.list].kept[a.at].Loss, m.lists[b.list].kept[b.at].Loss), cmp.Compare(a.list, b.list)) < 0
}

func (m *merge) Swap(i, j int) { m.heads[i], m.heads[j] = m.heads[j], m.heads[i] }

func (m *merge) Push(x any) { m.heads = append(m.heads, x.(head)) }

func (m *merge) Pop() any {
	last := m.heads[len(m.heads)-1]
	m.heads = m.heads[:len(m.heads)-1]
	return last
}

// Table prints the scores row by row, as they can be many, under a title; how wide the columns
// are is known from a first look at all of them.
func (k *Ranking) Table(w io.Writer, title string) {
	if k == nil {
		return
	}
	var width [8]int
	rows := 0
	measure := func(cells [8]string) {
		for i, cell := range cells {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	for r := range k.Each() {
		measure(r.cells())
		rows++
	}
	if rows == 0 {
		return
	}
	heads := [8]string{"row", "column", "logit", "label", "loss", "class", "box", "path"}
	if k.Lists[0].probs {
		heads[2] = "prob"
	}
	if slices.ContainsFunc(k.Lists, func(l List) bool { return l.soft && len(l.kept) > 0 }) {
		heads[3] = "target"
	}
	for i := range heads {
		if width[i] == 0 {
			heads[i] = "" // nobody has one
		}
	}
	measure(heads)
	line := func(cells [8]string) {
		var text strings.Builder
		for i, cell := range cells {
			switch {
			case width[i] == 0:
			case i < 5:
				fmt.Fprintf(&text, "%*s  ", width[i], cell)
			default:
				fmt.Fprintf(&text, "%-*s  ", width[i], cell)
			}
		}
		_, _ = io.WriteString(w, strings.TrimRight(text.String(), " ")+"\n")
	}
	fmt.Fprintf(w, "\n%s\n\n", title)
	line(heads)
	for r := range k.Each() {
		line(r.cells())
	}
}

// cells are the score's columns in a table; those that it has not are empty.
func (r *Ranked) cells() [8]string {
	score := r.Logit
	if score == nil {
		score = r.Prob
	}
	cells := [8]string{fmt.Sprint(r.Row), fmt.Sprint(r.Column), cli.Short(*score), "", cli.Short(r.Loss)}
	if r.Target != nil {
		cells[3] = cli.Short(*r.Target)
	} else {
		cells[3] = fmt.Sprint(*r.Label)
	}
	if r.Class != "" {
		cells[5] = cli.Printable(r.Class)
	}
	for i, v := range r.Box {
		if i > 0 {
			cells[6] += " "
		}
		cells[6] += cli.Short(v)
	}
	if r.Path != "" {
		cells[7] = cli.Printable(string(r.Path))
	}
	return cells
}
