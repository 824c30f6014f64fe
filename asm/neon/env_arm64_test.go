//go:build !purego

package neon

import (
	"math"
	"math/rand/v2"
	"runtime"
	"testing"
	"unsafe"

	"github.com/flengine/flengine/asm"
)

// What FPCR has besides traps that this test can set on every CPU.
const (
	upward       = 1 << 22
	downward     = 2 << 22
	towardZero   = 3 << 22
	flushToZero  = 1 << 24
	defaultNaN   = 1 << 25
	testScores   = 512 + 64 // a chunk and a bit
	testSubnorms = 8        // one score of so many is subnormal
)

// outputs are all that a kernel returns, as bits.
type outputs struct {
	losses, grads, hessians [testScores]uint32
	lanes                   [8]uint64
}

// inputs returns scores, labels and weights, with subnormals among the scores and weights.
// Logits are such that exp, sigmoids and losses become subnormal, too.
func inputs(rng *rand.Rand, input asm.Input) (x [testScores]float32, y [testScores]uint8, w [testScores]float32) {
	for i := range x {
		x[i] = rng.Float32()
		if input == asm.Logits {
			x[i] = float32(30 * rng.NormFloat64())
		}
		if i%testSubnorms == 0 {
			x[i] = math.Float32frombits(rng.Uint32N(1 << 23))
		}
		y[i] = []uint8{0, 0, 1, 255}[rng.IntN(4)]
		w[i] = []float32{1, 0.3, 1e-40}[rng.IntN(3)]
	}
	return x, y, w
}

// targets returns those of formulas of targets, with subnormal ones and what is next to 1.
func targets(rng *rand.Rand) (y [testScores]float32) {
	for i := range y {
		y[i] = []float32{0, 1, -1, rng.Float32(), 1 - 0x1p-24, math.Float32frombits(rng.Uint32N(1 << 23))}[rng.IntN(6)]
	}
	return y
}

// underEnv runs a kernel on a thread with that FPCR, and returns what FPCR was before and
// after. Nothing else runs under it.
func underEnv(env uint64, c *asm.Call) (before, after uint64) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own := FloatEnv()
	SetFloatEnv(env)
	before = FloatEnv()
	Run(c)
	after = FloatEnv()
	SetFloatEnv(own)
	return before, after
}

// The bits of no kernel depend on the thread's floating-point environment, which comes back
// as it was.
func TestFloatEnv(t *testing.T) {
	envs := map[string]uint64{
		"flush to zero": flushToZero, "default NaN": defaultNaN,
		"upward": upward, "downward": downward, "toward zero": towardZero,
		"flush to zero, downward": flushToZero | downward, "all": flushToZero | defaultNaN | towardZero,
	}
	rng := rand.New(rand.NewPCG(9, 1))
	for i, entry := range Entries() {
		k := asm.Kernel(i)
		if entry == 0 {
			t.Errorf("there is no %s", k)
			continue
		}
		x, y, w := inputs(rng, k.Input())
		soft := targets(rng)
		evaluate := func(env uint64) (out outputs, before, after uint64) {
			c := asm.Call{
				Kernel: k, N: testScores, Scores: &x[0], Labels: &y[0], Weights: &w[0],
				Losses:    (*float32)(unsafe.Pointer(&out.losses)),
				Gradients: (*float32)(unsafe.Pointer(&out.grads)),
				Hessians:  (*float32)(unsafe.Pointer(&out.hessians)),
				Params:    asm.MakeParams(0.75, 0.25, 1.5),
			}
			if k.Formula().Soft() {
				c.Labels, c.Targets, c.Positives = nil, &soft[0], &w[0]
				c.Params.TargetSlope = 1
			}
			before, after = underEnv(env, &c)
			for j, lane := range c.Lanes {
				out.lanes[j] = math.Float64bits(lane)
			}
			return out, before, after
		}
		want, _, _ := evaluate(DefaultFloatEnv)
		for name, env := range envs {
			got, before, after := evaluate(env)
			if before != env {
				t.Errorf("%s: FPCR is %#x once it was set to %#x", name, before, env)
			}
			if after != before {
				t.Errorf("%s, %s: FPCR was %#x, and is %#x", k, name, before, after)
			}
			if got != want {
				t.Errorf("%s, %s: the bits are not those of the default environment", k, name)
			}
		}
	}
}
