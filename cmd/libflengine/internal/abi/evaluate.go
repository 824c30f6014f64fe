package abi

import (
	"unsafe"

	"github.com/flengine/flengine/engine"
)

// Evaluate is fl_evaluate.
func Evaluate(r *Request, result *Result, e *Error) int32 {
	return run(e, func(w *work) error { return w.request(r, result) })
}

func (w *work) request(r *Request, result *Result) error {
	if err := w.read(r); err != nil {
		return err
	}
	if err := checkResult("result", result); err != nil {
		return err
	}
	if err := w.takeEngine(); err != nil {
		return err
	}
	if err := w.readOutputs(); err != nil {
		return err
	}
	if err := w.evaluate(w.total[:]); err != nil {
		return err
	}
	return result.set(&w.total[0])
}

// takeEngine takes the engine of the request's loss.
func (w *work) takeEngine() (err error) {
	if w.Loss == nil {
		return argument("loss", 0, `is NULL: want a text such as "focal(alpha=0.25,gamma=2)"`)
	}
	if w.loss, err = text("loss", w.Loss); err != nil {
		return err
	}
	if w.pieces() {
		w.each = 1 // each piece has an engine to itself
	}
	if w.engine, err = engineOf(&w.settings); err != nil {
		return err
	}
	w.units = w.n
	if w.engine.rows {
		if w.columns == 0 && w.Rows > 0 {
			return argument("columns", 0, "is 0: want at least one, as %s is a loss of rows", w.engine.Loss())
		}
		w.units = int(w.Rows)
	}
	return nil
}

// Sweep is fl_sweep.
func Sweep(r *Request, losses **byte, count int64, results *Result, e *Error) int32 {
	return run(e, func(w *work) error { return w.sweep(r, losses, count, results) })
}

// maxLosses of a sweep: each takes memory of a worker.
const maxLosses = 1 << 16

func (w *work) sweep(r *Request, texts **byte, count int64, results *Result) error {
	if err := w.read(r); err != nil {
		return err
	}
	if r.Loss != nil {
		return argument("loss", 0, "is set: want NULL, as fl_sweep has losses of its own")
	}
	if err := w.noOutputs("fl_sweep"); err != nil {
		return err
	}
	if count < 1 || count > maxLosses {
		return argument("count", float64(count), "is %d: want the number of losses, from 1 to %d", count, maxLosses)
	}
	list, err := vector("losses", texts, int(count))
	if err != nil {
		return err
	}
	if list == nil {
		return argument("losses", 0, "is NULL: want %d texts", count)
	}
	parsed := make([]engine.Loss, count)
	for i, t := range list {
		if t == nil {
			return argument("losses", float64(i), "has NULL at %d: want a text", i)
		}
		s, err := text("losses", t)
		if err != nil {
			return err
		}
		if parsed[i], err = engine.ParseLoss(s); err != nil {
			return err
		}
	}
	if results == nil {
		return argument("results", 0, "is NULL: want %d", count)
	}
	step := uintptr(0) // between results, which may be longer than they are known here
	at := func(i int) *Result { return (*Result)(unsafe.Add(unsafe.Pointer(results), uintptr(i)*step)) }
	for i := range list {
		if err := checkResult("results", at(i)); err != nil {
			return err
		}
		if i == 0 {
			step = uintptr(results.Size)
		}
		if at(i).Size != results.Size {
			return argument("results", float64(i), "have different sizes at 0 and %d", i)
		}
	}
	if w.pieces() {
		w.each = 1
	}
	w.units = w.n
	if w.sweeper, err = engine.NewSweeper(parsed, w.options()...); err != nil {
		return w.named(err)
	}
	all := make([]engine.Result, count)
	if err := w.evaluate(all); err != nil {
		return err
	}
	for i := range all {
		if err := at(i).set(&all[i]); err != nil {
			return err
		}
	}
	return nil
}

// noOutputs refuses what a function would ignore.
func (p *plan) noOutputs(function string) error {
	for _, o := range [...]struct {
		field string
		set   bool
	}{
		{"losses", p.Losses != nil},
		{"gradients", p.Gradients != nil},
		{"hessians", p.Hessians != nil},
		{"upstream", p.Upstream != nil || p.UpstreamCount != 0},
	} {
		if o.set {
			return argument(o.field, 0, "is set: want NULL, as %s has no such output", function)
		}
	}
	return nil
}

// Hardest is fl_hardest.
func Hardest(r *Request, k int64, among int32, least float32, hard *Hard, found *int64, result *Result, e *Error) int32 {
	return run(e, func(w *work) error { return w.hardest(r, k, among, least, hard, found, result) })
}

func (w *work) hardest(r *Request, k int64, among int32, least float32, hard *Hard, found *int64, result *Result) (err error) {
	if err := w.read(r); err != nil {
		return err
	}
	if err := w.noOutputs("fl_hardest"); err != nil {
		return err
	}
	if err := checkResult("result", result); err != nil {
		return err
	}
	if k < 0 || k > maxScores {
		return argument("k", float64(k), "is %d: want how many scores to find", k)
	}
	if among < 0 || among > int32(engine.NegativeScores) {
		return argument("among", float64(among), "is %d: want FL_ALL, FL_POSITIVES or FL_NEGATIVES", among)
	}
	if found == nil {
		return argument("found", 0, "is NULL: want a pointer to an int64_t")
	}
	if err := checkPointer("found", unsafe.Pointer(found), 8, word); err != nil {
		return err
	}
	most := min(int(k), w.n)
	to, err := vector("hard", hard, int(k))
	if err != nil {
		return err
	}
	if to == nil && most > 0 {
		return argument("hard", 0, "is NULL: want room for %d", k)
	}
	w.ranking = &engine.Ranking{K: most, Among: engine.Among(among), Least: least}
	if err := w.takeEngine(); err != nil {
		return err
	}
	if err := w.evaluate(w.total[:]); err != nil {
		return err
	}
	scores := w.ranking.Scores()
	for i, s := range scores {
		to[i] = Hard{Index: int64(s.Index), Loss: s.Loss, Score: s.Score, Target: s.Target}
	}
	*found = int64(len(scores))
	return result.set(&w.total[0])
}
