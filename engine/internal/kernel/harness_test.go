package kernel

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/flengine/flengine/engine/internal/asmtest"
	"github.com/flengine/flengine/engine/internal/guard"
)

// subject is a set under test. Its assembly is called by way of package asmtest, which
// checks what a function has to keep; generic's functions are called as they are.
type subject struct {
	*Set
	run, sweep, countLabels, pow uintptr // addresses of the assembly; 0 for generic
	widenF16, widenBF16          uintptr
	labelClasses                 uintptr
	unary                        [NumUnary]uintptr

	countTargets, labelTargets, smoothTargets uintptr

	spreadWeights, multiplyWeights, pickPositives, sumWeights uintptr

	notAssembly []error            // of an assembly set
	rows        map[string]uintptr // by the kernels' names
}

// subjects returns the sets under test.
var subjects = sync.OnceValue(func() []*subject {
	var all []*subject
	for _, c := range candidates {
		if !c.Usable() || !slices.Contains(onlySets(), c.Name) {
			continue
		}
		s := &subject{Set: c.Set}
		if c.Name != "generic" {
			entry := func(what string, f any) uintptr {
				e, err := asmtest.Entry(f)
				if err != nil {
					s.notAssembly = append(s.notAssembly, fmt.Errorf("%s: %w", what, err))
				}
				return e
			}
			s.run, s.sweep = entry("Run", c.Run), entry("Sweep", c.Sweep)
			s.countLabels, s.pow = entry("CountLabels", c.CountLabels), entry("Pow", c.Pow)
			s.widenF16, s.widenBF16 = entry("WidenF16", c.WidenF16), entry("WidenBF16", c.WidenBF16)
			s.labelClasses = entry("LabelClasses", c.LabelClasses)
			s.countTargets = entry("CountTargets", c.CountTargets)
			s.labelTargets, s.smoothTargets = entry("LabelTargets", c.LabelTargets), entry("SmoothTargets", c.SmoothTargets)
			s.spreadWeights, s.multiplyWeights = entry("SpreadWeights", c.SpreadWeights), entry("MultiplyWeights", c.MultiplyWeights)
			s.pickPositives, s.sumWeights = entry("PickPositives", c.PickPositives), entry("SumWeights", c.SumWeights)
			for k, f := range c.Unary {
				s.unary[k] = entry(unaryNames[k], f)
			}
			s.rows = map[string]uintptr{}
			for _, name := range rowKernels {
				s.rows[name] = entry("Rows."+name, reflect.ValueOf(c.Rows).FieldByName(name).Interface())
			}
		}
		all = append(all, s)
	}
	return all
})

// onlySets returns the names of the sets under test: those that FLENGINE_ONLY names, or all
// that this machine can run.
func onlySets() []string {
	if list := os.Getenv("FLENGINE_ONLY"); list != "" {
		return strings.Split(list, ",")
	}
	return Names()
}

// noAssembly tells whether generic alone is under test.
func noAssembly() bool { return len(subjects()) == 1 && subjects()[0].run == 0 }

// environments are those that a thread may have, the default first.
var environments = asmtest.Envs()

// environments returns those that the set's kernels are to compute under.
func (s *subject) environments() []asmtest.Env {
	if s.run == 0 {
		return environments[:1] // package fpenv sees to it for generic
	}
	return environments
}

// call calls a function of the set: the assembly at entry with those arguments, and room for
// results after them, or f in its place.
func call(entry uintptr, env asmtest.Env, args []uint64, results int, f func()) ([]uint64, error) {
	if entry == 0 {
		return nil, asmtest.Try(f)
	}
	var frame asmtest.Frame
	for i := range frame {
		frame[i] = uint64(0x5ca1ab1e + i)
	}
	given := frame
	copy(frame[:], args)
	if err := asmtest.Call(entry, &frame, env); err != nil {
		return nil, err
	}
	// The arguments are the function's own, but not what follows the results.
	end := len(args) + results
	if !slices.Equal(frame[end:], given[end:]) {
		return nil, fmt.Errorf("it wrote past its results: %#x, what was there is %#x", frame[end:], given[end:])
	}
	return frame[len(args):end], nil
}

func (s *subject) runCall(c *Call, env asmtest.Env) error {
	_, err := call(s.run, env, []uint64{uint64(uintptr(unsafe.Pointer(c)))}, 0, func() { s.Run(c) })
	return err
}

// words are a slice as an argument.
func words[T any](s []T) []uint64 {
	return []uint64{uint64(uintptr(unsafe.Pointer(unsafe.SliceData(s)))), uint64(len(s)), uint64(cap(s))}
}

// margin is how many bytes beside a slice are looked at.
const margin = 256

// canaries are what stands there.
var canaries = func() (c [margin]byte) {
	for i := range c {
		c[i] = byte(0xc3 + 7*i)
	}
	return c
}()

// where is how a slice lies in memory: from 0 to 15 so many elements behind an aligned
// address, with canaries on both sides; or next to a page that must not be touched.
type where int

const (
	atStart where = 16 + iota
	atEnd
)

func (w where) String() string {
	switch w {
	case atStart:
		return "at the start of a page"
	case atEnd:
		return "at the end of a page"
	}
	return fmt.Sprintf("offset %d", int(w))
}

// slot is memory for one slice of a call, between pages that must not be touched.
type slot struct {
	name string
	mem  []byte
	at   int    // where in mem the slice begins
	data []byte // the slice
}

// newSlot returns a slot for at most n elements of T.
func newSlot[T any](t *testing.T, name string, n int) *slot {
	const page = 64 << 10 // or a divisor of it
	size := int(unsafe.Sizeof(*new(T)))*(n+16) + 2*margin
	return &slot{name: name, mem: guard.Slice[byte](t, (size+page-1)/page*page, false)}
}

// put makes the slot's slice one of n elements, those of data, or others if data is nil, and
// plants canaries around it.
func put[T any](s *slot, w where, data []T, n int) []T {
	size := int(unsafe.Sizeof(*new(T)))
	switch w {
	case atStart:
		s.at = 0
	case atEnd:
		s.at = len(s.mem) - n*size
	default:
		s.at = margin + int(w)*size
	}
	s.data = s.mem[s.at : s.at+n*size]
	before, after := s.margins()
	copy(before, canaries[:])
	copy(after, canaries[:])
	if n == 0 {
		return nil
	}
	slice := unsafe.Slice((*T)(unsafe.Pointer(&s.data[0])), n)
	if data != nil {
		copy(slice, data)
		return slice
	}
	for i := 0; i < len(s.data); {
		i += copy(s.data[i:], canaries[:])
	}
	return slice
}

func (s *slot) margins() (before, after []byte) {
	end := s.at + len(s.data)
	return s.mem[max(0, s.at-margin):s.at], s.mem[end:min(end+margin, len(s.mem))]
}

// check says what was written outside the slice.
func (s *slot) check() error {
	before, after := s.margins()
	if i := firstDifference(before, canaries[:len(before)]); i >= 0 {
		return fmt.Errorf("it wrote %d bytes before the %s", len(before)-i, s.name)
	}
	if i := firstDifference(after, canaries[:len(after)]); i >= 0 {
		return fmt.Errorf("it wrote %d bytes past the end of the %s", i, s.name)
	}
	return nil
}

// firstDifference returns where a and b, of one length, differ, or -1.
func firstDifference(a, b []byte) int {
	if bytes.Equal(a, b) {
		return -1
	}
	i := 0
	for a[i] == b[i] {
		i++
	}
	return i
}

// unchanged says whether the slice still is data.
func unchanged[T any](s *slot, data []T) error {
	if i := firstDifference(s.data, asBytes(data)); i >= 0 {
		return fmt.Errorf("it wrote to element %d of the %s", i/int(unsafe.Sizeof(data[0])), s.name)
	}
	return nil
}

// asBytes returns the memory of a slice.
func asBytes[T any](s []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(*new(T))))
}

// located adds to a fault next to which slice it was.
func located(err error, slots []*slot) error {
	var fault *asmtest.Fault
	if !errors.As(err, &fault) {
		return err
	}
	for _, s := range slots {
		start := uintptr(unsafe.Pointer(&s.mem[0])) + uintptr(s.at)
		switch {
		case fault.Addr >= start+uintptr(len(s.data)) && fault.Addr < start+uintptr(len(s.data)+margin):
			return fmt.Errorf("it touched memory %d bytes past the end of the %s", fault.Addr-start-uintptr(len(s.data)), s.name)
		case fault.Addr < start && fault.Addr >= start-margin:
			return fmt.Errorf("it touched memory %d bytes before the %s", start-fault.Addr, s.name)
		}
	}
	return err
}

// layout is how the slices of a call lie: the offset of each is so much more than that of
// the one before, mod 16.
type layout struct {
	where
	step int
}

// of returns how the i-th slice lies.
func (l layout) of(i int) where {
	if l.where < atStart {
		return where((int(l.where) + i*l.step) % 16)
	}
	return l.where
}

func (l layout) String() string {
	if l.step == 0 || l.where >= atStart {
		return l.where.String()
	}
	return fmt.Sprintf("%v, %d more per slice", l.where, l.step)
}

// differ returns where the bits of two slices of one length differ, or -1.
func differ(a, b []float32) int {
	i := firstDifference(asBytes(a), asBytes(b))
	if i < 0 {
		return -1
	}
	return i / 4
}

// verdicts collects failures by set: of each, the first one a test comes to.
type verdicts map[*subject]bool

// fail fails the test, naming set and function.
func (v verdicts) fail(t *testing.T, s *subject, function, format string, args ...any) {
	t.Helper()
	v[s] = true
	t.Errorf("%s/%s: %s", s.Name, function, fmt.Sprintf(format, args...))
}

// standard is a thread's environment as it should be.
func standard(*subject) []asmtest.Env { return environments[:1] }

// compareSets has check compare each set with generic in all layouts and environments, up to
// the set's first fault.
func compareSets(t *testing.T, failed verdicts, rng *source, function string, ls []layout, envs func(*subject) []asmtest.Env, check func(*subject, layout, asmtest.Env) error) {
	t.Helper()
	for _, s := range subjects() {
		if failed[s] {
			continue
		}
		layouts := ls
		if s.run == 0 {
			layouts = ls[:1] // Go looks after the rest
		}
	set:
		for _, env := range envs(s) {
			for _, l := range layouts {
				if err := check(s, l, env); err != nil {
					failed.fail(t, s, function, "%v, environment: %s, %v:\n%v", l, env.Name, rng, err)
					break set
				}
			}
		}
	}
}

// groupLengths are whole groups: up to 20 of them, around the chunks of the assembly, and a
// block.
func groupLengths() (lengths []int) {
	for g := range 21 {
		lengths = append(lengths, g*Group)
	}
	return append(lengths, 1024-Group, 1024, 1024+Group, Block-Group, Block)
}
