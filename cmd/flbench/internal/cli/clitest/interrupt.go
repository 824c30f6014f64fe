package clitest

import (
	"context"
	"sync/atomic"
)

// EndsAfter is a context that ends once it was asked so many times whether it has ended: for
// interrupts at any moment of a loop.
func EndsAfter(ctx context.Context, times int) context.Context {
	c := &endsAfter{Context: ctx}
	c.left.Store(int64(times))
	return c
}

type endsAfter struct {
	context.Context
	left atomic.Int64
}

// Err counts.
func (c *endsAfter) Err() error {
	if c.left.Add(-1) < 0 {
		return context.Canceled
	}
	return c.Context.Err()
}
