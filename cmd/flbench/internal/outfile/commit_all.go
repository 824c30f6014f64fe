package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// CommitAll gives several files their names, or none of them: after an error, that of the
// file of the index, those that had theirs already are as they were before.
func CommitAll(files ...*File) (failed int, err error) {
	for i, f := range files {
		if err := f.Finish(); err != nil {
			return i, err
		}
	}
	var kept []replaced
	defer func() {
		for _, o := range kept {
			if err != nil {
				o.restore()
			} else if o.copy != "" {
				_ = os.Remove(o.copy)
			}
		}
	}()
	for i, f := range files {
		if i < len(files)-1 { // nothing comes after the last that can fail
			o, err := keep(f.target)
			if err != nil {
				return i, f.fail(err)
			}
			kept = append(kept, o)
		}
		if err := f.Commit(); err != nil {
			return i, err
		}
	}
	return 0, nil
}

// replaced is what a name stood for before a commit.
type replaced struct {
	path string
	copy string // another name for it, "" if there was nothing
}

// keep gives the file of a name, if there is one, another name in its folder.
func keep(path string) (replaced, error) {
	name := filepath.Join(filepath.Dir(path), fmt.Sprintf("%s%016x%s", tempPrefix, rand.Uint64(), tempSuffix))
	err := os.Link(path, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return replaced{path: path}, nil
	case err != nil: // where files have but one name, it is missed for a moment
		err = os.Rename(path, name)
	}
	return replaced{path, name}, err
}

// restore gives the name back to what it stood for. Nothing is left to do where that fails.
func (o replaced) restore() {
	if o.copy == "" {
		_ = os.Remove(o.path)
		return
	}
	_ = os.Rename(o.copy, o.path)
}
