package generic

import "math"

const (
	magic = 1.5 * (1 << 23) // x + magic rounds x to an integer, in the low bits

	// exp: n = round(8a/ln2), r = a − n·ln2/8, exp(a) = 2^(n/8)·exp(r).
	eightByLn2 = 0x1.715476p+3
	ln2By8Hi   = 0x1.62e4p-4    // ln2/8 in 15 bits: n times it is exact
	ln2By8Lo   = 0x1.7f7d1cp-23 // the rest

	// Below −127·ln2, exp is 0: there n = −1016, and 2^(n/8) comes out as +0.
	expFloor = -0x1.601e68p+6

	// exp(r) ≈ 1 + r + p2·r² + p3·r³ + p4·r⁴ on |r| ≤ ln2/16, absolute error
	// 2.4e-10.
	p2 = 0x1.000006p-1
	p3 = 0x1.555c76p-3
	p4 = 0x1.547476p-5

	// log1p(f) ≈ f + f²(d0 + d1·f + d2·f² + d3·f³) on −0.056 ≤ f ≤ 0.075, fitted
	// so that the relative error of log1p(e) is at most 9.3e-9.
	d0 = -0x1.fffffp-2
	d1 = 0x1.555aaap-2
	d2 = -0x1.008902p-2
	d3 = 0x1.88cfcp-3
)

// exp2Bits[j] holds the bits of 2^(j/8) less j<<20, so that adding n<<20 with
// n = 8k + j gives 2^(k + j/8).
var exp2Bits = [8]uint32{
	0x3f800000, 0x3f7b95c2, 0x3f7837f0, 0x3f75fed7,
	0x3f7504f3, 0x3f75672a, 0x3f7744fd, 0x3f7ac0c7,
}

// recip[i] ≈ 1/(1 + i/7), and negLog[i] = −ln recip[i]. Of the float32 nearby,
// recip[i] is one whose logarithm is a float32 to within 2⁻³⁷ (an accurate table
// in Gal's sense), so that the table adds no error. recip[1] ≈ 0.885 keeps f away
// from its lower end, where log1p(e) is smallest against the polynomial's error.
var (
	recip = [8]float32{
		1, 0x1.c5125ep-1, 0x1.8e515p-1, 0x1.65d7dp-1,
		0x1.462076p-1, 0x1.2af352p-1, 0x1.1390c8p-1, 0x1.00040cp-1,
	}
	negLog = [8]float32{
		0, 0x1.f4d5b8p-4, 0x1.0119c6p-2, 0x1.6ed3e8p-2,
		0x1.cdddp-2, 0x1.137adcp-1, 0x1.3d2efcp-1, 0x1.62dc18p-1,
	}
)

// A group of scores goes through each function as a whole, in short loops: their
// iterations overlap in the CPU, where a long dependency chain would not.
type group = [Group]float32

// expCore sets e to 2^(n/8)·exp(r), with n + magic in t.
func expCore(e, t, r *group) {
	for i, r := range r {
		b := math.Float32bits(t[i])
		s := float64(math.Float32frombits(exp2Bits[b&7] + b<<20))
		if s == 0 && r == r { // saturated, and not NaN
			e[i] = 0
			continue
		}
		rd := float64(r)
		rr := float64(float32(r * r))
		p := float32(sum(p3*rd, p2))
		p = float32(sum(p4*rr, float64(p)))
		p = float32(sum(float64(p)*rr, rd))
		v := sum(s*float64(p), s)
		if v < 0x1p-126 {
			e[i] = fma32(float32(s), p, float32(s))
			continue
		}
		e[i] = float32(v)
	}
}

// expNeg sets e to exp(−|x|).
func expNeg(e, x *group) {
	var t, r group
	for i, x := range x {
		a := math.Float32frombits(math.Float32bits(x) | 1<<31)
		if a < expFloor {
			a = expFloor
		}
		ad := float64(a)
		t[i] = float32(sum(ad*eightByLn2, magic))
		n := float64(t[i] - magic)
		hi := float32(sum(-n*ln2By8Hi, ad))
		r[i] = float32(sum(-n*ln2By8Lo, float64(hi)))
	}
	expCore(e, &t, &r)
}

// log1p sets l to ln(1 + e), e in [0, 1]: −ln c + ln(1 + f), f = c·(1+e) − 1.
func log1p(l, e *group) {
	var f group
	for i, e := range e {
		ed := float64(e)
		j := math.Float32bits(float32(sum(ed*7, magic))) & 7
		c := recip[j]
		f[i] = float32(sum(ed*float64(c), float64(c-1)))
		l[i] = negLog[j]
	}
	for i, f := range f {
		fd, ff := float64(f), float64(float32(f*f))
		lo := float32(sum(d1*fd, d0))
		hi := float32(sum(d3*fd, d2))
		d := float32(sum(float64(hi)*ff, float64(lo)))
		l[i] += float32(sum(float64(d)*ff, fd))
	}
}

// power sets q to σ(u)^γ = exp(−γ·softplus(−u)), with l = log1p(exp(−|u|)). The
// low part of the product matters: its error would be magnified by γ·|u|.
func power(q, u, l *group, gamma, gammaLow, limit float32) {
	var t, r group
	for i, u := range u {
		m := -u
		if !(m > 0) {
			m = 0
		}
		if m > -expFloor {
			m = -expFloor
		}
		s := m + l[i]
		low := l[i] - (s - m)
		if s > limit {
			s = limit
		}
		h := float32(gamma * s)
		hd := float64(h)
		// γ·s − h is the error of a rounding: a float32, and exact in float64.
		low = fma32(gammaLow, low, float32(float64(gamma)*float64(s)-hd))
		t[i] = float32(sum(-hd*eightByLn2, magic))
		n := float64(t[i] - magic)
		hi := float32(sum(-n*ln2By8Hi, -hd))
		r[i] = float32(sum(-n*ln2By8Lo, float64(hi))) - low
	}
	expCore(q, &t, &r)
}

// sigmoid is σ(u), with e = exp(−|u|).
func sigmoid(u, e float32) float32 {
	num := float32(1)
	if u < 0 {
		num = e
	}
	return num / (1 + e)
}

// trueProb is p_t = 1 − q, with e = exp(−|u|), q = σ(u); it never cancels.
func trueProb(u, e, q float32) float32 {
	if u < 0 {
		return 1 - q
	}
	return float32(e * q)
}

// softplus is ln(1 + exp(u)), with l = log1p(exp(−|u|)).
func softplus(u, l float32) float32 {
	if u < 0 {
		return l
	}
	return u + l
}
