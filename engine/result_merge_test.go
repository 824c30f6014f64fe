package engine

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"math"
	"reflect"
	"testing"
)

// everyOrder calls f with the results merged in every order and grouping of three.
func everyOrder(three [3]Result, f func(r Result)) {
	for _, order := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		a, b, c := three[order[0]], three[order[1]], three[order[2]]
		left := a
		left.Merge(b)
		left.Merge(c)
		f(left)
		right := b
		right.Merge(c)
		a.Merge(right)
		f(a)
	}
}

// TestResultMergeEveryOrder: counts that stop at MaxInt64, each by itself, and sums that are
// infinite or beyond float64 do not hang on the order and the grouping, and the result of each
// goes through its forms.
func TestResultMergeEveryOrder(t *testing.T) {
	const most = math.MaxInt64
	counts := func(scores, positives, ignored int64, losses ...float64) (r Result) {
		r = Result{Scores: scores, Positives: positives, Ignored: ignored}
		for _, l := range losses {
			r.LossSum.Add(l)
			r.WeightSum.Add(1)
		}
		return r
	}
	for name, c := range map[string]struct {
		three [3]Result
		want  Result // but for the sums
	}{
		"none":      {[3]Result{counts(5, 1, 2), counts(6, 6, 0), counts(7, 0, 9)}, counts(18, 7, 11)},
		"scores":    {[3]Result{counts(most, 1, 2), counts(1, 1, 3), counts(2, 2, 4)}, counts(most, 4, 9)},
		"positives": {[3]Result{counts(most-1, most-1, 0), counts(most, 2, 0), counts(3, 1, 1)}, counts(most, most, 1)},
		"ignored":   {[3]Result{counts(0, 0, most/2+1), counts(0, 0, most/2+1), counts(1, 1, most)}, counts(1, 1, most)},
		"all":       {[3]Result{counts(most, most, most), counts(most, most, most), counts(most, most, most)}, counts(most, most, most)},
		"just not":  {[3]Result{counts(most-3, 0, 1), counts(1, 1, most-3), counts(2, 2, 2)}, counts(most, 3, most)},
		"infinite":  {[3]Result{counts(1, 1, 0, math.Inf(1)), counts(2, 0, 0, 1e-45), counts(1, 0, 0, math.MaxFloat32)}, counts(4, 1, 0)},
		"beyond":    {[3]Result{counts(most, 0, 0, math.MaxFloat64), counts(most, 0, 0, math.MaxFloat64), counts(most, 0, 0, 0x1p-149)}, counts(most, 0, 0)},
	} {
		var first *Result
		everyOrder(c.three, func(r Result) {
			if r.Scores != c.want.Scores || r.Positives != c.want.Positives || r.Ignored != c.want.Ignored {
				t.Errorf("%s: %v, want %v", name, r, c.want)
			}
			if first == nil {
				first = &r
			}
			if r != *first {
				t.Errorf("%s: %v, in another order %v", name, r, *first)
			}
			var text, binary, object Result
			b, err := json.Marshal(r)
			err = errors.Join(err, text.UnmarshalText(must(r.MarshalText())), binary.UnmarshalBinary(must(r.MarshalBinary())), json.Unmarshal(b, &object))
			if err != nil || text != r || binary != r || object != r {
				t.Errorf("%s: %v comes back as %v, %v, %v: %v", name, r, text, binary, object, err)
			}
		})
		if name == "infinite" && !math.IsInf(first.Sum(), 1) {
			t.Errorf("sum %v", first.Sum())
		}
	}
}

// TestResultInMaps: a result is kept in maps, in an interface, behind pointers, in a field of a
// struct that is embedded, and in an attribute.
func TestResultInMaps(t *testing.T) {
	type inner struct{ Result Result }
	type outer struct {
		inner
		Inner  inner
		Values map[string]Result
		Keys   map[Result]string `json:"-"` // package json reads no keys of a type that has a JSON form
		Deep   **Result
	}
	results := sampleResults()
	pointer := &results[5]
	want := outer{inner{results[2]}, inner{results[6]}, map[string]Result{}, map[Result]string{}, &pointer}
	for i, r := range results {
		name := string(rune('a' + i))
		want.Values[name], want.Keys[r] = r, name
	}
	var got outer
	b := must(json.Marshal(want))
	err := json.Unmarshal(b, &got)
	got.Keys = want.Keys
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("JSON: %+v, %v; want %+v", got, err, want)
	}
	if b, err := json.Marshal(want.Keys); err != nil || json.Unmarshal(b, &got.Keys) == nil {
		t.Errorf("keys are read from JSON: %v", err)
	}
	got = outer{}
	var text bytes.Buffer
	if err := errors.Join(gob.NewEncoder(&text).Encode(want), gob.NewDecoder(&text).Decode(&got)); err != nil || !reflect.DeepEqual(got.Values, want.Values) ||
		!reflect.DeepEqual(got.Keys, want.Keys) || got.Inner != want.Inner || **got.Deep != **want.Deep {
		t.Errorf("gob: %+v, %v; want %+v", got, err, want)
	}

	gob.Register(Result{})
	for _, r := range results {
		var back []any
		text.Reset()
		if err := errors.Join(gob.NewEncoder(&text).Encode([]any{r}), gob.NewDecoder(&text).Decode(&back)); err != nil || back[0] != any(r) {
			t.Errorf("gob, in an interface: %v, %v; want %v", back, err, r)
		}
		type attributed struct {
			Result Result `xml:"result,attr"`
		}
		var again attributed
		x, err := xml.Marshal(attributed{r})
		if err := errors.Join(err, xml.Unmarshal(x, &again)); err != nil || again.Result != r {
			t.Errorf("XML, an attribute: %s, %v, %v", x, again, err)
		}
	}
}
