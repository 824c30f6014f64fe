package array

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestContent(t *testing.T) {
	zipOf := func(names ...string) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		for _, name := range names {
			if _, err := w.Create(name); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	tar := make([]byte, 1024)
	copy(tar[257:], "ustar")
	for _, c := range []struct{ content, found string }{
		{string(zipOf("archive/data.pkl", "archive/data/0")), `a PyTorch .pt/.pth pickle (a zip file with "archive/data.pkl"), ` + want + ": " + saveTorch},
		{string(zipOf("a.txt", "b.txt")), `a zip file without .npy members (with "a.txt"), ` + want},
		{"PK\x03\x04", "a broken zip file (zip: not a valid zip file), want an .npz file with all its bytes"},
		{"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x05numpy", "a pickle, " + want + ": save with np.save or np.savez"},
		{"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M", "an old PyTorch .pt/.pth pickle, " + want + ": " + saveTorch},
		{"\x1f\x8b\x08\x00", "a gzip file, " + want + ": unpack it with gunzip"},
		{"\x89HDF\r\n\x1a\n\x00", "an HDF5 file, " + want + ": save with np.save what h5py reads"},
		{string(tar), "a tar archive, " + want + ": unpack it"},
		{"0.5,1.5\r\n-2,3", `CSV or other text (starts with "0.5,1.5"), ` + want},
		{" \n", `CSV or other text (starts with ""), ` + want},
		{strings.Repeat("é", 300), `CSV or other text (starts with "` + strings.Repeat("é", 20) + `"…), ` + want},
		{`{"logits": [1]}`, "JSON text, " + want},
		{"[[1, 2]]", "JSON text, " + want},
		{"<!DOCTYPE html>", "an HTML page, " + want},
		{"version https://git-lfs.github.com/spec/v1\noid sha256:0", "a Git LFS pointer, " + want + ": fetch the file with git lfs pull"},
		{"\x00\x00\x00\x00", "a file that starts with zeros, " + want + ": was it written to its end?"},
		{"\x01\x02\x03", `a file of no known kind (starts with "\x01\x02\x03"), ` + want},
		{"\xff\xfe0\x00", `a file of no known kind (starts with "\xff\xfe0\x00"), ` + want},
		{"\x80", `a file of no known kind (starts with "\x80"), ` + want},
		{"\x93", "the first bytes of an .npy file and no more, " + want},
	} {
		path := save(t, []byte(c.content))
		_, err := Open(path)
		wantError(t, err, path, c.found)
	}
}

// npyOf returns a version 1.0 file of float32.
func npyOf(values ...float32) []byte {
	data, err := binary.Append(nil, binary.LittleEndian, values)
	if err != nil {
		panic(err)
	}
	return fileV1(dict("'<f4'", "False", fmt.Sprintf("(%d,)", len(values)))+"\n", data...)
}

// A part is a member of an archive. The archive claims what is not 0 here.
type part struct {
	name    string
	content []byte
	method  uint16
	claim   zip.FileHeader
}

func archive(t testing.TB, parts ...part) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, p := range parts {
		h := p.claim
		h.Name, h.Method = p.name, p.method
		var err error
		if p.claim.UncompressedSize64 > 0 || p.claim.Flags > 0 || p.method > zip.Deflate {
			out, err := w.CreateRaw(&h)
			if err == nil {
				_, err = out.Write(p.content)
			}
			if err != nil {
				t.Fatal(err)
			}
			continue
		}
		out, err := w.CreateHeader(&h)
		if err == nil {
			_, err = out.Write(p.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestArchive(t *testing.T) {
	const damage = "x: a damaged member of the archive (%s), want an .npz file as it was written"
	good := npyOf(1, 2)
	claimed := fileV1(dict("'<f4'", "False", "(268435456,)") + "\n")
	long := append(claimed, make([]byte, maxHeader+12)...)
	for _, c := range []struct {
		name    string
		content []byte
		want    string
	}{
		{"twice", archive(t, part{name: "x.npy", content: good}, part{name: "x.npy", content: good}), `two arrays "x", want each name once`},
		{"no .npy inside", archive(t, part{name: "x.npy", content: []byte("1,2")}), `x: not an .npy file (starts with "1,2", want "\x93NUMPY")`},
		{"an object", archive(t, part{name: "x.npy", content: fileV1(dict("'|O'", "False", "(1,)"), 0)}), `x: dtype "|O" (object), want ` + wanted},
		{"encrypted", archive(t, part{name: "x.npy", content: good, claim: zip.FileHeader{Flags: 1, UncompressedSize64: uint64(len(good)), CompressedSize64: uint64(len(good))}}), "x: an encrypted member, want one that is not"},
		{"bzip2", archive(t, part{name: "x.npy", content: good, method: 12, claim: zip.FileHeader{UncompressedSize64: uint64(len(good)), CompressedSize64: uint64(len(good))}}), "x: packed by method 12, want it stored or deflated as np.savez and np.savez_compressed do"},
		{"absurd claim", archive(t, part{name: "x.npy", content: claimed, claim: zip.FileHeader{UncompressedSize64: 1<<30 + uint64(len(claimed)), CompressedSize64: uint64(len(claimed))}}), fmt.Sprintf(damage, "unexpected EOF")},
		{"absurd claim, long", archive(t, part{name: "x.npy", content: long, claim: zip.FileHeader{UncompressedSize64: 1<<30 + uint64(len(claimed)), CompressedSize64: uint64(len(long))}}), fmt.Sprintf(damage, "zip: not a valid zip file")},
		{"absurd size", archive(t, part{name: "x.npy", content: good, claim: zip.FileHeader{UncompressedSize64: 1 << 63, CompressedSize64: 1 << 63}}), "x: a member of 9223372036854775808 bytes, want at most "},
		{"absurd deflated", archive(t, part{name: "x.npy", content: []byte{1, 0, 0, 0xff, 0xff}, method: zip.Deflate, claim: zip.FileHeader{UncompressedSize64: 1 << 30, CompressedSize64: 5}}), fmt.Sprintf(damage, "unexpected EOF")},
		{"longer than it says", archive(t, part{name: "x.npy", content: good, claim: zip.FileHeader{UncompressedSize64: uint64(len(good)) - 4, CompressedSize64: uint64(len(good))}}), "x: header claims 8 bytes of data, the file has 4"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := save(t, c.content)
			_, err := readAll(t, path)
			if err == nil || !strings.HasPrefix(err.Error(), path+": "+c.want) {
				t.Errorf("error\n got %v\nwant %s: %s", err, path, c.want)
			}
		})
	}
}

// TestNames: names are in the file's order, and those that are not there are answered
// with those that are.
func TestNames(t *testing.T) {
	path := save(t, npyOf(1))
	f := mustOpen(t, path)
	_, err := f.Array("logits")
	wantError(t, err, path, `no array "logits": an .npy file, whose only array has no name`)

	var parts []part
	for _, name := range "wxyzabcdefghi" {
		parts = append(parts, part{name: string(name) + ".npy", content: npyOf(float32(name))})
	}
	path = save(t, archive(t, parts...))
	f = mustOpen(t, path)
	if names := strings.Join(f.Names(), ""); names != "wxyzabcdefghi" || f.kind != "an .npz file" {
		t.Errorf("%s with the names %s", f.kind, names)
	}
	_, err = f.Array("logits")
	wantError(t, err, path, `no array "logits", want one of "w", "x", "y", "z", "a", "b", "c", "d", "e", "f", 3 more`)
	_, _, err = f.Describe("logits")
	wantError(t, err, path, `no array "logits", want one of "w", "x", "y", "z", "a", "b", "c", "d", "e", "f", 3 more`)
	a, err := f.Array("b")
	if err != nil {
		t.Fatal(err)
	}
	if v, err := a.Float32s(nil, 0, 1); a.Label() != path+": b" || err != nil || !slices.Equal(v, []float32{'b'}) {
		t.Errorf("%s: %v, %v", a.Label(), v, err)
	}
	again, err := f.Array("b")
	if err != nil || again.At(0) != "98" {
		t.Errorf("the second time: %v", err)
	}

	path = save(t, archive(t))
	_, err = mustOpen(t, path).Array("x")
	wantError(t, err, path, `no array "x": an .npz file without arrays`)
}

func TestClose(t *testing.T) {
	path := save(t, archive(t, part{name: "x.npy", content: npyOf(1), method: zip.Deflate}))
	f := mustOpen(t, path)
	if _, err := f.Array("x"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	_, err := f.Array("x")
	wantError(t, err, path, "the file is closed, want it open")
	if len(f.Names()) != 0 {
		t.Error("names in a closed file")
	}
}

// TestLook: headers are told without the data, and wrong ones refused.
func TestLook(t *testing.T) {
	long := dict("'<f4'", "False", "(2,)") + strings.Repeat(" ", 3000)
	for _, c := range []struct {
		content []byte
		kind    string
		names   []string
	}{
		{npyOf(1, 2), "an .npy file", []string{""}},
		{fileV1(long, make([]byte, 8)...), "an .npy file", []string{""}},
		{archive(t, part{name: "a.npy", content: npyOf(1, 2)}), "an .npz file", []string{"a"}},
	} {
		f, err := LookContext(t.Context(), save(t, c.content))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		dtype, shape, err := f.Describe(c.names[0])
		if dtype != Float32 || !slices.Equal(shape, []int{2}) || err != nil || f.kind != c.kind || !slices.Equal(f.Names(), c.names) || f.Changed() != nil {
			t.Errorf("%v %v, %v; %s with %q", dtype, shape, err, f.kind, f.Names())
		}
	}
	path := save(t, npyOf(1, 2))
	f, err := LookContext(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Array("")
	wantError(t, err, path, "opened for its header alone, want all of it")
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	_, _, err = f.Describe("")
	wantError(t, err, path, "the file is closed, want it open")
	path = save(t, fileV1(dict("'<f4'", "False", "(4,)"), make([]byte, 12)...))
	_, err = LookContext(t.Context(), path)
	wantError(t, err, path, "header claims 16 bytes of data, the file has 12, want the whole file")
}

// TestLabel: what a file calls an array does not spoil a message.
func TestLabel(t *testing.T) {
	f := &File{path: "x.npz"}
	for name, want := range map[string]string{
		"": "x.npz", "logits": "x.npz: logits", "größe/1": "x.npz: größe/1", "a\nb": `x.npz: "a\nb"`, "\xff": `x.npz: "\xff"`,
		strings.Repeat("x", maxName+1): `x.npz: "` + strings.Repeat("x", maxQuote) + `"…`,
	} {
		if got := f.label(name); got != want {
			t.Errorf("%q: %s, want %s", name, got, want)
		}
	}
}

func TestChanged(t *testing.T) {
	path := save(t, npyOf(1, 2))
	f := mustOpen(t, path)
	if err := f.Changed(); err != nil {
		t.Error(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	const message = "changed while it was read, want a file that stays as it is"
	if err := os.Chtimes(path, time.Time{}, info.ModTime().Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	wantError(t, f.Changed(), path, message)
	if err := os.Chtimes(path, time.Time{}, info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if err := f.Changed(); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(path, npyOf(1, 2, 3), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, time.Time{}, info.ModTime()); err != nil {
		t.Fatal(err)
	}
	wantError(t, f.Changed(), path, message)
	f.Close() // Windows removes no open file
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := f.Changed(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a removed file: %v", err)
	}
}

// setSpool makes spooling go to a file after some bytes, in this test.
func setSpool(t *testing.T, memory, piece int) {
	oldMemory, oldPiece := spoolMemory, spoolPiece
	t.Cleanup(func() { spoolMemory, spoolPiece = oldMemory, oldPiece })
	spoolMemory, spoolPiece = memory, piece
}

// setTemp makes a folder that of temporary files, in this test.
func setTemp(t *testing.T, dir string) {
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
		t.Setenv(name, dir)
	}
}

// TestSpool: what is read is what there was, in memory or in a file, and no file stays.
func TestSpool(t *testing.T) {
	dir := t.TempDir()
	setTemp(t, dir)
	for _, memory := range []int{1, 512, 1000, 4096, 100_000} {
		for _, piece := range []int{1, 100, 5000} {
			if memory/piece > 2000 || 10_000/piece > 10_000 {
				continue
			}
			setSpool(t, memory, piece)
			for _, size := range []int{0, 1, 511, 512, 513, 1000, 4096, 10_000} {
				content := make([]byte, size)
				for i := range content {
					content[i] = byte(i * i >> 3)
				}
				for _, expect := range []int64{0, int64(size), 1 << 40} {
					mem, err := spool(t.Context(), bytes.NewReader(content), expect)
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(mem.data, content) {
						t.Fatalf("%d bytes, %d in memory, in pieces of %d: wrong content", size, memory, piece)
					}
					if err := mem.close(); err != nil {
						t.Error(err)
					}
				}
			}
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestSpoolFails(t *testing.T) {
	setSpool(t, 1000, 100)
	missing := filepath.Join(t.TempDir(), "missing")
	setTemp(t, missing)
	_, err := spool(t.Context(), bytes.NewReader(make([]byte, 2000)), 0)
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasSuffix(err.Error(), " for temporary data in "+missing+", want a folder that can be written: set TMPDIR to one") {
		t.Errorf("no folder: %v", err)
	}
	if _, err := spool(t.Context(), &endless{err: errors.New("cut off")}, 0); err == nil || err.Error() != "cut off, want data that can be read to its end" {
		t.Errorf("a reader that fails: %v", err)
	}
	cause := errors.New("interrupted")
	setTemp(t, t.TempDir())
	for _, after := range []int{0, 500, 5000} {
		ctx, cancel := context.WithCancelCause(t.Context())
		if _, err := spool(ctx, &endless{after: after, call: func() { cancel(cause) }}, 0); err != cause {
			t.Errorf("interrupted after %d: %v", after, err)
		}
	}
}

// endless is a reader without end, unless it fails, which calls something after a number
// of bytes.
type endless struct {
	after int
	call  func()
	err   error
}

func (e *endless) Read(p []byte) (int, error) {
	if e.after -= len(p); e.after <= 0 && e.call != nil {
		e.call()
	}
	return len(p), e.err
}

// TestUnpackToFile: a member that is too long for memory goes through a file.
func TestUnpackToFile(t *testing.T) {
	setSpool(t, 1000, 300)
	dir := t.TempDir()
	setTemp(t, dir)
	values := make([]float32, 5000)
	for i := range values {
		values[i] = float32(i)
	}
	path := save(t, archive(t, part{name: "x.npy", content: npyOf(values...), method: zip.Deflate}))
	f := mustOpen(t, path)
	if dtype, shape, err := f.Describe("x"); dtype != Float32 || !slices.Equal(shape, []int{5000}) || err != nil || f.spooled != nil {
		t.Errorf("described as %v %v, %v; %d unpacked", dtype, shape, err, len(f.spooled))
	}
	a, err := f.Array("x")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := a.Float32s(nil, 0, 5000); err != nil || !slices.Equal(got, values) {
		t.Errorf("other values, %v", err)
	}
	f.Close()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	if f, err = OpenContext(ctx, path); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cancel()
	if _, err = f.Array("x"); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// TestStandardInput: a file as standard input is mapped from its start, read from where
// it is.
func TestStandardInput(t *testing.T) {
	old := os.Stdin
	defer func() { os.Stdin = old }()
	for _, skip := range []int64{0, 8} {
		file, err := os.Open(save(t, append(make([]byte, skip), npyOf(1, 2, 3)...)))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := file.Seek(skip, 0); err != nil {
			t.Fatal(err)
		}
		os.Stdin = file
		f := mustOpen(t, "-")
		a, err := f.Array("")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := a.Float32s(nil, 0, 3); a.Label() != "standard input" || err != nil || !slices.Equal(got, []float32{1, 2, 3}) {
			t.Errorf("%s: %v, %v", a.Label(), got, err)
		}
		if err := f.Changed(); err != nil {
			t.Error(err)
		}
	}
	if !IsStream("-") || IsStream(t.TempDir()) || IsStream(save(t, nil)) || IsStream(filepath.Join(t.TempDir(), "missing")) {
		t.Error("what is a stream is not told")
	}
}
