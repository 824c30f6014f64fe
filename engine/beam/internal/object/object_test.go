package object

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, path, content string) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRead: a range of a file, by its path and by a URL, unless the file has changed.
func TestRead(t *testing.T) {
	var s Store
	ctx := t.Context()
	path := write(t, filepath.Join(t.TempDir(), "a"), "0123456789")
	for _, name := range []string{path, "file://" + path} {
		v, err := s.Stat(ctx, name)
		if err != nil || v.Size != 10 {
			t.Fatalf("%+v, %v", v, err)
		}
		p := make([]byte, 3)
		if err := s.Read(ctx, name, v, 4, p); err != nil || string(p) != "456" {
			t.Errorf("%q, %v", p, err)
		}
	}
	v, _ := s.Stat(ctx, path)
	for name, change := range map[string]func(){
		"a later time":  func() { _ = os.Chtimes(path, time.Time{}, time.Unix(1, 2)) },
		"another size":  func() { write(t, path, "01234567890") },
		"another file":  func() { _ = os.Remove(path); write(t, path, "9876543210") },
		"a shorter one": func() { write(t, path, "0") },
	} {
		write(t, path, "0123456789")
		time.Sleep(2 * time.Millisecond) // files have times of some coarseness
		v, _ = s.Stat(ctx, path)
		change()
		if err := s.Read(ctx, path, v, 0, make([]byte, 5)); err == nil || err.Error() != path+": "+errChanged.Error() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRefusals: what is no file, and names that are none.
func TestRefusals(t *testing.T) {
	var s Store
	dir := t.TempDir()
	for name, want := range map[string]string{
		dir:                  ": a folder, want a file",
		dir + "/none":        ": no such file or directory",
		"":                   "no name of a file",
		"a\x00b":             "no name of a file",
		"http://host/a":      `scheme "http"`,
		"s3://bucket":        "no bucket or no key",
		"s3:///key":          "no bucket or no key",
		"file://host/a":      "another machine",
		"/dev/null":          "no regular file",
		"s3://b/k?unknown=1": "unknown",
	} {
		_, err := s.Stat(t.Context(), name)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %s", name, err, want)
		}
		if err := s.Read(t.Context(), name, Version{Size: 1}, 0, make([]byte, 1)); err == nil {
			t.Errorf("%q is read", name)
		}
	}
}

// TestGlob: what stars stand for among files.
func TestGlob(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a/logits.npy", "b1/logits.npy", "b2/logits.npy", "b2/other.npy", ".c/logits.npy", "d", "e[1]/logits.npy", "f/g/logits.npy"} {
		write(t, filepath.Join(dir, name), "")
	}
	var s Store
	glob := func(pattern string) (found []string, err error) {
		err = s.Glob(t.Context(), dir+"/"+pattern, func(m Match) error {
			found = append(found, strings.TrimPrefix(m.Name, dir+"/")+" "+strings.Join(m.Stars, ","))
			return nil
		})
		return found, err
	}
	for pattern, want := range map[string][]string{
		"*/logits.npy":    {"a/logits.npy a", "b1/logits.npy b1", "b2/logits.npy b2", "e[1]/logits.npy e[1]"},
		"b*/*.npy":        {"b1/logits.npy 1,logits", "b2/logits.npy 2,logits", "b2/other.npy 2,other"},
		".*/logits.npy":   {".c/logits.npy c"},
		"e[1]/*":          {"e[1]/logits.npy logits.npy"},
		"*/*/logits.npy":  {"f/g/logits.npy f,g"},
		"none/logits.npy": {"none/logits.npy "},
		"*":               {"a a", "b1 b1", "b2 b2", "d d", "e[1] e[1]", "f f"},
	} {
		if got, err := glob(pattern); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v, want %q", pattern, got, err, want)
		}
	}
	for _, pattern := range []string{"none*", "d/*", "none/*/x", "*/none"} {
		if got, err := glob(pattern); err == nil || !strings.HasSuffix(err.Error(), ": stands for no file, want at least one") {
			t.Errorf("%s: %q, %v", pattern, got, err)
		}
	}
	if os.Getuid() != 0 { // whom no folder is closed to
		if err := os.Chmod(filepath.Join(dir, "f"), 0); err != nil {
			t.Fatal(err)
		}
		if _, err := glob("*/*/logits.npy"); err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("a closed folder: %v", err)
		}
		_ = os.Chmod(filepath.Join(dir, "f"), 0o777)
	}
	if err := s.Glob(t.Context(), "s3://a*/b", nil); err == nil || !strings.Contains(err.Error(), "a star in the bucket") {
		t.Error(err)
	}
	stop := fmt.Errorf("stop")
	if err := s.Glob(t.Context(), dir+"/*", func(Match) error { return stop }); err != stop {
		t.Error(err)
	}
}

// TestMatch: what stands for what, byte by byte.
func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		stars         []string // nil: no match
	}{
		{"a*b*c", "abbc", []string{"", "b"}}, {"a*a", "a", nil}, {"a*a", "aa", []string{""}}, {"*-*.npy", "m-x-y.npy", []string{"m", "x-y"}},
		{"\xa8*/\xff", "\xa8\xfe/\xff", []string{"\xfe"}}, {"*", "a/b", nil}, {"*/*", "a", nil}, {"*", ".a", nil}, {"a*", "a.b", []string{".b"}}, {"**x", "yx", []string{"", "y"}}, {"*.*", "a.b.c", []string{"a", "b.c"}},
	} {
		if got, ok := match(c.pattern, c.name); ok != (c.stars != nil) || ok && !slices.Equal(got, c.stars) {
			t.Errorf("%s of %s: %q, %v, want %q", c.pattern, c.name, got, ok, c.stars)
		}
	}
}

// TestFill: templates have as many stars as the pattern, or none.
func TestFill(t *testing.T) {
	for _, c := range []struct{ template, want string }{
		{"x/*/y*.npy", "x/1/y2.npy"}, {"x", "x"}, {"*", ""}, {"***", ""},
	} {
		got, err := Fill(c.template, []string{"1", "2"})
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v", c.template, got, err)
		}
	}
}

// TestIdentity: other names of the same object.
func TestIdentity(t *testing.T) {
	dir := t.TempDir()
	path := write(t, filepath.Join(dir, "a"), "")
	if err := os.Symlink(path, filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	same := func(a, b string) bool {
		x, err := Identity(a)
		y, err2 := Identity(b)
		return err == nil && err2 == nil && x == y
	}
	for _, name := range []string{dir + "/./a", dir + "//a", dir + "/b", "file://" + path, dir + "/../" + filepath.Base(dir) + "/a"} {
		if !same(path, name) {
			t.Errorf("%s is another", name)
		}
	}
	if !same("s3://b/k?region=x", "s3://b/k") || same("s3://b/k", "s3://b/k2") || same("s3://b/k", "gs://b/k") {
		t.Error("objects in buckets")
	}
	if got := Plain("s3://b/k/l?endpoint=a"); got != "s3://b/k/l" {
		t.Error(got)
	}
}

// TestWrite: all or nothing.
func TestWrite(t *testing.T) {
	var s Store
	dir := t.TempDir()
	for _, content := range []string{"one", "another"} {
		if err := s.Write(context.Background(), dir+"/a", []byte(content)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(dir + "/a"); err != nil || string(got) != content {
			t.Errorf("%q, %v", got, err)
		}
	}
	if err := s.Write(context.Background(), dir+"/none/a", nil); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%v", entries)
	}
}

// FuzzGlob: no pattern panics, and what it finds it matches.
func FuzzGlob(f *testing.F) {
	for _, seed := range []string{"*/a", "**", "a*b/.*", "s3://b/*?x=y", "file:///*", "[*", "\\*"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		at, err := locate(pattern)
		if err != nil || at.key == "" {
			return
		}
		plain := strings.ReplaceAll(at.key, "*", "x")
		stars, ok := match(at.key, plain)
		if !ok {
			t.Fatalf("%q does not stand for %q", at.key, plain)
		}
		if got, err := Fill(at.key, stars); err != nil || got != plain {
			t.Fatalf("%q filled with %q: %q, %v, want %q", at.key, stars, got, err, plain)
		}
		_, _ = Identity(pattern)
	})
}
