package partial

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/flengine/flengine/engine"
)

// check refuses what no evaluation gives.
func (l *Line) check() error {
	switch {
	case l.Path == "":
		return errors.New("has no path")
	case l.Build == "":
		return errors.New("does not say which flbench it is of")
	case l.Kernel == "" || strings.ContainsFunc(l.Kernel, func(c rune) bool { return !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c == '-' || c == '_') }):
		return fmt.Errorf("has the kernel %q", l.Kernel)
	case l.Workers < 1:
		return fmt.Errorf("has %d workers", l.Workers)
	case l.Scores < 0 || l.Columns < 0 || (l.Columns == 0 && l.Scores > 0) || (l.Columns > 0 && l.Scores%int64(l.Columns) != 0):
		return fmt.Errorf("has %d scores in %d columns", l.Scores, l.Columns)
	case l.Top < 0:
		return fmt.Errorf("has %d of the hardest scores", l.Top)
	case l.Task.Line < 1 || l.Task.Line > l.Task.Of || len(l.Task.ID) != 16:
		return fmt.Errorf("is line %d of %d of the task %q", l.Task.Line, l.Task.Of, l.Task.ID)
	case l.Files == nil, l.Notes == nil:
		return errors.New("has no files or notes, not even an empty list of them")
	case len(l.Losses) == 0:
		return errors.New("has no loss")
	case l.Facts.Columns != l.Columns || int64(l.Facts.Anchors)*int64(l.Columns) != l.Scores || l.Facts.Softmax != l.Rows() || l.Facts.Probs != l.Input.Probs:
		return errors.New("has facts of another input")
	}
	for _, f := range l.Files {
		if f.Path == "" || f.Size < 0 {
			return fmt.Errorf("has a file %q of %d bytes", f.Path, f.Size)
		}
	}
	rows := l.Rows()
	if err := l.checkRange(rows); err != nil {
		return err
	}
	if (l.CE == nil) != rows || (l.EasyCE == nil) != rows {
		return errors.New("has cross-entropy where it should not, or not where it should")
	}
	kept := 0
	for i := range l.Losses {
		loss := &l.Losses[i]
		switch {
		case loss.Loss.Family().Rows != rows:
			return errors.New("has losses of scores and of rows")
		case slices.ContainsFunc(l.Losses[:i], func(o Loss) bool { return o.Loss == loss.Loss }):
			return fmt.Errorf("has the loss %s twice", loss.Loss)
		}
		if err := l.checkLoss(loss, rows); err != nil {
			return fmt.Errorf("%s %w", loss.Loss, err)
		}
		kept += len(loss.Top)
	}
	if kept > MaxKept {
		return fmt.Errorf("has %d of the hardest scores: want at most %d", kept, MaxKept)
	}
	return nil
}

// checkRange refuses ranges that are cut where sums would not merge to the bits of the whole.
func (l *Line) checkRange(rows bool) error {
	r := &l.Range
	unit := int64(engine.Block)
	if rows {
		unit *= max(int64(l.Columns), 1)
	}
	end := func(at int64) bool { return at == l.Scores || at%unit == 0 }
	switch {
	case r.I < 1 || r.I > r.N:
		return fmt.Errorf("has the range %d/%d", r.I, r.N)
	case r.From < 0 || r.From > r.To || r.To > l.Scores || !end(r.From) || !end(r.To):
		return fmt.Errorf("has the range %d to %d of %d scores", r.From, r.To, l.Scores)
	case r.I == 1 && r.From != 0, r.I == r.N && r.To != l.Scores:
		return fmt.Errorf("has %d to %d of %d scores for the range %d/%d", r.From, r.To, l.Scores, r.I, r.N)
	}
	return nil
}

// checkLoss refuses what a loss cannot have come to.
func (l *Line) checkLoss(loss *Loss, rows bool) error {
	n := l.Range.To - l.Range.From
	if rows {
		n /= max(int64(l.Columns), 1)
	}
	switch {
	case loss.Sum.Scores+loss.Sum.Ignored != n:
		return fmt.Errorf("has %d scored and %d ignored of %d", loss.Sum.Scores, loss.Sum.Ignored, n)
	case (loss.Easy == nil) != rows:
		return errors.New("has easy negatives where it should not, or not where it should")
	case loss.Easy != nil && loss.Easy.Scores > loss.Sum.Scores:
		return fmt.Errorf("has %d easy negatives of %d scored", loss.Easy.Scores, loss.Sum.Scores)
	case loss.Loss == engine.CrossEntropy() && (loss.Sum != *l.CE || *loss.Easy != *l.EasyCE):
		return errors.New("is not what cross-entropy came to")
	case (loss.Largest != nil) != l.Max:
		return errors.New("has a largest loss where it should not, or not where it should")
	case loss.Largest != nil && !(*loss.Largest >= 0):
		return fmt.Errorf("has the largest loss %v", *loss.Largest)
	case len(loss.Top) > l.Top:
		return fmt.Errorf("has %d of the hardest scores: want at most %d", len(loss.Top), l.Top)
	}
	return l.checkTop(loss)
}

// checkTop refuses hardest scores that are not in order, or not of the line's range.
func (l *Line) checkTop(loss *Loss) error {
	if len(loss.Top) == 0 {
		return nil
	}
	if _, err := l.List(loss); err != nil {
		return fmt.Errorf("has hardest scores of which %w", err)
	}
	if hardest := loss.Top[0].Loss; loss.Largest != nil && *loss.Largest != hardest {
		return fmt.Errorf("has the largest loss %v, and %v on top", *loss.Largest, hardest)
	}
	for _, e := range loss.Top {
		if at := int64(e.Row)*int64(l.Columns) + int64(e.Column); at < l.Range.From || at >= l.Range.To {
			return fmt.Errorf("has the score %d, which is not of its range", at)
		}
	}
	return nil
}
