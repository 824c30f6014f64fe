package eval

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/cmd/flbench/internal/npy"
	"github.com/flengine/flengine/cmd/flbench/internal/stream"
)

// outputs are the files to write, "" for none.
type outputs struct{ losses, gradients string }

func (o outputs) any() bool { return o.losses != "" || o.gradients != "" }

// check refuses outputs that several inputs, or losses, would share, that would be of a part, or
// that are one of the inputs, each other, or what the report is printed to.
func (o outputs) check(sources []dump.Source, losses int, p part, printed ...io.Writer) error {
	type file struct{ flag, path string }
	var given []file
	for _, out := range []file{{"--losses-out", o.losses}, {"--gradients-out", o.gradients}} {
		if out.path == "" {
			continue
		}
		switch {
		case len(sources) > 1:
			return cli.Usagef("%s with %d inputs: want exactly one", out.flag, len(sources))
		case losses > 1:
			return cli.Usagef("%s with %d losses: want exactly one", out.flag, losses)
		case p.n > 1:
			return cli.Usagef("%s beside --range: want all of the input", out.flag)
		}
		for _, in := range sources[0].Files() {
			if stream.SameFile(out.path, in) {
				return cli.Usagef("%s %s is the input %s: want another file", out.flag, out.path, in)
			}
		}
		if err := stream.CheckOutput(strings.TrimPrefix(out.flag, "--"), out.path, printed...); err != nil {
			return err
		}
		given = append(given, out)
	}
	if len(given) == 2 && stream.SameFile(o.losses, o.gradients) {
		return cli.Usagef("--losses-out and --gradients-out are both %s: want two files", o.losses)
	}
	return nil
}

// files are the outputs at work. They are written in the order of the shards.
type files struct {
	line              *queue
	losses, gradients *npy.Writer
	writers           []*npy.Writer // those of the two that are wanted
}

// create begins the files of these shapes. They have their names only after commit.
func (o outputs) create(losses, gradients []int) (*files, error) {
	f := &files{line: newQueue()}
	for _, out := range []struct {
		flag, path string
		w          **npy.Writer
		shape      []int
	}{{"--losses-out", o.losses, &f.losses, losses}, {"--gradients-out", o.gradients, &f.gradients, gradients}} {
		if out.path == "" {
			continue
		}
		w, err := npy.Create(out.path, out.shape)
		if err != nil {
			f.abort()
			return nil, fmt.Errorf("%s %w", out.flag, err)
		}
		*out.w = w
		f.writers = append(f.writers, w)
	}
	return f, nil
}

// take writes the values of a shard after those of all before it, unless there is an error.
// It returns the first of these.
func (f *files) take(number int, err error, losses, gradients []float32) error {
	return f.line.pass(number, func() error {
		if err == nil && f.losses != nil {
			err = f.losses.Write(losses)
		}
		if err == nil && f.gradients != nil {
			err = f.gradients.Write(gradients)
		}
		return err
	})
}

// commit gives the files their names, all of them or none.
func (f *files) commit() error { return npy.CommitAll(f.writers...) }

// abort leaves nothing behind of what was not committed.
func (f *files) abort() {
	for _, w := range f.writers {
		w.Abort()
	}
}

// queue lets numbers 0, 1, 2, … pass one after the other, up to the first error.
type queue struct {
	mu   sync.Mutex
	cond *sync.Cond
	turn int
	err  error
}

func newQueue() *queue {
	q := new(queue)
	q.cond = sync.NewCond(&q.mu)
	return q
}

// pass calls f once all lower numbers have passed. It returns its error, or that of a
// lower number.
func (q *queue) pass(i int, f func() error) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.turn != i && q.err == nil {
		q.cond.Wait()
	}
	if q.err == nil {
		q.err = f()
		q.turn++
		q.cond.Broadcast()
	}
	return q.err
}
