package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/engine/vecmath"
)

// data is one set of the peers' inputs. In raw files: logits x.f32, probabilities
// p.f32, u.f32 in (0, 1), e.f32 in [-20, 0], labels y.u8, and sums.txt with the
// sums of W1, W4, W8; where errors are measured, the exact w2.f64 … w8.f64.
type data struct {
	dir              string
	x, p, u, e       []float32
	y                []uint8
	sum1, sum4, sum8 float64
	out              []float32 // room for outputs
}

func load(dir string) (*data, error) {
	d := &data{dir: dir}
	for _, f := range []struct {
		name string
		dst  *[]float32
	}{{"x", &d.x}, {"p", &d.p}, {"u", &d.u}, {"e", &d.e}} {
		b, err := readHuge(filepath.Join(dir, f.name+".f32"))
		if err != nil {
			return nil, err
		}
		*f.dst = unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/4)
	}
	var err error
	if d.y, err = readHuge(filepath.Join(dir, "y.u8")); err != nil {
		return nil, err
	}
	for _, s := range [][]float32{d.x, d.p, d.u, d.e} {
		if len(s) != len(d.y) {
			return nil, fmt.Errorf("%s: %d values for %d labels: want as many", dir, len(s), len(d.y))
		}
	}
	sums, err := os.ReadFile(filepath.Join(dir, "sums.txt"))
	if err != nil {
		return nil, err
	}
	if _, err := fmt.Sscan(string(sums), &d.sum1, &d.sum4, &d.sum8); err != nil {
		return nil, fmt.Errorf("%s/sums.txt: %w: want three numbers", dir, err)
	}
	out, err := huge(4 * len(d.y))
	if err != nil {
		return nil, err
	}
	clear(out)
	d.out = unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(out))), len(d.y))
	return d, nil
}

// readHuge reads a file into memory on huge pages, as the peers do.
func readHuge(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(b) == 0 {
		return nil, fmt.Errorf("%s is empty", path)
	}
	h, err := huge(len(b))
	copy(h, b)
	return h, err
}

// reference returns the exact values of a work.
func (d *data) reference(work string) ([]float64, error) {
	name := strings.ToLower(work) + ".f64"
	if work == "W1" {
		name = "w2.f64"
	}
	b, err := os.ReadFile(filepath.Join(d.dir, name))
	if err != nil {
		return nil, err
	}
	if len(b) != 8*len(d.y) {
		return nil, fmt.Errorf("%s/%s has %d bytes: want %d", d.dir, name, len(b), 8*len(d.y))
	}
	return unsafe.Slice((*float64)(unsafe.Pointer(unsafe.SliceData(b))), len(d.y)), nil
}

// task is a work on a set of data.
type task struct {
	name string
	run  func() (engine.Result, error) // what is timed
	each func() (engine.Result, error) // sets out, for the error; nil: run does
	sum  float64                       // what run's sum should be, 0 if it has none
}

// tasks returns the works on d with the kernel in use.
func tasks(d *data) ([]task, error) {
	one := engine.WithWorkers(1)
	focal2, err := engine.New(engine.Focal(0.25, 2), one)
	if err != nil {
		return nil, err
	}
	focal15, err := engine.New(engine.Focal(0.25, 1.5), one)
	if err != nil {
		return nil, err
	}
	logits := engine.Batch{Logits: d.x, Labels: d.y}
	probs := engine.Batch{Probs: d.p, Labels: d.y}
	type call = func() (engine.Result, error)
	sum := func(e *engine.Engine, b engine.Batch) call {
		return func() (engine.Result, error) { return e.Sum(b) }
	}
	losses := func(e *engine.Engine, b engine.Batch) call {
		return func() (engine.Result, error) { return e.Losses(d.out, b) }
	}
	elementwise := func(f func()) call {
		return func() (engine.Result, error) { f(); return engine.Result{}, nil }
	}
	return []task{
		{"W1", sum(focal2, logits), losses(focal2, logits), d.sum1},
		{"W2", losses(focal2, logits), nil, 0},
		{"W3", func() (engine.Result, error) { return focal2.Gradients(d.out, logits) }, nil, d.sum1},
		{"W4", sum(focal15, logits), losses(focal15, logits), d.sum4},
		{"W5", elementwise(func() { vecmath.Log(d.out, d.u) }), nil, 0},
		{"W6", elementwise(func() { vecmath.Pow(d.out, d.u, 1.5) }), nil, 0},
		{"W7", elementwise(func() { vecmath.Exp(d.out, d.e) }), nil, 0},
		{"W8", sum(focal2, probs), losses(focal2, probs), d.sum8},
	}, nil
}

// timeOurs prints flengine's rows for the kernel that the environment asks for:
// errors as the peers' harness defines them, then times as it takes them.
func timeOurs(w io.Writer, dir string, sizes []int, ms int) error {
	e, err := engine.New(engine.CrossEntropy())
	if err != nil {
		return err
	}
	if e.Kernel() != vecmath.Kernel() {
		return fmt.Errorf("engine runs %s and vecmath %s: want one kernel", e.Kernel(), vecmath.Kernel())
	}
	errors := map[string]row{}
	for _, set := range []string{"acc", "wide"} {
		if err := measureErrors(filepath.Join(dir, set), set == "wide", errors); err != nil {
			return err
		}
	}
	encoder := json.NewEncoder(w)
	for _, n := range sizes {
		samples, err := timeSize(filepath.Join(dir, strconv.Itoa(n)), time.Duration(ms)*time.Millisecond)
		if err != nil {
			return err
		}
		for i, work := range works {
			s := samples[i]
			slices.Sort(s)
			r := errors[work.name]
			r.Peer, r.Work, r.N, r.Threads = ourPrefix+e.Kernel(), work.name, n, 1
			r.NS, r.MinNS, r.Samples = s[len(s)/2], s[0], len(s)
			if err := encoder.Encode(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// measureErrors adds the errors of all works on a set to rows.
func measureErrors(dir string, wide bool, rows map[string]row) error {
	d, err := load(dir)
	if err != nil {
		return err
	}
	all, err := tasks(d)
	if err != nil {
		return err
	}
	for _, t := range all {
		want, err := d.reference(t.name)
		if err != nil {
			return err
		}
		r, err := t.run()
		if err == nil && t.each != nil {
			_, err = t.each()
		}
		if err != nil {
			return fmt.Errorf("%s on %s: %w", t.name, dir, err)
		}
		worst, mean := ulp(d.out, want)
		row := rows[t.name]
		if wide {
			row.WideULP = worst
		} else {
			row.MaxULP, row.MeanULP, row.SumErr = worst, mean, -1
			if t.sum != 0 {
				row.SumErr = math.Abs(r.Sum()-t.sum) / t.sum
			}
		}
		rows[t.name] = row
	}
	return nil
}

// ulp returns the largest and the mean error of got in units of the last place of
// a float32 like want, at least those of the smallest normal one.
func ulp(got []float32, want []float64) (worst, mean float64) {
	for i, w := range want {
		exp := -126
		if w != 0 {
			exp = max(exp, math.Ilogb(w))
		}
		u := math.Abs(float64(got[i])-w) / math.Ldexp(1, exp-23)
		if !(u < infinite) {
			u = infinite
		}
		worst = max(worst, u)
		mean += u / float64(len(want))
	}
	return worst, min(mean, infinite)
}

// timeSize returns the samples of every work in ns per element. As the harness
// does, it takes them in a few passes over all cells, calls short works repeatedly
// within one sample, and takes at least three samples of each in a pass.
func timeSize(dir string, budget time.Duration) ([][]float64, error) {
	d, err := load(dir)
	if err != nil {
		return nil, err
	}
	all, err := tasks(d)
	if err != nil {
		return nil, err
	}
	const least = 200 * time.Microsecond // a sample
	samples := make([][]float64, len(all))
	for range passes {
		for i, t := range all {
			start := time.Now()
			if _, err := t.run(); err != nil {
				return nil, fmt.Errorf("%s on %s: %w", t.name, dir, err)
			}
			repeats := 1
			if one := time.Since(start); one < least {
				repeats += int(least / max(one, 1))
			}
			end := time.Now().Add(budget / passes)
			for k := 0; k < 3 || time.Now().Before(end); k++ {
				start := time.Now()
				for range repeats {
					t.run() // has succeeded on this input
				}
				samples[i] = append(samples[i], float64(time.Since(start))/float64(repeats)/float64(len(d.y)))
			}
		}
	}
	return samples, nil
}
