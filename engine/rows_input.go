package engine

import "fmt"

// checkRows is check for a loss of rows. It returns their number.
func (b *Batch) checkRows(e *Engine, out *outputs, want int) (rows int, err error) {
	l := e.loss
	if err := b.checkForms(); err != nil {
		return 0, err
	}
	scores, name, _ := b.scores()
	n := b.size()
	refuse := func(field string, value int, want string) error {
		return wholeError(field, float64(value), "is set, and %s is a loss of rows of logits: %s", l, want)
	}
	switch {
	case b.Probs != nil:
		return 0, refuse("Probs", len(b.Probs), "want Logits, of which it takes the softmax")
	case want&wantHess != 0:
		return 0, wholeError("hess", float64(len(out.hess)), "is asked for, and %s is a loss of rows of logits: want Gradients, as its second derivatives are a matrix per row", l)
	case b.Targets != nil:
		return 0, refuse("Targets", len(b.Targets), "want Classes, the true class of each row")
	case b.Labels != nil:
		return 0, refuse("Labels", len(b.Labels), "want Classes, the true class of each row")
	case b.ScoreWeights != nil:
		return 0, refuse("ScoreWeights", len(b.ScoreWeights), "want Weights, one per row")
	case b.FirstColumn != 0:
		return 0, refuse("FirstColumn", b.FirstColumn, "want 0, whole rows")
	case b.EndColumn != 0:
		return 0, refuse("EndColumn", b.EndColumn, "want 0, whole rows")
	case b.NumClasses < 0 || b.NumClasses > maxColumns:
		return 0, wholeError("NumClasses", float64(b.NumClasses), "is %d: want the number of columns", b.NumClasses)
	case b.NumClasses == 0:
		b.NumClasses = 1
	}
	if n%b.NumClasses != 0 {
		return 0, wholeError(name, float64(n), "has length %d: want a multiple of NumClasses, %d", n, b.NumClasses)
	}
	rows = n / b.NumClasses
	if b.Classes == nil && n > 0 {
		return 0, wholeError("Classes", 0, "is nil: want the true class of each row")
	}
	for _, l := range []struct {
		name      string
		got, want int
		unit      string
		given     bool
	}{
		{"Classes", len(b.Classes), rows, "row", true},
		{"Weights", len(b.Weights), rows, "row", b.Weights != nil},
		{"dst", len(out.dst), rows, "row", want&wantDst != 0},
		{"grad", len(out.grad), n, "score", want&wantGrad != 0},
	} {
		if l.given && l.got != l.want {
			return 0, wholeError(l.name, float64(l.got), "has length %d: want %d, one per %s", l.got, l.want, l.unit)
		}
	}
	if background := e.classes.background; e.classes.named && int(background) >= b.NumClasses {
		return 0, wholeError("background", float64(background), "is %d, no column: under softmax every class is one, want a column in [0, %d)", background, b.NumClasses)
	}
	if err := e.columns.check(b.NumClasses); err != nil {
		return 0, err
	}
	if overlap(out.dst, scores) {
		return 0, wholeError("dst", float64(len(out.dst)), "overlaps %s: want memory of its own, one loss per row", name)
	}
	return rows, b.checkOverlaps(out)
}

// rowConventions are conventions for a loss of rows, and verify that it can have the options.
// There is no background, unless an option says so.
func (o *options) rowConventions(l Loss) (c conventions, err error) {
	switch {
	case o.columnWeights != nil:
		return c, wholeError("columnWeights", float64(len(o.columnWeights)), "are set, and %s is a loss of rows: want WithClassWeights, the weights of rows by their class", l)
	case o.background != nil && *o.background < 0:
		return c, wholeError("background", float64(*o.background), "is %d, no column: under softmax every class is one, want a column", *o.background)
	case o.background != nil:
		c, err = o.conventions()
		c.named = true
		return c, err
	}
	c = conventions{ignored: []int32{IgnoredClass}}
	if o.ignored != nil {
		c.ignored = o.ignored
	}
	if len(c.ignored) == 0 {
		return c, wholeError("ignored", 0, "is empty: want at least one class")
	}
	return c, nil
}

// ignoredNames are the ignored classes for people.
func (c *conventions) ignoredNames() string {
	s := ""
	for i, class := range c.ignored {
		if i > 0 {
			s += " or "
		}
		s += fmt.Sprint(class)
	}
	return s
}
