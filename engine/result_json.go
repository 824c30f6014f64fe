package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/flengine/flengine/engine/internal/fpenv"
)

// resultJSON is a Result in JSON. Only Exact is read; the rest is for people and
// tools, and must say the same.
type resultJSON struct {
	Scores      *int64     `json:"scores"`
	Positives   *int64     `json:"positives"`
	Ignored     *int64     `json:"ignored"`
	Sum         *jsonFloat `json:"sum"`
	Mean        *jsonFloat `json:"mean"`
	PerPositive *jsonFloat `json:"per_positive"`
	Weighted    *jsonFloat `json:"weighted_mean"`
	Exact       *string    `json:"exact"`
}

// MarshalJSON implements [json.Marshaler]: an object of the counts scores,
// positives and ignored; of sum, mean, per_positive and weighted_mean, which are numbers
// or the string "Infinity"; and of exact, the string that MarshalText gives, which keeps
// all bits of the sums.
func (r Result) MarshalJSON() ([]byte, error) {
	text, err := r.MarshalText()
	if err != nil {
		return nil, err
	}
	sum, mean, perPositive, weighted := jsonFloat(r.Sum()), jsonFloat(r.Mean()), jsonFloat(r.PerPositive()), jsonFloat(r.WeightedMean())
	exact := string(text)
	return json.Marshal(resultJSON{&r.Scores, &r.Positives, &r.Ignored, &sum, &mean, &perPositive, &weighted, &exact})
}

// UnmarshalJSON implements [json.Unmarshaler]. It takes what MarshalJSON gives, in
// any order and spacing, and leaves r alone if that is not so: exact and the counts
// must be there and agree, so must the numbers if they are there, and
// other keys are refused, null too, as r could not keep them. Keys are matched as package
// json does it: in any case, and of equal ones the last counts.
func (r *Result) UnmarshalJSON(b []byte) error {
	env, err := fpenv.Enter() // reading a number rounds
	if err != nil {
		return err
	}
	defer env.Leave()
	var j resultJSON
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		return fmt.Errorf("JSON Result: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("JSON Result has bytes after its end")
	}
	if j.Exact == nil {
		return errors.New(`JSON Result has no "exact": without it the sum is lost; want all that MarshalJSON gives`)
	}
	var o Result
	if err := o.UnmarshalText([]byte(*j.Exact)); err != nil {
		return fmt.Errorf("JSON Result: exact: %w", err)
	}
	for _, c := range [...]struct {
		key  string
		got  *int64
		want int64
	}{{"scores", j.Scores, o.Scores}, {"positives", j.Positives, o.Positives}, {"ignored", j.Ignored, o.Ignored}} {
		if c.got == nil {
			return fmt.Errorf("JSON Result has no %q: want the count", c.key)
		}
		if *c.got != c.want {
			return fmt.Errorf("JSON Result has %s %d, but %d in its exact form", c.key, *c.got, c.want)
		}
	}
	for _, f := range [...]struct {
		key  string
		got  *jsonFloat
		want float64
	}{{"sum", j.Sum, o.Sum()}, {"mean", j.Mean, o.Mean()}, {"per_positive", j.PerPositive, o.PerPositive()},
		{"weighted_mean", j.Weighted, o.WeightedMean()}} {
		if f.got != nil && float64(*f.got) != f.want {
			return fmt.Errorf("JSON Result has %s %v, but %v in its exact form", f.key, float64(*f.got), f.want)
		}
	}
	*r = o
	return nil
}

// jsonFloat is a float64 ≥ 0 that may be infinite, which JSON has no number for.
type jsonFloat float64

const jsonInfinity = `"Infinity"`

func (f jsonFloat) MarshalJSON() ([]byte, error) {
	if math.IsInf(float64(f), 1) {
		return []byte(jsonInfinity), nil
	}
	return json.Marshal(float64(f))
}

func (f *jsonFloat) UnmarshalJSON(b []byte) error {
	if string(b) == jsonInfinity {
		*f = jsonFloat(math.Inf(1))
		return nil
	}
	if json.Unmarshal(b, (*float64)(f)) != nil {
		return fmt.Errorf(`found %s: want a number, or "Infinity"`, b)
	}
	return nil
}
