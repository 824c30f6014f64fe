package main

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/engine"
)

// defaultStride keeps the default run well under a minute on two cores. It is a
// prime, so that all bits of the inputs vary.
const defaultStride = 1021

func newVerifyCommand() *cobra.Command {
	var stride uint64
	var exhaustive, asJSON bool
	var workers int
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Measure the error of losses and gradients, and compare the kernels' bits",
		Long: fmt.Sprintf(`Verify evaluates every loss that has a documented error bound, with both labels,
over the float32 logits, or the probabilities, on this machine. It compares the bits of all usable
kernels, and measures the error of the losses and gradients against float64, in
units in the last place (ULP) of the exact value. Where the exact value is below
2⁻¹²⁶, the absolute error must be at most 2⁻¹²⁶, and counts as 0 ULP; for gradients
by a probability both are 1 + γ times as large.

By default every %dth of the 2³² bit patterns is taken; --exhaustive takes all of
them, which takes hours. It exits with 1 if a bound is broken, if a loss is negative
or NaN, or if kernels differ.`, defaultStride),
		Example: `  flbench verify
  flbench verify --stride 101 --json
  flbench verify --exhaustive`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case exhaustive && cmd.Flags().Changed("stride"):
				return usagef("--stride has no meaning with --exhaustive")
			case exhaustive:
				stride = 1
			case stride < 1 || stride > 1<<32:
				return usagef("--stride is %d: want 1 to %d", stride, uint64(1)<<32)
			}
			if workers < 1 {
				return usagef("--workers is %d: want 1 or more", workers)
			}
			ctx, stop := interruptible(cmd.Context())
			defer stop()
			bar := newProgress(cmd.ErrOrStderr())
			rep, err := verify(ctx, stride, min(workers, maxWorkers), bar)
			if ctx.Err() != nil {
				return errors.New("interrupted")
			}
			if err != nil {
				return err
			}
			if asJSON {
				err = writeJSON(cmd.OutOrStdout(), rep)
			} else {
				err = rep.print(cmd.OutOrStdout())
			}
			if err == nil && !rep.OK {
				err = fmt.Errorf("verify: %s", strings.Join(rep.failures(), "; "))
			}
			return err
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.Uint64Var(&stride, "stride", defaultStride, "take every `N`th of all scores")
	f.BoolVar(&exhaustive, "exhaustive", false, "take all scores")
	f.IntVar(&workers, "workers", runtime.GOMAXPROCS(0), "work with `N` goroutines")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// subject is what one sweep verifies: a loss with one label, from logits or from
// probabilities.
type subject struct {
	bound engine.Bound
	label uint8
	probs bool
}

func subjects() []subject {
	var list []subject
	for _, b := range engine.Bounds() {
		list = append(list, subject{b, 0, false}, subject{b, 1, false})
	}
	for _, b := range engine.ProbBounds() {
		list = append(list, subject{b, 0, true}, subject{b, 1, true})
	}
	return list
}

// input names what the scores are.
func (s subject) input() string {
	if s.probs {
		return "probability"
	}
	return "logit"
}

// patterns is how many bit patterns of float32, from 0 on, hold all scores:
// all 2³², infinities and NaN being passed over, or those from 0 to 1.
func (s subject) patterns() uint64 {
	if s.probs {
		return uint64(math.Float32bits(1)) + 1
	}
	return 1 << 32
}

func (s subject) batch(x []float32, labels []uint8) engine.Batch {
	if s.probs {
		return engine.Batch{Probs: x, Labels: labels}
	}
	return engine.Batch{Logits: x, Labels: labels}
}

// floor is the exact gradient from which on the bound in ULP holds; see
// engine.Bound.
func (s subject) floor() float64 {
	if s.probs {
		return (1 + float64(s.bound.Loss.Gamma)) * 0x1p-126
	}
	return 0x1p-126
}

// exact returns the loss and its gradient by the score in float64, accurate to far
// below a float32 ULP.
func (s subject) exact(score float32) (loss, gradient float64) {
	w, sign := float64(s.bound.Loss.NegWeight), 1.0
	if s.label == 1 {
		w, sign = float64(s.bound.Loss.PosWeight), -1
	}
	gamma := float64(s.bound.Loss.Gamma)
	if s.probs {
		p := float64(score)
		pt, q, ce := 1-p, p, -math.Log1p(-p)
		if s.label == 1 {
			pt, q, ce = p, 1-p, -math.Log(p)
		}
		ce = min(ce, 100)
		ratio := 1.0 // of −ln p_t to 1 − p_t
		if q > 0 {
			ratio = ce / q
		}
		w *= math.Pow(q, gamma)
		return w * ce, sign * w * (1/max(pt, float64(float32(1e-12))) + gamma*ratio)
	}
	u := sign * float64(score)
	e := math.Exp(-math.Abs(u))
	log := math.Log1p(e)
	q, pt := 1/(1+e), e/(1+e)
	if u < 0 {
		q, pt = pt, q
	}
	w *= math.Exp(-gamma * (math.Max(-u, 0) + log)) // w·q^γ
	softplus := math.Max(u, 0) + log
	return w * softplus, sign * w * (q + gamma*pt*softplus)
}

// ulps returns the error of got in units in the last place of want. Where want is
// below floor it is 0 up to an absolute error of floor, and infinite beyond.
func ulps(got float32, want, floor float64) float64 {
	diff := math.Abs(float64(got) - want)
	switch {
	case diff != diff:
		return math.Inf(1)
	case math.Abs(want) >= floor:
		_, exp := math.Frexp(want)
		return diff / math.Ldexp(1, exp-24)
	case diff <= floor:
		return 0
	}
	return math.Inf(1)
}
