package abi

import (
	"errors"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/flengine/flengine/engine"
)

// work is a call, or what it does with its batch.
type work struct {
	plan
	sweeper *engine.Sweeper // in place of the engine for several losses
	ranking *engine.Ranking // keeps the hardest scores, unless nil

	total [1]engine.Result // of one loss
	out   [3][]float32     // losses, gradients, hessians, as engine takes them
}

// works are for the next calls: making one takes as long as evaluating a hundred scores.
var works = sync.Pool{New: func() any { return new(work) }}

// run has f do a call's work. All that goes wrong is reported to e, and none passes the border,
// memory that cannot be read included.
func run(e *Error, f func(w *work) error) (code int32) {
	defer func() {
		if v := recover(); v != nil {
			code = reportPanic(e, v)
		}
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	w := works.Get().(*work)
	err := f(w)
	*w = work{} // it must keep nothing of the caller's
	works.Put(w)
	if err != nil {
		return report(e, err)
	}
	return OK
}

// reportPanic reports what was recovered. Where e itself cannot be written the code alone tells.
func reportPanic(e *Error, v any) (code int32) {
	defer func() {
		if recover() != nil {
			code = InternalFault
		}
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	return report(e, &broken{v})
}

// pieces tells whether the request is evaluated in pieces, of which this package makes what engine
// reads, and whose outputs it brings into the caller's form.
func (p *plan) pieces() bool {
	return p.gatherScores || p.gatherLabels || p.Upstream != nil ||
		p.Losses != nil && p.LossesType != Float32 ||
		p.Gradients != nil && p.GradientsType != Float32 ||
		p.Hessians != nil && p.HessiansType != Float32
}

// evaluate adds to the results: one, or one per loss of the sweeper.
func (w *work) evaluate(total []engine.Result) error {
	if w.pieces() && w.n > 0 {
		return w.runPieces(total)
	}
	for i := range w.out {
		w.out[i] = slice[float32](w.outputs[i].base, w.outputs[i].columns)
	}
	return w.one(&w.whole, &w.out, 0, total)
}

// one evaluates a batch, whose first score is that at from, and adds to the results.
func (w *work) one(b *engine.Batch, out *[3][]float32, from int, total []engine.Result) (err error) {
	var r engine.Result
	switch dst, grad, hess := out[0], out[1], out[2]; {
	case w.sweeper != nil:
		all := make([]engine.Result, len(total))
		if err := w.sweeper.Sum(all, *b); err != nil {
			return err
		}
		for i := range all {
			total[i].Merge(all[i])
		}
		return nil
	case w.ranking != nil:
		r, err = w.engine.Rank(w.ranking, from, *b)
	case w.Hessians != nil:
		r, err = w.engine.GradientsAndHessians(grad, hess, *b)
	case w.Losses != nil && w.Gradients != nil:
		r, err = w.engine.LossesAndGradients(dst, grad, *b)
	case w.Losses != nil:
		r, err = w.engine.Losses(dst, *b)
	case w.Gradients != nil:
		r, err = w.engine.Gradients(grad, *b)
	default:
		r, err = w.engine.Sum(*b)
	}
	if err == nil {
		total[0].Merge(r)
	}
	return err
}

// pieceBlocks is how many blocks of losses of scores a piece has: what it needs stays in a
// core's cache.
const pieceBlocks = 4

// crew are the workers of a request in pieces.
type crew struct {
	*work
	size   int          // losses of a piece
	count  int64        // pieces
	next   atomic.Int64 // the first that nobody has
	failed atomic.Bool

	mu    sync.Mutex
	total []engine.Result
	first int64 // of the pieces in which something is wrong
	err   error // what, nil if there are none
}

// runPieces is run in pieces.
func (w *work) runPieces(total []engine.Result) error {
	c := crew{work: w, size: pieceBlocks * engine.Block, total: total}
	if w.engine.rows {
		c.size = engine.Block
	}
	c.count = int64((w.units + c.size - 1) / c.size)
	var group sync.WaitGroup
	for range int(min(int64(w.workers), c.count)) - 1 {
		group.Go(c.do)
	}
	c.do()
	group.Wait()
	return c.err
}

// do does piece after piece. Pieces that were not begun when something wrong is found come after
// it, so the first is found whatever the timing.
func (c *crew) do() {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	s := rooms.Get().(*room)
	own := make([]engine.Result, len(c.total))
	for !c.failed.Load() {
		piece := c.next.Add(1) - 1
		if piece >= c.count {
			break
		}
		if err := c.piece(s, int(piece), own); err != nil {
			c.fail(piece, err)
		}
	}
	s.keep()
	c.mu.Lock()
	for i := range own {
		c.total[i].Merge(own[i])
	}
	c.mu.Unlock()
}

func (c *crew) fail(piece int64, err error) {
	c.failed.Store(true)
	c.mu.Lock()
	if c.err == nil || piece < c.first {
		c.first, c.err = piece, err
	}
	c.mu.Unlock()
}

// piece evaluates a piece. A panic, as of memory that cannot be read, must not end the goroutine
// of a helper, and with it the process.
func (c *crew) piece(s *room, number int, total []engine.Result) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &broken{v}
		}
	}()
	unit := 1
	if c.engine.rows {
		unit = c.columns
	}
	first, last := number*c.size, min((number+1)*c.size, c.units) // losses
	from, to := first*unit, last*unit                             // scores
	b := c.batch(s, from, to)
	var out [3][]float32
	for i := range out {
		at, n := from, to-from
		if i == 0 {
			at, n = first, last-first
		}
		switch o := &c.outputs[i]; {
		case o.base == nil:
		case o.kind == Float32:
			out[i] = slice[float32](unsafe.Add(o.base, 4*at), n)
		default:
			out[i] = sized(&s.out[i], n)
		}
	}
	if err := c.one(&b, &out, from, total); err != nil {
		return c.located(err, from)
	}
	if c.Upstream != nil {
		c.chain(s, out[1], first, last, unit)
	}
	for i := range out {
		if o := &c.outputs[i]; o.base != nil && o.kind != Float32 {
			at := from
			if i == 0 {
				at = first
			}
			store(o.base, o.kind, at, out[i])
		}
	}
	return nil
}

// room is what a worker brings scores, labels and outputs into their forms in.
type room struct {
	scores, targets, upstream []float32
	halves                    []uint16
	labels                    []uint8
	classes                   []int32
	out                       [3][]float32
}

var rooms = sync.Pool{New: func() any { return new(room) }}

// keep gives the room back, unless it is large: pieces of losses of rows may be.
func (s *room) keep() {
	const most = 1 << 20 // floats
	if cap(s.scores)+cap(s.targets)+cap(s.halves)+cap(s.out[1]) <= most {
		rooms.Put(s)
	}
}

// sized returns n elements, of any value, in the memory of s if they have room.
func sized[T any](s *[]T, n int) []T {
	if cap(*s) < n {
		*s = make([]T, n)
	}
	return (*s)[:n]
}

// batch returns the scores [from, to) as a batch: slices of the caller's arrays, and of the others
// what engine reads.
func (c *crew) batch(s *room, from, to int) engine.Batch {
	w, n := &c.whole, to-from
	b := engine.Batch{NumClasses: c.columns, FirstColumn: from % c.columns, EndColumn: to % c.columns}
	first, last := from/c.columns, (to-1)/c.columns+1 // rows
	b.Weights, b.ScoreWeights = part(w.Weights, first, last), part(w.ScoreWeights, from, to)
	switch half := c.ScoresType == Float16 || c.ScoresType == BFloat16; {
	case !c.gatherScores:
		b.Logits, b.Probs = part(w.Logits, from, to), part(w.Probs, from, to)
		b.Float16, b.BFloat16 = part(w.Float16, from, to), part(w.BFloat16, from, to)
	case c.ScoresForm == Probabilities:
		b.Probs = sized(&s.scores, n)
		c.scores.floats(b.Probs, from)
	case half:
		h := sized(&s.halves, n)
		c.scores.halves(h, from)
		if c.ScoresType == Float16 {
			b.Float16 = h
		} else {
			b.BFloat16 = h
		}
	default:
		b.Logits = sized(&s.scores, n)
		c.scores.floats(b.Logits, from)
	}
	switch {
	case !c.gatherLabels:
		b.Labels, b.Targets = part(w.Labels, from, to), part(w.Targets, from, to)
		b.Classes = part(w.Classes, first, last)
	case c.LabelsForm == Labels:
		b.Labels = sized(&s.labels, n)
		c.labels.bytes(b.Labels, from)
	case c.LabelsForm == Targets:
		b.Targets = sized(&s.targets, n)
		c.labels.floats(b.Targets, from)
	default:
		b.Classes = sized(&s.classes, last-first)
		c.labels.classes(b.Classes, first, c.badClass)
	}
	return b
}

// part returns a part of an array, nil of none.
func part[T any](s []T, from, to int) []T {
	if s == nil {
		return nil
	}
	return s[from:to:to]
}

// located is an error about the piece from the score from on as one about the whole, with the
// value that the caller's array has.
func (c *crew) located(err error, from int) error {
	bad, ok := errors.AsType[*engine.InputError](err)
	if !ok || bad.Index < 0 {
		return err
	}
	own := *bad.Shifted(from, c.columns)
	switch own.Field {
	case "Logits", "Probs":
		if c.gatherScores {
			own.Value = c.scores.at(own.Index)
		}
	case "Labels", "Classes", "Targets":
		if c.gatherLabels {
			own.Value = c.labels.at(own.Index)
		}
	}
	return &own
}

// chain multiplies the gradients of the losses [first, last), of so many scores each, by the
// derivatives of what comes after them.
func (c *crew) chain(s *room, grad []float32, first, last, unit int) {
	if c.UpstreamCount == 1 {
		var f [1]float32
		c.upstream.floats(f[:], 0)
		for i := range grad {
			grad[i] *= f[0]
		}
		return
	}
	factors := sized(&s.upstream, last-first)
	c.upstream.floats(factors, first)
	if unit == 1 {
		for i, f := range factors[:len(grad)] {
			grad[i] *= f
		}
		return
	}
	for i, f := range factors {
		row := grad[i*unit : (i+1)*unit]
		for j := range row {
			row[j] *= f
		}
	}
}
