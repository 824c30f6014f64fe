package abi

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/generic"
)

// newRequest returns a request of no arrays.
func newRequest(loss string, rows, columns int) *Request {
	return &Request{Size: uint64(unsafe.Sizeof(Request{})), Loss: cstring(loss), Workers: 1, Rows: int64(rows), Columns: int64(columns)}
}

func newResult() *Result {
	return &Result{Size: uint64(unsafe.Sizeof(Result{})), Binary: unsafe.Pointer(&make([]byte, ResultBytes)[0])}
}

func newError() *Error { return &Error{Size: uint64(unsafe.Sizeof(Error{}))} }

func cstring(s string) *byte { return &append([]byte(s), 0)[0] }

func gostring(b []byte) string { s, _, _ := bytes.Cut(b, []byte{0}); return string(s) }

func (e *Error) message() string { return gostring(e.Message[:]) }

func (r *Result) bytes() []byte { return unsafe.Slice((*byte)(r.Binary), r.BinarySize) }

// layout is how the rows*columns elements of a matrix lie in memory.
type layout struct {
	name          string
	rowStep, step func(rows, columns int) int64 // strides
	memory, at    func(rows, columns int) int   // elements of memory, and the place of the first one
	strides       bool                          // strides are given
}

var layouts = []layout{
	{name: "contiguous", memory: func(r, c int) int { return r * c }, at: func(r, c int) int { return 0 },
		rowStep: func(r, c int) int64 { return int64(c) }, step: func(r, c int) int64 { return 1 }},
	{name: "contiguous, said so", strides: true, memory: func(r, c int) int { return r * c }, at: func(r, c int) int { return 0 },
		rowStep: func(r, c int) int64 { return int64(c) }, step: func(r, c int) int64 { return 1 }},
	{name: "padded rows", strides: true, memory: func(r, c int) int { return r*(c+3) + 1 }, at: func(r, c int) int { return 1 },
		rowStep: func(r, c int) int64 { return int64(c + 3) }, step: func(r, c int) int64 { return 1 }},
	{name: "transposed", strides: true, memory: func(r, c int) int { return r * c }, at: func(r, c int) int { return 0 },
		rowStep: func(r, c int) int64 { return 1 }, step: func(r, c int) int64 { return int64(r) }},
	{name: "every third", strides: true, memory: func(r, c int) int { return 3 * r * c }, at: func(r, c int) int { return 2 },
		rowStep: func(r, c int) int64 { return int64(3 * c) }, step: func(r, c int) int64 { return 3 }},
	{name: "backwards", strides: true, memory: func(r, c int) int { return r * c }, at: func(r, c int) int { return r*c - 1 },
		rowStep: func(r, c int) int64 { return -int64(c) }, step: func(r, c int) int64 { return -1 }},
}

// laid puts a matrix, row-major, into memory, and returns the address of its first element and its
// strides.
func laid(l *layout, values []float64, rows, columns int, kind int32) (unsafe.Pointer, *[2]int64) {
	size := sizes[kind]
	memory := make([]uint64, (l.memory(rows, columns)*size+7)/8+1)
	for i := range memory {
		memory[i] = math.MaxUint64 // NaN, or no label
	}
	base := unsafe.Add(unsafe.Pointer(&memory[0]), l.at(rows, columns)*size)
	strides := &[2]int64{l.rowStep(rows, columns), l.step(rows, columns)}
	for i, v := range values {
		at := int64(i/columns)*strides[0] + int64(i%columns)*strides[1]
		put := unsafe.Add(base, int(at)*size)
		switch kind {
		case Uint8:
			*(*uint8)(put) = uint8(v)
		case Int32:
			*(*int32)(put) = int32(v)
		case Int64:
			*(*int64)(put) = int64(v)
		default:
			store(put, kind, 0, []float32{float32(v)})
		}
	}
	if !l.strides {
		strides = nil
	}
	return base, strides
}

// floatsOf reads an output.
func floatsOf(base unsafe.Pointer, kind int32, n int) []float32 {
	a, _ := matrix("", base, kind, n, 1, nil)
	x := make([]float32, n)
	a.floats(x, 0)
	return x
}

// sameFloats tells whether two slices have the same bits.
func sameFloats(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

// rounded is what outputs of a type hold of float32s.
func rounded(x []float32, kind int32) []float32 {
	memory := make([]uint64, len(x)+1)
	store(unsafe.Pointer(&memory[0]), kind, 0, x)
	return floatsOf(unsafe.Pointer(&memory[0]), kind, len(x))
}

// TestSameBits holds every type of scores, labels and outputs, in all layouts, against package
// engine with float32 logits and what it takes for labels.
func TestSameBits(t *testing.T) {
	const rows, columns = 5003, 7 // more than two pieces, and no multiple of a block
	n := rows * columns
	random := rand.New(rand.NewPCG(1, 2))
	var scores, labels, classes, targets []float64
	for range n {
		h := uint16(random.IntN(0x4880)) | uint16(random.IntN(2))<<15 // a float16 of up to 9
		x := widenF16(h &^ 7)                                         // and a bfloat16, too
		scores = append(scores, float64(x))
		labels = append(labels, []float64{0, 0, 0, 1, 255}[random.IntN(5)])
		targets = append(targets, []float64{0, 0, 1, 0.25, 0.75, -1}[random.IntN(6)])
	}
	for range rows {
		classes = append(classes, float64(random.IntN(columns+2)-2))
	}
	weights, factors := make([]float32, rows), make([]float32, n)
	for i := range weights {
		weights[i] = random.Float32()
	}
	for i := range factors {
		factors[i] = random.Float32()
	}
	floats := []int32{Float32, Float16, BFloat16, Float64}
	integers := []int32{Uint8, Int32, Int64}
	forms := []struct {
		name   string
		form   int32
		values []float64
		kinds  []int32
		losses []string
	}{
		{"labels", Labels, labels, integers, []string{"focal", "ce(pos=3,neg=1)"}},
		{"classes", Classes, classes, integers[1:], []string{"focal", "softmaxfocal"}},
		{"targets", Targets, targets, floats, []string{"qfl", "focal"}},
	}
	for _, f := range forms {
		for _, loss := range f.losses {
			values := f.values
			if loss == "softmaxfocal" { // of which no row is background
				values = slices.Clone(values)
				for i, v := range values {
					if v == -1 {
						values[i] = 3
					}
				}
			}
			b := engine.Batch{NumClasses: columns, Logits: make([]float32, n), Weights: weights}
			for i, x := range scores {
				b.Logits[i] = float32(x)
			}
			for _, v := range values {
				switch f.form {
				case Labels:
					b.Labels = append(b.Labels, uint8(v))
				case Classes:
					b.Classes = append(b.Classes, int32(v))
				case Targets:
					b.Targets = append(b.Targets, float32(v))
				}
			}
			l, err := engine.ParseLoss(loss)
			if err != nil {
				t.Fatal(err)
			}
			e, err := engine.New(l, engine.WithWorkers(1))
			if err != nil {
				t.Fatal(err)
			}
			units := n
			if l.Family().Rows {
				units = rows
			}
			wantLosses, wantGrad := make([]float32, units), make([]float32, n)
			want, err := e.LossesAndGradients(wantLosses, wantGrad, b)
			if err != nil {
				t.Fatal(err)
			}
			wantBytes, err := want.MarshalBinary()
			if err != nil {
				t.Fatal(err)
			}
			for _, kind := range floats {
				for _, labelKind := range f.kinds {
					for i := range layouts {
						scoreLayout, labelLayout := &layouts[i], &layouts[(i*5+int(kind))%len(layouts)]
						outKind := floats[(i+int(labelKind))%4]
						for upstream := range 3 {
							if testing.Short() && (i+int(kind)+int(labelKind)+upstream)%9 != 0 {
								continue
							}
							name := fmt.Sprintf("%s, %s, scores %s %s, labels %s %s, outputs %s, upstream %d",
								loss, f.name, names[kind], scoreLayout.name, names[labelKind], labelLayout.name, names[outKind], upstream)
							r := newRequest(loss, rows, columns)
							r.ScoresType, r.LabelsType, r.LabelsForm = kind, labelKind, f.form
							r.Scores, r.ScoresStrides = laid(scoreLayout, scores, rows, columns, kind)
							wide := columns
							if f.form == Classes {
								wide = 1
							}
							r.Labels, r.LabelsStrides = laid(labelLayout, values, rows, wide, labelKind)
							r.Weights = &weights[0]
							r.Workers = int32(1 + i%3)
							losses, grad := make([]uint64, n), make([]uint64, n)
							r.Losses, r.LossesType = unsafe.Pointer(&losses[0]), outKind
							r.Gradients, r.GradientsType = unsafe.Pointer(&grad[0]), floats[(int(outKind)+1)%4]
							expect := slices.Clone(wantGrad)
							switch upstream {
							case 1:
								factor := float32(-2.5)
								r.Upstream, r.UpstreamCount = unsafe.Pointer(&factor), 1
								for i := range expect {
									expect[i] *= factor
								}
							case 2:
								r.Upstream, r.UpstreamCount = unsafe.Pointer(&factors[0]), int64(units)
								for i := range expect {
									expect[i] *= factors[i*units/n]
								}
							}
							result, bad := newResult(), newError()
							if Evaluate(r, result, bad) != OK {
								t.Fatalf("%s: %s", name, bad.message())
							}
							if !bytes.Equal(result.bytes(), wantBytes) {
								t.Errorf("%s: the result is another", name)
							}
							if !sameFloats(floatsOf(r.Losses, outKind, units), rounded(wantLosses, outKind)) {
								t.Errorf("%s: losses are others", name)
							}
							if !sameFloats(floatsOf(r.Gradients, r.GradientsType, n), rounded(expect, r.GradientsType)) {
								t.Errorf("%s: gradients are others", name)
							}
							if t.Failed() {
								return
							}
						}
					}
				}
			}
		}
	}
}

// TestHessians: they are the engine's, and a sweep's and a ranking's results are those of pieces, too.
func TestHessians(t *testing.T) {
	const n = 40000
	random := rand.New(rand.NewPCG(3, 4))
	logits, wide, labels := make([]float32, n), make([]float64, n), make([]uint8, n)
	for i := range logits {
		logits[i] = float32(random.NormFloat64() * 3)
		wide[i] = float64(logits[i])
		labels[i] = uint8(random.IntN(2))
	}
	b := engine.Batch{Logits: logits, Labels: labels}
	e, err := engine.New(engine.Focal(0.25, 2))
	if err != nil {
		t.Fatal(err)
	}
	wantGrad, wantHess := make([]float32, n), make([]float32, n)
	if _, err := e.GradientsAndHessians(wantGrad, wantHess, b); err != nil {
		t.Fatal(err)
	}
	wantHard, wantResult, err := e.Hardest(50, b)
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{"focal", "ce", "focal(gamma=1.5)"}
	var losses []engine.Loss
	var list []*byte
	for _, s := range texts {
		l, _ := engine.ParseLoss(s)
		losses, list = append(losses, l), append(list, cstring(s))
	}
	wantSweep, err := engine.Sweep(b, losses)
	if err != nil {
		t.Fatal(err)
	}
	for _, scores := range []struct {
		base unsafe.Pointer
		kind int32
	}{{unsafe.Pointer(&logits[0]), Float32}, {unsafe.Pointer(&wide[0]), Float64}} {
		r := newRequest("focal", n, 1)
		r.Scores, r.ScoresType = scores.base, scores.kind
		r.Labels, r.LabelsForm, r.LabelsType = unsafe.Pointer(&labels[0]), Labels, Uint8
		r.Workers = 2
		bad := newError()

		grad, hess := make([]float32, n), make([]float64, n)
		r.Gradients, r.Hessians, r.HessiansType = unsafe.Pointer(&grad[0]), unsafe.Pointer(&hess[0]), Float64
		if Evaluate(r, nil, bad) != OK {
			t.Fatal(bad.message())
		}
		if !sameFloats(grad, wantGrad) || !sameFloats(floatsOf(unsafe.Pointer(&hess[0]), Float64, n), wantHess) {
			t.Errorf("%s: derivatives are others", names[scores.kind])
		}
		r.Gradients, r.Hessians, r.HessiansType = nil, nil, Float32

		hard, found, result := make([]Hard, 60), int64(-1), newResult()
		if Hardest(r, 50, 0, 0, &hard[0], &found, result, bad) != OK {
			t.Fatal(bad.message())
		}
		if found != 50 {
			t.Errorf("found %d", found)
		}
		for i, s := range wantHard {
			if h := hard[i]; h.Index != int64(s.Index) || h.Loss != s.Loss || h.Score != s.Score || h.Target != s.Target {
				t.Fatalf("%s: hard score %d is %v, want %v", names[scores.kind], i, h, s)
			}
		}
		if want, _ := wantResult.MarshalBinary(); !bytes.Equal(want, result.bytes()) {
			t.Errorf("%s: the result of Hardest is another", names[scores.kind])
		}

		results := []Result{*newResult(), *newResult(), *newResult()}
		r.Loss = nil
		if Sweep(r, &list[0], 3, &results[0], bad) != OK {
			t.Fatal(bad.message())
		}
		for i := range results {
			if want, _ := wantSweep[i].MarshalBinary(); !bytes.Equal(want, results[i].bytes()) {
				t.Errorf("%s: the result of %s is another", names[scores.kind], texts[i])
			}
		}
	}
}

// TestInPlace: an output may be the scores.
func TestInPlace(t *testing.T) {
	const n = 3*engine.Block*pieceBlocks + 5
	labels := make([]uint8, n)
	for i := range labels {
		labels[i] = uint8(i % 2)
	}
	for kind := int32(Float32); kind <= Float64; kind++ {
		var want []float32
		for _, place := range []string{"of their own", "in place"} {
			memory := make([]uint64, n)
			values := make([]float32, n)
			for i := range values {
				values[i] = float32(i%61)/8 - 4
			}
			base := unsafe.Pointer(&memory[0])
			store(base, kind, 0, values)
			r := newRequest("focal", n, 1)
			r.Scores, r.ScoresType, r.Workers = base, kind, 2
			r.Labels, r.LabelsForm, r.LabelsType = unsafe.Pointer(&labels[0]), Labels, Uint8
			r.Gradients, r.GradientsType = base, kind
			if place == "of their own" {
				r.Gradients = unsafe.Pointer(&make([]uint64, n)[0])
			}
			bad := newError()
			code := Evaluate(r, nil, bad)
			if code != OK {
				t.Fatalf("%s: %s", names[kind], bad.message())
			}
			got := floatsOf(r.Gradients, kind, n)
			if want != nil && !sameFloats(got, want) {
				t.Errorf("%s: gradients %s are others", names[kind], place)
			}
			want = got
		}
	}
}

func TestHalves(t *testing.T) {
	for h := range 1 << 16 {
		x := widenF16(uint16(h))
		if got := narrowF16(x); got != uint16(h) && x == x || x != x && widenF16(got) == widenF16(got) {
			t.Fatalf("float16 %#04x is %v, and that is %#04x", h, x, got)
		}
		x = widenBF16(uint16(h))
		if got := narrowBF16(x); got != uint16(h) && x == x || x != x && widenBF16(got) == widenBF16(got) {
			t.Fatalf("bfloat16 %#04x is %v, and that is %#04x", h, x, got)
		}
	}
	// Between two neighbours a and b the nearest is taken, in the middle the even one.
	check := func(name string, narrow func(float32) uint16, widen func(uint16) float32, last uint16) {
		for h := uint16(0); h < last; h++ {
			a, b := float64(widen(h)), float64(widen(h+1))
			middle := (a + b) / 2
			below := float32(math.Nextafter32(float32(middle), float32(a)))
			above := float32(math.Nextafter32(float32(middle), float32(b)))
			for x, want := range map[float32]uint16{below: h, above: h + 1, float32(middle): h + h&1, -float32(middle): (h + h&1) | 0x8000} {
				if float64(float32(middle)) != middle {
					t.Fatalf("%s: no middle of %#04x", name, h)
				}
				if got := narrow(x); got != want {
					t.Fatalf("%s: %v is %#04x, want %#04x", name, x, got, want)
				}
			}
		}
	}
	check("float16", narrowF16, widenF16, 0x7BFF)
	check("bfloat16", narrowBF16, widenBF16, 0x7F7F-1)
	for x, want := range map[float32]uint16{65519.996: 0x7BFF, 65520: 0x7C00, 1e30: 0x7C00, -65520: 0xFC00, 1e-30: 0} {
		if got := narrowF16(x); got != want {
			t.Errorf("float16 of %v is %#04x, want %#04x", x, got, want)
		}
	}
	if got := narrowBF16(math.MaxFloat32); got != 0x7F80 {
		t.Errorf("bfloat16 of the largest float32 is %#04x", got)
	}
	var wide [3]float32
	generic.WidenF16(wide[:], []uint16{0x3C00, 0x0001, 0xFC00})
	if wide != [3]float32{1, 0x1p-24, float32(math.Inf(-1))} {
		t.Errorf("float16s are %v", wide)
	}
}

// TestMerge: results are added exactly, by their binary form, which may be written where it was read.
func TestMerge(t *testing.T) {
	e, _ := engine.New(engine.CrossEntropy())
	a, _ := e.Sum(engine.Batch{Logits: []float32{1, 2, 3}, Labels: []uint8{0, 1, 255}})
	b, _ := e.Sum(engine.Batch{Logits: []float32{-1, 20}, Labels: []uint8{1, 1}})
	ab, _ := a.MarshalBinary()
	bb, _ := b.MarshalBinary()
	sum := newResult()
	bad := newError()
	memory := unsafe.Slice((*byte)(sum.Binary), ResultBytes)
	copy(memory, ab)
	if Merge(sum.Binary, int64(len(ab)), unsafe.Pointer(&bb[0]), int64(len(bb)), sum, bad) != OK {
		t.Fatal(bad.message())
	}
	a.Merge(b)
	if want, _ := a.MarshalBinary(); !bytes.Equal(want, sum.bytes()) {
		t.Error("the sum is another")
	}
	if sum.Scores != 4 || sum.Positives != 3 || sum.Ignored != 1 || sum.Sum != a.Sum() || sum.Mean != a.Mean() || sum.PerPositive != a.PerPositive() || sum.WeightedMean != a.WeightedMean() {
		t.Errorf("the sum is %+v, want %v", sum, a)
	}
	if Merge(nil, 0, nil, 0, sum, bad) != OK || sum.Scores != 0 {
		t.Error("nothing and nothing is not nothing")
	}
	if code := Merge(unsafe.Pointer(&bb[0]), int64(len(bb))-1, nil, 0, sum, bad); code != ArgumentFault || gostring(bad.Field[:]) != "a" {
		t.Errorf("a result that was cut short gave %d, %s", code, bad.message())
	}
	bb[0] = 9
	if code := Merge(nil, 0, unsafe.Pointer(&bb[0]), int64(len(bb)), sum, bad); code != ArgumentFault || !strings.Contains(bad.message(), "b is no result: binary Result has version 9") {
		t.Errorf("a result of another version gave %d, %s", code, bad.message())
	}
	if code := Merge(nil, 0, unsafe.Pointer(&bb[0]), 1<<40, sum, bad); code != ArgumentFault || gostring(bad.Field[:]) != "b_size" {
		t.Errorf("a result of a terabyte gave %d, %s", code, bad.message())
	}
}

func TestTexts(t *testing.T) {
	buffer := bytes.Repeat([]byte{'x'}, 2000)
	var length int64
	bad := newError()
	if Loss(cstring(" focal ( gamma = 1.50 ) "), &buffer[0], int64(len(buffer)), &length, bad) != OK {
		t.Fatal(bad.message())
	}
	if got := gostring(buffer); got != "focal(alpha=0.25,gamma=1.5)" || length != int64(len(got)) {
		t.Errorf("the loss is %q, %d", got, length)
	}
	if code := Loss(cstring("focal"), &buffer[0], 25, &length, bad); code != ArgumentFault || length != 25 || gostring(bad.Field[:]) != "capacity" {
		t.Errorf("a text that has no room gave %d, %s", code, bad.message())
	}
	if code := Loss(cstring("focal"), &buffer[0], 26, nil, bad); code != OK || gostring(buffer) != "focal(alpha=0.25,gamma=2)" || buffer[26] == 0 {
		t.Errorf("a text that has just room gave %d, %s", code, bad.message())
	}
	if code := Loss(cstring("focal(alpha=2)"), &buffer[0], 2000, nil, bad); code != ArgumentFault || gostring(bad.Field[:]) != "alpha" || bad.Value != 2 {
		t.Errorf("a bad loss gave %d, %s", code, bad.message())
	}
	if code := Loss(nil, &buffer[0], 2000, nil, bad); code != ArgumentFault || gostring(bad.Field[:]) != "loss" {
		t.Errorf("no loss gave %d, %s", code, bad.message())
	}
	if Kernels(&buffer[0], 2000, nil, bad) != OK || gostring(buffer) != strings.Join(engine.Kernels(), ",") {
		t.Errorf("kernels are %q", gostring(buffer))
	}
	if Kernel(cstring("generic"), &buffer[0], 2000, nil, bad) != OK || gostring(buffer) != "generic" {
		t.Errorf("the kernel is %q", gostring(buffer))
	}
	if code := Kernel(cstring("mmx"), &buffer[0], 2000, nil, bad); code != ArgumentFault || !strings.Contains(bad.message(), `unknown kernel "mmx"`) {
		t.Errorf("a kernel that there is not gave %d, %s", code, bad.message())
	}
	e, _ := engine.New(engine.CrossEntropy())
	r, _ := e.Sum(engine.Batch{Logits: []float32{1, 2, 3}, Labels: []uint8{0, 1, 255}})
	form, _ := r.MarshalBinary()
	if JSON(unsafe.Pointer(&form[0]), int64(len(form)), &buffer[0], 2000, nil, bad) != OK {
		t.Fatal(bad.message())
	}
	if want, _ := r.MarshalJSON(); gostring(buffer) != string(want) {
		t.Errorf("JSON is %s, want %s", gostring(buffer), want)
	}
}

// TestFormsHaveRoom: what flengine.h promises room for has it.
func TestFormsHaveRoom(t *testing.T) {
	// The largest form of a result has all limbs of two sums: 1 byte of version, three counts, and
	// per sum a length, a place and 34 limbs.
	if most := 1 + 3*8 + 2*(2+34*8); most > ResultBytes {
		t.Errorf("a result has %d bytes", most)
	}
	longest := 0
	for _, f := range slices.Concat(engine.Families(), engine.RowFamilies()) {
		var parts []string
		for _, p := range f.Parameters {
			parts = append(parts, p.Name+"=-1.17549435e-38")
		}
		longest = max(longest, len(f.Name+"("+strings.Join(parts, ",")+",pos=-1.17549435e-38,neg=-1.17549435e-38,smoothing=-1.17549435e-38)"))
	}
	if longest >= LossBytes {
		t.Errorf("a loss has %d characters", longest)
	}
}

// TestErrorOfAnySize: an error that this library does not know is left alone.
func TestErrorOfAnySize(t *testing.T) {
	var e Error
	if Loss(cstring("no loss"), nil, 0, nil, &e) != ArgumentFault || e.message() != "" {
		t.Error("an error without a size was written")
	}
	if Loss(cstring("no loss"), nil, 0, nil, nil) != ArgumentFault {
		t.Error("no error gave another code")
	}
	long := newError()
	if Loss(cstring(strings.Repeat("é", maxText/2-1)), nil, 0, nil, long) != ArgumentFault || long.Truncated != 1 {
		t.Errorf("a long message: %d, %q", long.Truncated, long.message())
	}
	if m := long.message(); len(m) < len(long.Message)-3 || strings.ContainsRune(m, '\uFFFD') {
		t.Errorf("a message was cut to %d bytes, amid a character: %q", len(m), m[len(m)-10:])
	}
	if bytes.Contains([]byte(long.message()), []byte{0}) {
		t.Error("a NUL in a message")
	}
}
