package abi

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
	"unsafe"
)

// FuzzEvaluate has requests of any kind, of pointers to memory of a known size: whatever they say,
// a call comes back, with nothing written beyond what they tell it to write to.
func FuzzEvaluate(f *testing.F) {
	f.Add([]byte("focal\x00"), []byte{4, 4, 0, 0, 1, 4, 1, 1, 0, 0, 0, 0}, []byte("some scores, and labels and so on"))
	f.Add([]byte("softmaxce\x00"), []byte{2, 8, 1, 0, 2, 5, 3, 7, 0, 1, 2, 3, 1}, []byte{0, 0, 1, 0, 1, 1, 2})
	f.Add([]byte("qfl(beta=2)\x00"), []byte{200, 80, 3, 0, 3, 0, 2, 255, 1, 2, 3, 0, 9, 9, 9}, []byte{0x3f, 0x80, 0, 0})
	f.Add([]byte("vfl"), []byte{9, 1, 0, 1, 3, 3, 1, 130, 3, 3, 3, 3, 1, 2, 3, 4, 5, 6}, []byte{})
	f.Fuzz(func(t *testing.T, loss, choices, data []byte) {
		if len(loss) == 0 {
			return
		}
		at := 0
		choice := func() int {
			if at++; at > len(choices) {
				return 0
			}
			return int(choices[at-1])
		}
		// Mostly what is plausible, to get far, and at times anything.
		pick := func(most int) int32 {
			c := choice()
			if c == 255 {
				return int32(choice()) - 100
			}
			return int32(c % (most + 1))
		}
		loss = append(slices.Clone(loss), 0)
		rows, columns := choice(), choice()
		r := newRequest("", rows, columns)
		r.Loss = &loss[0]
		r.ScoresType, r.ScoresForm, r.LabelsForm, r.LabelsType = pick(3), pick(1), pick(3), pick(6)
		flags, more := choice(), choice()
		// Each array has room for all that a request of so many rows and columns can reach.
		const margin = 64
		n := max(rows, 1) * max(columns, 1)
		array := func(fill bool) (unsafe.Pointer, func()) {
			memory := make([]byte, 8*4*n+2*margin+8)
			memory = memory[8-uintptr(unsafe.Pointer(&memory[0]))%8:]
			if fill && len(data) > 0 {
				for i := range memory {
					memory[i] = data[i%len(data)]
				}
			}
			before := slices.Clone(memory)
			return unsafe.Pointer(&memory[margin]), func() {
				t.Helper()
				end := len(memory) - margin
				if !slices.Equal(memory[:margin], before[:margin]) || !slices.Equal(memory[end:], before[end:]) {
					t.Fatal("something was written before or behind an array")
				}
			}
		}
		var checks []func()
		take := func(fill bool) unsafe.Pointer {
			p, check := array(fill)
			checks = append(checks, check)
			return p
		}
		r.Scores, r.Labels = take(true), take(true)
		for i, p := range []**float32{&r.Weights, &r.ScoreWeights, &r.ClassWeights, &r.ColumnWeights} {
			if flags>>i&1 != 0 {
				*p = (*float32)(take(true))
			}
		}
		for i, p := range []*unsafe.Pointer{&r.Losses, &r.Gradients, &r.Hessians} {
			if flags>>(4+i)&1 != 0 {
				*p = take(false)
			}
		}
		r.LossesType, r.GradientsType, r.HessiansType = pick(3), pick(3), pick(3)
		if flags>>7 != 0 {
			r.Upstream, r.UpstreamType = take(true), pick(3)
			r.UpstreamCount = int64(choice())
			if r.UpstreamCount > 1 {
				r.UpstreamCount = int64(n)
			}
		}
		stride := func() *[2]int64 {
			s := &[2]int64{int64(choice()), int64(choice())}
			if uint64(s[0])*uint64(max(rows-1, 0))+uint64(s[1])*uint64(max(columns-1, 0)) >= uint64(4*n) { // it may say too much only if that cannot be
				s[0] = math.MaxInt64 - int64(choice())
			}
			return s
		}
		if more&1 != 0 {
			r.ScoresStrides = stride()
		}
		if more&2 != 0 && r.LabelsForm != Classes {
			r.LabelsStrides = stride()
		}
		if more&4 != 0 {
			background := int32(choice()) - 3
			r.Background = &background
		}
		if more&8 != 0 {
			ignored := []int32{int32(choice()) - 3, int32(choice())}
			r.Ignored, r.IgnoredCount = &ignored[0], int32(1+choice()%2)
		}
		if more&16 != 0 {
			r.Gradients, r.GradientsType = r.Scores, r.ScoresType
		}
		r.Workers = pick(3)
		if more&32 != 0 { // sizes that are lies are refused before anything is read
			r.Rows = int64(binary.LittleEndian.Uint64(append(slices.Clone(choices), make([]byte, 8)...)))
			if r.Rows >= 0 && r.Rows <= 1<<50 {
				r.Rows = -r.Rows - 1
			}
		}
		result, bad := newResult(), newError()
		code := Evaluate(r, result, bad)
		for _, check := range checks {
			check()
		}
		switch {
		case code == InternalFault:
			t.Fatalf("%+v: %s", r, bad.message())
		case code == OK && (result.Scores < 0 || result.Scores > int64(n) || math.IsNaN(result.Sum)):
			t.Fatalf("%+v: the result is %+v", r, result)
		case code != OK && (bad.Code != code || bad.message() == ""):
			t.Fatalf("%+v: code %d, error %+v", r, code, bad)
		case code == InputFault && (bad.Index < 0 || bad.Index >= int64(4*n)+2):
			t.Fatalf("%+v: bad is %d: %s", r, bad.Index, bad.message())
		}
		if more&64 != 0 {
			r.Losses, r.Gradients, r.Hessians, r.Upstream, r.UpstreamCount = nil, nil, nil, nil, 0
			hard, found := make([]Hard, 20), int64(0)
			if c := Hardest(r, int64(choice()%20), pick(2), 0, &hard[0], &found, result, bad); c == InternalFault || c == OK && found > 20 {
				t.Fatalf("%+v: %s", r, bad.message())
			}
			r.Loss = nil
			list := []*byte{&loss[0], cstring("ce")}
			results := []Result{*newResult(), *newResult()}
			if Sweep(r, &list[0], 2, &results[0], bad) == InternalFault {
				t.Fatalf("%+v: %s", r, bad.message())
			}
		}
	})
}

// FuzzMerge has any bytes for results, which come back as they were where they are taken.
func FuzzMerge(f *testing.F) {
	sum := newResult()
	Evaluate(newFixture("focal").Request, sum, nil)
	f.Add(sum.bytes(), []byte{})
	f.Add(sum.bytes(), sum.bytes())
	f.Fuzz(func(t *testing.T, a, b []byte) {
		sum, bad := newResult(), newError()
		p, q := append(slices.Clone(a), 0), append(slices.Clone(b), 0)
		code := Merge(unsafe.Pointer(&p[0]), int64(len(a)), unsafe.Pointer(&q[0]), int64(len(b)), sum, bad)
		if code == InternalFault {
			t.Fatal(bad.message())
		}
		if code == OK && len(b) == 0 && len(a) > 0 && !slices.Equal(sum.bytes(), a) {
			t.Fatalf("%x came back as %x", a, sum.bytes())
		}
	})
}
