package outfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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

// TestWrite: a file is made or replaced, Check changes nothing, and neither leaves
// more behind.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	for _, data := range []string{"longer than the second", "short"} {
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
		if got, err := os.ReadFile(path); string(got) != data || err != nil {
			t.Errorf("read %q, %v; want %q", got, err, data)
		}
		if list := names(t, dir); len(list) != 1 {
			t.Errorf("left behind: %v", list)
		}
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	for path, want := range map[string]string{"": "no file name", dir: "a directory", filepath.Join(dir, "x") + "/": "no file name"} {
		if err := Check(path); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", path, err, want)
		}
		if err := Write(path, nil); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", path, err, want)
		}
	}
	missing := filepath.Join(dir, "none", "a")
	var inPath *fs.PathError
	if err := Check(missing); !errors.Is(err, fs.ErrNotExist) || errors.As(err, &inPath) {
		t.Errorf("%v, want that the folder does not exist, without its name", err)
	}
	if list := names(t, dir); len(list) != 0 {
		t.Errorf("left behind: %v", list)
	}
}
