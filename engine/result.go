package engine

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/flengine/flengine/engine/internal/exact"
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
	return r.Sum() / float64(r.Scores)
}

// PerPositive returns Sum / max(1, Positives), RetinaNet's normaliser.
func (r Result) PerPositive() float64 { return r.Sum() / float64(max(1, r.Positives)) }

// Merge adds o to r, exactly: results merged in any order and grouping are the
// same bits. A batch cut into shards at multiples of Block scores merges to the
// result of the whole.
func (r *Result) Merge(o Result) {
	r.Scores += o.Scores
	r.Positives += o.Positives
	r.Ignored += o.Ignored
	r.sum.Merge(&o.sum)
}

// resultVersion begins the binary form.
const resultVersion = 1

// MarshalBinary implements [encoding.BinaryMarshaler]. The sum is kept exactly;
// equal results have equal forms.
func (r Result) MarshalBinary() ([]byte, error) {
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
		if *n < 0 {
			return fmt.Errorf("binary Result has the negative count %d", *n)
		}
	}
	if o.Positives > o.Scores {
		return fmt.Errorf("binary Result has %d positives of %d scores", o.Positives, o.Scores)
	}
	rest, err := o.sum.DecodeBinary(b[header:])
	if err != nil {
		return fmt.Errorf("binary Result: %w", err)
	}
	if len(rest) != 0 {
		return errors.New("binary Result has bytes after its end")
	}
	*r = o
	return nil
}

// MarshalJSON implements [json.Marshaler]: the counts, sum, mean and
// per_positive, as numbers, or as the string "Infinity".
func (r Result) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Scores      int64     `json:"scores"`
		Positives   int64     `json:"positives"`
		Ignored     int64     `json:"ignored"`
		Sum         jsonFloat `json:"sum"`
		Mean        jsonFloat `json:"mean"`
		PerPositive jsonFloat `json:"per_positive"`
	}{r.Scores, r.Positives, r.Ignored, jsonFloat(r.Sum()), jsonFloat(r.Mean()), jsonFloat(r.PerPositive())})
}

// jsonFloat is a float64 ≥ 0 that may be infinite, which JSON has no number for.
type jsonFloat float64

func (f jsonFloat) MarshalJSON() ([]byte, error) {
	if math.IsInf(float64(f), 1) {
		return []byte(`"Infinity"`), nil
	}
	return json.Marshal(float64(f))
}
