package eval

import (
	"fmt"
	"io"
	"path/filepath"
	"sync"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/outcome"
	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
	"github.com/flengine/flengine/cmd/flbench/internal/partial"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
)

// standardOutput is what --partial calls it.
const standardOutput = "-"

// checkPartial refuses a PATH that is there twice, which is not to be merged, and a file of lines
// that is one of the inputs, or what is printed to.
func (f *flags) checkPartial(sources []dump.Source, printed ...io.Writer) error {
	if f.partial == "" {
		return nil
	}
	inputs := []string{f.Inputs.From}
	for _, s := range sources {
		inputs = append(inputs, s.Files()...)
	}
	for _, in := range inputs {
		if in != "" && f.partial != standardOutput && stream.SameFile(f.partial, in) {
			return cli.Usagef("--partial %s is the input %s: want another file", f.partial, in)
		}
	}
	seen := make(map[string]bool, len(sources))
	for _, s := range sources {
		name := filepath.Clean(s.Path)
		if seen[name] {
			return cli.Usagef("--partial with %s twice: want each PATH once, as flbench merge does", s.Path)
		}
		seen[name] = true
	}
	if f.partial == standardOutput {
		return nil
	}
	return stream.CheckOutput("partial", f.partial, printed...)
}

// lines are partial results, a line for each input, in the order of these. They have the file's
// name only after commit.
type lines struct {
	convention dump.Convention
	part       part
	task       string // of all lines
	path       string
	file       *outfile.File // nil: standard output, at the end and in one piece, so that the lines of several tasks are not mixed

	mu      sync.Mutex
	names   map[string]cli.Path // of the inputs so far, and what these are called; see partial.Line.Names
	next    int                 // the first that is not written
	waiting map[int][]byte
	text    []byte // for standard output
}

// newLines begins the file, or what is to be printed, of an evaluation of these inputs.
func newLines(e *evaluator, sources []dump.Source) (l *lines, err error) {
	l = &lines{part: e.part, path: e.partial, names: map[string]cli.Path{}, waiting: map[int][]byte{}}
	if l.convention, err = e.flags.Inputs.Convention(); err != nil {
		return nil, err
	}
	paths := make([]string, len(sources))
	for i, s := range sources {
		paths[i] = s.Path
	}
	l.task = partial.TaskID(paths, l.part.i, l.part.n)
	if l.path == standardOutput {
		return l, nil
	}
	if l.file, err = outfile.Create(l.path); err != nil {
		return nil, l.fail(err)
	}
	return l, nil
}

func (l *lines) fail(err error) error { return fmt.Errorf("--partial %s: %w", l.path, err) }

// once refuses an input that is another under another name, as a link to it has.
func (l *lines) once(line *partial.Line) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range line.Names() {
		if had, there := l.names[name]; there {
			return fmt.Errorf("%s and %s are the same: --partial wants each PATH once", min(had, line.Path), max(had, line.Path))
		}
		l.names[name] = line.Path
	}
	return nil
}

// add takes the line of the i-th input.
func (l *lines) add(i int, text []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting[i] = text
	for {
		text, ok := l.waiting[l.next]
		if !ok {
			return nil
		}
		delete(l.waiting, l.next)
		l.next++
		if l.file == nil {
			l.text = append(l.text, text...)
		} else if _, err := l.file.Write(text); err != nil {
			return l.fail(err)
		}
	}
}

// commit gives the file its name.
func (l *lines) commit() error {
	if l.file == nil {
		return nil
	}
	if err := l.file.Commit(); err != nil {
		return l.fail(err)
	}
	return nil
}

// abort leaves nothing behind of what was not committed.
func (l *lines) abort() {
	if l.file != nil {
		l.file.Abort()
	}
}

// print prints what goes to standard output.
func (l *lines) print(w io.Writer) error {
	if l.file != nil {
		return nil
	}
	return cli.Print(w, string(l.text))
}

// line is what an image that is still open, or a range of it, came to.
func (r *run) line(im *stream.Image, in *dump.Dump, came *outcome.Input) ([]byte, error) {
	from, to := im.Evaluated()
	l := partial.Line{
		Task: partial.Task{ID: r.lines.task, Line: im.Index + 1, Of: len(r.images)},
		Path: cli.Path(came.Path), Files: []partial.File{}, Input: r.lines.convention,
		Scores: int64(im.Scores), Columns: im.Columns, Soft: in.Soft(),
		Range:  partial.Range{I: r.lines.part.i, N: r.lines.part.n, From: int64(from), To: int64(to)},
		Build:  partial.Build(),
		Kernel: r.plain.losses[0].Kernel(), Workers: r.workers, Top: r.top, Max: r.max,
		Facts: in.Facts(), Notes: []cli.Path{},
	}
	files, err := in.FileStamps()
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		l.Files = append(l.Files, partial.File{Path: cli.Path(f.Path), Size: f.Size, MTime: f.Changed})
	}
	if err := r.lines.once(&l); err != nil {
		return nil, err
	}
	for i, loss := range r.losses {
		m := &came.Losses[i]
		one := partial.Loss{Loss: loss, Sum: partial.Exact(m.Loss)}
		if !r.rows() {
			one.Easy = (*partial.Exact)(&m.Easy)
		}
		if r.max {
			one.Largest = (*cli.Float32)(&m.Max)
		}
		for _, list := range m.Hardest {
			for e := range list.Entries() {
				one.Top = append(one.Top, partial.EntryOf(e))
			}
		}
		l.Losses = append(l.Losses, one)
	}
	if !r.rows() {
		l.CE, l.EasyCE = (*partial.Exact)(&came.Losses[0].CE), (*partial.Exact)(&came.Losses[0].EasyCE)
	}
	for _, text := range in.Notes() {
		l.Notes = append(l.Notes, cli.Path(text))
	}
	if r.lines.part.n > 1 && in.Streamed() {
		l.Notes = append(l.Notes, "is from standard input or a pipe: nothing tells whether other ranges are of the same")
	}
	return l.Append(nil)
}
