package array

import (
	"encoding/binary"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// randomArray returns an array of random bytes, in memory of any alignment.
func randomArray(r *rand.Rand, dtype DType, shape ...int) *Array {
	count := 1
	for _, d := range shape {
		count *= d
	}
	off := r.IntN(9)
	data := make([]byte, off+count*dtype.Size())[off:]
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	switch r.IntN(3) {
	case 0: // small integers, some bools
		for i := range data {
			if i%dtype.Size() == 0 == bigHost || dtype.Size() == 1 {
				data[i] &= 1
			}
		}
	case 1: // zeros but for a few
		for i := range data {
			if r.IntN(50) > 0 {
				data[i] = 0
			}
		}
	}
	return newArray(&memory{}, "x.npy", header{dtype: dtype, shape: shape, swapped: dtype.Size() > 1 && r.IntN(2) == 0}, data)
}

// checkElements compares what the accessors give with the elements one by one.
func checkElements(t *testing.T, a *Array, from, to int) {
	t.Helper()
	fail := func(what string, i int, got any) {
		t.Helper()
		t.Fatalf("%v %v flat %v [%d:%d]: %s %d is %v, want %s", a.dtype, a.shape, a.flat, from, to, what, i, got, a.At(i))
	}
	doubles, err := a.Float64s(nil, from, to)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range doubles {
		if want := number64(a.dtype, a.bits(a.place(from+i))); v != want && (v == v || want == want) {
			fail("float64", from+i, v)
		}
	}
	if a.dtype.IsFloat() {
		floats, err := a.Float32s(make([]float32, 3, 5), from, to)
		if err != nil || len(floats) != to-from {
			t.Fatal(len(floats), err)
		}
		for i, v := range floats {
			want := float32(doubles[i])
			if math.Float32bits(v) != math.Float32bits(want) && (v == v || want == want) {
				fail("float32", from+i, v)
			}
		}
		return
	}
	ints, bad, err := a.Int32s(nil, from, to)
	if err != nil {
		t.Fatal(err)
	}
	wantBad := slices.IndexFunc(doubles, func(v float64) bool { return v < math.MinInt32 || v > math.MaxInt32 })
	if wantBad >= 0 {
		wantBad += from
	}
	if bad != wantBad {
		t.Fatalf("%v [%d:%d]: %d is the first that is no int32, want %d", a.dtype, from, to, bad, wantBad)
	}
	for i, v := range ints {
		if bad < 0 && float64(v) != doubles[i] {
			fail("int32", from+i, v)
		}
	}
	if a.dtype == Bool || a.dtype == Uint8 {
		octets, err := a.Uint8s(nil, from, to)
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range octets {
			if float64(v) != doubles[i] {
				fail("uint8", from+i, v)
			}
		}
	}
}

// TestElements: every dtype in contiguous, sliced, transposed and strided views, around
// the sizes at which the loops change.
func TestElements(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 3))
	columns := []int{1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 80}
	rows := []int{1, 2, 63, 64, 65, 128, 130, 257, 513, 520}
	for dtype := Bool; dtype <= Float64; dtype++ {
		for _, c := range columns {
			for _, n := range rows {
				if testing.Short() && r.IntN(5) > 0 {
					continue
				}
				var a *Array
				switch r.IntN(5) {
				case 0:
					a = randomArray(r, dtype, n, c)
				case 1:
					a = randomArray(r, dtype, n, c+3).Slice(1, 2, c+2)
				case 2:
					a = randomArray(r, dtype, 2, c, n).Permute(0, 2, 1)
				case 3:
					a = randomArray(r, dtype, c+2, n).Slice(0, 1, c+1).Permute(1, 0)
				default:
					a = randomArray(r, dtype, c, n, 2).Permute(1, 2, 0)
				}
				checkElements(t, a, 0, a.Len())
				from := r.IntN(a.Len())
				checkElements(t, a, from, from+r.IntN(a.Len()-from+1))
			}
		}
	}
}

// TestFloat16 widens every half-precision number.
func TestFloat16(t *testing.T) {
	src := make([]byte, 0, 1<<17)
	for h := range 1 << 16 {
		src = binary.NativeEndian.AppendUint16(src, uint16(h))
	}
	dst := make([]float32, 1<<16)
	loadFloat16(dst, src)
	for h, got := range dst {
		sign, exponent, fraction := float64(1-h>>15*2), h>>10&31, float64(h&0x3ff)
		want := sign * math.Ldexp(1024+fraction, exponent-25)
		switch exponent {
		case 0:
			want = math.Copysign(math.Ldexp(fraction, -24), sign)
		case 31:
			want = math.Inf(int(sign))
			if fraction > 0 {
				want = math.NaN()
			}
		}
		if math.Float64bits(float64(got)) != math.Float64bits(want) && !(got != got && want != want) {
			t.Fatalf("%#04x becomes %v, want %v", h, got, want)
		}
		if alone := float16(uint16(h)); math.Float32bits(alone) != math.Float32bits(got) {
			t.Fatalf("%#04x alone becomes %v, among others %v", h, alone, got)
		}
	}
}

// TestRounding: float64 goes to the nearest float32, to even in a tie, to infinity beyond
// half a step above the greatest.
func TestRounding(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	values := []float64{1e300, -1e300, 1e-300, 0x1p-150, 0x1.8p-149, 0x1.fffffefffffffp127, 0x1.ffffffp127, -0x1.ffffffp127, math.Inf(-1)}
	for range 1000 {
		f := math.Float32frombits(r.Uint32() & 0x7f7fffff)
		next := math.Nextafter32(f, math.MaxFloat32)
		half := (float64(f) + float64(next)) / 2
		values = append(values, half, -half, math.Nextafter(half, 0), math.Nextafter(half, math.MaxFloat64))
	}
	data, err := binary.Append(nil, binary.NativeEndian, values)
	if err != nil {
		t.Fatal(err)
	}
	a := newArray(&memory{}, "x.npy", header{dtype: Float64, shape: []int{len(values)}}, data)
	got, err := a.Float32s(nil, 0, len(values))
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range values {
		want, _ := new(big.Float).SetFloat64(v).Float32()
		if got[i] != want || math.Signbit(float64(got[i])) != math.Signbit(v) {
			t.Errorf("%x becomes %x, want %x", v, got[i], want)
		}
	}
}

// TestDirect: native float32 is memory of the file, and nothing is allocated for what is
// not once there is room for it.
func TestDirect(t *testing.T) {
	text := dict("'<f4'", "False", "(2, 3)")
	text += strings.Repeat(" ", 3-(10+len(text))%4) + "\n" // so that the data is aligned
	f := mustOpen(t, save(t, fileV1(text, make([]byte, 24)...)))
	a, err := f.Array("")
	if err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]*Array{"whole": a, "rows": a.Slice(0, 1, 2), "one": a.Slice(0, 0, 1).Slice(1, 2, 3), "transposed": a.Permute(1, 0), "columns": a.Slice(1, 0, 2)} {
		dst := make([]float32, v.Len())
		got, err := v.Float32s(dst, 0, v.Len())
		if err != nil {
			t.Fatal(err)
		}
		want := !bigHost && name != "transposed" && name != "columns"
		if copied := &got[0] == &dst[0]; v.Direct() != want || copied == want {
			t.Errorf("%s: direct %v, copied %v", name, v.Direct(), copied)
		}
		if n := testing.AllocsPerRun(10, func() { _, _ = v.Float32s(dst, 0, v.Len()) }); n > pooled {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
