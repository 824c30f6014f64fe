package kernel

import (
	"fmt"
	"math"
	"testing"
	"unsafe"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/asmtest"
)

// classCase is what LabelClasses is given, and what has to come of it, by the definition.
type classCase struct {
	columns             int
	background, ignored int8
	classes             []int32

	labels                []uint8
	positive, ignoredRows int
	invalid               bool
}

// newClassCase returns the case of classes that of gives.
func newClassCase(n, columns int, background, ignored int8, of func() int32) *classCase {
	c := &classCase{columns: columns, background: background, ignored: ignored}
	for range n {
		class := of()
		c.classes = append(c.classes, class)
		row := make([]uint8, columns)
		switch {
		case class == int32(background):
		case class == int32(ignored):
			for k := range row {
				row[k] = 255
			}
			c.ignoredRows++
		case class >= 0 && int(class) < columns:
			row[class] = 1
			c.positive++
		default:
			c.invalid = true
		}
		c.labels = append(c.labels, row...)
	}
	return c
}

// classMemory is where the slices of a call lie.
type classMemory struct{ classes, labels, places *slot }

// check calls the set's LabelClasses, and says what is wrong with what it does.
func (m classMemory) check(s *subject, c *classCase, l layout, env asmtest.Env) error {
	var all [asm.MaxClassColumns]asm.ClassPlace
	asm.MakeClassPlaces(&all, c.columns)
	places := all[:c.columns]
	labels := put[uint8](m.labels, l.of(1), nil, len(c.labels))
	a := &asm.ClassCall{
		N: len(c.classes), Columns: c.columns,
		Places:  unsafe.SliceData(put(m.places, l.of(2), places, len(places))),
		Classes: unsafe.SliceData(put(m.classes, l.of(0), c.classes, len(c.classes))),
		Labels:  unsafe.SliceData(labels), Background: c.background, Ignored: c.ignored,
		Positive: -7, IgnoredRows: -7, Invalid: -7,
	}
	given := *a
	_, err := call(s.labelClasses, env, []uint64{uint64(uintptr(unsafe.Pointer(a)))}, 0, func() { s.LabelClasses(a) })
	if err != nil {
		return located(err, []*slot{m.classes, m.labels, m.places})
	}
	for _, s := range []*slot{m.classes, m.labels, m.places} {
		if err := s.check(); err != nil {
			return err
		}
	}
	if err := unchanged(m.classes, c.classes); err != nil {
		return err
	}
	if err := unchanged(m.places, places); err != nil {
		return err
	}
	got := *a
	given.Positive, given.IgnoredRows, given.Invalid = got.Positive, got.IgnoredRows, got.Invalid
	switch {
	case got != given:
		return fmt.Errorf("it changed the call: %+v, given %+v", got, given)
	case got.Invalid < 0 || (got.Invalid > 0) != c.invalid:
		return fmt.Errorf("%d invalid, want some: %t; columns %d, background %d, ignored %d, %d classes",
			got.Invalid, c.invalid, c.columns, c.background, c.ignored, len(c.classes))
	case c.invalid:
		return nil
	case got.Positive != c.positive || got.IgnoredRows != c.ignoredRows:
		return fmt.Errorf("%d rows of a column, %d ignored, want %d, %d; columns %d, background %d, ignored %d, %d classes",
			got.Positive, got.IgnoredRows, c.positive, c.ignoredRows, c.columns, c.background, c.ignored, len(c.classes))
	}
	if i := firstDifference(labels, c.labels); i >= 0 {
		return fmt.Errorf("column %d of row %d of %d, of class %d, is labelled %d, want %d; columns %d, background %d, ignored %d",
			i%c.columns, i/c.columns, len(c.classes), c.classes[i/c.columns], labels[i], c.labels[i], c.columns, c.background, c.ignored)
	}
	return nil
}

// TestLabelClasses: every number of columns, background and ignored in and out of their range,
// every length of groups up to 20 and a block, classes of each kind and of all; and what is no
// class, at every place of a group.
func TestLabelClasses(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		failed := verdicts{}
		m := classMemory{
			newSlot[int32](t, "classes", Block), newSlot[uint8](t, "labels", Block*asm.MaxClassColumns),
			newSlot[asm.ClassPlace](t, "places", asm.MaxClassColumns),
		}
		check := func(c *classCase, ls []layout) {
			t.Helper()
			compareSets(t, failed, rng, "LabelClasses", ls, (*subject).environments, func(s *subject, l layout, env asmtest.Env) error {
				return m.check(s, c, l, env)
			})
		}
		lengths := groupLengths()
		for columns := 1; columns <= asm.MaxClassColumns; columns++ {
			last := int8(columns - 1)
			names := [][2]int8{{-1, -2}, {int8(columns), -1}, {0, -1}, {-1, last}, {-126, 126}, {126, -126}, {-1, -100}}
			if columns > 1 {
				names = append(names, [2]int8{0, last}, [2]int8{last / 2, last})
			}
			for i, name := range names {
				background, ignored := name[0], name[1]
				sparse := func() int32 { return int32(background) }
				mixed := func() int32 {
					return []int32{int32(background), int32(ignored), rng.Int32N(int32(columns))}[rng.IntN(3)]
				}
				ls := []layout{{where(rng.IntN(16)), 1 + rng.IntN(15)}, {where: atStart}, {where: atEnd}}
				if i == columns%len(names) {
					for _, of := range []func() int32{sparse, func() int32 { return int32(ignored) }, func() int32 { return rng.Int32N(int32(columns)) }} {
						check(newClassCase(2*Group, columns, background, ignored, of), ls)
					}
				}
				check(newClassCase(lengths[(columns+3*i)%21], columns, background, ignored, mixed), ls)
				// What would be a class if some of its bits were not looked at, and what is next to one.
				good := mixed()
				bad := []int32{
					int32(columns), 127, 128, -127, -128, -129, 255, math.MaxInt32, math.MinInt32, -3, good ^ 1<<30,
					good + 1<<8, good - 1<<8, good + 1<<16, good - 1<<16, good ^ math.MinInt32, int32(rng.Uint32()),
				}
				c := newClassCase(Group*(1+rng.IntN(3)), columns, background, ignored, mixed)
				c.classes[rng.IntN(len(c.classes))] = bad[rng.IntN(len(bad))]
				at := 0
				check(newClassCase(len(c.classes), columns, background, ignored, func() int32 { at++; return c.classes[at-1] }), ls[2:])
			}
		}
		for _, n := range lengths[21:] {
			columns := 1 + rng.IntN(4)
			check(newClassCase(n, columns, -1, -2, func() int32 { return rng.Int32N(int32(columns)+2) - 2 }), []layout{{where: where(rng.IntN(16))}, {where: atEnd}})
		}
		for _, of := range []int32{0, -2} { // the counters
			for _, columns := range []int{1, asm.MaxClassColumns} {
				check(newClassCase(Block, columns, -1, -2, func() int32 { return of }), []layout{{where: atEnd}})
			}
		}
		for at := range 2 * Group {
			columns := 1 + at%3
			i := -1
			check(newClassCase(2*Group, columns, -1, -2, func() int32 {
				if i++; i == at {
					return []int32{int32(columns), -3, 127, -128}[rng.IntN(4)]
				}
				return rng.Int32N(int32(columns)+2) - 2
			}), []layout{{where: atEnd}})
		}
		for _, s := range subjects() {
			markCompared(s, "classes")
		}
	})
}
