package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func names(t *testing.T, dir string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func wantNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("the folder has %q, want %q", got, want)
	}
}

// old makes a file that is there already.
func old(t *testing.T, path string, perm fs.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, perm); err != nil {
		t.Fatal(err)
	}
}

func wantContent(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); string(got) != want || err != nil {
		t.Errorf("%s has %q, %v; want %q", path, got, err, want)
	}
}

// wantRefused holds that neither Check, Create nor Write takes a path, and why, and that
// they leave nothing behind in a folder.
func wantRefused(t *testing.T, path, want, folder string) {
	t.Helper()
	before := names(t, folder)
	check, writing := Check(path), Write(path, []byte("new"))
	f, creating := Create(path)
	if f != nil {
		f.Abort()
	}
	for what, err := range map[string]error{"Check": check, "Write": writing, "Create": creating} {
		if err == nil || err.Error() != want {
			t.Errorf("%s of %s: %v, want %s", what, path, err, want)
		}
	}
	if after := names(t, folder); !slices.Equal(after, before) {
		t.Errorf("the folder has %q, had %q", after, before)
	}
}

// TestWrite: a file is made or replaced, Check changes nothing, and neither leaves
// more behind.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for _, data := range []string{"longer than the second", "short", ""} {
		before, _ := os.ReadFile(path)
		if err := Check(path); err != nil {
			t.Fatal(err)
		}
		if after, _ := os.ReadFile(path); string(after) != string(before) {
			t.Errorf("Check made %q of %q", after, before)
		}
		if err := Write(path, []byte(data)); err != nil {
			t.Fatal(err)
		}
		wantContent(t, path, data)
		wantNames(t, dir, "a")
	}
}

// TestSteps: a file is brought to the disk before it gets its name, and the folder after
// that.
func TestSteps(t *testing.T) {
	defer func(before func(*os.File) error) { fsync = before }(fsync)
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	old(t, path, 0o600)
	var steps []string
	fsync = func(f *os.File) error {
		now, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
		}
		steps = append(steps, fmt.Sprintf("%s, %s", strings.TrimSuffix(filepath.Dir(f.Name()), "/"), now))
		return f.Sync()
	}
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	for _, s := range []string{"ne", "w"} {
		if n, err := f.Write([]byte(s)); n != len(s) || err != nil {
			t.Fatal(n, err)
		}
	}
	for range 2 { // the second does nothing
		if err := f.Finish(); err != nil {
			t.Fatal(err)
		}
	}
	wantContent(t, path, "old")
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
	f.Abort()
	wantContent(t, path, "new")
	wantNames(t, dir, "a")
	want := []string{dir + ", old", filepath.Dir(dir) + ", new"}
	if !syncsFolders {
		want = want[:1]
	}
	if !slices.Equal(steps, want) {
		t.Errorf("synced %q, want %q", steps, want)
	}
	for what, err := range map[string]error{"Commit": f.Commit(), "Finish": f.Finish(), "Reserve": f.Reserve(1)} {
		if err != errDone {
			t.Errorf("%s again: %v", what, err)
		}
	}
	if n, err := f.Write([]byte("x")); n != 0 || err != errDone {
		t.Errorf("Write after Commit: %d, %v", n, err)
	}
	wantContent(t, path, "new")
}

// TestFailures: on an error of any step nothing is left behind, and the older file is as
// it was.
func TestFailures(t *testing.T) {
	defer func(before func(*os.File) error) { fsync = before }(fsync)
	fault := errors.New("the disk's")
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	old(t, path, 0o600)

	fsync = func(f *os.File) error { return &fs.PathError{Op: "sync", Path: f.Name(), Err: fault} }
	const want = "the disk's: want a file name that can be written to"
	if err := Write(path, []byte("new")); !errors.Is(err, fault) || err.Error() != want {
		t.Errorf("the sync of a file fails: %v, want %s", err, want)
	}
	wantContent(t, path, "old")
	wantNames(t, dir, "a")

	// A file system that cannot sync is no fault.
	for _, none := range []error{errors.ErrUnsupported, syscall.EINVAL} {
		fsync = func(f *os.File) error { return &fs.PathError{Op: "sync", Path: f.Name(), Err: none} }
		if err := Write(path, []byte("old")); err != nil {
			t.Errorf("a file system without sync: %v", err)
		}
	}

	// The name is taken by a folder meanwhile.
	fsync = (*os.File).Sync
	f, err := Create(filepath.Join(dir, "b"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "b"), 0o777); err != nil {
		t.Fatal(err)
	}
	first := f.Commit()
	if first == nil || !strings.Contains(first.Error(), ": want ") || strings.Contains(first.Error(), dir+string(filepath.Separator)) {
		t.Errorf("a folder in the way: %v", first)
	}
	if again := f.Commit(); again != first {
		t.Errorf("then %v, want %v", again, first)
	}
	wantNames(t, dir, "a", "b")

	f, err = Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(names(t, dir)) != 3 {
		t.Errorf("the folder has %q, want a temporary file besides", names(t, dir))
	}
	f.Abort()
	f.Abort()
	if err := f.Commit(); err != errDone {
		t.Errorf("Commit after Abort: %v", err)
	}
	wantContent(t, path, "old")
	wantNames(t, dir, "a", "b")
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	wantRefused(t, "", "no file name: want one", dir)
	wantRefused(t, filepath.Join(dir, "x")+"/", "no file name: want one", dir)
	wantRefused(t, "-", "here not standard output, but a file: want another name, or ./-", dir)
	wantRefused(t, dir, "a folder: want the name of a file", dir)

	missing := filepath.Join(dir, "none", "a")
	var inPath *fs.PathError
	if err := Check(missing); !errors.Is(err, fs.ErrNotExist) || errors.As(err, &inPath) ||
		!strings.HasSuffix(err.Error(), ": want the folder "+filepath.Dir(missing)+" to exist") {
		t.Errorf("%v, want that the folder does not exist", err)
	}
	if err := Check(filepath.Join(dir, strings.Repeat("x", 5000))); err == nil || !strings.HasSuffix(err.Error(), ": want a file name that can be written to") {
		t.Errorf("a name of 5000 bytes: %v", err)
	}
	wantNames(t, dir)
}

// TestReadOnly: a file that may not be written to is not replaced, not even by who may
// write everywhere.
func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	old(t, path, 0o444)
	wantRefused(t, path, "a read-only file: want another name, or permission to write to it (chmod u+w)", dir)
	wantContent(t, path, "old")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o444 {
		t.Errorf("it became %v, %v", info.Mode(), err)
	}
}

// TestStandardOutput: what is printed would be lost with the file that it was printed to.
func TestStandardOutput(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	old(t, path, 0o600)
	open, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	if !SameAs(path, open) || SameAs(dir, open) || SameAs(filepath.Join(dir, "none"), open) {
		t.Error("SameAs")
	}
	for _, c := range []struct {
		file **os.File
		want string
	}{
		{&os.Stdout, "the file that standard output goes to: want another"},
		{&os.Stderr, "the file that standard error goes to: want another"},
	} {
		before := *c.file
		*c.file = open
		wantRefused(t, path, c.want, dir)
		wantRefused(t, filepath.Join(dir, ".", "..", filepath.Base(dir), "a"), c.want, dir)
		*c.file = before
	}
	wantContent(t, path, "old")
	if err := Check(path); err != nil {
		t.Errorf("nothing is printed to it: %v", err)
	}
}
