package kernel

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"
	"unsafe"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/asmtest"
)

// rowKernels are the names of the kernels of rows, in the order of [Rows].
var rowKernels = func() (names []string) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Rows]()) {
		names = append(names, f.Name)
	}
	return names
}()

// rowSlice is a slice of a call.
type rowSlice struct {
	name string
	data []float32 // what is there before; nil: anything, as the kernel writes it
	n    int
	want []float32 // after the call; nil: as before
}

func input(name string, data []float32) *rowSlice {
	return &rowSlice{name: name, data: data, n: len(data)}
}
func output(name string, n int) *rowSlice { return &rowSlice{name: name, n: n} }

// rowCase is what a kernel of rows is given, and what has to come of it.
type rowCase struct {
	kernel string
	what   string // for people
	slices []*rowSlice
	// call calls the set's kernel with the slices, and returns what it leaves besides.
	call  func(s *subject, env asmtest.Env, p [][]float32) (rest []uint64, err error)
	wants []uint64
}

// callStruct calls the kernel of rows that takes a *T.
func callStruct[T any](s *subject, env asmtest.Env, kernel string, f func(*T), c *T) error {
	_, err := call(s.rows[kernel], env, []uint64{uint64(uintptr(unsafe.Pointer(c)))}, 0, func() { f(c) })
	return err
}

// expect has generic say what is wanted.
func (c *rowCase) expect(t *testing.T) {
	t.Helper()
	var p [][]float32
	for _, s := range c.slices {
		p = append(p, append(slices.Clone(s.data), make([]float32, s.n-len(s.data))...))
	}
	rest, err := c.call(&subject{Set: &genericSet}, environments[0], p)
	if err != nil {
		t.Fatal(err)
	}
	c.wants = rest
	for i, s := range c.slices {
		s.want = p[i]
	}
}

// rowMemory is where the slices of calls lie.
type rowMemory []*slot

func newRowMemory(t *testing.T) (m rowMemory) {
	for i := range 10 {
		m = append(m, newSlot[float32](t, fmt.Sprint("slice ", i), Block+Group))
	}
	return m
}

// check calls the set's kernel, and says what is wrong with what it does.
func (m rowMemory) check(s *subject, c *rowCase, l layout, env asmtest.Env) error {
	var p [][]float32
	for i, slice := range c.slices {
		m[i].name = slice.name
		p = append(p, put(m[i], l.of(i), slice.data, slice.n))
	}
	rest, err := c.call(s, env, p)
	if err != nil {
		return located(err, m[:len(p)])
	}
	for i, slice := range c.slices {
		if err := m[i].check(); err != nil {
			return err
		}
		if at := rowDiffer(p[i], slice.want); at >= 0 {
			return fmt.Errorf("%s[%d] is %g (%#x), generic's %g (%#x)", slice.name, at,
				p[i][at], math.Float32bits(p[i][at]), slice.want[at], math.Float32bits(slice.want[at]))
		}
	}
	if !slices.Equal(rest, c.wants) {
		return fmt.Errorf("it leaves %#x, generic %#x", rest, c.wants)
	}
	return nil
}

// rowDiffer returns where two results differ, or -1. All NaNs are the same: they are in rows
// that do not count.
func rowDiffer(a, b []float32) int {
	if differ(a, b) < 0 {
		return -1
	}
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) && (a[i] == a[i] || b[i] == b[i]) {
			return i
		}
	}
	return -1
}

// compareSets checks the sets on the case.
func (m rowMemory) compareSets(t *testing.T, failed verdicts, rng *source, c *rowCase, ls []layout, envs func(*subject) []asmtest.Env) {
	t.Helper()
	c.expect(t)
	compareSets(t, failed, rng, "Rows."+c.kernel, ls, envs, func(s *subject, l layout, env asmtest.Env) error {
		if err := m.check(s, c, l, env); err != nil {
			return fmt.Errorf("%s: %w", c.what, err)
		}
		return nil
	})
}

// expCase is of Rows.Exp, of scores with shifts or without, in place or not.
func expCase(x, shifts8, less []float32, inPlace bool) *rowCase {
	c := &rowCase{kernel: "Exp", what: fmt.Sprintf("%d scores, shifted: %t, in place: %t", len(x), shifts8 != nil, inPlace)}
	c.slices = []*rowSlice{input("Scores", x)}
	if !inPlace {
		c.slices = append(c.slices, output("Exps", len(x)))
	}
	if shifts8 != nil {
		c.slices = append(c.slices, input("Less", less), input("Shifts8", shifts8))
	}
	c.call = func(s *subject, env asmtest.Env, p [][]float32) ([]uint64, error) {
		a := &asm.RowExps{N: len(x), Scores: first(p[0]), Exps: first(p[0]), Top: 7}
		if !inPlace {
			a.Exps = first(p[1])
		}
		if shifts8 != nil {
			a.Less, a.Shifts8 = first(p[len(p)-2]), first(p[len(p)-1])
		}
		given := *a
		if err := callStruct(s, env, "Exp", s.Rows.Exp, a); err != nil {
			return nil, err
		}
		top := a.Top
		if a.Top = given.Top; *a != given {
			return nil, fmt.Errorf("it wrote to its arguments")
		}
		return []uint64{uint64(top)}, nil
	}
	return c
}

func topCase(x []float32) *rowCase {
	c := &rowCase{kernel: "Top", what: fmt.Sprintf("%d scores", len(x)), slices: []*rowSlice{input("x", x)}}
	c.call = func(s *subject, env asmtest.Env, p [][]float32) ([]uint64, error) {
		var most float32
		var top uint32
		out, err := call(s.rows["Top"], env, words(p[0]), 1, func() { most, top = s.Rows.Top(p[0]) })
		if out != nil {
			most, top = math.Float32frombits(uint32(out[0])), uint32(out[0]>>32)
		}
		if top > 0x7f800000 {
			most = 0 // there is a NaN
		}
		return []uint64{uint64(math.Float32bits(most)), uint64(top)}, err
	}
	return c
}

// sumCase is of Rows.Sum, of e, which has what may be behind the last row, too.
func sumCase(columns int, e, truth []float32, lanes [8]float64) *rowCase {
	n := len(truth)
	c := &rowCase{kernel: "Sum", what: fmt.Sprintf("%d rows of %d", n, columns)}
	c.slices = []*rowSlice{input("Exps", e), input("True", truth), output("Rest", n), output("All", n)}
	c.call = func(s *subject, env asmtest.Env, p [][]float32) (rest []uint64, err error) {
		a := &asm.RowSums{Rows: n, Columns: columns, Exps: first(p[0]), True: first(p[1]), Rest: first(p[2]), All: first(p[3]), Lanes: lanes}
		given := *a
		if err := callStruct(s, env, "Sum", s.Rows.Sum, a); err != nil {
			return nil, err
		}
		for _, v := range a.Lanes {
			rest = append(rest, math.Float64bits(v))
		}
		if a.Lanes = lanes; *a != given {
			return nil, fmt.Errorf("it wrote to its arguments")
		}
		return rest, nil
	}
	return c
}

// rowLossCase is of Rows.Loss: rest, all, truth, scores, shifts and weights of rows.
func rowLossCase(f asm.RowFormula, params asm.Params, rows [6][]float32) *rowCase {
	n := len(rows[0])
	c := &rowCase{kernel: "Loss", what: fmt.Sprintf("%v of %d rows, %+v", f, n, params)}
	for i, name := range []string{"Rest", "All", "True", "Scores", "Shifts", "Weights"} {
		c.slices = append(c.slices, input(name, rows[i]))
	}
	c.slices = append(c.slices, output("Losses", n), output("Slopes", n), output("Scales", n), output("Units", n))
	c.call = func(s *subject, env asmtest.Env, p [][]float32) ([]uint64, error) {
		a := &asm.RowCall{Formula: f, N: n, Rest: first(p[0]), All: first(p[1]), True: first(p[2]), Scores: first(p[3]), Shifts: first(p[4]),
			Weights: first(p[5]), Losses: first(p[6]), Slopes: first(p[7]), Scales: first(p[8]), Units: first(p[9]), Params: params}
		given := *a
		err := callStruct(s, env, "Loss", s.Rows.Loss, a)
		if err == nil && !sameBytes(a, &given) {
			err = fmt.Errorf("it wrote to its arguments")
		}
		return nil, err
	}
	return c
}

// scaleCase is of Rows.Scale.
func scaleCase(columns int, e, scales, units []float32, inPlace bool) *rowCase {
	c := &rowCase{kernel: "Scale", what: fmt.Sprintf("%d rows of %d, in place: %t", len(scales), columns, inPlace)}
	c.slices = []*rowSlice{input("Scales", scales), input("Units", units), input("Exps", e)}
	if !inPlace {
		c.slices = append(c.slices, output("Gradients", len(e)))
	}
	c.call = func(s *subject, env asmtest.Env, p [][]float32) ([]uint64, error) {
		a := &asm.RowScales{Rows: len(scales), Columns: columns, Exps: first(p[2]), Gradients: first(p[len(p)-1]), Scales: first(p[0]), Units: first(p[1])}
		given := *a
		err := callStruct(s, env, "Scale", s.Rows.Scale, a)
		if err == nil && *a != given {
			err = fmt.Errorf("it wrote to its arguments")
		}
		return nil, err
	}
	return c
}

// sameBytes compares structs in which a NaN is as good as another.
func sameBytes[T any](a, b *T) bool {
	return firstDifference(asBytes(unsafe.Slice(a, 1)), asBytes(unsafe.Slice(b, 1))) < 0
}

// rowLogits returns n logits of which none is beyond asm.RowCeil.
func rowLogits(rng *source, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		switch v := specialLogits[rng.IntN(len(specialLogits))]; {
		case rng.IntN(4) > 0 || !(v >= -asm.RowCeil && v <= asm.RowCeil):
			x[i] = float32(asm.RowCeil * (2*rng.Float64() - 1))
		default:
			x[i] = v
		}
	}
	return x
}

// shiftedLogits returns logits, with 8·R and c as rows have them.
func shiftedLogits(rng *source, n int) (x, shifts8, less []float32) {
	x, shifts8, less = make([]float32, n), make([]float32, n), make([]float32, n)
	for i := range x {
		most := float32(200 * rng.NormFloat64()) // of the row
		if rng.IntN(8) == 0 {
			most = float32(rng.NormFloat64()) * [...]float32{1, 1e10, 1e38}[rng.IntN(3)]
		}
		if most >= 256 || most <= -256 {
			less[i] = most
		}
		if rng.IntN(4) > 0 {
			shifts8[i] = 8 * float32(math.Round(float64(most-less[i])/math.Ln2-0.51))
		} else if less[i] == 0 {
			most = min(most, asm.RowCeil)
		}
		below := [...]float64{0, 1, 80, 87.3, 88.02, 88.5, 1e3, math.Inf(1)}[rng.IntN(8)]
		x[i] = most - float32(below*rng.ExpFloat64())
		switch rng.IntN(32) {
		case 0:
			x[i] = float32(math.NaN())
		case 1:
			x[i] = float32(math.Inf(-1))
		}
	}
	return x, shifts8, less
}

// rowExps returns n values of e, and what may be behind them.
func rowExps(rng *source, n int) []float32 {
	e := make([]float32, n+Group-1)
	for i := range e {
		switch {
		case i >= n:
			e[i] = math.Float32frombits(rng.Uint32())
		case rng.IntN(8) == 0:
			e[i] = 0
		default:
			e[i] = float32(math.Exp(40 * (2*rng.Float64() - 1)))
		}
	}
	return e
}

// rowSumsAndWeights returns what Rows.Loss takes of n rows: those of detectors, and those at the ends.
func rowSumsAndWeights(rng *source, n int) (rows [6][]float32) {
	for i := range rows {
		rows[i] = make([]float32, n)
	}
	for i := range n {
		scale := math.Exp(40 * (2*rng.Float64() - 1))
		truth := scale * math.Exp(6*rng.NormFloat64())
		rest := scale * [...]float64{1, 1, 1e-9, 1e-30, 0, 1e9}[rng.IntN(6)] * rng.Float64()
		if rng.IntN(8) == 0 {
			truth = [...]float64{0, rest, 0x1p-149, 0x1p-126}[rng.IntN(4)]
		}
		if float32(rest+truth) < 0x1p-60 {
			truth = 1
		}
		rows[0][i], rows[2][i] = float32(rest), float32(truth)
		rows[1][i] = float32(float64(rows[0][i]) + float64(rows[2][i]))
		rows[3][i] = float32(30 * rng.NormFloat64())
		rows[4][i] = float32(rng.IntN(3) * rng.IntN(700) * (1 - 2*rng.IntN(2)))
		if rng.IntN(16) == 0 {
			rows[3][i] = [...]float32{0, -1e30, -math.MaxFloat32, float32(math.Inf(-1)), 300}[rng.IntN(5)]
		}
	}
	copy(rows[5], weights(rng, n))
	return rows
}

// rowLengths are numbers of scores of a row.
var rowLengths = []int{1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 21, 24, 25, 31, 32, 33, 39, 40, 63, 64, 65, 80, 91, 96, 97, 127, 1000, Block - 1, Block}

// rowParams are what formulas of rows are tested with.
func rowParams(f asm.RowFormula) []asm.Params {
	if f == asm.RowFocalAny {
		return parameters[asm.FocalAny]
	}
	return []asm.Params{ignoringGamma(1, 1, 0)}
}

// rowCases returns cases of every kernel of rows: of about n scores, or rows.
func rowCases(rng *source, n, columns int) (all []*rowCase) {
	groups := max(n/Group, 1) * Group
	x := rowLogits(rng, groups)
	y, shifts8, less := shiftedLogits(rng, groups)
	inPlace := rng.IntN(2) == 0
	all = append(all, expCase(x, nil, nil, inPlace), expCase(y, shifts8, less, !inPlace), topCase(x))
	rows := max(min(n, Block)/columns, 1)
	e := rowExps(rng, rows*columns)
	truth, scales, units := make([]float32, rows), make([]float32, rows), make([]float32, rows)
	for i := range truth {
		truth[i], scales[i] = float32(rng.ExpFloat64()), float32(rng.ExpFloat64())
		units[i] = float32(math.Ldexp(1, rng.IntN(80)-40))
	}
	var lanes [8]float64
	if rng.IntN(2) == 0 {
		lanes = [8]float64{1, 2, 3, 4, 5, 6, 7, 8}
	}
	all = append(all, sumCase(columns, e, truth, lanes), scaleCase(columns, e[:rows*columns], scales, units, false))
	whole := columns &^ (Group - 1)
	if whole > 0 {
		all = append(all, scaleCase(whole, e[:whole], scales[:1], units[:1], true))
	}
	for f := range asm.NumRowFormulas {
		for _, p := range rowParams(f) {
			all = append(all, rowLossCase(f, p, rowSumsAndWeights(rng, (rows+asm.RowGroup-1)/asm.RowGroup*asm.RowGroup)))
		}
	}
	return all
}

// TestRows compares the kernels of rows of every set with generic: rows of many lengths,
// next to canaries and to pages that fault, and at random offsets.
func TestRows(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		m, failed := newRowMemory(t), verdicts{}
		seen := map[string]bool{}
		for i, columns := range rowLengths {
			n := groupLengths()[i%len(groupLengths())]
			if i%8 == 0 {
				n = Block
			}
			for _, c := range rowCases(rng, n, columns) {
				ls := []layout{{where(rng.IntN(16)), rng.IntN(16)}, {where: atStart}, {where: atEnd}}
				m.compareSets(t, failed, rng, c, ls, standard)
				seen[c.kernel] = true
			}
		}
		m.compareSets(t, failed, rng, expCase(nil, nil, nil, false), []layout{{}}, standard)
		m.compareSets(t, failed, rng, expCase(nil, []float32{}, nil, false), []layout{{}}, standard)
		for _, name := range rowKernels {
			if !seen[name] {
				t.Errorf("Rows.%s: no case is of it", name)
			}
		}
		for _, s := range subjects() {
			markCompared(s, "rows")
		}
	})
}

// TestRowEnvironments compares them under every floating-point environment that their caller
// may have, which has to come back.
func TestRowEnvironments(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		m, failed := newRowMemory(t), verdicts{}
		for _, columns := range []int{3, 40} {
			for _, c := range rowCases(rng, 3*Group, columns) {
				m.compareSets(t, failed, rng, c, []layout{{}}, (*subject).environments)
			}
		}
	})
}

// TestRowTops: what is no number, or infinite, shows, wherever it is.
func TestRowTops(t *testing.T) {
	random(t, func(t *testing.T, rng *source) {
		m, failed := newRowMemory(t), verdicts{}
		for at := range 2 * Group {
			x := rowLogits(rng, 2*Group)
			x[at] = [...]float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), 40.000004, -40.000004}[rng.IntN(5)]
			want := uint64(math.Float32bits(x[at])) &^ (1 << 31)
			c := topCase(x)
			m.compareSets(t, failed, rng, c, []layout{{}}, standard)
			if c.wants[1] != want {
				t.Errorf("generic/Rows.Top: the greatest bits of %g and %d others are %#x", x[at], len(x)-1, c.wants[1])
			}
			for _, s := range subjects() {
				a := &asm.RowExps{N: len(x), Scores: &x[0], Exps: &make([]float32, len(x))[0]}
				if err := callStruct(s, environments[0], "Exp", s.Rows.Exp, a); err != nil || uint64(a.Top) != want {
					failed.fail(t, s, "Rows.Exp", "the greatest bits of %g and %d others are %#x; %v", x[at], len(x)-1, a.Top, err)
				}
			}
		}
	})
}
