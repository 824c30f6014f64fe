package engine

import (
	"errors"
	"math"
	"strings"
	"testing"
	"unsafe"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/kernel"
)

// summing returns e with a kernel whose losses are evaluated by f, which is given the
// kernel's own way.
func summing(e *Engine, f func(dst, x []float32, acc *[8]float64, evaluate func())) *Engine {
	c, set := *e, *e.kernels
	set.Run = func(c *kernel.Call) {
		var dst []float32
		if c.Losses != nil {
			dst = unsafe.Slice(c.Losses, c.N)
		}
		f(dst, unsafe.Slice(c.Scores, c.N), &c.Lanes, func() { e.kernels.Run(c) })
	}
	c.kernels = &set
	return &c
}

// TestWrongKernel: a kernel that contradicts itself on a batch that nobody changes is a
// mistake in the program, not in the input: the caller's goroutine panics.
func TestWrongKernel(t *testing.T) {
	x, y := easyBatch(64 * Block)
	column, weights := make([]int32, len(x)), make([]float32, len(x))
	for i := range column {
		column[i], weights[i] = int32(y[i])-1, 1
	}
	const at = 40 * Block // the block on which the kernel is wrong
	wrongSum := func(sum float64) func(e *Engine) *Engine {
		return func(e *Engine) *Engine {
			return summing(e, func(dst, part []float32, acc *[8]float64, evaluate func()) {
				evaluate()
				if part[7] == x[at+7] {
					acc[3] = sum
					if dst != nil {
						dst[3] = float32(sum)
					}
				}
			})
		}
	}
	labels := func(e *Engine) *Engine {
		return counting(e, func(part []uint8, count func([]uint8) (int, int, int)) (int, int, int) {
			positive, ignored, _ := count(part)
			return positive, ignored, 1
		})
	}
	classes := func(e *Engine) *Engine {
		return labelling(e, func(call *asm.ClassCall, label func()) {
			label()
			call.Invalid = 1
		})
	}
	for i, c := range []struct {
		name  string
		batch Batch
		wrong func(e *Engine) *Engine
		want  string
	}{
		{"labels", Batch{Logits: x, Labels: y}, labels, "engine: kernel generic counted an invalid label where there is none"},
		{"column", Batch{Logits: x, Classes: column}, classes, "engine: kernel generic counted a bad class where there is none"},
		{"columns", Batch{Logits: x[:63*Block], Classes: column[:21*Block], NumClasses: 3}, classes, "engine: kernel generic counted a bad class where there is none"},
		{"NaN", Batch{Logits: x, Labels: y}, wrongSum(math.NaN()), "engine: kernel generic gave the sum NaN of good scores"},
		{"NaN, weights", Batch{Logits: x, Labels: y, Weights: weights}, wrongSum(math.NaN()), "engine: kernel generic gave the sum NaN of good scores"},
		{"negative", Batch{Logits: x, Classes: column}, wrongSum(-1e9), "engine: kernel generic gave the sum -"},
	} {
		for _, workers := range []int{1, 4} {
			e := c.wrong(must(New(Focal(0.25, 2), WithKernel("generic"), WithWorkers(workers))))
			for k, losses := range [][]float32{nil, make([]float32, len(x))} {
				if !inTurn(i+workers/4+k, 3) {
					continue
				}
				v := panicOf(func() {
					if losses == nil {
						e.Sum(c.batch)
					} else {
						e.Losses(losses[:len(c.batch.Logits)], c.batch)
					}
				})
				if message, _ := v.(string); !strings.HasPrefix(message, c.want) {
					t.Errorf("%s, %d workers: panic %v, want %s", c.name, workers, v, c.want)
				}
			}
		}
	}
}

// TestBatchChanges: a batch that changes during the call, as kernels do here in place
// of another goroutine, gives an error where the change shows, and no panic.
func TestBatchChanges(t *testing.T) {
	const blocks, at = 64, 40 * Block
	x, y := easyBatch(blocks * Block)
	column, weights := make([]int32, len(x)), make([]float32, len(x))
	for i := range column {
		column[i], weights[i] = int32(y[i])-1, 1
	}
	nan := float32(math.NaN())
	nothing := func() {}
	// change is called before one block's labels are counted or its losses summed, undo
	// after that.
	whileCounting := func(change, undo func()) func(*Engine) *Engine {
		return func(e *Engine) *Engine {
			return counting(e, func(part []uint8, count func([]uint8) (int, int, int)) (int, int, int) {
				if &part[0] != &y[at] {
					return count(part)
				}
				change()
				defer undo()
				return count(part)
			})
		}
	}
	// The scores tell the block, so that a copy of it is evaluated while the batch
	// changes again.
	whileSumming := func(change, undo func()) func(*Engine) *Engine {
		return func(e *Engine) *Engine {
			return summing(e, func(_, part []float32, _ *[8]float64, evaluate func()) {
				if part[7] != x[at+7] {
					evaluate()
					return
				}
				change()
				evaluate()
				undo()
			})
		}
	}
	set := func(p *uint8, v uint8) func() { return func() { *p = v } }
	setFloat := func(p *float32, v float32) func() { return func() { *p = v } }
	// A bad class is good again after the kernel has found it.
	classIsGood := func(e *Engine) *Engine {
		return labelling(e, func(call *asm.ClassCall, label func()) {
			label()
			if call.Classes == &column[at] {
				column[at+5] = 0
			}
		})
	}
	bad := func(class int32) func() { return func() { column[at+5] = class } }
	// A bad weight is good again when the labels of the block are counted, ahead of it. One
	// label is ignored, so that weights are read when the losses have been evaluated.
	ignoring := append([]uint8(nil), y...)
	ignoring[at+1] = IgnoredLabel
	afterSumming := func(v float32) func(*Engine) *Engine {
		return func(e *Engine) *Engine {
			return counting(whileSumming(nothing, setFloat(&weights[at+9], v))(e), func(part []uint8, count func([]uint8) (int, int, int)) (int, int, int) {
				if &part[0] == &ignoring[at] {
					weights[at+9] = 1
				}
				return count(part)
			})
		}
	}
	const changed = "Batch changed during the call, in scores 163840 to 167935: want it left alone until the call returns"
	for i, c := range []struct {
		name    string
		before  func()
		batch   Batch
		changes func(*Engine) *Engine
		want    string
	}{
		{"label", nothing, Batch{Logits: x, Labels: y}, whileCounting(set(&y[at+5], 7), set(&y[at+5], y[at+5])), changed},
		{"class beyond a byte", bad(300), Batch{Logits: x, Classes: column}, classIsGood, changed},
		{"class, a label", bad(255), Batch{Logits: x, Classes: column}, classIsGood, changed},
		{"class 1", bad(1), Batch{Logits: x, Classes: column}, classIsGood, changed},
		{"weight", nothing, Batch{Logits: x, Labels: y, Weights: weights}, whileSumming(setFloat(&weights[at+9], nan), setFloat(&weights[at+9], 1)), changed},
		{"negative weight", nothing, Batch{Logits: x, Labels: y, Weights: weights}, whileSumming(setFloat(&weights[at+9], -1e9), setFloat(&weights[at+9], 1)), changed},
		{"weight, when losses are summed", nothing, Batch{Logits: x, Labels: ignoring, Weights: weights}, afterSumming(nan), changed},
		{"negative weight, likewise", nothing, Batch{Logits: x, Labels: ignoring, ScoreWeights: weights}, afterSumming(-1e9), changed},
		{"weight, for good", setFloat(&weights[at+9], 1), Batch{Logits: x, Labels: y, Weights: weights}, whileSumming(setFloat(&weights[at+9], nan), nothing), "Weights[163849] is NaN: want a finite weight ≥ 0"},
	} {
		for _, workers := range []int{1, 4} {
			e := c.changes(must(New(Focal(0.25, 2), WithKernel("generic"), WithWorkers(workers))))
			for k, losses := range [][]float32{nil, make([]float32, len(x))} {
				if !inTurn(i+workers/4+k, 3) {
					continue
				}
				c.before()
				var err error
				v := panicOf(func() {
					if losses == nil {
						_, err = e.Sum(c.batch)
					} else {
						_, err = e.Losses(losses, c.batch)
					}
				})
				var bad *InputError
				if v != nil || !errors.As(err, &bad) || c.want == changed && (bad.Field != "Batch" || bad.Index != -1) || err.Error() != c.want {
					t.Errorf("%s, %d workers: panic %v, error %v; want %s", c.name, workers, v, err, c.want)
				}
			}
		}
	}
}
