package abi

import (
	"fmt"
	"math"
	"math/bits"
	"unsafe"

	"github.com/flengine/flengine/engine"
)

// plan is a request that was looked at: all but the elements of its arrays.
type plan struct {
	*Request
	settings
	engine  made // of the request's loss, if it has one
	n       int  // how many scores there are
	units   int  // and losses
	columns int

	scores, labels, upstream array
	gatherScores             bool         // they are not as engine reads them
	gatherLabels             bool         // neither are these
	outputs                  [3]array     // losses, gradients, hessians; of base nil if not wanted
	whole                    engine.Batch // what need not be gathered
	badClass                 int32        // what stands for a class that is no int32
}

// Texts are no longer than this, which keeps one that has no end from being read to its end.
const maxText = 4096

// text returns what p points to, in the caller's memory.
func text(field string, p *byte) (string, error) {
	for n := range maxText {
		if *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) == 0 {
			return unsafe.String(p, n), nil
		}
	}
	return "", argument(field, maxText, "has no NUL in its first %d bytes: want a text that ends in one", maxText)
}

// checkSize verifies that a structure is as long as this library knows it, or longer by zeros.
func checkSize[T any](name string, p *T, size uint64) error {
	known := uint64(unsafe.Sizeof(*p))
	const most = 1 << 16
	if size < known || size > most {
		return argument(name, float64(size), "has size %d: want %d, the sizeof of it in flengine.h", size, known)
	}
	if size == known {
		return nil
	}
	for _, b := range unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(p), known)), size-known) {
		if b != 0 {
			return argument(name, float64(size), "has size %d and, beyond the %d bytes that this library knows, something set: want a newer library", size, known)
		}
	}
	return nil
}

// word is what elements of eight bytes are aligned to: where pointers have four, that is enough.
const word = unsafe.Alignof(int64(0))

// checkPointer verifies that a pointer to so many bytes can be one.
func checkPointer(field string, p unsafe.Pointer, bytes, align uintptr) error {
	return checkRange(field, uintptr(p), uintptr(p), bytes, align)
}

// checkRange verifies that a pointer can be one into the bytes from the address first on.
func checkRange(field string, p, first, bytes, align uintptr) error {
	switch {
	case bytes == 0:
		return nil
	case p == 0:
		return argument(field, 0, "is NULL: want a pointer to %d bytes", bytes)
	case p%align != 0:
		return argument(field, float64(p), "has the address %#x: want a multiple of %d, as of its elements", p, align)
	case first+bytes < first:
		return argument(field, float64(p), "has the address %#x: no room there for %d bytes", p, bytes)
	}
	return nil
}

// vector returns n elements, nil if p is.
func vector[T any](field string, p *T, n int) ([]T, error) {
	if p == nil || n == 0 {
		return nil, nil
	}
	if err := checkPointer(field, unsafe.Pointer(p), uintptr(n)*unsafe.Sizeof(*p), unsafe.Alignof(*p)); err != nil {
		return nil, err
	}
	return unsafe.Slice(p, n), nil
}

// maxScores keeps the sizes of all arrays within int.
const maxScores = math.MaxInt / 32

// read looks at all of a request but the loss.
func (p *plan) read(r *Request) (err error) {
	if r == nil {
		return argument("request", 0, "is NULL: want an fl_request")
	}
	if uintptr(unsafe.Pointer(r))%word != 0 {
		return argument("request", float64(uintptr(unsafe.Pointer(r))), "has the address %#x: want a multiple of %d", uintptr(unsafe.Pointer(r)), word)
	}
	if err := checkSize("request", r, r.Size); err != nil {
		return err
	}
	p.Request = r
	if r.Kernel != nil {
		if p.kernel, err = text("kernel", r.Kernel); err != nil {
			return err
		}
	}
	if p.workers, err = workersOf(r.Workers); err != nil {
		return err
	}
	p.each = p.workers
	if r.ScoresForm != Logits && r.ScoresForm != Probabilities {
		return argument("scores_form", float64(r.ScoresForm), "is %d: want FL_LOGITS or FL_PROBABILITIES", r.ScoresForm)
	}
	high, n := bits.Mul64(uint64(r.Rows), uint64(r.Columns))
	switch {
	case r.Rows < 0 || r.Rows > maxScores:
		return argument("rows", float64(r.Rows), "is %d: want how many there are", r.Rows)
	case r.Columns < 0 || r.Columns > maxScores:
		return argument("columns", float64(r.Columns), "is %d: want how many there are", r.Columns)
	case high != 0 || n > maxScores:
		return argument("rows", float64(r.Rows), "is %d, times %d columns: want what memory has room for", r.Rows, r.Columns)
	}
	p.n, p.columns = int(n), int(r.Columns)
	if p.background, err = one("background", r.Background); err != nil {
		return err
	}
	if r.IgnoredCount < 0 {
		return argument("ignored_count", float64(r.IgnoredCount), "is %d: want how many there are", r.IgnoredCount)
	}
	if r.Ignored == nil && r.IgnoredCount > 0 {
		return argument("ignored", 0, "is NULL, and ignored_count %d: want so many classes", r.IgnoredCount)
	}
	if p.ignored, err = vector("ignored", r.Ignored, int(r.IgnoredCount)); err != nil {
		return err
	}
	if r.Ignored != nil && p.ignored == nil {
		return argument("ignored_count", 0, "is 0, and ignored not NULL: want how many there are")
	}
	if p.classWeights, err = vector("class_weights", r.ClassWeights, p.columns); err != nil {
		return err
	}
	if p.columnWeights, err = vector("column_weights", r.ColumnWeights, p.columns); err != nil {
		return err
	}
	if err := p.readScores(); err != nil {
		return err
	}
	return p.readLabels()
}

// one returns a pointer that can be read.
func one(field string, p *int32) (*int32, error) {
	if p == nil {
		return nil, nil
	}
	return p, checkPointer(field, unsafe.Pointer(p), 4, 4)
}

// matrix returns rows*columns elements of the caller's memory.
func matrix(field string, base unsafe.Pointer, kind int32, rows, columns int, strides *[2]int64) (a array, err error) {
	size := sizes[kind]
	a = array{base: base, kind: kind, columns: columns, step: size, rowStep: columns * size}
	if rows == 0 || columns == 0 {
		return a, nil
	}
	first, past := 0, rows*columns*size // in bytes from base
	if strides != nil {
		if err := checkPointer(field+"_strides", unsafe.Pointer(strides), 16, word); err != nil {
			return a, err
		}
		lowest, highest := 0, 0
		for i, count := range [...]int{rows, columns} {
			s := strides[i]
			if s == math.MinInt64 || uint64(max(s, -s)) > maxScores {
				return a, argument(field+"_strides", float64(s), "has %d: want what memory has room for", s)
			}
			high, span := bits.Mul64(uint64(count-1), uint64(max(s, -s)))
			if high != 0 || span > maxScores {
				return a, argument(field+"_strides", float64(s), "has %d, for %d elements: want what memory has room for", s, count)
			}
			if s < 0 {
				lowest -= int(span)
			} else {
				highest += int(span)
			}
		}
		a.rowStep, a.step = int(strides[0])*size, int(strides[1])*size
		first, past = lowest*size, (highest+1)*size
	}
	switch {
	case columns == 1: // a vector is one row
		a.columns, a.step = rows, a.rowStep
	case rows == 1 || a.rowStep == columns*a.step:
		a.columns = rows * columns
	}
	if base != nil && first < 0 && uintptr(-first) > uintptr(base) {
		return a, argument(field+"_strides", float64(first), "reach %d bytes before %s: no room there", -first, field)
	}
	a.first = uintptr(base) + uintptr(first)
	a.past = uintptr(base) + uintptr(past)
	return a, checkRange(field, uintptr(base), a.first, uintptr(past-first), min(uintptr(size), word))
}

func (p *plan) readScores() (err error) {
	if !isFloat(p.ScoresType) {
		return argument("scores_type", float64(p.ScoresType), "is %s: want a float", typeName(p.ScoresType))
	}
	if p.scores, err = matrix("scores", p.Request.Scores, p.ScoresType, int(p.Rows), p.columns, p.ScoresStrides); err != nil || p.n == 0 {
		return err
	}
	half := p.ScoresType == Float16 || p.ScoresType == BFloat16
	p.gatherScores = !p.scores.contiguous(p.n) || p.ScoresType == Float64 || half && p.ScoresForm == Probabilities
	if p.gatherScores {
		return nil
	}
	switch base := p.scores.base; {
	case p.ScoresForm == Probabilities:
		p.whole.Probs = slice[float32](base, p.n)
	case p.ScoresType == Float16:
		p.whole.Float16 = slice[uint16](base, p.n)
	case p.ScoresType == BFloat16:
		p.whole.BFloat16 = slice[uint16](base, p.n)
	default:
		p.whole.Logits = slice[float32](base, p.n)
	}
	return nil
}

func (p *plan) readLabels() (err error) {
	form, kind := p.LabelsForm, p.LabelsType
	known := kind >= 0 && kind < typeCount
	switch {
	case form == Targets:
		if !isFloat(kind) {
			return argument("labels_type", float64(kind), "is %s: want a float for FL_TARGETS", typeName(kind))
		}
	case form == Labels || form == Classes:
		if !known || isFloat(kind) {
			return argument("labels_type", float64(kind), "is %s: want FL_UINT8, FL_INT32 or FL_INT64, or FL_TARGETS, which are floats", typeName(kind))
		}
	default:
		return argument("labels_form", float64(form), "is %d: want FL_LABELS, FL_CLASSES or FL_TARGETS", form)
	}
	p.whole.NumClasses = p.columns
	if p.n == 0 {
		return nil
	}
	rows, columns, strides := int(p.Rows), p.columns, p.LabelsStrides
	var own [2]int64
	if form == Classes {
		columns = 1
		if strides != nil {
			if err := checkPointer("labels_strides", unsafe.Pointer(strides), 16, word); err != nil {
				return err
			}
			own = [2]int64{strides[0], 1}
			strides = &own
		}
	}
	if p.labels, err = matrix("labels", p.Request.Labels, kind, rows, columns, strides); err != nil {
		return err
	}
	direct := [...]int32{Labels: Uint8, Classes: Int32, Targets: Float32}
	p.gatherLabels = !p.labels.contiguous(rows*columns) || kind != direct[form]
	if !p.gatherLabels {
		switch base := p.labels.base; form {
		case Labels:
			p.whole.Labels = slice[uint8](base, p.n)
		case Classes:
			p.whole.Classes = slice[int32](base, rows)
		case Targets:
			p.whole.Targets = slice[float32](base, p.n)
		}
	} else if form == Classes {
		p.badClass = p.noClass()
	}
	if p.whole.Weights, err = vector("weights", p.Request.Weights, rows); err != nil {
		return err
	}
	p.whole.ScoreWeights, err = vector("score_weights", p.Request.ScoreWeights, p.n)
	return err
}

// noClass returns a class that is neither a column, nor background, nor ignored.
func (p *plan) noClass() int32 {
	bad := int32(math.MinInt32)
next:
	for {
		if p.background != nil && *p.background == bad {
			bad++
			continue
		}
		for _, c := range p.ignored {
			if c == bad {
				bad++
				continue next
			}
		}
		return bad
	}
}

func typeName(kind int32) string {
	if kind >= 0 && kind < typeCount {
		return names[kind]
	}
	return fmt.Sprintf("%d, no type of flengine.h", kind)
}

// readOutputs looks at the outputs that are wanted, and at the factors of gradients.
func (p *plan) readOutputs() (err error) {
	units := p.units
	for i, o := range [...]struct {
		field string
		base  unsafe.Pointer
		kind  int32
		n     int
	}{
		{"losses", p.Losses, p.LossesType, units},
		{"gradients", p.Gradients, p.GradientsType, p.n},
		{"hessians", p.Hessians, p.HessiansType, p.n},
	} {
		if o.base == nil {
			continue
		}
		if !isFloat(o.kind) {
			return argument(o.field+"_type", float64(o.kind), "is %s: want a float", typeName(o.kind))
		}
		if p.outputs[i], err = matrix(o.field, o.base, o.kind, o.n, 1, nil); err != nil {
			return err
		}
	}
	switch {
	case p.Hessians != nil && p.Gradients == nil:
		return argument("hessians", 0, "are wanted without gradients: want both")
	case p.Hessians != nil && p.Losses != nil:
		return argument("hessians", 0, "are wanted, and losses: want losses by a call of their own")
	case p.Upstream != nil && (p.Gradients == nil || p.Hessians != nil):
		return argument("upstream", 0, "is given: want gradients, and no hessians")
	case p.Upstream == nil && p.UpstreamCount != 0:
		return argument("upstream", 0, "is NULL, and upstream_count %d: want factors, or 0", p.UpstreamCount)
	}
	if p.Upstream != nil {
		if !isFloat(p.UpstreamType) {
			return argument("upstream_type", float64(p.UpstreamType), "is %s: want a float", typeName(p.UpstreamType))
		}
		if p.UpstreamCount != 1 && p.UpstreamCount != int64(units) {
			return argument("upstream_count", float64(p.UpstreamCount), "is %d: want 1, or the number of losses, %d", p.UpstreamCount, units)
		}
		p.upstream, err = matrix("upstream", p.Request.Upstream, p.UpstreamType, int(p.UpstreamCount), 1, nil)
		if err != nil {
			return err
		}
	}
	return p.checkOverlaps()
}

// checkOverlaps refuses outputs that share memory with anything but, exactly, the scores.
func (p *plan) checkOverlaps() error {
	fields := [...]string{"losses", "gradients", "hessians"}
	for i := range p.outputs {
		o := &p.outputs[i]
		if o.first == o.past {
			continue
		}
		own := p.engine.rows && i == 0 || !p.scores.contiguous(p.n) || sizes[o.kind] != sizes[p.scores.kind] || o.first != p.scores.first
		if own && o.meets(p.scores.first, p.scores.past) {
			return argument(fields[i], float64(o.first), "overlap scores: want memory of their own, or the scores themselves if those have no strides and elements of the same size")
		}
		for _, other := range [...]struct {
			field       string
			first, past uintptr
		}{
			{"labels", p.labels.first, p.labels.past},
			{"upstream", p.upstream.first, p.upstream.past},
			extent("weights", p.whole.Weights),
			extent("score_weights", p.whole.ScoreWeights),
			extent("class_weights", p.classWeights),
			extent("column_weights", p.columnWeights),
			{fields[0], p.outputs[0].first, p.outputs[0].past},
			{fields[1], p.outputs[1].first, p.outputs[1].past},
		} {
			if other.field == fields[i] {
				break
			}
			if o.meets(other.first, other.past) {
				return argument(fields[i], float64(o.first), "overlap %s: want memory of their own", other.field)
			}
		}
	}
	return nil
}

func (a *array) meets(first, past uintptr) bool { return a.first < past && first < a.past }

func extent(field string, s []float32) (e struct {
	field       string
	first, past uintptr
}) {
	e.field = field
	e.first = uintptr(unsafe.Pointer(unsafe.SliceData(s)))
	e.past = e.first + 4*uintptr(len(s))
	return e
}
