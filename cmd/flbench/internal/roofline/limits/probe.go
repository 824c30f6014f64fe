// Package limits tells how close the loss kernels of package engine come to what
// a machine can do. Probes measure its ceilings: vector operations per nanosecond,
// and bandwidth. [WorkOf] says how much work a kernel does per score, as counted in
// its machine code. The quotients are times that no score can take less than: see
// [Work.PortBound] and [MemoryBound].
package limits

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/flengine/flengine/generic"
)

// Kind is what a probe does.
type Kind int

// The probes. FMA, Add, FMAAdd, Integer and Division measure vector instructions per
// nanosecond: fused multiply-adds; additions and subtractions; as many of either;
// integer additions; divisions of float32. Read, Update and Copy
// measure bytes per nanosecond, that is GB/s, where Update (loads and stores in
// place) and Copy count those read and those written.
const (
	FMA Kind = iota
	Add
	FMAAdd
	Integer
	Division
	Read
	Update
	Copy
	numKinds
)

var kindNames = [numKinds]string{"FMA", "add", "FMA+add", "integer", "division", "read", "read+write", "copy"}

func (k Kind) String() string {
	if k < 0 || k >= numKinds {
		return fmt.Sprintf("Kind(%d)", int(k))
	}
	return kindNames[k]
}

// Memory tells whether the probe measures bandwidth.
func (k Kind) Memory() bool { return k >= Read }

// Set is an instruction set that probes exist for.
type Set struct {
	Name  string // that of the kernel in package engine with the same vectors
	Lanes int    // float32 of a vector; 1 for generic
}

// Sets returns the sets that this machine can run, widest vectors first. The last
// is "generic", whose probes are Go's scalars.
func Sets() []Set {
	var sets []Set
	for _, c := range usable() {
		sets = append(sets, Set{c.name, c.lanes})
	}
	return sets
}

// Probe measures one ceiling. Take one sample of a probe at a time.
type Probe struct {
	workers int
	run     func(worker, amount int) (done int) // work of so many operations or bytes at least
	first   int                                 // amount that a call begins with
}

// Buffer returns memory for probes of bandwidth, at least so many bytes that have
// been written, since memory that never was may cost nothing to read.
func Buffer(bytes int) []float32 {
	b := make([]float32, (bytes/4+generic.CeilingGroup-1)/generic.CeilingGroup*generic.CeilingGroup)
	for i := range b {
		b[i] = 1
	}
	return b
}

// MinBytes is the least memory, for each worker, of a probe of bandwidth.
const MinBytes = 2 * 4 * generic.CeilingGroup

// NewProbe returns a probe with the named set's instructions, which so many
// goroutines run at a time. Those of bandwidth work on memory, each on a part of its
// own; it is not used for the others.
func NewProbe(set string, kind Kind, workers int, memory []float32) (*Probe, error) {
	var names []string
	for _, c := range usable() {
		if names = append(names, c.name); c.name != set {
			continue
		}
		if workers < 1 {
			return nil, fmt.Errorf("limits: %d workers: want at least 1", workers)
		}
		switch kind {
		case FMA, Add, FMAAdd, Integer, Division:
			return newPeak([...]func(int) int{c.fma, c.add, c.fmaAdd, c.integer, c.division}[kind], workers), nil
		case Read, Update, Copy:
			if 4*len(memory) < workers*MinBytes {
				return nil, fmt.Errorf("limits: %d bytes of memory for %d workers: want at least %d each", 4*len(memory), workers, MinBytes)
			}
			return newStream(c, kind, workers, memory), nil
		}
		return nil, fmt.Errorf("limits: unknown probe %v", kind)
	}
	return nil, fmt.Errorf("limits: no probes for %q here; want one of %s", set, strings.Join(names, ", "))
}

func newPeak(peak func(turns int) int, workers int) *Probe {
	perTurn := peak(1)
	return &Probe{workers, func(_, ops int) int { return peak(max(1, ops/perTurn)) }, 1 << 12}
}

// maxCall is the most bytes or operations that a call does: assembly cannot be
// interrupted.
const maxCall = 1 << 20

// newStream returns a probe that streams over the memory, from where the worker's
// last call ended, and over and over where all of it is less than a call.
func newStream(c ceilings, kind Kind, workers int, memory []float32) *Probe {
	const group = generic.CeilingGroup
	type part struct {
		dst, src []float32
		at       int
		_        [64]byte // cursors on lines of their own
	}
	parts := make([]part, workers)
	share := len(memory) / workers / group * group
	for i := range parts {
		m := memory[i*share : (i+1)*share]
		parts[i].src = m
		if kind == Copy {
			half := share / 2 / group * group
			parts[i].dst, parts[i].src = m[:half], m[half:2*half]
		}
	}
	sides := 1 // times that a float32 is moved
	if kind != Read {
		sides = 2
	}
	run := func(worker, bytes int) int {
		p := &parts[worker]
		from := p.at
		to := min(from+max(group, bytes/4/sides/group*group), len(p.src))
		p.at = to % len(p.src)
		passes := 1
		if from == 0 && to == len(p.src) {
			passes = max(1, bytes/(4*sides*to))
		}
		switch kind {
		case Read:
			c.read(p.src[from:to], passes)
		case Update:
			c.update(p.src[from:to], passes)
		default:
			c.copy(p.dst[from:to], p.src[from:to], passes)
		}
		return (to - from) * 4 * sides * passes
	}
	return &Probe{workers, run, min(maxCall, 4*sides*len(parts[0].src))}
}

// Sample measures for about so long, and returns the rate of all workers together.
// The first sample of a probe is lower if caches and clocks are cold.
func (p *Probe) Sample(d time.Duration) float64 {
	if p.workers == 1 {
		var stop atomic.Bool
		return rate([]span{p.work(0, d, &stop)})
	}
	spans := make([]span, p.workers)
	var ready atomic.Int32
	var stop atomic.Bool
	var wg sync.WaitGroup
	for i := range spans {
		wg.Go(func() {
			for ready.Add(1); int(ready.Load()) < p.workers; {
				runtime.Gosched()
			}
			spans[i] = p.work(i, d, &stop)
		})
	}
	wg.Wait()
	return rate(spans)
}

// span is what a worker did, and when.
type span struct {
	done       int
	start, end time.Time
}

// rate is that of all workers over the time from the first start to the last end:
// were each one's own rates added, workers that take turns on a CPU would seem to be
// as fast as if each had its own.
func rate(spans []span) float64 {
	done, start, end := 0, spans[0].start, spans[0].end
	for _, s := range spans {
		done += s.done
		if s.start.Before(start) {
			start = s.start
		}
		if s.end.After(end) {
			end = s.end
		}
	}
	return float64(done) / float64(end.Sub(start).Nanoseconds())
}

// work lets one worker run, until it has for so long, or another has. Calls grow
// until they are long against the clock.
func (p *Probe) work(worker int, d time.Duration, stop *atomic.Bool) span {
	const long = 20 * time.Microsecond
	s := span{start: time.Now()}
	s.end = s.start
	for amount := p.first; ; {
		s.done += p.run(worker, amount)
		now := time.Now()
		if took := now.Sub(s.end); took < long && amount < maxCall {
			amount = min(2*amount, maxCall)
		}
		s.end = now
		if took := now.Sub(s.start); stop.Load() || took >= d && took > 0 {
			stop.Store(true)
			return s
		}
	}
}
