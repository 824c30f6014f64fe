// Package outfile makes files that appear under their names only when they are
// complete, and then survive the loss of power.
//
// A file is written under a temporary name beside its own, brought to the disk, and
// renamed; then the folder is brought to the disk, where the system can do that. A file
// that is replaced passes its permissions on, whatever the umask; its owner, its access
// control list and further hard links it does not. Symbolic links are followed. What a
// rename would not do as meant is refused before any work: a folder, a device, a pipe, a
// file without permission to write, and the file that standard output or standard error
// goes to. Temporary files of processes that were killed are removed by the next one that
// makes a file in the folder, on systems with flock.
//
// Of the packages that serve the like, google/renameio has nothing for Windows, and
// natefinch/atomic reads all of a file from an io.Reader, so that two files cannot be
// complete before the first gets its name. Both replace a symbolic link, or a file without
// permission to write, leave temporary files behind, and do not sync the folder.
package outfile

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
)

// File is a file in the making. An error is final: all later calls but Abort return it.
// Errors do not name the file, but say what is wanted instead.
type File struct {
	temp   *os.File // nil after Commit and Abort
	target string
	size   int64 // that was reserved
	synced bool
	err    error // set once nothing more can be done
}

// fsync is a variable for tests.
var fsync = (*os.File).Sync

// toDisk brings a file or folder to the disk, if its file system knows how.
func toDisk(f *os.File) error {
	err := fsync(f)
	if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) {
		return nil
	}
	return err
}

// Create begins the file path. Its folder must exist.
func Create(path string) (*File, error) {
	target, perm, err := destination(path)
	if err != nil {
		return nil, err
	}
	folder := filepath.Dir(target)
	removeStale(folder)
	temp, err := createTemp(folder, perm)
	if err != nil {
		return nil, explain(err, folder, 0)
	}
	return &File{temp: temp, target: target}, nil
}

// Check returns the error that Create would, and leaves nothing behind.
func Check(path string) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	name := f.temp.Name()
	f.Abort()
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s cannot be removed: want a folder where that can be done", name)
	}
	return nil
}

// Write makes a file of data. On an error nothing is left behind, and an older file is
// as it was.
func Write(path string, data []byte) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	defer f.Abort()
	if err := f.Reserve(int64(len(data))); err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Commit()
}

// Reserve says how large the file will be. Where the system can, it sees to it that there
// is room, or fails at once.
func (f *File) Reserve(size int64) error {
	if f.err != nil {
		return f.err
	}
	f.size = size
	return f.fail(reserve(f.temp, size))
}

// Write appends p.
func (f *File) Write(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.temp.Write(p)
	return n, f.fail(err)
}

// Finish brings what was written to the disk, so that of Commit's work little is left: for
// files that shall appear together or not at all. On an error nothing is left behind.
func (f *File) Finish() error {
	if f.err != nil || f.synced {
		return f.err
	}
	err := toDisk(f.temp)
	if err == nil && !renamesOpen {
		err = f.temp.Close()
	}
	f.synced = err == nil
	return f.fail(err)
}

// Commit gives the file its name, after Finish if that was not called, and replaces an
// older file in one step. On an error nothing is left behind, and an older file is as it
// was, unless the error is about the folder on the disk.
func (f *File) Commit() error {
	if err := f.Finish(); err != nil {
		return err
	}
	if err := os.Rename(f.temp.Name(), f.target); err != nil {
		return f.fail(err)
	}
	_ = f.temp.Close() // all of it is on the disk
	f.temp, f.err = nil, errDone
	if err := syncFolder(filepath.Dir(f.target)); err != nil {
		return explain(err, filepath.Dir(f.target), 0)
	}
	return nil
}

// Abort removes what was written. After Commit or Abort it does nothing, so it can be
// deferred.
func (f *File) Abort() {
	if f.temp == nil {
		return
	}
	discard(f.temp)
	f.temp = nil
	if f.err == nil {
		f.err = errDone
	}
}

var errDone = errors.New("already committed or aborted: want a new file")

// fail makes err, if any, the last, and cleans up.
func (f *File) fail(err error) error {
	if err == nil {
		return nil
	}
	f.err = explain(err, filepath.Dir(f.target), f.size)
	f.Abort()
	return f.err
}

const tempPrefix, tempSuffix = ".flbench-", ".tmp"

// createTemp creates a new hidden file in a folder, locked for as long as it is open.
// Unlike os.CreateTemp it takes the permissions the final file shall have; those of a new
// file, 0, are up to the umask.
func createTemp(folder string, perm fs.FileMode) (file *os.File, err error) {
	err = fs.ErrExist
	for tries := 0; tries < 100 && errors.Is(err, fs.ErrExist); tries++ {
		name := filepath.Join(folder, fmt.Sprintf("%s%016x%s", tempPrefix, rand.Uint64(), tempSuffix))
		file, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, cmp.Or(perm, 0o666))
		if err == nil && !lock(file) { // another process took it for a stale one just now
			discard(file)
			err = fs.ErrExist
		}
	}
	if err == nil && perm != 0 {
		if err = setPerm(file, perm); err != nil {
			discard(file)
		}
	}
	if err != nil {
		return nil, err
	}
	return file, nil
}

// discard removes a temporary file. Nothing is left to do about an error here: the file is
// unwanted.
func discard(file *os.File) {
	// Removed while it is open it stays locked until it is gone; not all systems allow that.
	removing := os.Remove(file.Name())
	_ = file.Close()
	if removing != nil {
		_ = os.Remove(file.Name())
	}
}

// setPerm gives a file its permissions, which the umask may have narrowed.
func setPerm(file *os.File, perm fs.FileMode) error {
	info, err := file.Stat()
	if err != nil || info.Mode().Perm() == perm {
		return err
	}
	return file.Chmod(perm)
}
