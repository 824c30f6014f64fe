package npy

import "github.com/flengine/flengine/cmd/flbench/internal/outfile"

// CommitAll commits several files, or none of them. On an error nothing is left behind, and
// older files are as they were.
func CommitAll(writers ...*Writer) error {
	files := make([]*outfile.File, len(writers))
	for i, w := range writers {
		if err := w.Finish(); err != nil {
			abortAll(writers)
			return err
		}
		files[i] = w.file
	}
	if failed, err := outfile.CommitAll(files...); err != nil {
		err = writers[failed].settle(err)
		abortAll(writers)
		return err
	}
	for _, w := range writers {
		w.err = finished(w.path)
	}
	return nil
}

func abortAll(writers []*Writer) {
	for _, w := range writers {
		w.Abort()
	}
}
