package engine

import "github.com/flengine/flengine/engine/internal/kernel"

// half returns the scores of 16 bits, nil if the batch's are float32.
func (b *Batch) half() []uint16 {
	if b.Float16 != nil {
		return b.Float16
	}
	return b.BFloat16
}

// widened are the scores of 16 bits of a job, and what widens whole groups of them.
type widened struct {
	bits  []uint16 // nil: the job has float32 scores
	widen func(dst []float32, src []uint16)
}

func (j *job) widening() widened {
	if j.Float16 != nil {
		return widened{j.Float16, j.kernels.WidenF16}
	}
	return widened{j.BFloat16, j.kernels.WidenBF16}
}

// take returns the scores [from, to), at most a block: the caller's, or in the tile what those
// of 16 bits are.
func (t *tile) take(j *job, from, to int) []float32 {
	if j.bits == nil {
		return j.x[from:to]
	}
	h := j.bits[from:to]
	whole := len(h) &^ (kernel.Group - 1)
	j.widen(t.scores[:whole], h[:whole])
	if whole < len(h) {
		// What the group has beyond the batch's last scores does not matter.
		copy(t.tail.half[:], h[whole:])
		j.widen(t.scores[whole:][:kernel.Group], t.tail.half[:])
	}
	return t.scores[:len(h)]
}
