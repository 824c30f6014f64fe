package array

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
)

// want names the files that have arrays, for messages.
const want = "want an .npy, .npz or .safetensors file"

const (
	npyKind = "an .npy file"
	// maxName bounds the names of arrays that messages repeat in full, in bytes.
	maxName = 200
)

// File is an open file of arrays: an .npy file, which has one without a name, an .npz
// archive of such, or a .safetensors file. Its data is mapped, not read, where it can be.
// Arrays may be read by several goroutines at once; the methods of the File want one.
type File struct {
	path    string
	ctx     context.Context // ends what takes long in Array
	look    bool            // for headers alone
	stat    func() (os.FileInfo, error)
	size    int64     // of the file when it was opened
	changed time.Time // likewise
	kind    string
	mem     *memory
	spooled []*memory // what packed members became
	entries []entry
	index   map[string]int // places of names in entries
}

// An entry is one array of a file.
type entry struct {
	name   string
	member *member // of an .npz; nil once it was read
	header header
	mem    *memory
	data   []byte // the elements
}

// Open opens the file of arrays at path; "-" is standard input. What a file is shows in
// its content, not in its name. A pipe is read to its end: into memory, and if it is long
// into a temporary file.
//
// The errors keep their cause for errors.Is, such as fs.ErrNotExist.
func Open(path string) (*File, error) { return OpenContext(context.Background(), path) }

// OpenContext is Open that the end of ctx ends, where data has to be read rather than
// mapped: here, and in Array.
func OpenContext(ctx context.Context, path string) (*File, error) {
	return openFile(&File{path: path, ctx: ctx})
}

// LookContext is OpenContext for the headers alone, with which an .npy file is read no
// further: Names and Describe work, and Array may be an error.
func LookContext(ctx context.Context, path string) (*File, error) {
	return openFile(&File{path: path, ctx: ctx, look: true})
}

func openFile(f *File) (*File, error) {
	err := f.open()
	if err == nil && f.mem != nil {
		err = guard(f.parse, f.mem)
	}
	if err != nil {
		_ = f.Close() // the first error tells more
		return nil, f.in("", err)
	}
	return f, nil
}

// label names an array of the file in messages, or the file itself.
func (f *File) label(name string) string {
	label := f.path
	if label == "-" {
		label = "standard input"
	}
	if len(name) > maxName || strconv.Quote(name) != `"`+name+`"` {
		name = quote(name)
	}
	if name != "" {
		label += ": " + name
	}
	return label
}

// in says what err is about: the array of that name, or the file.
func (f *File) in(name string, err error) error { return fmt.Errorf("%s: %w", f.label(name), err) }

// parse finds out what the file is and which arrays it has.
func (f *File) parse() (err error) {
	data := f.mem.data
	switch {
	case bytes.HasPrefix(data, []byte(magic)):
		f.kind = npyKind
		h, err := readHeader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return err
		}
		return f.add(entry{header: h, mem: f.mem, data: data[h.offset:]})
	case isZip(data):
		f.kind = "an .npz file"
		return f.openZip()
	case isSafetensors(data):
		f.kind = "a .safetensors file"
		return f.openSafetensors()
	}
	return errors.New(content(data))
}

// add adds an array whose name is new.
func (f *File) add(e entry) error {
	if f.index == nil {
		f.index = map[string]int{}
	}
	if _, twice := f.index[e.name]; twice {
		return fmt.Errorf("two arrays %s, want each name once", quote(e.name))
	}
	f.index[e.name] = len(f.entries)
	f.entries = append(f.entries, e)
	return nil
}

// Names returns the names of the arrays, in the file's order. That of an .npy file's
// only one is "".
func (f *File) Names() []string {
	names := make([]string, len(f.entries))
	for i, e := range f.entries {
		names[i] = e.name
	}
	return names
}

// Describe returns the dtype and the shape of an array from its header alone: a packed
// member of an archive is not unpacked.
func (f *File) Describe(name string) (dtype DType, shape []int, err error) {
	e, err := f.find(name)
	if err != nil {
		return 0, nil, err
	}
	h := e.header
	if e.member != nil {
		err = guard(func() error { h, err = e.member.header(); return err }, f.mem)
	}
	if err == nil {
		err = h.readable()
	}
	if err != nil {
		return 0, nil, f.in(name, err)
	}
	return h.dtype, h.shape, nil
}

// Array returns an array by its name. A packed member of an archive is unpacked, into
// memory or a temporary file, and the checksum of any member is checked.
func (f *File) Array(name string) (*Array, error) {
	e, err := f.find(name)
	if err != nil {
		return nil, err
	}
	if e.member != nil {
		err = guard(func() error { return f.unpack(e) }, f.mem)
	}
	if err == nil {
		err = e.header.readable()
	}
	if err == nil && e.mem == nil {
		err = errors.New("opened for its header alone, want all of it")
	}
	if err != nil {
		return nil, f.in(name, err)
	}
	return newArray(e.mem, f.label(name), e.header, e.data), nil
}

// find returns the array of that name, or an error that names those there are.
func (f *File) find(name string) (*entry, error) {
	if i, ok := f.index[name]; ok {
		return &f.entries[i], nil
	}
	if f.kind == "" {
		return nil, f.in("", errors.New("the file is closed, want it open"))
	}
	if len(f.entries) == 0 {
		return nil, f.in("", fmt.Errorf("no array %s: %s without arrays", quote(name), f.kind))
	}
	if f.entries[0].name == "" && len(f.entries) == 1 {
		return nil, f.in("", fmt.Errorf("no array %s: %s, whose only array has no name", quote(name), f.kind))
	}
	const most = 10
	var names []string
	for _, e := range f.entries[:min(len(f.entries), most)] {
		names = append(names, quote(e.name))
	}
	if more := len(f.entries) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return nil, f.in("", fmt.Errorf("no array %s, want one of %s", quote(name), strings.Join(names, ", ")))
}

// Changed returns an error if the file at the path is no longer as it was opened, by its
// size and time of change. Of a pipe there is nothing to tell.
func (f *File) Changed() error {
	if f.stat == nil {
		return nil
	}
	info, err := f.stat()
	if err != nil {
		return f.in("", fmt.Errorf("%w, want a file that stays as it is", outfile.Cause(err)))
	}
	if info.Size() != f.size || !info.ModTime().Equal(f.changed) {
		return f.in("", errors.New("changed while it was read, want a file that stays as it is"))
	}
	return nil
}

// Stamp returns the size of the file at the path, and when it was changed, as it was opened. It
// is false of standard input, and of a pipe.
func (f *File) Stamp() (size int64, changed time.Time, ok bool) {
	return f.size, f.changed, f.stat != nil && f.path != "-"
}

// Path returns the path, "-" of standard input.
func (f *File) Path() string { return f.path }

// Close releases the memory of all arrays, which must not be used afterwards. Closing
// twice is harmless.
func (f *File) Close() error {
	var first error
	for _, m := range append(f.spooled, f.mem) {
		if m == nil {
			continue
		}
		if err := m.close(); err != nil && first == nil {
			first = f.in("", fmt.Errorf("%w, want the mapping released", outfile.Cause(err)))
		}
	}
	f.kind, f.mem, f.spooled, f.entries, f.index = "", nil, nil, nil, nil
	return first
}
