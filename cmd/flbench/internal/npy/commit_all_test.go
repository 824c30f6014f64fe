package npy

import (
	"os"
	"path/filepath"
	"testing"
)

// pair begins two files of one value in folders of their own.
func pair(t *testing.T, a, b string) []*Writer {
	t.Helper()
	var writers []*Writer
	for _, path := range []string{a, b} {
		w, err := Create(path, []int{1})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.Abort)
		if err := w.Write([]float32{1}); err != nil {
			t.Fatal(err)
		}
		writers = append(writers, w)
	}
	return writers
}

// TestCommitAll: two files have their names, or none.
func TestCommitAll(t *testing.T) {
	for _, before := range []string{"", "old"} {
		for _, fails := range []bool{false, true} {
			root := t.TempDir()
			a, gone := filepath.Join(root, "a.npy"), filepath.Join(root, "gone")
			if err := os.Mkdir(gone, 0o777); err != nil {
				t.Fatal(err)
			}
			if before != "" {
				if err := os.WriteFile(a, []byte(before), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			writers := pair(t, a, filepath.Join(gone, "b.npy"))
			if fails { // a folder with the name of the second file
				if err := os.MkdirAll(filepath.Join(gone, "b.npy", "in the way"), 0o777); err != nil {
					t.Fatal(err)
				}
			}
			err := CommitAll(writers...)
			if (err != nil) != fails {
				t.Errorf("error %v, want one: %v", err, fails)
			}
			content, missing := os.ReadFile(a)
			switch {
			case !fails && len(content) != 132:
				t.Errorf("the first file has %d bytes, %v", len(content), missing)
			case fails && before == "" && missing == nil, string(content) != before && fails:
				t.Errorf("the first file became %q, was %q", content, before)
			}
			want := 2
			if fails && before == "" {
				want = 1
			}
			if left, err := os.ReadDir(root); err != nil || len(left) != want {
				t.Errorf("%v is left, %v", left, err)
			}
			if left, err := os.ReadDir(gone); err != nil || len(left) != 1 || left[0].Name() != "b.npy" {
				t.Errorf("%v is left, %v", left, err)
			}
			if err := CommitAll(writers...); err == nil {
				t.Error("committed twice")
			}
		}
	}
}
