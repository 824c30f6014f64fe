package engine

import (
	"bytes"
	"encoding"
	"encoding/binary"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/flengine/flengine/engine/internal/exact"
)

var (
	_ encoding.BinaryMarshaler   = Result{}
	_ encoding.BinaryUnmarshaler = (*Result)(nil)
	_ encoding.TextMarshaler     = Result{}
	_ encoding.TextUnmarshaler   = (*Result)(nil)
)

func someResult(seed uint64, n int) Result {
	b := randomBatch(rand.New(rand.NewPCG(seed, 1)), n, 1, false, false)
	if seed%2 == 0 {
		b.Weights = make([]float32, n)
		for i := range b.Weights {
			b.Weights[i] = float32(i%5) / 3
		}
	}
	return must(must(New(Focal(0.25, 2))).Sum(b))
}

func TestResultMerge(t *testing.T) {
	a, b, c := someResult(1, 100), someResult(2, 5000), someResult(3, 777)
	left, right := a, c
	left.Merge(b)
	left.Merge(c)
	right.Merge(b)
	right.Merge(a)
	if left != right {
		t.Errorf("merged in one order %v, in another %v", left, right)
	}
	if left.Scores != a.Scores+b.Scores+c.Scores || left.Positives != a.Positives+b.Positives+c.Positives || left.Ignored != a.Ignored+b.Ignored+c.Ignored {
		t.Errorf("counts %v of %v, %v, %v", left, a, b, c)
	}
	if mean := left.Sum() / float64(left.Scores); left.Mean() != mean {
		t.Errorf("mean %v, want %v", left.Mean(), mean)
	}
	weights := a.WeightSum.Float64() + b.WeightSum.Float64() + c.WeightSum.Float64()
	if got := left.WeightedMean(); math.Abs(got-left.Sum()/weights) > 1e-15*got || got == left.Mean() {
		t.Errorf("weighted mean %v, want %v", got, left.Sum()/weights)
	}
	if per := left.Sum() / float64(left.Positives); left.PerPositive() != per {
		t.Errorf("per positive %v, want %v", left.PerPositive(), per)
	}
}

// TestResultMergeSaturates: counts stop at MaxInt64, in any order and grouping.
func TestResultMergeSaturates(t *testing.T) {
	const most = math.MaxInt64
	for _, c := range []struct{ a, b, want int64 }{
		{0, 0, 0}, {most, 0, most}, {0, most, most}, {most - 1, 1, most}, {1, most - 1, most},
		{most, 1, most}, {1, most, most}, {most, most, most}, {1 << 62, 1 << 62, most},
	} {
		r := Result{Scores: c.a, Positives: c.a, Ignored: c.a}
		r.Merge(Result{Scores: c.b, Positives: c.b, Ignored: c.b})
		if want := (Result{Scores: c.want, Positives: c.want, Ignored: c.want}); r != want {
			t.Errorf("%d and %d: %v, want %v", c.a, c.b, r, want)
		}
	}
	// Doubled 200 times, a result outgrows its counts, not its sum, and is still one.
	r := someResult(8, 100)
	want := math.Ldexp(r.Sum(), 200)
	for range 200 {
		r.Merge(r)
	}
	if r.Scores != most || r.Positives != most || r.Sum() != want {
		t.Errorf("doubled: %v; want %d scores, sum %v", r, int64(most), want)
	}
	var again Result
	if err := again.UnmarshalBinary(must(r.MarshalBinary())); err != nil || again != r {
		t.Errorf("doubled, and read again: %v, %v; want %v", again, err, r)
	}
}

// sampleResults are results of all kinds, an infinite sum and the smallest and the
// largest finite ones too.
func sampleResults() []Result {
	one := func(loss float32) (r Result) {
		r.Scores, r.Positives = 1, 1
		r.LossSum.Add(float64(loss))
		r.WeightSum.Add(0.1)
		return r
	}
	results := []Result{
		{}, someResult(4, 10), someResult(5, 10_000), {Ignored: 7},
		one(math.SmallestNonzeroFloat32), one(math.MaxFloat32), one(float32(math.Inf(1))),
		must(must(New(Focal(0.25, 2))).Sum(Batch{Logits: []float32{-math.MaxFloat32, 0}, Labels: []uint8{1, 255}})),
		must(must(New(CrossEntropy().Weighted(math.MaxFloat32, 1))).Sum(
			Batch{Logits: []float32{-1, -1, -0.5}, Labels: []uint8{1, 1, 1}})),
		must(must(New(CrossEntropy())).Sum(Batch{Logits: []float32{-1, nan, 3}, Labels: []uint8{1, 1, 0}, Weights: []float32{0x1p-149, 0, math.MaxFloat32}})),
		must(must(New(CrossEntropy())).Sum(Batch{Logits: []float32{nan}, Labels: []uint8{1}, Weights: []float32{0}})),
	}
	both := results[2]
	both.Merge(results[4])
	return append(results, both)
}

func TestResultBinary(t *testing.T) {
	for _, r := range sampleResults() {
		raw, err := r.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var got Result
		if err := got.UnmarshalBinary(raw); err != nil || got != r {
			t.Errorf("%v, %v, want %v", got, err, r)
		}
		for n := range raw {
			before := got
			if err := got.UnmarshalBinary(raw[:n]); err == nil || got != before {
				t.Errorf("the first %d bytes of %x: %v, %v", n, raw, got, err)
			}
		}
	}
	good := must(someResult(6, 10).MarshalBinary())
	mutate := func(i int, b byte) []byte {
		m := append([]byte(nil), good...)
		m[i] = b
		return m
	}
	for _, c := range []struct {
		raw  []byte
		want string
	}{
		{nil, "binary Result has 0 bytes: want at least 25"},
		{mutate(0, 7), "binary Result has version 7: want 2"},
		{mutate(0, 1), "binary Result has version 1, which does not know weights: want 2, evaluated anew"},
		{good[:25], "binary Result: exact sum: truncated: no bytes"},
		{mutate(8, 0x80), "binary Result has the negative count -9223372036854775799"},
		{mutate(9, 200), "binary Result has 200 positives of 9 scores"},
		{good[:len(good)-1], "binary Result: exact sum: truncated: 7 bytes for 1 limbs, want 8"},
		{append(good[:len(good):len(good)], 0), "binary Result has bytes after its end"},
	} {
		r := someResult(9, 10)
		before := r
		if err := r.UnmarshalBinary(c.raw); err == nil || err.Error() != c.want || r != before {
			t.Errorf("%x: %v, want %s", c.raw, err, c.want)
		}
	}
}

// TestResultImpossible: what no evaluation gives is neither written nor read.
func TestResultImpossible(t *testing.T) {
	with := func(scores int64, losses ...float64) (r Result) {
		r.Scores = scores
		for _, l := range losses {
			r.LossSum.Add(l)
		}
		r.WeightSum.Add(float64(scores))
		return r
	}
	weighted := func(r Result, weights ...float64) Result {
		r.WeightSum = exact.Sum{}
		for _, w := range weights {
			r.WeightSum.Add(w)
		}
		return r
	}
	inf := math.Inf(1)
	above := math.Nextafter(0x1p128, inf)
	for _, c := range []struct {
		r    Result
		want string // none: the result is possible
	}{
		{with(0, 1), "has the sum 1 of no scores"},
		{with(0, inf), "has the sum +Inf of no scores"},
		{with(0, 0x1p-149), "has the sum 1.401298464324817e-45 of no scores"},
		{weighted(with(3)), ""},
		{weighted(with(3), 0x1p-149), ""},
		{weighted(with(3), 1, 0x1p-150), "has a sum of weights that is finer than float32: no weights add up to it"},
		{weighted(with(math.MaxInt64), 0x1p-150), "has a sum of weights that is finer than float32: no weights add up to it"},
		{weighted(with(1, 1), math.MaxFloat32), ""},
		{weighted(with(1, 1), math.MaxFloat32, math.MaxFloat32), "has weights that add up to 6.805646932770577e+38, of 1 scores, whose weights are float32"},
		{weighted(with(1, inf), inf), "has weights that add up to +Inf, of 1 scores, whose weights are float32"},
		{weighted(with(0), 1), "has weights that add up to 1, of 0 scores, whose weights are float32"},
		{weighted(with(math.MaxInt64, 1), math.MaxFloat64, math.MaxFloat64), ""},
		{with(1, 0x1p-150), "has a sum that is finer than float32: no losses add up to it"},
		{with(1, 1, 0x1p-150), "has a sum that is finer than float32: no losses add up to it"},
		{with(math.MaxInt64, 0x1p-150), "has a sum that is finer than float32: no losses add up to it"},
		{with(1, 0x1p-149), ""},
		{with(1, math.MaxFloat32), ""},
		{with(1, above), "has the sum 3.4028236692093854e+38 of 1 scores, whose losses are float32"},
		{with(1, math.MaxFloat64, math.MaxFloat64), "has the sum +Inf of 1 scores, whose losses are float32"},
		{with(1<<33+3, 0x1p161, 3*math.MaxFloat32), ""},
		{with(1<<33+3, 0x1p161, 4*math.MaxFloat32), "has the sum 2.923003276022935e+48 of 8589934595 scores, whose losses are float32"},
		{with(1, inf), ""},
		{with(math.MaxInt64-1, math.MaxFloat64), "has the sum 1.7976931348623157e+308 of 9223372036854775806 scores, whose losses are float32"},
		{with(math.MaxInt64, math.MaxFloat64), ""},
		{Result{Scores: -1}, "has the negative count -1"},
		{Result{Ignored: -1}, "has the negative count -1"},
		{Result{Scores: 1, Positives: 2}, "has 2 positives of 1 scores"},
	} {
		raw := []byte{resultVersion}
		for _, n := range []int64{c.r.Scores, c.r.Positives, c.r.Ignored} {
			raw = binary.LittleEndian.AppendUint64(raw, uint64(n))
		}
		raw = must(c.r.WeightSum.AppendBinary(must(c.r.LossSum.AppendBinary(raw))))
		written, writeErr := c.r.MarshalBinary()
		var read Result
		readErr := read.UnmarshalBinary(raw)
		if c.want == "" {
			if writeErr != nil || readErr != nil || !bytes.Equal(written, raw) || read != c.r {
				t.Errorf("%v: written %x, %v; read %v, %v", c.r, written, writeErr, read, readErr)
			}
			continue
		}
		if writeErr == nil || writeErr.Error() != "Result "+c.want {
			t.Errorf("%v written: %v, want Result %s", c.r, writeErr, c.want)
		}
		if readErr == nil || readErr.Error() != "binary Result "+c.want || read != (Result{}) {
			t.Errorf("%v read: %v, want binary Result %s", c.r, readErr, c.want)
		}
		if _, err := c.r.MarshalText(); err == nil {
			t.Errorf("%v has a text", c.r)
		}
		if _, err := json.Marshal(c.r); err == nil {
			t.Errorf("%v has a JSON form", c.r)
		}
	}
}

func TestResultText(t *testing.T) {
	for _, r := range sampleResults() {
		text := must(r.MarshalText())
		var got Result
		if err := got.UnmarshalText(text); err != nil || got != r {
			t.Errorf("%s: %v, %v, want %v", text, got, err, r)
		}
		lines := append(append(append([]byte{}, text[:20]...), "\r\n"...), text[20:]...)
		if err := got.UnmarshalText(lines); err != nil || got != r {
			t.Errorf("%q: %v, %v, want %v", lines, got, err, r)
		}
		for n := range text {
			if err := got.UnmarshalText(text[:n]); err == nil || got != r {
				t.Errorf("the first %d bytes of %s: %v, %v", n, text, got, err)
			}
		}
	}
	// 44 bytes end in a group of two, whose last character has two bits that are 0.
	two := Result{Scores: 1}
	two.WeightSum.Add(0x1p20 + 1)
	text := must(two.MarshalText())
	for i, c := range map[int]byte{len(text) - 2: 'B', 3: '!', 5: ' '} {
		bad := bytes.Clone(text)
		bad[i] = c
		r := someResult(10, 10)
		before := r
		if err := r.UnmarshalText(bad); err == nil || !strings.HasPrefix(err.Error(), "text Result: illegal base64 data") || r != before {
			t.Errorf("%s: %v, %v", bad, r, err)
		}
	}
}

// TestResultCarriers: the formats that programs hand structs over in keep a Result
// that is a field, an element or a pointer, and the fields beside it.
func TestResultCarriers(t *testing.T) {
	type shard struct {
		Key    string
		Result Result
		Others []Result
		Maybe  *Result
	}
	results := sampleResults()
	want := shard{"cam0", results[2], results, &results[4]}
	for name, carry := range map[string]func(to *shard) error{
		"JSON": func(to *shard) error {
			b, err := json.Marshal(want)
			return errors.Join(err, json.Unmarshal(b, to))
		},
		"gob": func(to *shard) error {
			var b bytes.Buffer
			return errors.Join(gob.NewEncoder(&b).Encode(want), gob.NewDecoder(&b).Decode(to))
		},
		"XML": func(to *shard) error {
			b, err := xml.MarshalIndent(want, "", "  ")
			return errors.Join(err, xml.Unmarshal(b, to))
		},
	} {
		var got shard
		if err := carry(&got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, want)
		}
	}
}

// TestResultEmbedded: a struct that embeds a Result is written as the Result, all
// of it and nothing else, as Result's documentation says.
func TestResultEmbedded(t *testing.T) {
	type shard struct {
		Result
		Key string
	}
	want := shard{someResult(11, 5000), "cam0"}
	raw := must(json.Marshal(want))
	if alone := must(json.Marshal(want.Result)); !bytes.Equal(raw, alone) {
		t.Errorf("JSON %s, of the Result alone %s", raw, alone)
	}
	got := shard{Key: "here before"}
	if err := json.Unmarshal(raw, &got); err != nil || got != (shard{want.Result, "here before"}) {
		t.Errorf("JSON: %+v, %v", got, err)
	}
	// A key that would go lost is refused.
	if err := json.Unmarshal([]byte(`{"Key":"cam0",`+string(raw[1:])), &got); err == nil || err.Error() != `JSON Result: json: unknown field "Key"` {
		t.Errorf("JSON with a key of the struct: %v", err)
	}
	var b bytes.Buffer
	got = shard{}
	if err := errors.Join(gob.NewEncoder(&b).Encode(want), gob.NewDecoder(&b).Decode(&got)); err != nil || got != (shard{Result: want.Result}) {
		t.Errorf("gob: %+v, %v", got, err)
	}
}

func TestResultJSON(t *testing.T) {
	e := must(New(CrossEntropy().Weighted(4, 1)))
	r := must(e.Sum(Batch{Logits: []float32{0, 0, 7}, Labels: []uint8{0, 0, 255}}))
	if got, want := r.String(), "2 scores, 0 positive, 1 ignored, sum 1.3862943649291992"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	const want = `{"scores":2,"positives":0,"ignored":1,"sum":1.3862943649291992,"mean":0.6931471824645996,` +
		`"per_positive":1.3862943649291992,"weighted_mean":0.6931471824645996,` +
		`"exact":"AgIAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAEQAAAAwJCLBQABEAAAAAAAAAgA"}`
	if got := string(must(json.Marshal(r))); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	r = must(e.Sum(Batch{Logits: []float32{-math.MaxFloat32}, Labels: []uint8{1}}))
	const wantInf = `{"scores":1,"positives":1,"ignored":0,"sum":"Infinity","mean":"Infinity","per_positive":"Infinity",` +
		`"weighted_mean":"Infinity","exact":"AgEAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAP8BEAAAAAAAAAQA"}`
	if got := string(must(json.Marshal(r))); got != wantInf {
		t.Errorf("%s, want %s", got, wantInf)
	}
}

func TestResultFromJSON(t *testing.T) {
	for _, r := range sampleResults() {
		raw := must(json.Marshal(r))
		var got Result
		if err := json.Unmarshal(raw, &got); err != nil || got != r {
			t.Errorf("%s: %v, %v, want %v", raw, got, err, r)
		}
		for n := range raw {
			if err := got.UnmarshalJSON(raw[:n]); err == nil || got != r {
				t.Errorf("the first %d bytes of %s: %v, %v", n, raw, got, err)
			}
		}
	}
	r := Result{Scores: 2, Ignored: 1}
	r.LossSum.Add(3)
	r.WeightSum.Add(0.5)
	infinite := Result{Scores: 1}
	infinite.LossSum.Add(math.Inf(1))
	infinite.WeightSum.Add(1)
	exact, exactInf := string(must(r.MarshalText())), string(must(infinite.MarshalText()))
	for _, c := range []struct{ raw, want string }{
		{`{"exact":"` + exact + `","ignored":1,"scores":2,"positives":0}`, ""},
		{` { "sum" : 3.0 , "per_positive":30e-1,"mean":1.5,"weighted_mean":6,"scores":2,"positives":0,"ignored":1,"exact":"` + exact + "\"}\n", ""},
		{`{"sum":null,"scores":2,"positives":0,"ignored":1,"exact":"` + exact + `"}`, ""},

		{`null`, `JSON Result has no "exact": without it the sum is lost; want all that MarshalJSON gives`},
		{`{}`, `JSON Result has no "exact": without it the sum is lost; want all that MarshalJSON gives`},
		{`{"scores":2,"positives":0,"ignored":1,"sum":3,"mean":1.5,"per_positive":3}`,
			`JSON Result has no "exact": without it the sum is lost; want all that MarshalJSON gives`},
		{`{"scores":2,"positives":0,"ignored":1,"exact":null}`, `JSON Result has no "exact": without it the sum is lost; want all that MarshalJSON gives`},
		{`{"scores":2,"positives":0,"ignored":1,"exact":""}`, "JSON Result: exact: binary Result has 0 bytes: want at least 25"},
		{`{"scores":2,"positives":0,"ignored":1,"exact":"AQ="}`, "JSON Result: exact: text Result: illegal base64 data at input byte 3"},
		{`{"positives":0,"ignored":1,"exact":"` + exact + `"}`, `JSON Result has no "scores": want the count`},
		{`{"scores":2,"ignored":1,"exact":"` + exact + `"}`, `JSON Result has no "positives": want the count`},
		{`{"scores":2,"positives":0,"exact":"` + exact + `"}`, `JSON Result has no "ignored": want the count`},
		{`{"scores":3,"positives":0,"ignored":1,"exact":"` + exact + `"}`, "JSON Result has scores 3, but 2 in its exact form"},
		{`{"scores":2,"positives":1,"ignored":1,"exact":"` + exact + `"}`, "JSON Result has positives 1, but 0 in its exact form"},
		{`{"scores":2,"positives":0,"ignored":0,"exact":"` + exact + `"}`, "JSON Result has ignored 0, but 1 in its exact form"},
		{`{"scores":2,"positives":0,"ignored":1,"sum":3.0000000000000004,"exact":"` + exact + `"}`, "JSON Result has sum 3.0000000000000004, but 3 in its exact form"},
		{`{"scores":2,"positives":0,"ignored":1,"sum":"Infinity","exact":"` + exact + `"}`, "JSON Result has sum +Inf, but 3 in its exact form"},
		{`{"scores":2,"positives":0,"ignored":1,"mean":1,"exact":"` + exact + `"}`, "JSON Result has mean 1, but 1.5 in its exact form"},
		{`{"scores":2,"positives":0,"ignored":1,"per_positive":2,"exact":"` + exact + `"}`, "JSON Result has per_positive 2, but 3 in its exact form"},
		{`{"scores":2,"positives":0,"ignored":1,"weighted_mean":1.5,"exact":"` + exact + `"}`, "JSON Result has weighted_mean 1.5, but 6 in its exact form"},
		{`{"scores":1,"positives":0,"ignored":0,"sum":1e308,"exact":"` + exactInf + `"}`, "JSON Result has sum 1e+308, but +Inf in its exact form"},
		{`{"scores":1,"positives":0,"ignored":0,"sum":"Inf","exact":"` + exactInf + `"}`, `JSON Result: found "Inf": want a number, or "Infinity"`},
		{`{"path":"a","scores":2,"positives":0,"ignored":1,"exact":"` + exact + `"}`, `JSON Result: json: unknown field "path"`},
		{`{"scores":2,"positives":0,"ignored":1,"exact":"` + exact + `"} {}`, "JSON Result has bytes after its end"},
		{`"` + exact + `"`, "JSON Result: json: cannot unmarshal string into Go value of type engine.resultJSON"},
	} {
		got := someResult(12, 10)
		before := got
		err := got.UnmarshalJSON([]byte(c.raw))
		switch {
		case c.want == "" && (err != nil || got != r):
			t.Errorf("%s: %v, %v, want %v", c.raw, got, err, r)
		case c.want != "" && (err == nil || err.Error() != c.want || got != before):
			t.Errorf("%s: %v, %v, want %s", c.raw, got, err, c.want)
		}
	}
}

func FuzzResultBinary(f *testing.F) {
	for _, r := range sampleResults() {
		f.Add(must(r.MarshalBinary()))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := someResult(13, 10)
		r := before
		if err := r.UnmarshalBinary(raw); err != nil {
			if r != before {
				t.Errorf("%x gives %v and leaves %v", raw, err, r)
			}
			return
		}
		if again := must(r.MarshalBinary()); !bytes.Equal(again, raw) {
			t.Errorf("%x reads as %v, which is written %x", raw, r, again)
		}
		again := before
		if err := json.Unmarshal(must(json.Marshal(r)), &again); err != nil || again != r {
			t.Errorf("%v comes back from JSON as %v, %v", r, again, err)
		}
	})
}

func FuzzResultJSON(f *testing.F) {
	for _, r := range sampleResults() {
		f.Add(must(json.Marshal(r)))
	}
	f.Add([]byte("null"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := someResult(14, 10)
		r := before
		if err := r.UnmarshalJSON(raw); err != nil {
			if r != before {
				t.Errorf("%s gives %v and leaves %v", raw, err, r)
			}
			return
		}
		// What is accepted says the same to those who read the other keys.
		var seen struct {
			Scores, Positives, Ignored int64
			Sum                        any
			Exact                      []byte
		}
		if err := json.Unmarshal(raw, &seen); err != nil || !bytes.Equal(seen.Exact, must(r.MarshalBinary())) {
			t.Errorf("%s reads as %v, elsewhere as %+v, %v", raw, r, seen, err)
		}
		if seen.Scores != r.Scores || seen.Positives != r.Positives || seen.Ignored != r.Ignored {
			t.Errorf("%s reads as %v, elsewhere as %+v", raw, r, seen)
		}
		if sum, ok := seen.Sum.(float64); ok && sum != r.Sum() {
			t.Errorf("%s has the sum %v, read as %v", raw, sum, r)
		}
	})
}
