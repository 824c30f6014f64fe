package dump

import (
	"fmt"
	"path/filepath"
	"time"

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
		list = append(list, FileStamp{path, size, changed})
	}
	return list, nil
}
