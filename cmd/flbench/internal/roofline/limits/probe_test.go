package limits

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
)

// TestProbes: every probe of this machine runs and gives a rate. How high it is, is
// not for a test.
func TestProbes(t *testing.T) {
	sets := Sets()
	if last := sets[len(sets)-1]; last.Name != "generic" || last.Lanes != 1 {
		t.Errorf("last set is %v, want generic", last)
	}
	memory := Buffer(40_000)
	for _, set := range sets {
		for kind := FMA; kind < numKinds; kind++ {
			for _, workers := range []int{1, 3} {
				p, err := NewProbe(set.Name, kind, workers, memory)
				if err != nil {
					t.Fatal(err)
				}
				for range 2 {
					if rate := p.Sample(time.Millisecond); !(rate > 0) || math.IsInf(rate, 0) {
						t.Errorf("%s %v with %d workers: %g", set.Name, kind, workers, rate)
					}
				}
			}
		}
	}
}

// TestRate: workers that take turns are not twice as fast as one.
func TestRate(t *testing.T) {
	at := func(us int) time.Time { return time.Unix(0, int64(us)*1000) }
	for _, c := range []struct {
		spans []span
		want  float64
	}{
		{[]span{{5000, at(10), at(15)}}, 1},
		{[]span{{5000, at(10), at(15)}, {5000, at(10), at(15)}}, 2},
		{[]span{{5000, at(15), at(20)}, {5000, at(10), at(15)}}, 1},
		{[]span{{5000, at(10), at(20)}, {1000, at(12), at(16)}}, 0.6},
	} {
		if got := rate(c.spans); got != c.want {
			t.Errorf("%v: %g, want %g", c.spans, got, c.want)
		}
	}
}

// TestCalls: calls of a probe grow up to maxCall, and no further, from whatever they
// begin with.
func TestCalls(t *testing.T) {
	for _, first := range []int{1 << 12, 3 << 12, maxCall/2 + 512, maxCall} {
		most := 0
		p := &Probe{1, func(_, amount int) int { most = max(most, amount); return amount }, first}
		for range 100 { // a call that takes long ends the growth
			if p.Sample(time.Millisecond); most >= maxCall {
				break
			}
		}
		if most != maxCall {
			t.Errorf("from %d: a call of %d, want at most %d, and that", first, most, maxCall)
		}
	}
}

// TestStream: whatever the sizes, a stream comes around all of its memory, and
// reports the bytes that it moved.
func TestStream(t *testing.T) {
	for _, set := range Sets() {
		for _, bytes := range []int{MinBytes, 3 * MinBytes, 1 << 16, 3<<20 + 256} {
			memory := Buffer(bytes)
			half := len(memory) / 2 / 64 * 64
			src := memory[half : 2*half]
			for i := range src {
				src[i] = float32(i + 1)
			}
			p, err := NewProbe(set.Name, Copy, 1, memory)
			if err != nil {
				t.Fatal(err)
			}
			want, done := 8*half, 0
			for done < want {
				done += p.run(0, 1<<18)
			}
			if done%512 != 0 {
				t.Errorf("%s, %d bytes: moved %d, want whole groups", set.Name, bytes, done)
			}
			for i, v := range memory[:half] {
				if v != float32(i+1) {
					t.Fatalf("%s, %d bytes: element %d is %g after %d bytes of %d", set.Name, bytes, i, v, done, want)
				}
			}
			if p, err = NewProbe(set.Name, Update, 1, memory); err != nil {
				t.Fatal(err)
			}
			for range 2 { // generic's first pass changes the signs
				for done = 0; done < 8*len(memory); {
					done += p.run(0, 8*len(memory))
				}
			}
			for i, v := range memory[:half] {
				if v != float32(i+1) && v != -float32(i+1) {
					t.Fatalf("%s, %d bytes: update made element %d %g", set.Name, bytes, i, v)
				}
			}
		}
	}
}

func TestNewProbeErrors(t *testing.T) {
	memory := Buffer(MinBytes)
	for _, c := range []struct {
		set     string
		kind    Kind
		workers int
		want    string
	}{
		{"sse9", FMA, 1, `no probes for "sse9" here; want one of `},
		{"generic", FMA, 0, "0 workers: want at least 1"},
		{"generic", numKinds, 1, "unknown probe Kind(8)"},
		{"generic", Read, 2, fmt.Sprintf("%d bytes of memory for 2 workers: want at least %d each", MinBytes, MinBytes)},
	} {
		if _, err := NewProbe(c.set, c.kind, c.workers, memory); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v, %d workers: %v, want %s", c.set, c.kind, c.workers, err, c.want)
		}
	}
}

func TestKindString(t *testing.T) {
	seen := map[string]bool{}
	for k := FMA; k < numKinds; k++ {
		if s := k.String(); seen[s] || s == "" || k.Memory() != (k >= Read) {
			t.Errorf("kind %d is %q, of memory: %v", int(k), s, k.Memory())
		}
		seen[k.String()] = true
	}
}
