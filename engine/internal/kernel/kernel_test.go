package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/cpu"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/guard"
)

// purego is set by a file that only exists under that build tag.
var purego bool

// TestEveryUsableKernelIsListed asks a second library what the CPU can do: a
// kernel that this machine can run must not go untested.
func TestEveryUsableKernelIsListed(t *testing.T) {
	want := []string{"generic"}
	switch {
	case purego:
	case runtime.GOARCH == "amd64" && cpu.X86.HasAVX2 && cpu.X86.HasFMA:
		want = []string{"avx2", "generic"}
		// The order where AVX-512 is slower is TestSlowAVX512's.
		if x := cpu.X86; x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512VL {
			want = []string{"avx512", "avx2", "generic"}
		}
	case runtime.GOARCH == "arm64":
		want = []string{"neon", "generic"}
	}
	got := Names()
	if len(got) > 2 && got[0] == "avx2" {
		got[0], got[1] = got[1], got[0]
	}
	if !slices.Equal(got, want) {
		t.Fatalf("usable kernels %v, want %v", got, want)
	}
	t.Logf("kernels: %s", strings.Join(want, ", "))
}

func TestFind(t *testing.T) {
	if set, err := Find(""); err != nil || set.Name != Names()[0] {
		t.Errorf("Find(\"\") = %v, %v, want the fastest", set, err)
	}
	for _, name := range Names() {
		if set, err := Find(name); err != nil || set.Name != name {
			t.Errorf("Find(%q) = %v, %v", name, set, err)
		}
	}
	_, err := Find("sse9")
	if want := `unknown kernel "sse9"; usable here: ` + strings.Join(Names(), ", "); err == nil || err.Error() != want {
		t.Errorf("Find(sse9): %v, want %s", err, want)
	}
	defer func(saved []Candidate) { candidates = saved }(candidates)
	candidates = append([]Candidate{{Set: &Set{Name: "far"}, Missing: []string{"FMA9", "AVX9"}}}, candidates...)
	_, err = Find("far")
	if want := `kernel "far" cannot run here: the CPU or OS lacks FMA9, AVX9; usable: ` + strings.Join(Names(), ", "); err == nil || err.Error() != want {
		t.Errorf("Find(far): %v, want %s", err, want)
	}
	if set, err := Find(""); err != nil || set.Name == "far" {
		t.Errorf("Find(\"\") = %v, %v, chose a kernel that cannot run", set, err)
	}
}

// gammas are the exponents that kernels are compared at.
var gammas = []float32{0, 0.5, 1, 1.5, 2, 3, 5, 0x1p-149, 1e-20, 0.1, 70000, 3e38}

// special logits: zeros, subnormals, the edges of exp and of the saturation.
var special = []float32{
	0, float32(math.Copysign(0, -1)), 0x1p-149, -0x1p-149, 0x1p-127, -0x1.fffffcp-127, 0x1p-126, -0x1p-126,
	1e-20, -1e-20, 0x1p-24, -0x1p-24, 0.693147, -0.693147, 1, -1, 16, -16, 29.1, -29.1, 34, -34,
	87.3, -87.3, 87.98, -87.98, 88, -88, 88.02969, -88.02969, 88.0297, -88.0297, 88.1, -88.1, 103.97, -103.97, 104, -104,
	1e3, -1e3, 1e10, -1e10, 1e30, -1e30, math.MaxFloat32, -math.MaxFloat32,
}

// specialProbs: zeros, subnormals, the clamps of ln and of the gradient, the edges
// of ln's table and of its polynomial, and what is nearest one.
var specialProbs = []float32{
	0, float32(math.Copysign(0, -1)), 0x1p-149, 0x1p-148, 0x1p-145, 0x1.a7p-145, 0x1p-144, 0x1p-127, 0x1.fffffcp-127, 0x1p-126,
	1e-20, 9.9e-13, 1e-12, 1.01e-12, 0x1p-25, 0x1p-24, 0x1p-23, 0.03125, 0.25, 0.28125, 0.359375, 0.5, 0.71875, 0.75,
	0.78125, 0.84375, 0.90625, 0.96875, 0x1.effffep-1, 0.99, 1 - 0x1p-13, 1 - 0x1p-23, 1 - 0x1p-24, 1,
}

// inputs are the kinds of scores, by name.
var inputs = map[asm.Input]string{asm.Logits: "logits", asm.Probs: "probs"}

// scores returns n scores and labels, with special values among them.
// Infinite logits are on the side where they are valid.
func scores(rng *rand.Rand, input asm.Input, n int) (x []float32, y []uint8) {
	if input == asm.Probs {
		return probs(rng, n)
	}
	return logits(rng, n)
}

func probs(rng *rand.Rand, n int) (x []float32, y []uint8) {
	x, y = make([]float32, n), make([]uint8, n)
	for i := range x {
		switch r := rng.IntN(16); {
		case r < 6:
			x[i] = rng.Float32()
		case r < 9:
			x[i] = float32(1 / (1 + math.Exp(4.6-1.5*rng.NormFloat64())))
		case r < 11:
			x[i] = 1 - 0x1p-24*float32(rng.IntN(1<<rng.IntN(20)))
		case r < 13:
			x[i] = math.Float32frombits(rng.Uint32N(0x3f800001))
		default:
			x[i] = specialProbs[rng.IntN(len(specialProbs))]
		}
		y[i] = []uint8{0, 0, 1, 255}[rng.IntN(4)]
	}
	return x, y
}

func logits(rng *rand.Rand, n int) (x []float32, y []uint8) {
	x, y = make([]float32, n), make([]uint8, n)
	for i := range x {
		switch r := rng.IntN(16); {
		case r < 8:
			x[i] = float32(-4.6 + 1.5*rng.NormFloat64())
		case r < 12:
			x[i] = float32(20 * rng.NormFloat64())
		case r < 13:
			x[i] = math.Float32frombits(rng.Uint32N(0x7f800000) | rng.Uint32()<<31)
		default:
			x[i] = special[rng.IntN(len(special))]
		}
		y[i] = []uint8{0, 0, 1, 255}[rng.IntN(4)]
		if rng.IntN(64) == 0 { // −∞ for background, +∞ for foreground: loss 0
			y[i] = uint8(rng.IntN(2))
			x[i] = float32(math.Inf(2*int(y[i]) - 1))
		}
	}
	return x, y
}

func weights(rng *rand.Rand, n int) []float32 {
	w := make([]float32, n)
	for i := range w {
		w[i] = []float32{0, 1, 0.3, 1e-3, 1e-40, 7, 3e20}[rng.IntN(7)]
	}
	return w
}

// shifted returns a guarded copy of s that begins off elements after where an
// aligned one would; at the end, the guard follows it at once.
func shifted[T any](t *testing.T, s []T, off int, atEnd bool) []T {
	if atEnd {
		return guard.Copy(t, append(make([]T, off), s...), true)[off:]
	}
	c := guard.Slice[T](t, len(s)+off, false)[off:]
	copy(c, s)
	return c
}

// output is what one kernel call leaves behind.
type output struct {
	dst, grad []float32
	acc       [8]float64
}

func sameBits(a, b []float32) int {
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return i
		}
	}
	return -1
}

func (o output) diff(want output, x []float32, y []uint8) string {
	if i := sameBits(want.dst, o.dst); i >= 0 {
		return fmt.Sprintf("loss[%d] of score %g, label %d: %g, want %g", i, x[i], y[i], o.dst[i], want.dst[i])
	}
	if i := sameBits(want.grad, o.grad); i >= 0 {
		return fmt.Sprintf("gradient[%d] of score %g, label %d: %g, want %g", i, x[i], y[i], o.grad[i], want.grad[i])
	}
	for j := range want.acc {
		if math.Float64bits(o.acc[j]) != math.Float64bits(want.acc[j]) {
			return fmt.Sprintf("lane sum %d: %v, want %v", j, o.acc[j], want.acc[j])
		}
	}
	return ""
}

// call runs every kernel of the set on one input, losses alone, gradients
// alone, both, and in place, and returns what they gave.
func call(set *Set, input asm.Input, x []float32, y []uint8, w []float32, p *asm.Params, alloc func(n int) []float32) [5]output {
	var out [5]output
	formula := formulaOf(p.Gamma)
	loss, gradient := asm.KernelOf(formula, input, asm.Loss), asm.KernelOf(formula, input, asm.Gradient)
	start := [8]float64{1, 2, 3, 4, 5, 6, 7, 8}
	for i := range out {
		out[i].acc = start
	}
	n := len(x)
	evaluate(set, loss, nil, nil, x, y, w, p, &out[0].acc)
	out[1].dst = alloc(n)
	evaluate(set, loss, out[1].dst, nil, x, y, w, p, &out[1].acc)
	out[2].grad = alloc(n)
	evaluate(set, gradient, nil, out[2].grad, x, y, w, p, &out[2].acc)
	out[3].dst, out[3].grad = alloc(n), alloc(n)
	evaluate(set, gradient, out[3].dst, out[3].grad, x, y, w, p, &out[3].acc)
	out[4].dst, out[4].grad = alloc(n), alloc(n)
	copy(out[4].dst, x)
	evaluate(set, loss, out[4].dst, nil, out[4].dst, y, w, p, &out[4].acc)
	copy(out[4].grad, x)
	evaluate(set, gradient, nil, out[4].grad, out[4].grad, y, w, p, &out[4].acc)
	return out
}

// TestSameBitsAsGeneric compares every kernel with generic on every length of
// whole groups up to 20, around the chunks of the assembly, and a block; at
// every offset, with and without weights, between guard pages.
func TestSameBitsAsGeneric(t *testing.T) {
	var lengths []int
	for g := 0; g <= 20; g++ {
		lengths = append(lengths, g*Group)
	}
	lengths = append(lengths, 1024-Group, 1024, 1024+Group, Block-Group, Block)
	rng := rand.New(rand.NewPCG(1, 2))
	plain := func(n int) []float32 { return make([]float32, n) }
	for _, c := range candidates {
		if !c.Usable() || c.Name == "generic" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			for k := range int(asm.NumInputs) * len(gammas) {
				input, gamma := asm.Input(k%int(asm.NumInputs)), gammas[k/int(asm.NumInputs)]
				p := asm.MakeParams(0.75, 0.25, gamma)
				for i, n := range lengths {
					// A subtest, so that the guarded memory is given back.
					t.Run(fmt.Sprintf("%s/gamma=%g/n=%d", inputs[input], gamma, n), func(t *testing.T) {
						off := (i + int(rng.Uint32())) % 16
						x, y := scores(rng, input, n)
						var w []float32
						if i%2 == 0 {
							w = weights(rng, n)
						}
						want := call(&genericSet, input, x, y, w, &p, plain)
						for _, atEnd := range []bool{false, true} {
							off := off
							if atEnd {
								off = 0
							}
							gx, gy := shifted(t, x, off, atEnd), shifted(t, y, off, atEnd)
							gw := w
							if w != nil {
								gw = shifted(t, w, off, atEnd)
							}
							alloc := func(n int) []float32 { return shifted(t, make([]float32, n), off, atEnd) }
							got := call(c.Set, input, gx, gy, gw, &p, alloc)
							for k := range got {
								if d := got[k].diff(want[k], x, y); d != "" {
									t.Fatalf("call %d, offset %d, at end %v: %s", k, off, atEnd, d)
								}
							}
						}
					})
				}
			}
		})
	}
}

// TestEveryOffset compares one length at all offsets of all slices.
func TestEveryOffset(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	const n = 3 * Group
	for _, c := range candidates {
		if !c.Usable() || c.Name == "generic" {
			continue
		}
		for _, gamma := range gammas {
			p := asm.MakeParams(0.75, 0.25, gamma)
			for off := 0; off < 16*int(asm.NumInputs); off++ {
				input, off := asm.Input(off/16), off%16
				x, y := scores(rng, input, n)
				w := weights(rng, n)
				want := call(&genericSet, input, x, y, w, &p, func(n int) []float32 { return make([]float32, n) })
				k := off
				alloc := func(n int) []float32 { k++; return make([]float32, n+16)[k%16:][:n:n] }
				gx, gw := append(alloc(n)[:0], x...), append(alloc(n)[:0], w...)
				gy := append(make([]uint8, n+16)[off:][:0:n], y...)
				got := call(c.Set, input, gx, gy, gw, &p, alloc)
				for k := range got {
					if d := got[k].diff(want[k], x, y); d != "" {
						t.Fatalf("%s, %s, γ = %g, call %d, offset %d: %s", c.Name, inputs[input], gamma, k, off, d)
					}
				}
			}
		}
	}
}

// TestStridedSweep compares all kernels over all exponents and signs.
func TestStridedSweep(t *testing.T) {
	stride := uint32(1 << 13)
	if testing.Short() {
		stride = 1 << 16
	}
	for _, c := range candidates {
		if !c.Usable() || c.Name == "generic" {
			continue
		}
		for _, gamma := range gammas {
			p := asm.MakeParams(0.75, 0.25, gamma)
			x, y := make([]float32, Block), make([]uint8, Block)
			for b := uint32(0); b < 0x7f800000; {
				for i := 0; i < Block; i += 2 {
					v := math.Float32frombits(min(b, 0x7f7fffff))
					x[i], x[i+1] = v, -v
					y[i] = uint8(b / stride & 1)
					y[i+1] = y[i]
					b += stride
				}
				plain := func(n int) []float32 { return make([]float32, n) }
				want, got := call(&genericSet, asm.Logits, x, y, nil, &p, plain), call(c.Set, asm.Logits, x, y, nil, &p, plain)
				for k := range got {
					if d := got[k].diff(want[k], x, y); d != "" {
						t.Fatalf("%s, γ = %g, call %d: %s", c.Name, gamma, k, d)
					}
				}
			}
			const one = 0x3f800000
			for b := uint32(0); b <= one; {
				for i := 0; i < Block; i += 2 {
					v := math.Float32frombits(min(b, one))
					x[i], x[i+1] = v, v
					y[i], y[i+1] = 0, 1
					b += stride / 2
				}
				plain := func(n int) []float32 { return make([]float32, n) }
				want, got := call(&genericSet, asm.Probs, x, y, nil, &p, plain), call(c.Set, asm.Probs, x, y, nil, &p, plain)
				for k := range got {
					if d := got[k].diff(want[k], x, y); d != "" {
						t.Fatalf("%s, probabilities, γ = %g, call %d: %s", c.Name, gamma, k, d)
					}
				}
			}
		}
	}
}

// TestBadScoresReachTheSum: whatever the weights, a bad score must show in the
// lane sums, or the engine would never look for it.
func TestBadScoresReachTheSum(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	type score struct {
		input asm.Input
		x     float32
		y     uint8
	}
	bad := []score{{asm.Logits, nan, 0}, {asm.Logits, nan, 1}, {asm.Logits, -nan, 0}, {asm.Logits, -nan, 1}, {asm.Logits, inf, 0}, {asm.Logits, -inf, 1}}
	for _, p := range []float32{
		nan, -nan, inf, -inf, -1e-9, -0x1p-149, -0x1p-126, -0.5, -1, -2, -0x1p100, -math.MaxFloat32,
		1.0000001, 1.5, 2, 3, 0x1p100, math.MaxFloat32,
	} {
		bad = append(bad, score{asm.Probs, p, 0}, score{asm.Probs, p, 1})
	}
	for _, c := range candidates {
		if !c.Usable() {
			continue
		}
		for _, gamma := range gammas {
			for _, wt := range []float32{0, 0x1p-149, 0.25, 1e30} {
				p := asm.MakeParams(wt, wt, gamma)
				for _, b := range bad {
					for i := 0; i < 2*Group; i += 1 + 2*int(b.input) {
						for _, w := range [][]float32{nil, make([]float32, 2*Group)} {
							x, y, g := make([]float32, 2*Group), make([]uint8, 2*Group), make([]float32, 2*Group)
							x[i], y[i] = b.x, b.y
							var loss, grad [8]float64
							evaluate(c.Set, asm.KernelOf(formulaOf(gamma), b.input, asm.Loss), nil, nil, x, y, w, &p, &loss)
							evaluate(c.Set, asm.KernelOf(formulaOf(gamma), b.input, asm.Gradient), nil, g, x, y, w, &p, &grad)
							for _, acc := range [][8]float64{loss, grad} {
								var sum float64
								for _, v := range acc {
									sum += v
								}
								if sum-sum == 0 {
									t.Fatalf("%s, γ = %g, weight %g: %s, score %g with label %d at %d leaves the finite sum %g", c.Name, gamma, wt, inputs[b.input], b.x, b.y, i, sum)
								}
							}
						}
					}
				}
			}
		}
	}
}

// TestIgnored: ignored scores give +0, loss and gradient.
func TestIgnored(t *testing.T) {
	x, y := [asm.NumInputs][]float32{make([]float32, 2*Group), make([]float32, 2*Group)}, make([]uint8, 2*Group)
	for i := range y {
		x[asm.Logits][i] = special[i%len(special)]
		x[asm.Probs][i] = specialProbs[i%len(specialProbs)]
		y[i] = 255
	}
	for _, c := range candidates {
		if !c.Usable() {
			continue
		}
		for _, gamma := range gammas {
			p := asm.MakeParams(0.75, 0.25, gamma)
			for input, x := range x {
				dst, grad := make([]float32, len(x)), make([]float32, len(x))
				var acc [8]float64
				evaluate(c.Set, asm.KernelOf(formulaOf(gamma), asm.Input(input), asm.Gradient), dst, grad, x, y, nil, &p, &acc)
				for i := range dst {
					if math.Float32bits(dst[i]) != 0 || math.Float32bits(grad[i]) != 0 {
						t.Fatalf("%s, γ = %g, score %g: loss %g, gradient %g, want +0", c.Name, gamma, x[i], dst[i], grad[i])
					}
				}
			}
		}
	}
}

func TestCountLabels(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, c := range candidates {
		if !c.Usable() {
			continue
		}
		check := func(y []uint8, atEnd bool) {
			t.Helper()
			var pos, ign, bad int
			for _, l := range y {
				switch l {
				case 0:
				case 1:
					pos++
				case 255:
					ign++
				default:
					bad++
				}
			}
			if p, i, b := c.CountLabels(guard.Copy(t, y, atEnd)); (b > 0) != (bad > 0) || b < 0 || bad == 0 && (p != pos || i != ign) {
				t.Fatalf("%s, %d labels: %d positive, %d ignored, %d invalid, want %d, %d, %d", c.Name, len(y), p, i, b, pos, ign, bad)
			}
		}
		for n := 0; n <= Block; n += Group {
			if n > 640 && n < Block-64 {
				continue
			}
			for _, set := range [][]uint8{{0}, {1}, {255}, {2}, {0, 1, 255}, {0, 0, 0, 1, 254, 128, 127, 2, 255}} {
				y := make([]uint8, n)
				for i := range y {
					y[i] = set[rng.IntN(len(set))]
				}
				check(y, n%64 == 0)
			}
		}
		for l := 0; l < 256; l++ {
			y := make([]uint8, 2*Group)
			y[rng.IntN(len(y))] = uint8(l)
			check(y, true)
		}
	}
}
