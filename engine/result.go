package engine

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/flengine/flengine/engine/internal/exact"
	"github.com/flengine/flengine/engine/internal/fpenv"
	"github.com/flengine/flengine/engine/internal/kernel"
)

// Block is the number of scores whose losses are summed as a unit, in a fixed
// order. In a block of losses f, padded with zeros, lane j = 0…7 adds for each 32
// losses (f[j] + f[j+16]) + (f[j+8] + f[j+24]) in float32, accumulated in
// float64; the block's sum is ((a0+a4)+(a2+a6)) + ((a1+a5)+(a3+a7)) of the lanes.
const Block = kernel.Block

// Result is what an evaluation counts and sums. The zero Result is that of an
// empty batch. Results of the same scores are equal (==) whatever the kernel and
// the workers.
//
// A Result passes through its binary, text, gob and JSON forms without losing a
// bit. A struct keeps one in a field: a struct that embeds Result inherits its
// methods, and so is written as the Result alone, without its other fields.
type Result struct {
	Scores    int64 // entries scored: all but the ignored ones
	Positives int64 // of these, the foreground ones
	Ignored   int64 // entries that were not scored

	exactSums
}

// exactSums is embedded, and its fields are exported as those of [exact.Sum] are, for carriers
// that write a struct by its exported fields alone, without a look at its methods: so Beam's row
// coder, which else would lose the sums without a word. They are for nothing else.
type exactSums struct {
	LossSum   exact.Sum // of the losses
	WeightSum exact.Sum // of the weights of the entries scored, without those of the loss
}

// String returns the counts and the sum, for people.
func (r Result) String() string {
	return fmt.Sprintf("%d scores, %d positive, %d ignored, sum %v", r.Scores, r.Positives, r.Ignored, r.Sum())
}

// Sum returns the sum of the losses: the exact sum of the canonical block sums,
// correctly rounded. It is +Inf if a loss is beyond float32, or the sum is
// beyond float64.
func (r Result) Sum() float64 { return r.LossSum.Float64() }

// Mean returns Sum / Scores, or 0 if nothing was scored.
func (r Result) Mean() float64 {
	if r.Scores == 0 {
		return 0
	}
	return quotient(r.Sum(), float64(r.Scores))
}

// PerPositive returns Sum / max(1, Positives), RetinaNet's normaliser.
func (r Result) PerPositive() float64 { return quotient(r.Sum(), float64(max(1, r.Positives))) }

// WeightedMean returns Sum divided by the sum of the weights of what was scored, or 0 where
// that is 0: PyTorch's mean with weights per class. A weight is the product of the factors of
// a score, see [Batch].Weights, without that of the loss, and with c·y + 1 − y for the factor c
// of positives where a target y is between 0 and 1; where there are none it is 1, and
// WeightedMean is Mean. Weights are summed as losses are, so no bit of that sum depends on
// kernels, workers, and shards cut at multiples of Block scores.
func (r Result) WeightedMean() float64 {
	weights := r.WeightSum.Float64()
	if weights == 0 {
		return 0
	}
	return quotient(r.Sum(), min(weights, math.MaxFloat64)) // beyond that only by merging results with themselves
}

// quotient rounds by the default floating-point environment, where that can be had.
func quotient(sum, by float64) float64 {
	env, _ := fpenv.Enter()
	defer env.Leave()
	return sum / by
}

// Merge adds o to r, exactly: results merged in any order and grouping are the
// same bits. A batch cut into shards at multiples of Block scores merges to the
// result of the whole. A count that would be above [math.MaxInt64] stays there.
func (r *Result) Merge(o Result) {
	r.Scores = addCounts(r.Scores, o.Scores)
	r.Positives = addCounts(r.Positives, o.Positives)
	r.Ignored = addCounts(r.Ignored, o.Ignored)
	r.LossSum.Merge(&o.LossSum)
	r.WeightSum.Merge(&o.WeightSum)
}

// addCounts adds two counts, up to MaxInt64.
func addCounts(a, b int64) int64 {
	if b > 0 && a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// check refuses what no evaluation and no merging gives, such as a positive sum of
// no scores.
func (r *Result) check() error {
	for _, n := range [...]int64{r.Scores, r.Positives, r.Ignored} {
		if n < 0 {
			return fmt.Errorf("has the negative count %d", n)
		}
	}
	if r.Positives > r.Scores {
		return fmt.Errorf("has %d positives of %d scores", r.Positives, r.Scores)
	}
	// A loss is a float32: a whole number of 2⁻¹⁴⁹ and, unless it is infinite, below
	// 2¹²⁸. Rounding a sum of them to float64 changes neither. So is a weight, which is
	// finite. A count that stopped at MaxInt64 tells nothing about the sums.
	switch {
	case !r.LossSum.IsMultiple(-149):
		return errors.New("has a sum that is finer than float32: no losses add up to it")
	case !r.WeightSum.IsMultiple(-149):
		return errors.New("has a sum of weights that is finer than float32: no weights add up to it")
	case r.Scores == 0 && r.WeightSum == exact.Sum{} && r.LossSum != exact.Sum{}: // of rows that are smoothed weights of 0 have losses
		return fmt.Errorf("has the sum %v of no scores", r.Sum())
	case r.Scores == math.MaxInt64:
		return nil
	}
	var most exact.Sum
	most.Add(math.Ldexp(float64(r.Scores>>32), 128+32)) // in halves, which float64 holds exactly
	most.Add(math.Ldexp(float64(r.Scores&math.MaxUint32), 128))
	if r.WeightSum.Compare(&most) > 0 {
		return fmt.Errorf("has weights that add up to %v, of %d scores, whose weights are float32", r.WeightSum.Float64(), r.Scores)
	}
	if r.LossSum.Compare(&most) > 0 && !(r.LossSum.IsInf() && r.Scores > 0) {
		return fmt.Errorf("has the sum %v of %d scores, whose losses are float32", r.Sum(), r.Scores)
	}
	return nil
}

// resultVersion begins the binary form. Version 1 had no sum of weights, and does not say
// whether there were weights.
const resultVersion = 2

// MarshalBinary implements [encoding.BinaryMarshaler]. The sums are kept exactly;
// equal results have equal forms. It fails if the counts were set to what no
// evaluation gives, such as more positives than scores.
func (r Result) MarshalBinary() ([]byte, error) {
	if err := r.check(); err != nil {
		return nil, fmt.Errorf("Result %w", err)
	}
	b := []byte{resultVersion}
	for _, n := range [...]int64{r.Scores, r.Positives, r.Ignored} {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	for _, s := range [...]*exact.Sum{&r.LossSum, &r.WeightSum} {
		var err error
		if b, err = s.AppendBinary(b); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// UnmarshalBinary implements [encoding.BinaryUnmarshaler]. It takes only what
// MarshalBinary gives, and leaves r alone if that is not so. The form of before there was
// WeightedMean is refused: it does not tell what the weights were.
func (r *Result) UnmarshalBinary(b []byte) error {
	const header = 1 + 3*8
	if len(b) < header {
		return fmt.Errorf("binary Result has %d bytes: want at least %d", len(b), header)
	}
	switch b[0] {
	case resultVersion:
	case 1:
		return fmt.Errorf("binary Result has version 1, which does not know weights: want %d, evaluated anew", resultVersion)
	default:
		return fmt.Errorf("binary Result has version %d: want %d", b[0], resultVersion)
	}
	var o Result
	for i, n := range [...]*int64{&o.Scores, &o.Positives, &o.Ignored} {
		*n = int64(binary.LittleEndian.Uint64(b[1+8*i:]))
	}
	rest := b[header:]
	for _, s := range [...]*exact.Sum{&o.LossSum, &o.WeightSum} {
		var err error
		if rest, err = s.DecodeBinary(rest); err != nil {
			return fmt.Errorf("binary Result: %w", err)
		}
	}
	if len(rest) != 0 {
		return errors.New("binary Result has bytes after its end")
	}
	if err := o.check(); err != nil {
		return fmt.Errorf("binary Result %w", err)
	}
	*r = o
	return nil
}

// MarshalText implements [encoding.TextMarshaler]: the binary form in base64. With
// it a Result keeps its sum in XML, and in whatever else writes a struct field by
// field unless it has a text.
func (r Result) MarshalText() ([]byte, error) {
	b, err := r.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.AppendEncode(nil, b), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler]. It takes only what
// MarshalText gives, which may be broken into lines, and leaves r alone if that is
// not so.
func (r *Result) UnmarshalText(text []byte) error {
	b, err := base64.StdEncoding.Strict().AppendDecode(nil, text)
	if err != nil {
		return fmt.Errorf("text Result: %w", err)
	}
	return r.UnmarshalBinary(b)
}
