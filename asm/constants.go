package asm

// Every coefficient of the kernels, once. Package generic computes with these, and says
// what each approximation is worth; the assembly's tables are made of them, so that no
// instruction set can differ.

// Rounding to an integer, and exp(a) for a ≤ 0:
// n = round(8a/ln2), r = a − n·ln2/8, exp(a) = 2^(n/8)·exp(r).
const (
	Magic = 1.5 * (1 << 23) // x + Magic rounds x to an integer, in the low bits

	EightByLn2 = 0x1.715476p+3
	Ln2By8Hi   = 0x1.62e4p-4    // ln2/8 in 15 bits: n times it is exact
	Ln2By8Lo   = 0x1.7f7d1cp-23 // the rest

	// Below −127·ln2, exp is 0: there n = −1016, and 2^(n/8) comes out as +0.
	ExpFloor = -0x1.601e68p+6
	ExpCeil  = -ExpFloor

	// exp(r) ≈ 1 + r + P2·r² + P3·r³ + P4·r⁴ on |r| ≤ ln2/16, absolute error 2.4e-10.
	P2 = 0x1.000006p-1
	P3 = 0x1.555c76p-3
	P4 = 0x1.547476p-5
)

// Exp2Bits[j] holds the bits of 2^(j/8) less j<<20, so that adding n<<20 with n = 8k + j
// gives 2^(k + j/8).
var Exp2Bits = [8]uint32{
	0x3f800000, 0x3f7b95c2, 0x3f7837f0, 0x3f75fed7,
	0x3f7504f3, 0x3f75672a, 0x3f7744fd, 0x3f7ac0c7,
}

// log1p(e) = −ln c + log1p(f), f = c·(1+e) − 1, c = Recip[round(7e)].
const (
	// log1p(f) ≈ f + f²(D0 + D1·f + D2·f² + D3·f³) on −0.056 ≤ f ≤ 0.075, fitted so that
	// the relative error of log1p(e) is at most 9.3e-9.
	D0 = -0x1.fffffp-2
	D1 = 0x1.555aaap-2
	D2 = -0x1.008902p-2
	D3 = 0x1.88cfcp-3
)

// Recip[i] ≈ 1/(1 + i/7), and NegLog[i] = −ln Recip[i]. Of the float32 nearby, Recip[i] is
// one whose logarithm is a float32 to within 2⁻³⁷ (an accurate table in Gal's sense), so
// that the table adds no error. Recip[1] ≈ 0.885 keeps f away from its lower end, where
// log1p(e) is smallest against the polynomial's error.
var (
	Recip = [8]float32{
		1, 0x1.c5125ep-1, 0x1.8e515p-1, 0x1.65d7dp-1,
		0x1.462076p-1, 0x1.2af352p-1, 0x1.1390c8p-1, 0x1.00040cp-1,
	}
	NegLog = [8]float32{
		0, 0x1.f4d5b8p-4, 0x1.0119c6p-2, 0x1.6ed3e8p-2,
		0x1.cdddp-2, 0x1.137adcp-1, 0x1.3d2efcp-1, 0x1.62dc18p-1,
	}
)

// −ln t of a probability: T = 2²⁴·t = 2^k·2²⁴·m with m in [0.71875, 1.4375), by the bits
// of T less those of 2²⁴·0.71875. Then −ln t = −k·ln2 + ln c − ln(1 + f), f = c·m − 1.
const (
	ProbScale = 1 << 24
	LnSplit   = 0x4b380000
	ExpMask   = 0xff800000 // sign and exponent

	// Here k comes with the weight of its bits, 2²³.
	Ln2ByExp   = -0x1.62e43p-24        // −ln2/2²³
	Ln2ByExpHi = -Ln2By8Hi / (1 << 20) // in 15 bits: k times it is exact
	Ln2ByExpLo = -Ln2By8Lo / (1 << 20) // the rest

	// ln(1 + f) ≈ f + f²(G0 + G1·f + G2·f² + G3·f³) on −0.056 ≤ f ≤ 0.063, error 7.9e-9,
	// relative where c = 1 and to 0.056 elsewhere.
	G0 = -0x1.ffffdcp-2
	G1 = 0x1.5556ep-2
	G2 = -0x1.00b394p-2
	G3 = 0x1.953216p-3

	MaxCE   = 100            // PyTorch's BCELoss: ln is at least −100
	MinProb = 0x1.197998p-40 // its gradient divides by at least 1e-12
	LnZero  = 105            // −ln t is beyond it for t = 0 only
	Least   = 0x1p-149       // the least q > 0
)

// LnRecip[i] holds the bits of about 2⁻²⁴/m in the middle of the i-th eighth of m's range, and
// LnTable[i] = ln(2²⁴·LnRecip[i]). As with Recip, the values are such that LnTable is exact
// to within 2⁻³⁷. The fifth is 2⁻²⁴, so that −ln t keeps its relative accuracy for t near 1.
var (
	LnRecip = [8]uint32{
		0x33aab27d, 0x339d906c, 0x33924777, 0x3388818e,
		0x33800000, 0x336388ea, 0x334cd4b4, 0x333a3636,
	}
	LnTable = [8]float32{
		0x1.26c50ep-2, 0x1.a9944ep-3, 0x1.11616ap-3, 0x1.07882ap-4,
		0, -0x1.e2d004p-4, -0x1.c8b076p-3, -0x1.45ee94p-2,
	}
)

// The ceilings' chains begin with PeakStart; those of divisions are r = PeakDividend/r,
// two values in turns, the others add, subtract or multiply by PeakStep. All of them stay
// normal numbers.
const (
	PeakStart    = 1.3332
	PeakDividend = 1.7182
	PeakStep     = 0.5
)
