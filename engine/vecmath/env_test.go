package vecmath

import (
	"math"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/flengine/flengine/engine/internal/fpenv"
	"github.com/flengine/flengine/engine/internal/kernel"
)

// TestGenericStays: what is computed in Go stays on its thread, since the next one may have
// another environment.
func TestGenericStays(t *testing.T) {
	generic, err := kernel.Find("generic")
	if err != nil {
		t.Fatal(err)
	}
	looks := 0
	look := func() {
		looks++
		if header, _, _ := strings.Cut(string(debug.Stack()), "\n"); !strings.Contains(header, "locked to thread") {
			t.Errorf("look %d: the goroutine may change threads", looks)
		}
	}
	set := *generic
	set.Unary[kernel.Exp] = func(dst, src []float32) { look() }
	set.Pow = func(dst, src []float32, y float64, sign, nan uint32) { look() }
	x := make([]float32, kernel.VecGroup+1)
	Funcs{set: &set}.Exp(x, x)
	Funcs{set: &set}.Pow(x, x, 1.5)
	if looks != 4 {
		t.Errorf("%d looks, want 4", looks)
	}
}

// TestEnvironment: the thread's floating-point environment changes no bit of any function on
// any kernel, not even of what is decided before a kernel runs, and is what it was after.
func TestEnvironment(t *testing.T) {
	src := []float32{0, 1e-40, -1e-40, 0x1p-149, 0x1p-126, 0.1, 0.3, 1, 1.5, 2.7, 33.3, -87.4, 88.1, 1e-30, 3e38, -3, -1e-3}
	for len(src) < 40 { // a whole group and a tail
		src = append(src, src...)
	}
	for _, set := range sets() {
		calls := map[string]func(dst []float32){
			"Exp":        func(dst []float32) { Funcs{set: set}.Exp(dst, src) },
			"Log":        func(dst []float32) { Funcs{set: set}.Log(dst, src) },
			"Log1p":      func(dst []float32) { Funcs{set: set}.Log1p(dst, src) },
			"Sigmoid":    func(dst []float32) { Funcs{set: set}.Sigmoid(dst, src) },
			"Softplus":   func(dst []float32) { Funcs{set: set}.Softplus(dst, src) },
			"LogSigmoid": func(dst []float32) { Funcs{set: set}.LogSigmoid(dst, src) },
			"Pow(-0.5)":  func(dst []float32) { Funcs{set: set}.Pow(dst, src, -0.5) },
			"Pow(1.3)":   func(dst []float32) { Funcs{set: set}.Pow(dst, src, 1.3) },
			"Pow(1e-40)": func(dst []float32) { Funcs{set: set}.Pow(dst, src, 1e-40) },
			"Pow(+Inf)":  func(dst []float32) { Funcs{set: set}.Pow(dst, src, float32(math.Inf(1))) },
		}
		for call, f := range calls {
			want, got := make([]float32, len(src)), make([]float32, len(src))
			f(want)
			for name, env := range fpenv.Others {
				var back bool
				fpenv.Under(env, func() {
					f(got)
					back = fpenv.Holds(env)
				})
				if !back {
					t.Errorf("%s, %s, %s: the environment is another after the call", set.Name, call, name)
				}
				for i := range src {
					if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
						t.Errorf("%s, %s of %g, %s: %g, want %g", set.Name, call, src[i], name, got[i], want[i])
					}
				}
			}
		}
	}
}
