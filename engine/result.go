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

	sum exact.Sum
}

// String returns the counts and the sum, for people.
func (r Result) String() string {
	return fmt.Sprintf("%d scores, %d positive, %d ignored, sum %v", r.Scores, r.Positives, r.Ignored, r.Sum())
}

// Sum returns the sum of the losses: the exact sum of the canonical block sums,
// correctly rounded. It is +Inf if a loss is beyond float32, or the sum is
// beyond float64.
func (r Result) Sum() float64 { return r.sum.Float64() }

// Mean returns Sum / Scores, or 0 if nothing was scored.
func (r Result) Mean() float64 {
	if r.Scores == 0 {
		return 0
	}
	return quotient(r.Sum(), r.Scores)
}

// PerPositive returns Sum / max(1, Positives), RetinaNet's normaliser.
func (r Result) PerPositive() float64 { return quotient(r.Sum(), max(1, r.Positives)) }

// quotient rounds by the default floating-point environment, where that can be had.
func quotient(sum float64, n int64) float64 {
	env, _ := fpenv.Enter()
	defer env.Leave()
	return sum / float64(n)
}

// Merge adds o to r, exactly: results merged in any order and grouping are the
// same bits. A batch cut into shards at multiples of Block scores merges to the
// result of the whole. A count that would be above [math.MaxInt64] stays there.
func (r *Result) Merge(o Result) {
	r.Scores = addCounts(r.Scores, o.Scores)
	r.Positives = addCounts(r.Positives, o.Positives)
	r.Ignored = addCounts(r.Ignored, o.Ignored)
	r.sum.Merge(&o.sum)
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
	// 2¹²⁸. Rounding a sum of them to float64 changes neither. A count that stopped
	// at MaxInt64 tells nothing about the sum.
	if !r.sum.IsMultiple(-149) {
		return errors.New("has a sum that is finer than float32: no losses add up to it")
	}
	if r.sum.IsInf() && r.Scores > 0 || r.Scores == math.MaxInt64 {
		return nil
	}
	var most exact.Sum
	most.Add(math.Ldexp(float64(r.Scores>>32), 128+32)) // in halves, which float64 holds exactly
	most.Add(math.Ldexp(float64(r.Scores&math.MaxUint32), 128))
	if r.sum.Compare(&most) > 0 {
		return fmt.Errorf("has the sum %v of %d scores, whose losses are float32", r.Sum(), r.Scores)
	}
	return nil
}

// resultVersion begins the binary form.
const resultVersion = 1

// MarshalBinary implements [encoding.BinaryMarshaler]. The sum is kept exactly;
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
	return r.sum.AppendBinary(b)
}

// UnmarshalBinary implements [encoding.BinaryUnmarshaler]. It takes only what
// MarshalBinary gives, and leaves r alone if that is not so.
func (r *Result) UnmarshalBinary(b []byte) error {
	const header = 1 + 3*8
	if len(b) < header {
		return fmt.Errorf("binary Result has %d bytes: want at least %d", len(b), header)
	}
	if b[0] != resultVersion {
		return fmt.Errorf("binary Result has version %d: want %d", b[0], resultVersion)
	}
	var o Result
	for i, n := range [...]*int64{&o.Scores, &o.Positives, &o.Ignored} {
		*n = int64(binary.LittleEndian.Uint64(b[1+8*i:]))
	}
	rest, err := o.sum.DecodeBinary(b[header:])
	if err != nil {
		return fmt.Errorf("binary Result: %w", err)
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
