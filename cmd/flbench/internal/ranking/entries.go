package ranking

import (
	"fmt"
	"iter"
	"math"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

// ListOf returns the list of an input of so many columns whose scores are given, hardest first,
// as Entries gives them. It refuses what no evaluation gives.
func ListOf(path cli.Path, columns int, probs, soft bool, entries []Ranked) (List, error) {
	l := List{path: path, columns: columns, probs: probs, soft: soft}
	if columns < 1 {
		return l, fmt.Errorf("%d columns: want 1 or more", columns)
	}
	names := map[int]string{} // of columns, "" for none
	for i, r := range entries {
		s := engine.Score{Loss: float32(r.Loss)}
		score, other := r.Logit, r.Prob
		if probs {
			score, other = other, score
		}
		switch {
		case r.Row < 0 || r.Column < 0 || r.Column >= columns || r.Row > (math.MaxInt-r.Column)/columns:
			return l, fmt.Errorf("[%d] is of row %d, column %d, of %d columns: want one of the input's scores", i, r.Row, r.Column, columns)
		case !(s.Loss >= 0):
			return l, fmt.Errorf("[%d] has the loss %v: want 0 or more", i, s.Loss)
		case i > 0 && s.Loss > l.kept[i-1].Loss:
			return l, fmt.Errorf("[%d] has a larger loss than the one before: want the hardest first", i)
		case score == nil || other != nil || *score != *score:
			return l, fmt.Errorf("[%d]: want a logit or, of probabilities, prob", i)
		case (r.Label != nil) == soft || (r.Target != nil) != soft:
			return l, fmt.Errorf("[%d]: want a label or, where targets are soft, target", i)
		case soft && !(*r.Target >= 0 && *r.Target <= 1) || !soft && *r.Label > 1:
			return l, fmt.Errorf("[%d] has a label or target that is none: want 0 to 1", i)
		case len(r.Box) != len(entries[0].Box) || len(r.Box) != 0 && len(r.Box) != 4:
			return l, fmt.Errorf("[%d] has %d numbers of a box: want four of each score, or none", i, len(r.Box))
		}
		if name, known := names[r.Column]; known && name != r.Class {
			return l, fmt.Errorf("[%d] calls column %d %q, and one before %q: want one name", i, r.Column, r.Class, name)
		}
		names[r.Column] = r.Class
		s.Index, s.Score = r.Row*columns+r.Column, float32(*score)
		if i > 0 && s.Loss == l.kept[i-1].Loss && s.Index <= l.kept[i-1].Index {
			return l, fmt.Errorf("[%d] has the loss of the one before, and does not come after it: want rising places", i)
		}
		if soft {
			s.Target = float32(*r.Target)
		} else {
			s.Target = float32(*r.Label)
		}
		l.kept = append(l.kept, s)
		for _, v := range r.Box {
			l.boxes = append(l.boxes, float32(v))
		}
	}
	for column, name := range names {
		if name == "" {
			continue
		}
		if l.classes == nil {
			l.classes = map[int]string{}
		}
		l.classes[column] = name
	}
	return l, nil
}

// Entries yields the scores, without the path.
func (l *List) Entries() iter.Seq[Ranked] {
	return func(yield func(Ranked) bool) {
		for i := range l.kept {
			if !yield(l.ranked(i)) {
				return
			}
		}
	}
}
