package report

import (
	"context"
	"math"
	"time"

	"github.com/flengine/flengine/engine"
)

// speed is what this machine takes for the loss, on a batch that stays in its caches.
type speed struct {
	Scores int
	Rows   []speedRow
}

// speedRow is a kernel's time per score, in nanoseconds.
type speedRow struct {
	Kernel         string
	Sum, Gradients float64
}

// speedTime is how long each operation of each kernel is measured.
const speedTime = 150 * time.Millisecond

// measure measures the loss with every kernel that can run here.
func (c *collection) measure(ctx context.Context) error {
	const columns, rows = 64, 1024
	b := engine.Batch{Logits: make([]float32, columns*rows), Classes: make([]int32, rows), NumClasses: columns}
	for i := range b.Logits {
		b.Logits[i] = -4.6 + 1.5*float32(math.Sin(float64(i)*1.7)+math.Sin(float64(i)*0.31))
	}
	for i := range b.Classes {
		if b.Classes[i] = engine.Background; i%2 == 0 || c.rows() {
			b.Classes[i] = int32(i % columns)
		}
	}
	grad := make([]float32, len(b.Logits))
	c.speed = &speed{Scores: len(b.Logits)}
	for _, kernel := range engine.Kernels() {
		e, err := engine.New(c.loss, engine.WithKernel(kernel), engine.WithWorkers(1))
		if err != nil {
			return err
		}
		row := speedRow{Kernel: kernel}
		for _, op := range []struct {
			to  *float64
			run func() (engine.Result, error)
		}{
			{&row.Sum, func() (engine.Result, error) { return e.Sum(b) }},
			{&row.Gradients, func() (engine.Result, error) { return e.Gradients(grad, b) }},
		} {
			least := math.Inf(1)
			for begun := time.Now(); time.Since(begun) < speedTime || math.IsInf(least, 1); {
				if ctx.Err() != nil {
					return ctx.Err()
				}
				start := time.Now()
				if _, err := op.run(); err != nil {
					return err
				}
				least = min(least, float64(time.Since(start).Nanoseconds()))
			}
			*op.to = least / float64(len(b.Logits))
		}
		c.speed.Rows = append(c.speed.Rows, row)
	}
	return nil
}
