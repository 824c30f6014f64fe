package engine

import (
	"encoding"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
)

var (
	_ encoding.BinaryMarshaler   = Result{}
	_ encoding.BinaryUnmarshaler = (*Result)(nil)
	_ json.Marshaler             = Result{}
)

func someResult(seed uint64, n int) Result {
	b := randomBatch(rand.New(rand.NewPCG(seed, 1)), n, 1, false, false)
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
	if per := left.Sum() / float64(left.Positives); left.PerPositive() != per {
		t.Errorf("per positive %v, want %v", left.PerPositive(), per)
	}
}

func TestResultBinary(t *testing.T) {
	for _, r := range []Result{{}, someResult(4, 10), someResult(5, 10_000)} {
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
		{mutate(0, 7), "binary Result has version 7: want 1"},
		{good[:25], "binary Result: exact sum: truncated: no bytes"},
		{mutate(8, 0x80), "binary Result has the negative count -9223372036854775799"},
		{mutate(9, 200), "binary Result has 200 positives of 9 scores"},
		{append(good[:len(good):len(good)], 0), "binary Result has bytes after its end"},
	} {
		var r Result
		if err := r.UnmarshalBinary(c.raw); err == nil || err.Error() != c.want || r != (Result{}) {
			t.Errorf("%x: %v, want %s", c.raw, err, c.want)
		}
	}
}

func TestResultJSON(t *testing.T) {
	e := must(New(Loss{PosWeight: 4, NegWeight: 1}))
	r := must(e.Sum(Batch{Logits: []float32{0, 0, 7}, Labels: []uint8{0, 0, 255}}))
	if got, want := r.String(), "2 scores, 0 positive, 1 ignored, sum 1.3862943649291992"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	const want = `{"scores":2,"positives":0,"ignored":1,"sum":1.3862943649291992,"mean":0.6931471824645996,"per_positive":1.3862943649291992}`
	if got := string(must(json.Marshal(r))); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	r = must(e.Sum(Batch{Logits: []float32{-math.MaxFloat32}, Labels: []uint8{1}}))
	const wantInf = `{"scores":1,"positives":1,"ignored":0,"sum":"Infinity","mean":"Infinity","per_positive":"Infinity"}`
	if got := string(must(json.Marshal(r))); got != wantInf {
		t.Errorf("%s, want %s", got, wantInf)
	}
}

func FuzzResult(f *testing.F) {
	f.Add([]byte{})
	f.Add(must(someResult(7, 3000).MarshalBinary()))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var r Result
		if r.UnmarshalBinary(raw) != nil {
			return
		}
		if again := must(r.MarshalBinary()); string(again) != string(raw) {
			t.Errorf("%x reads as %v, which is written %x", raw, r, again)
		}
		must(json.Marshal(r))
	})
}
