package hardest

import (
	"fmt"
	"slices"

	"github.com/flengine/flengine/cmd/flbench/internal/npy"
)

// outputs are the files to write, "" for none.
type outputs struct{ mask, index string }

// write writes the files, if any, both or none.
func (o *outputs) write(r *report) error {
	if *o == (outputs{}) {
		return nil
	}
	var writers []*npy.Writer
	defer func() {
		for _, w := range writers {
			w.Abort()
		}
	}()
	indices := r.indices()
	if o.mask != "" {
		w, err := npy.CreateOf(npy.Bool, o.mask, r.shape)
		if err != nil {
			return fmt.Errorf("--mask-out %w", err)
		}
		writers = append(writers, w)
		if err := writeMask(w, r.shape, indices); err != nil {
			return fmt.Errorf("--mask-out %w", err)
		}
	}
	if o.index != "" {
		w, err := npy.CreateOf(npy.Int64, o.index, []int{len(indices)})
		if err != nil {
			return fmt.Errorf("--index-out %w", err)
		}
		writers = append(writers, w)
		if err := w.WriteInt64s(indices); err != nil {
			return fmt.Errorf("--index-out %w", err)
		}
	}
	return npy.CommitAll(writers...)
}

// indices are those of what is listed, in the order of the lists.
func (r *report) indices() (indices []int64) {
	for _, list := range r.lists {
		for s := range list.Each() {
			indices = append(indices, int64((s.Row*list.Lists[0].Columns()+s.Column)/r.columns))
		}
	}
	return indices
}

// writeMask writes true for the indices and false for all others, part by part.
func writeMask(w *npy.Writer, shape []int, indices []int64) error {
	left := int64(1)
	for _, n := range shape {
		left *= int64(n)
	}
	sorted := slices.Sorted(slices.Values(indices))
	part := make([]bool, min(left, 1<<20))
	for from := int64(0); from < left; from += int64(len(part)) {
		part = part[:min(int64(len(part)), left-from)]
		clear(part)
		for ; len(sorted) > 0 && sorted[0] < from+int64(len(part)); sorted = sorted[1:] {
			part[sorted[0]-from] = true
		}
		if err := w.WriteBools(part); err != nil {
			return err
		}
	}
	return nil
}
