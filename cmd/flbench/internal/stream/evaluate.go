package stream

import (
	"fmt"

	"github.com/flengine/flengine/cmd/flbench/internal/dump"
	"github.com/flengine/flengine/engine"
)

// Evaluate calls f with the dump and the batch of a shard's scores, if it has any. While f looks
// at them, files may be cut short, which is an error as f's are: those that name an element of
// the batch name it as one of the dump.
func (s Shard) Evaluate(scratch *dump.Scratch, f func(in *dump.Dump, b engine.Batch) error) error {
	in, err := s.Image.Input()
	switch {
	case err != nil:
		return err
	case in.Scores() == s.Image.Scores && in.Columns() != s.Image.Columns:
		return fmt.Errorf("%s: it has %d columns and had %d, want files that stay as they are", in.Path(), in.Columns(), s.Image.Columns)
	case in.Scores() != s.Image.Scores:
		return fmt.Errorf("%s: it has %d scores and had %d, want files that stay as they are", in.Path(), in.Scores(), s.Image.Scores)
	case s.From == s.To:
		return nil
	}
	if err := in.Fault(s.From, s.To); err != nil {
		return err
	}
	return in.Guard(func() error {
		batch, err := in.Batch(s.From, s.To, scratch)
		if err != nil {
			return err
		}
		if err := f(in, batch); err != nil {
			return in.Locate(err, s.From)
		}
		return nil
	})
}
