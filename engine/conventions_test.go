package engine

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// convention is a way to call background and ignored, by its options and as the tests
// know it.
type convention struct {
	name       string
	opts       []Option
	background int32
	ignored    []int32
}

// conventionsOf returns those that people have for a number of columns, and odd ones.
func conventionsOf(columns int) []convention {
	n := int32(columns)
	return []convention{
		{"default", nil, -1, []int32{-2}},
		{"the default's, given", []Option{WithBackground(-1), WithIgnored(-2)}, -1, []int32{-2}},
		{"Detectron2", []Option{WithBackground(n), WithIgnored(-1)}, n, []int32{-1}},
		{"PyTorch", []Option{WithIgnored(-100)}, -1, []int32{-100}},
		{"SSD", []Option{WithBackground(0), WithIgnored(-1)}, 0, []int32{-1}},
		{"background alone", []Option{WithBackground(n + 7)}, n + 7, []int32{-2}},
		{"several ignored", []Option{WithIgnored(-100, -2, 255, -2)}, -1, []int32{-100, -2, 255, -2}},
		{"columns ignored", []Option{WithBackground(n - 1), WithIgnored(n, -1, n/2-1)}, n - 1, []int32{n, -1, n/2 - 1}},
		{"swapped", []Option{WithIgnored(-1), WithBackground(-2)}, -2, []int32{-1}},
		{"far", []Option{WithBackground(math.MinInt32), WithIgnored(math.MaxInt32)}, math.MinInt32, []int32{math.MaxInt32}},
		{"the last counts", []Option{WithIgnored(-9), WithBackground(5), WithBackground(-3), WithIgnored(-1, -2)}, -3, []int32{-1, -2}},
	}
}

// label is the definition: what a score in a column is for an anchor of a class.
func (c convention) label(class int32, column int) uint8 {
	switch {
	case class == c.background:
		return 0
	case slices.Contains(c.ignored, class):
		return IgnoredLabel
	case class == int32(column):
		return 1
	}
	return 0
}

// means tells whether a class is one.
func (c convention) means(class int32, columns int) bool {
	return class == c.background || slices.Contains(c.ignored, class) || class >= 0 && int(class) < columns
}

// batch returns n random scores, with classes by the convention, and with the labels that
// these stand for.
func (c convention) batch(rng *rand.Rand, n, columns int) (classes, labels Batch) {
	classes = randomBatch(rng, n, columns, true, true)
	for a := 0; a < len(classes.Classes); a += 3 { // which are rare in wide rows
		classes.Classes[a] = []int32{IgnoredClass, Background, int32(rng.IntN(columns))}[a/3%3]
	}
	labels = classes
	labels.Classes, labels.Labels = nil, make([]uint8, n)
	for a, class := range classes.Classes {
		switch class {
		case Background:
			classes.Classes[a] = c.background
		case IgnoredClass:
			classes.Classes[a] = c.ignored[rng.IntN(len(c.ignored))]
		}
	}
	for i := range labels.Labels {
		y := c.label(classes.Classes[i/columns], i%columns)
		// What was good for the label that the default gives may not be for this.
		if x := &classes.Logits[i]; y != IgnoredLabel && (*x != *x || math.IsInf(float64(*x), 0)) {
			*x = float32(2*int(y)-1) * inf
		}
		labels.Labels[i] = y
	}
	return classes, labels
}

// TestConventions: classes in any convention give what the labels give that they stand
// for, on every kernel, with any number of workers, in whole and in spans.
func TestConventions(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 42))
	for i, columns := range []int{1, 2, 7, 20, 80, 4097} {
		n := (2*Block/columns + fewer(12, 5)) * columns
		for k, c := range conventionsOf(columns) {
			if !inTurn(i+k, 3) {
				continue
			}
			classes, labels := c.batch(rng, n, columns)
			for _, kernel := range sampled() {
				want := evaluate(t, must(New(Focal(0.25, 2), WithKernel(kernel), WithWorkers(1))), labels)
				if r := want.result; r.Scores == 0 || r.Ignored == 0 || c.opts == nil && r.Positives == 0 {
					t.Fatalf("%s, %d columns: %+v tests nothing", c.name, columns, want.result)
				}
				for _, workers := range crews() {
					e := must(New(Focal(0.25, 2), append(c.opts, WithKernel(kernel), WithWorkers(workers))...))
					got := outcome{dst: make([]float32, n), grad: make([]float32, n)}
					got.result = must(e.LossesAndGradients(got.dst, got.grad, classes))
					if got.result != want.result || must(e.Sum(classes)) != want.result {
						t.Errorf("%s, %d columns, %s, %d workers: %+v, want %+v", c.name, columns, kernel, workers, got.result, want.result)
					}
					spans := outcome{dst: make([]float32, n), grad: make([]float32, n)}
					cut := []int{0, rng.IntN(n), n}
					for i := range 2 {
						from, to := cut[i], cut[i+1]
						spans.result.Merge(must(e.LossesAndGradients(spans.dst[from:to], spans.grad[from:to], classes.span(from, to))))
					}
					if r, w := spans.result, want.result; r.Scores != w.Scores || r.Positives != w.Positives || r.Ignored != w.Ignored {
						t.Errorf("%s, %d columns, %s, cut at %d: %+v, want %+v", c.name, columns, kernel, cut[1], r, w)
					}
					for what, o := range map[string]outcome{"whole": got, "spans": spans} {
						if i := different(o.dst, want.dst); i >= 0 {
							t.Errorf("%s, %d columns, %s, %s: loss %d is %g, want %g", c.name, columns, kernel, what, i, o.dst[i], want.dst[i])
						}
						if i := different(o.grad, want.grad); i >= 0 {
							t.Errorf("%s, %d columns, %s, %s: gradient %d is %g, want %g", c.name, columns, kernel, what, i, o.grad[i], want.grad[i])
						}
					}
				}
			}
			losses := []Loss{CrossEntropy(), Focal(0.25, 2)}
			if got, want := must(Sweep(classes, losses, c.opts...)), must(Sweep(labels, losses)); !slices.Equal(got, want) {
				t.Errorf("%s, %d columns: a sweep gives %+v, want %+v", c.name, columns, got, want)
			}
			hot := must(classes.OneHot(make([]uint8, n), c.opts...))
			if hot.Classes != nil || !slices.Equal(hot.Labels, labels.Labels) {
				t.Errorf("%s, %d columns: OneHot gives other labels", c.name, columns)
			}
		}
	}
}

// TestUnconventional: a class that the convention in force does not know is named
// wherever it is, and the error says what is known.
func TestUnconventional(t *testing.T) {
	const anchors = 3*Block + 5
	for _, columns := range []int{1, 3} {
		for _, c := range []struct {
			opts  []Option
			good  int32
			bad   []int32
			known string
		}{
			{nil, -1, []int32{-3, 3, math.MinInt32, math.MaxInt32}, "-1 for background, or -2 for ignored"},
			{[]Option{WithBackground(80)}, 80, []int32{-1, 3, 79, 81, -3}, "80 for background, or -2 for ignored"},
			{[]Option{WithBackground(80), WithIgnored(-1)}, 80, []int32{-2, 3, 79, -3}, "80 for background, or -1 for ignored"},
			{[]Option{WithIgnored(-100, 255)}, -1, []int32{-2, 3, 254, 256, -99}, "-1 for background, or -100 or 255 for ignored"},
			{[]Option{WithBackground(0), WithIgnored(-1)}, 0, []int32{-2, 3, -256}, "0 for background, or -1 for ignored"},
		} {
			b := Batch{Logits: make([]float32, anchors*columns), Classes: make([]int32, anchors), NumClasses: columns}
			for a := range b.Classes {
				b.Classes[a] = c.good
			}
			for _, kernel := range sampled() {
				for _, workers := range crews() {
					e := must(New(CrossEntropy(), append(c.opts, WithKernel(kernel), WithWorkers(workers))...))
					must(e.Sum(b))
					for _, at := range []int{0, Block - 1, Block + 7, anchors - 1} {
						for _, bad := range c.bad {
							b.Classes[at], b.Classes[anchors-1] = bad, bad
							want := InputError{"Classes", at, float64(bad), fmt.Sprintf("want a class in [0, %d), %s", columns, c.known)}
							_, err := e.Sum(b)
							_, hotErr := b.OneHot(make([]uint8, len(b.Logits)), c.opts...)
							_, sweepErr := Sweep(b, []Loss{CrossEntropy(), Focal(0.25, 2)}, append(c.opts, WithWorkers(workers))...)
							for _, err := range []error{err, hotErr, sweepErr} {
								var input *InputError
								if !errors.As(err, &input) || *input != want {
									t.Errorf("%s, %d workers: %v, want %v", kernel, workers, err, &want)
								}
							}
							b.Classes[at], b.Classes[anchors-1] = c.good, c.good
						}
					}
				}
			}
		}
	}
}

// TestConflicts: no class is both background and ignored, not even by default.
func TestConflicts(t *testing.T) {
	for _, c := range []struct {
		opts []Option
		want InputError
	}{
		{[]Option{WithBackground(-2)}, InputError{"background", -1, -2, "is -2: want a class that is not ignored, which WithIgnored sets"}},
		{[]Option{WithIgnored(-1)}, InputError{"ignored", 0, -1, "want a class that is not background, which WithBackground sets"}},
		{[]Option{WithIgnored(-100, 80), WithBackground(80)}, InputError{"ignored", 1, 80, "want a class that is not background, which WithBackground sets"}},
		{[]Option{WithIgnored()}, InputError{"ignored", -1, 0, "is empty: want at least one class"}},
	} {
		e, err := New(CrossEntropy(), c.opts...)
		b, hotErr := Batch{Logits: make([]float32, 1), Labels: make([]uint8, 1)}.OneHot(nil, c.opts...)
		for _, err := range []error{err, hotErr} {
			var input *InputError
			if e != nil || b.Labels == nil || !errors.As(err, &input) || *input != c.want {
				t.Errorf("%v, want %v", err, &c.want)
			}
		}
	}
}

// TestIgnoredIsCopied: an engine stays what it was made.
func TestIgnoredIsCopied(t *testing.T) {
	ignored := []int32{-7, -100}
	opt := WithIgnored(ignored...)
	ignored[0] = -8
	e := must(New(CrossEntropy(), opt))
	ignored[1] = -9
	if r, err := e.Sum(Batch{Logits: make([]float32, 2), Classes: []int32{-7, -100}}); err != nil || r.Ignored != 2 {
		t.Errorf("%v, %v", r, err)
	}
}

// FuzzConventions: in any convention, classes are labels or an error about the first that
// is none, as defined.
func FuzzConventions(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\xff\xff\xff\xff"), []byte("\xfe\xff\xff\xff"), int32(-1), uint8(1), uint8(0))
	f.Add([]byte("\x01\x00\x00\x00\x50\x00\x00\x00\xff\xff\xff\xff"), []byte("\xff\xff\xff\xff\x9c\xff\xff\xff"), int32(80), uint8(80), uint8(3))
	f.Add([]byte("\x00\x00\x00\x00\x01\x00\x00\x00\xff\xff\xff\xff"), []byte("\xff\xff\xff\xff"), int32(0), uint8(2), uint8(1))
	f.Fuzz(func(t *testing.T, classes, ignored []byte, background int32, width, first uint8) {
		columns := max(1, int(width))
		c := convention{background: background, ignored: ints(ignored)}
		opts := []Option{WithBackground(c.background), WithIgnored(c.ignored...)}
		e, err := New(CrossEntropy(), append(opts, WithWorkers(1))...)
		if conflict := len(c.ignored) == 0 || slices.Contains(c.ignored, c.background); conflict != (err != nil) {
			t.Fatalf("background %d, ignored %d: %v", c.background, c.ignored, err)
		}
		if err != nil {
			return
		}
		b := Batch{Classes: ints(classes), NumClasses: columns}
		if len(b.Classes) == 0 {
			return
		}
		b.FirstColumn = int(first) % columns
		b.Logits = make([]float32, len(b.Classes)*columns-b.FirstColumn)
		var want Result
		bad := -1
		for i := range b.Logits {
			at := b.FirstColumn + i
			class := b.Classes[at/columns]
			if !c.means(class, columns) {
				bad = at / columns
				break
			}
			switch c.label(class, at%columns) {
			case IgnoredLabel:
				want.Ignored++
			case 1:
				want.Positives++
				fallthrough
			default:
				want.Scores++
			}
		}
		r, err := e.Sum(b)
		hot, hotErr := b.OneHot(make([]uint8, len(b.Logits)), opts...)
		if bad >= 0 {
			for _, err := range []error{err, hotErr} {
				var input *InputError
				if !errors.As(err, &input) || input.Field != "Classes" || input.Index != bad {
					t.Fatalf("%v, want Classes[%d]", err, bad)
				}
			}
			return
		}
		if err != nil || r.Scores != want.Scores || r.Positives != want.Positives || r.Ignored != want.Ignored {
			t.Fatalf("%+v, %v, want %+v", r, err, want)
		}
		if hotErr != nil || must(e.Sum(hot)) != r {
			t.Fatalf("one-hot: %v", hotErr)
		}
	})
}

func ints(b []byte) []int32 {
	s := make([]int32, len(b)/4)
	for i := range s {
		s[i] = int32(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return s
}
