package exact

import (
	"bytes"
	"encoding"
	"encoding/binary"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

var _ encoding.BinaryAppender = (*Sum)(nil)

const (
	smallest = math.SmallestNonzeroFloat64
	// fullPrec holds every sum of the tests without rounding, in bits.
	fullPrec = 2304
)

// sumOf returns the sum of values.
func sumOf(values ...float64) Sum {
	var s Sum
	for _, v := range values {
		s.Add(v)
	}
	return s
}

// bigSum returns the sum of values rounded once, by math/big.
func bigSum(values []float64) float64 {
	total := new(big.Float).SetPrec(fullPrec)
	for _, v := range values {
		if math.IsInf(v, 1) {
			return v
		}
		total.Add(total, new(big.Float).SetFloat64(v))
	}
	f, _ := total.Float64()
	return f
}

// same reports whether a and b are the same float64, signs of zero included.
func same(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }

// randFloat returns a finite value ≥ 0, uniform over the encodings.
func randFloat(r *rand.Rand) float64 {
	return math.Float64frombits(r.Uint64N(expInf << fracBits))
}

// randFloats returns up to 40 values whose exponents lie within a random span,
// so that some lists overlap in a few limbs and others use all of them.
func randFloats(r *rand.Rand) []float64 {
	span := 1 + r.IntN(expInf)
	low := r.IntN(expInf - span + 1)
	values := make([]float64, r.IntN(41))
	for i := range values {
		exp := uint64(low + r.IntN(span))
		values[i] = math.Float64frombits(exp<<fracBits | r.Uint64()>>12)
		if r.IntN(4) == 0 { // few significant bits, for ties
			values[i] = math.Float64frombits(exp<<fracBits | r.Uint64N(4)<<50)
		}
	}
	return values
}

// ones adds 2^k - 1 units of 2^-1074, at most 53 bits at a time.
func ones(s *Sum, k int) {
	for at := 0; at < k; at += 53 {
		piece := uint64(1)<<min(53, k-at) - 1
		s.Add(math.Ldexp(float64(piece), at-1074))
	}
}

// units returns the finite sum s as a whole number of 2^-1074.
func units(s *Sum) *big.Int {
	n := new(big.Int)
	for _, limb := range slices.Backward(s.Limbs[:]) {
		n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(limb))
	}
	return n
}

// fullSum returns the largest finite sum, all bits set.
func fullSum() Sum {
	var s Sum
	for i := range s.Limbs {
		s.Limbs[i] = math.MaxUint64
	}
	return s
}

func TestZero(t *testing.T) {
	var empty Sum
	if got := empty.Float64(); !same(got, 0) {
		t.Errorf("empty sum = %v, want 0", got)
	}
	if s := sumOf(0, math.Copysign(0, -1), 0); s != empty {
		t.Errorf("zeros make %v, want the empty sum", s)
	}
}

func TestSingleValues(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	check := func(v float64) {
		t.Helper()
		s := sumOf(v)
		if got := s.Float64(); !same(got, v) {
			t.Errorf("sum of %x = %x", v, got)
		}
	}
	for exp := range uint64(expInf) {
		for _, frac := range []uint64{0, 1, 1 << 51, 1<<52 - 2, 1<<52 - 1, r.Uint64() >> 12} {
			check(math.Float64frombits(exp<<fracBits | frac))
		}
	}
	for range 10000 {
		check(randFloat(r))
	}
	check(math.Inf(1))
}

func TestAgainstBig(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	for range 5000 {
		values := randFloats(r)
		s := sumOf(values...)
		if got, want := s.Float64(), bigSum(values); !same(got, want) {
			t.Fatalf("sum of %x = %x, want %x", values, got, want)
		}
	}
}

// TestLimbsAgainstBig reads the fixed-point number itself, which rounding to
// float64 would hide.
func TestLimbsAgainstBig(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for range 500 {
		values := randFloats(r)
		s := sumOf(values...)
		got := units(&s)
		total := new(big.Float).SetPrec(fullPrec)
		for _, v := range values {
			total.Add(total, new(big.Float).SetFloat64(v))
		}
		want, accuracy := total.SetMantExp(total, 1074).Int(nil)
		if accuracy != big.Exact {
			t.Fatalf("the reference is not a whole number of 2^-1074 for %x", values)
		}
		if got.Cmp(want) != 0 {
			t.Fatalf("sum of %x = %x·2^-1074, want %x", values, got, want)
		}
	}
}

// TestSubnormal covers sums below 2^-1021, all exact: they are whole numbers
// of 2^-1074 with at most 53 bits.
func TestSubnormal(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	largest := math.Float64frombits(1<<fracBits - 1)
	lists := [][]float64{
		{smallest, smallest},
		{largest, smallest},
		{largest, largest},
		{largest, largest, smallest},
		{largest, largest, smallest, smallest},
		{largest, largest, smallest, smallest, smallest},
	}
	for range 2000 {
		a := math.Float64frombits(r.Uint64() >> 12)
		b := math.Float64frombits(r.Uint64() >> (12 + r.IntN(52)))
		lists = append(lists, []float64{a, b})
		if s := sumOf(a, b); !same(s.Float64(), a+b) {
			t.Errorf("%x + %x = %x, want %x", a, b, s.Float64(), a+b)
		}
	}
	for _, values := range lists {
		s := sumOf(values...)
		if got, want := s.Float64(), bigSum(values); !same(got, want) {
			t.Errorf("sum of %x = %x, want %x", values, got, want)
		}
	}
}

// TestTies puts a 53-bit significand at every alignment and adds half a unit
// in its last place, exactly and one 2^-1074 to either side.
func TestTies(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	for k := 1; k <= expInf-2; k++ {
		for _, frac := range []uint64{0, 1, 2, 1<<52 - 2, 1<<52 - 1, r.Uint64() >> 12} {
			v := math.Float64frombits(uint64(k+1)<<fracBits | frac)
			up := math.Nextafter(v, math.Inf(1))
			tie := v
			if frac%2 == 1 {
				tie = up
			}
			half := math.Ldexp(1, k-1-1074)

			s := sumOf(v, half)
			if got := s.Float64(); !same(got, tie) {
				t.Fatalf("%x + half a unit = %x, want %x", v, got, tie)
			}
			if k >= 2 { // below that, one 2^-1074 is itself half a unit
				s.Add(smallest)
				if got := s.Float64(); !same(got, up) {
					t.Fatalf("%x + half a unit + 2^-1074 = %x, want %x", v, got, up)
				}
			}

			s = sumOf(half)
			s.Add(v)
			if k >= 3 { // one set bit in the middle of the rounded ones
				s.Add(math.Ldexp(1, r.IntN(k-1)-1074))
				if got := s.Float64(); !same(got, up) {
					t.Fatalf("%x + more than half a unit = %x, want %x", v, got, up)
				}
			}

			s = sumOf(v)
			ones(&s, k-1)
			if got := s.Float64(); !same(got, v) {
				t.Fatalf("%x + half a unit - 2^-1074 = %x, want %x", v, got, v)
			}
			s.Add(smallest)
			if got := s.Float64(); !same(got, tie) {
				t.Fatalf("%x + half a unit by carries = %x, want %x", v, got, tie)
			}
		}
	}
}

func TestOverflowBoundary(t *testing.T) {
	// MaxFloat64 has an odd significand, so the tie above it rounds to +Inf.
	half := math.Ldexp(1, 970)
	s := sumOf(math.MaxFloat64)
	ones(&s, 970+1074)
	if got := s.Float64(); got != math.MaxFloat64 {
		t.Errorf("one 2^-1074 below the boundary = %x, want MaxFloat64", got)
	}
	s.Add(smallest)
	if got := s.Float64(); !math.IsInf(got, 1) {
		t.Errorf("at the boundary = %x, want +Inf", got)
	}
	if s != sumOf(half, math.MaxFloat64) {
		t.Error("the boundary reached in two ways differs")
	}
	if s == sumOf(math.Inf(1)) {
		t.Error("a finite sum above MaxFloat64 equals +Inf before it is rounded")
	}
}

func TestManyMaxFloat64(t *testing.T) {
	const n = 100000
	var s Sum
	for i := range n {
		s.Add(math.MaxFloat64)
		if got := s.Float64(); i > 0 && !math.IsInf(got, 1) {
			t.Fatalf("%d times MaxFloat64 rounds to %x, want +Inf", i+1, got)
		}
	}
	want := new(big.Int).Mul(big.NewInt(n), big.NewInt(1<<53-1))
	want.Lsh(want, 2045)
	got := units(&s)
	if got.Cmp(want) != 0 || s.Inf {
		t.Errorf("%d times MaxFloat64 = %x·2^-1074, want %x", n, got, want)
	}
}

func TestSaturation(t *testing.T) {
	infinite := Sum{Inf: true}

	// MaxFloat64 is just below 2^2098 units: 78 doublings fit in 2176 bits.
	s := sumOf(math.MaxFloat64)
	for i := range 78 {
		s.Merge(&s)
		if s.Inf {
			t.Fatalf("saturated at 2^%d times MaxFloat64", i+1)
		}
	}
	if s.Merge(&s); s != infinite {
		t.Error("no saturation at 2^79 times MaxFloat64")
	}

	full := fullSum()
	if got := full.Float64(); !math.IsInf(got, 1) {
		t.Errorf("full rounds to %x, want +Inf", got)
	}
	for _, v := range []float64{smallest, 1, math.MaxFloat64} {
		s, o := full, sumOf(v)
		if s.Add(v); s != infinite {
			t.Errorf("full + %x does not saturate", v)
		}
		s = full
		if s.Merge(&o); s != infinite {
			t.Errorf("full merged with %x does not saturate", v)
		}
		if o.Merge(&full); o != infinite {
			t.Errorf("%x merged with full does not saturate", v)
		}
	}
}

func TestInfinite(t *testing.T) {
	infinite := Sum{Inf: true}
	for _, v := range []float64{0, math.Copysign(0, -1), smallest, 1, math.MaxFloat64, math.Inf(1)} {
		if s := sumOf(v, math.Inf(1)); s != infinite {
			t.Errorf("%v + Inf = %v, want +Inf", v, s)
		}
		if s := sumOf(math.Inf(1), v); s != infinite {
			t.Errorf("Inf + %v = %v, want +Inf", v, s)
		}
		s, o := sumOf(v), infinite
		if s.Merge(&o); s != infinite {
			t.Errorf("%v merged with Inf = %v, want +Inf", v, s)
		}
		s = sumOf(v)
		if o.Merge(&s); o != infinite {
			t.Errorf("Inf merged with %v = %v, want +Inf", v, o)
		}
	}
	if got := infinite.Float64(); !math.IsInf(got, 1) {
		t.Errorf("Inf rounds to %v", got)
	}
}

func TestAddPanics(t *testing.T) {
	for _, start := range []float64{0, 1, math.Inf(1)} {
		for _, v := range []float64{-smallest, -1, -math.MaxFloat64, math.Inf(-1), math.NaN(), math.Copysign(math.NaN(), -1)} {
			s := sumOf(start)
			before := s
			func() {
				defer func() {
					if message, ok := recover().(string); !ok || !strings.Contains(message, "Sum.Add") {
						t.Errorf("%v + %v: panic %q, want one that names Sum.Add", start, v, message)
					}
				}()
				s.Add(v)
			}()
			if s != before {
				t.Errorf("%v + %v changed the sum before it panicked", start, v)
			}
		}
	}
}

// grouped merges the values in a random tree over random groups.
func grouped(r *rand.Rand, values []float64) Sum {
	if len(values) < 2 || r.IntN(4) == 0 {
		return sumOf(values...)
	}
	cut := r.IntN(len(values) + 1)
	a, b := grouped(r, values[:cut]), grouped(r, values[cut:])
	if r.IntN(2) == 0 {
		a, b = b, a
	}
	a.Merge(&b)
	return a
}

func TestOrderAndGrouping(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 1))
	for i := range 300 {
		values := randFloats(r)
		if i%50 == 0 {
			values = append(values, math.Inf(1))
		}
		want := sumOf(values...)
		for range 10 {
			r.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
			if got := grouped(r, values); got != want {
				t.Fatalf("the sum of %x depends on order or grouping", values)
			}
		}
	}
}

// TestCarry ripples a carry from every limb through all the ones above it.
func TestCarry(t *testing.T) {
	for k := 1; k <= 2097; k++ {
		var s Sum
		ones(&s, k)
		s.Add(smallest)
		var want Sum
		want.Limbs[k/64] = 1 << (k % 64)
		if s != want {
			t.Fatalf("2^%d - 1 + 1 units differ from 2^%d", k, k)
		}
	}
}

func TestCompare(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 1))
	sums := sampleSums(r)
	for _, s := range sums[:40] { // neighbours
		s.Add(smallest)
		sums = append(sums, s)
	}
	for i := range sums {
		for j := range sums {
			a, b := &sums[i], &sums[j]
			want := units(a).Cmp(units(b))
			switch {
			case a.Inf && b.Inf:
				want = 0
			case a.Inf:
				want = +1
			case b.Inf:
				want = -1
			}
			if got := a.Compare(b); got != want || (got == 0) != (*a == *b) {
				t.Fatalf("%v against %v: %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestIsMultiple(t *testing.T) {
	for low := -1074; low <= 1023; low++ {
		s := sumOf(math.Ldexp(1, low), math.MaxFloat64)
		for _, exp := range []int{-1074, low - 1, low, low + 1, 970, 971, 1023} {
			if exp < -1074 || exp > 1023 {
				continue
			}
			// MaxFloat64 ends at 2^971.
			want := exp <= min(low, 971)
			if low == 971 { // the two add up to 2^1024
				want = true
			}
			if got := s.IsMultiple(exp); got != want {
				t.Fatalf("2^%d + MaxFloat64 is a multiple of 2^%d: %v, want %v", low, exp, got, want)
			}
		}
	}
	for _, s := range []Sum{{}, {Inf: true}} {
		if !s.IsMultiple(-1074) || !s.IsMultiple(1023) {
			t.Errorf("%v is no multiple", s)
		}
	}
}

// encode returns the encoding of s.
func encode(t testing.TB, s *Sum) []byte {
	t.Helper()
	b, err := s.AppendBinary(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sampleSums returns sums of all lengths, the empty and the infinite one too.
func sampleSums(r *rand.Rand) []Sum {
	sums := []Sum{{}, {Inf: true}, fullSum(), sumOf(smallest), sumOf(1), sumOf(math.MaxFloat64), sumOf(smallest, math.MaxFloat64)}
	for range 200 {
		sums = append(sums, sumOf(randFloats(r)...))
	}
	return sums
}

func TestRoundTrip(t *testing.T) {
	tail := []byte("tail")
	for _, s := range sampleSums(rand.New(rand.NewPCG(7, 1))) {
		b := encode(t, &s)
		prefixed, err := s.AppendBinary([]byte("head"))
		if err != nil || string(prefixed) != "head"+string(b) {
			t.Fatalf("appended to head: %x, %v, want %x after it", prefixed, err, b)
		}
		got := sumOf(3) // what was there must not remain
		rest, err := got.DecodeBinary(append(slices.Clone(b), tail...))
		if err != nil {
			t.Fatalf("decode %x: %v", b, err)
		}
		if got != s || got.IsInf() != s.Inf || !bytes.Equal(rest, tail) {
			t.Fatalf("decode %x: %v and rest %q", b, got, rest)
		}
	}
}

func TestEncodingLength(t *testing.T) {
	for _, c := range []struct {
		name string
		s    Sum
		want int
	}{
		{"empty", Sum{}, 1},
		{"+Inf", Sum{Inf: true}, 1},
		{"2^-1074", sumOf(smallest), 10},
		{"1", sumOf(1), 10},
		{"2^1023", sumOf(math.Ldexp(1, 1023)), 10},
		{"1 + 2^-1074", sumOf(1, smallest), 2 + 17*8},
	} {
		if got := len(encode(t, &c.s)); got != c.want {
			t.Errorf("%s takes %d bytes, want %d", c.name, got, c.want)
		}
	}
}

func TestTruncated(t *testing.T) {
	for _, s := range sampleSums(rand.New(rand.NewPCG(8, 1))) {
		b := encode(t, &s)
		for n := range b {
			got := sumOf(3)
			_, err := got.DecodeBinary(b[:n:n])
			if err == nil || !strings.Contains(err.Error(), "truncated") {
				t.Fatalf("%d of %d bytes of %x: error %v, want truncated", n, len(b), b, err)
			}
			if got != sumOf(3) {
				t.Fatalf("%d of %d bytes of %x changed the sum", n, len(b), b)
			}
		}
	}
}

func TestDecodeRejects(t *testing.T) {
	limbs := func(head []byte, values ...uint64) []byte {
		for _, v := range values {
			head = binary.LittleEndian.AppendUint64(head, v)
		}
		return head
	}
	room := make([]uint64, 40)
	for i := range room {
		room[i] = 1
	}
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"a zero limb", limbs([]byte{1, 0}, 0), "not canonical: the lowest or the highest limb is zero"},
		{"a zero lowest limb", limbs([]byte{2, 3}, 0, 1), "not canonical: the lowest or the highest limb is zero"},
		{"a zero highest limb", limbs([]byte{2, 3}, 1, 0), "not canonical: the lowest or the highest limb is zero"},
		{"too many limbs", limbs([]byte{35, 0}, room...), "35 limbs, want at most 34"},
		{"almost +Inf", limbs([]byte{254, 0}, room...), "254 limbs, want at most 34"},
		{"limbs past the top", limbs([]byte{2, 33}, room...), "2 limbs from number 33, want none past 33"},
		{"a limb past the top", limbs([]byte{1, 255}, room...), "1 limbs from number 255, want none past 33"},
		{"all limbs, shifted", limbs([]byte{34, 1}, room...), "34 limbs from number 1, want none past 33"},
		{"nothing", nil, "truncated: no bytes"},
		{"a count alone", []byte{2}, "truncated: no number of the first limb"},
		{"a head alone", []byte{2, 3}, "truncated: 0 bytes for 2 limbs, want 16"},
		{"half a limb", []byte{1, 3, 1, 2, 3, 4}, "truncated: 4 bytes for 1 limbs, want 8"},
	} {
		s := sumOf(3)
		_, err := s.DecodeBinary(c.b)
		if err == nil || err.Error() != "exact sum: "+c.want {
			t.Errorf("%s: error %v, want exact sum: %s", c.name, err, c.want)
		}
		if s != sumOf(3) {
			t.Errorf("%s changed the sum", c.name)
		}
	}
}

func TestNoAllocations(t *testing.T) {
	s, o, d := sumOf(1, smallest), sumOf(math.MaxFloat64), Sum{}
	buf := make([]byte, 0, 300)
	var sink float64
	for _, c := range []struct {
		name string
		f    func()
	}{
		{"Add", func() { s.Add(math.Pi) }},
		{"Merge", func() { s.Merge(&o) }},
		{"Float64", func() { sink += s.Float64() }},
		{"AppendBinary", func() { buf, _ = s.AppendBinary(buf[:0]) }},
		{"DecodeBinary", func() { _, _ = d.DecodeBinary(buf) }},
	} {
		if n := testing.AllocsPerRun(100, c.f); n != 0 {
			t.Errorf("%s allocates %v times", c.name, n)
		}
	}
}

func FuzzSum(f *testing.F) {
	seed := func(values ...float64) {
		var b []byte
		for _, v := range values {
			b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
		}
		f.Add(b)
	}
	seed()
	seed(1, 0x1p-53, smallest)
	seed(math.MaxFloat64, 0x1p970)
	seed(math.MaxFloat64, math.Inf(1), 0)
	seed(0x1p-1022, smallest, 0x1.fffffffffffffp-1022)
	f.Fuzz(func(t *testing.T, data []byte) {
		var values []float64
		var s, even, odd Sum
		for ; len(data) >= 8; data = data[8:] {
			v := math.Abs(math.Float64frombits(binary.LittleEndian.Uint64(data)))
			if math.IsNaN(v) {
				continue
			}
			s.Add(v)
			if len(values)%2 == 0 {
				even.Add(v)
			} else {
				odd.Add(v)
			}
			values = append(values, v)
		}
		if got, want := s.Float64(), bigSum(values); !same(got, want) {
			t.Fatalf("sum of %x = %x, want %x", values, got, want)
		}
		if odd.Merge(&even); odd != s {
			t.Fatalf("the sum of %x depends on grouping", values)
		}
		var d Sum
		if rest, err := d.DecodeBinary(encode(t, &s)); err != nil || len(rest) != 0 || d != s {
			t.Fatalf("the sum of %x comes back as %v, rest %x, error %v", values, d, rest, err)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, s := range []Sum{{}, {Inf: true}, sumOf(smallest), sumOf(1), sumOf(1, smallest), sumOf(math.MaxFloat64)} {
		b := encode(f, &s)
		f.Add(b)
		f.Add(b[:len(b)/2])
		f.Add(append(b, "tail"...))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := sumOf(3)
		rest, err := s.DecodeBinary(data)
		if err != nil {
			if s != sumOf(3) {
				t.Fatalf("decode %x failed with %v and changed the sum", data, err)
			}
			return
		}
		if again := append(encode(t, &s), rest...); !bytes.Equal(again, data) {
			t.Fatalf("decoded %x, encoded again %x", data, again)
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	r := rand.New(rand.NewPCG(9, 1))
	for _, c := range []struct {
		name string
		next func() float64
	}{
		{"losses", func() float64 { return 20 * r.Float64() }},
		{"all", func() float64 { return randFloat(r) }},
	} {
		values := make([]float64, 4096)
		for i := range values {
			values[i] = c.next()
		}
		b.Run(c.name, func(b *testing.B) {
			var s Sum
			for b.Loop() {
				for _, v := range values {
					s.Add(v)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(values)), "ns/value")
		})
	}
}

func BenchmarkMerge(b *testing.B) {
	var s Sum
	o := sumOf(1, 0x1p-300, 0x1p300)
	for b.Loop() {
		s.Merge(&o)
	}
}
