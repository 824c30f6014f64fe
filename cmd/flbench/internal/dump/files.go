package dump

import (
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
)

// FileStamp tells a file that an input was read from, as it was opened.
type FileStamp struct {
	Path    string // from the root, links followed
	Size    int64  // in bytes
	Changed time.Time
}

// FileStamps returns those of the input's files, first that of the scores, without standard
// input and pipes.
func (d *Dump) FileStamps() ([]FileStamp, error) {
	list := []FileStamp{}
	for _, f := range d.files {
		size, changed, ok := f.Stamp()
		if !ok {
			continue
		}
		path, err := filepath.Abs(f.Path())
		if err == nil {
			path, err = filepath.EvalSymlinks(path)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w, want a file that stays as it is", f.Path(), outfile.Cause(err))
		}
		if err := checkYear(changed); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Path(), err)
		}
		list = append(list, FileStamp{path, size, changed})
	}
	return list, nil
}

// checkYear refuses a time that has no text in JSON.
func checkYear(changed time.Time) error {
	if year := changed.UTC().Year(); year < 0 || year > 9999 {
		return fmt.Errorf("was changed in the year %d, which a line of JSON cannot tell: want another time of change (touch)", year)
	}
	return nil
}

// Streamed tells whether something of the input is from standard input or a pipe, of which
// there is no stamp.
func (d *Dump) Streamed() bool {
	return slices.ContainsFunc(d.files, func(f *array.File) bool {
		_, _, ok := f.Stamp()
		return !ok
	})
}
