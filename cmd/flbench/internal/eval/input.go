package eval

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"unsafe"

	"github.com/flengine/flengine/cmd/flbench/internal/npy"
	"github.com/flengine/flengine/engine"
)

// pair names the two files of one input.
type pair struct {
	path           string // what results and messages call it
	logits, labels string
	folder         bool // path is one, which holds the files
}

// input is an open pair: logits, and labels in one of three forms.
type input struct {
	pair
	logitsFile, labelsFile *npy.File
	shape                  []int // of the logits
	columns                int   // scores an anchor

	x         []float32
	perScore  []uint8
	classes32 []int32
	classes64 []int64
}

// open maps the files and checks all but their elements. The elements are there
// after load.
func (p pair) open() (*input, error) {
	if p.folder {
		if err := checkFolder(p.path); err != nil {
			return nil, err
		}
	}
	in := &input{pair: p}
	if err := in.openFiles(); err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}

func checkFolder(path string) error {
	const want = "want a folder with logits.npy and labels.npy"
	info, err := os.Stat(path)
	var inPath *fs.PathError
	switch {
	case errors.As(err, &inPath):
		return fmt.Errorf("%s: %w, %s", path, inPath.Err, want)
	case err != nil:
		return fmt.Errorf("%s: %w, %s", path, err, want)
	case !info.IsDir():
		return fmt.Errorf("%s: not a folder, %s", path, want)
	}
	return nil
}

func (in *input) openFiles() (err error) {
	if in.logitsFile, err = npy.Open(in.logits); err != nil {
		return err
	}
	if in.logitsFile.DType != npy.Float32 {
		return in.logitsFile.WrongDType(npy.Float32)
	}
	in.shape, in.columns = in.logitsFile.Shape, 1
	switch {
	case len(in.shape) == 2 && in.shape[1] > 0:
		in.columns = in.shape[1]
	case len(in.shape) != 1:
		return in.logitsFile.WrongShape("(A,) or (A, C), a row of C ≥ 1 scores an anchor")
	}

	if in.labelsFile, err = npy.Open(in.labels); err != nil {
		return err
	}
	switch shape := in.labelsFile.Shape; in.labelsFile.DType {
	case npy.Int32, npy.Int64:
		if !slices.Equal(shape, in.shape[:1]) {
			return in.labelsFile.WrongShape(fmt.Sprintf("(%d,), a class for each row of %s", in.shape[0], in.logits))
		}
	case npy.Uint8:
		if !slices.Equal(shape, in.shape) {
			return in.labelsFile.WrongShape(fmt.Sprintf("%s, that of %s", in.logitsFile.ShapeText(), in.logits))
		}
	default:
		return in.labelsFile.WrongDType(npy.Int32, npy.Int64, npy.Uint8)
	}
	return nil
}

// scores returns the number of logits.
func (in *input) scores() int { return in.shape[0] * in.columns }

// load gives access to the elements.
func (in *input) load() (err error) {
	if in.x, err = in.logitsFile.Float32(); err != nil {
		return err
	}
	switch in.labelsFile.DType {
	case npy.Int32:
		in.classes32, err = in.labelsFile.Int32()
	case npy.Int64:
		in.classes64, err = in.labelsFile.Int64()
	default:
		in.perScore, err = in.labelsFile.Uint8()
	}
	return err
}

// close releases the files.
func (in *input) close() {
	for _, f := range []*npy.File{in.logitsFile, in.labelsFile} {
		if f != nil {
			_ = f.Close() // what was read is fine even if the mapping stays
		}
	}
}

// batch returns the scores [from, to). Shards are cut between scores, not anchors, so
// that a row of any length takes no more memory. A class that is no int32 becomes another
// that is bad.
func (in *input) batch(from, to int, s *scratch) engine.Batch {
	b := engine.Batch{Logits: in.x[from:to]}
	if in.perScore != nil {
		b.Labels = in.perScore[from:to]
		return b
	}
	b.NumClasses, b.FirstColumn, b.EndColumn = in.columns, from%in.columns, to%in.columns
	rows, end := from/in.columns, (to-1)/in.columns+1
	if in.classes32 != nil {
		b.Classes = in.classes32[rows:end]
		return b
	}
	s.classes = grow(s.classes, end-rows)
	for i, class := range in.classes64[rows:end] {
		if s.classes[i] = int32(class); int64(s.classes[i]) != class {
			s.classes[i] = math.MinInt32
		}
	}
	b.Classes = s.classes
	return b
}

// locate turns the engine's complaint about the shard that begins at the score
// from into one about the file and its element.
func (in *input) locate(err error, from int) error {
	var bad *engine.InputError
	if !errors.As(err, &bad) || bad.Index < 0 {
		return fmt.Errorf("%s: %w", in.path, err)
	}
	switch bad.Field {
	case "Classes":
		row := from/in.columns + bad.Index
		class := int64(bad.Value)
		if in.classes64 != nil {
			class = in.classes64[row]
		}
		return fmt.Errorf("%s: [%d] is %d: %s", in.labels, row, class, bad.Reason)
	case "Labels":
		return fmt.Errorf("%s: %s is %v: %s", in.labels, in.at(from+bad.Index), bad.Value, bad.Reason)
	}
	return fmt.Errorf("%s: %s is %s: %s", in.logits, in.at(from+bad.Index), strconv.FormatFloat(bad.Value, 'g', -1, 32), bad.Reason)
}

// at spells the place of a score as NumPy's indices.
func (in *input) at(score int) string {
	if len(in.shape) == 1 {
		return fmt.Sprintf("[%d]", score)
	}
	return fmt.Sprintf("[%d, %d]", score/in.columns, score%in.columns)
}

// guard calls f and turns a fault in reading the mapped files into an error: a
// file that was cut short meanwhile, or a disk that failed, shows in no other
// way, and would end the program with its temporary files left behind.
func (in *input) guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch r := recover().(type) {
		case nil:
		case interface{ Addr() uintptr }:
			err = in.unreadable()
		default:
			panic(r)
		}
	}()
	return f()
}

func (in *input) unreadable() error {
	return fmt.Errorf("%s: reading %s or %s failed: want files that stay as they are", in.path, in.logits, in.labels)
}

// touch reads something of each page of the scores [from, to), and returns what
// it read so that the compiler leaves that in. Most faults show here, in Go code:
// assembly cannot always be left by a panic, and some emulators keep the address
// back that guard goes by.
func (in *input) touch(from, to int) (sum int, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil { // nothing else can go wrong here
			sum, err = 0, in.unreadable()
		}
	}()
	sum = touch(in.x[from:to])
	rows, end := from/in.columns, (to-1)/in.columns+1
	switch {
	case in.classes32 != nil:
		sum += touch(in.classes32[rows:end])
	case in.classes64 != nil:
		sum += touch(in.classes64[rows:end])
	default:
		sum += touch(in.perScore[from:to])
	}
	return sum, nil
}

func touch[T float32 | int32 | int64 | uint8](s []T) (sum int) {
	const page = 4096 // no system has smaller ones
	for i := 0; i < len(s); i += page / int(unsafe.Sizeof(s[0])) {
		sum += int(s[i])
	}
	return sum + int(s[len(s)-1])
}
