//go:build linux

package main

import (
	"archive/zip"
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	columns    = 80
	headerSize = 128 // bytes before the data of each .npy file
)

// anchors are scores and labels as a trained detector has them: those of
// testdata/detector-logits have the mean −5.5 and the standard deviation 0.9, and
// 0.1 % of them lie above −ln 9, where a background entry is no easy negative any more.
type anchors struct {
	logits  []float32 // rows of columns
	classes []int32
}

func (a anchors) rows() int { return len(a.classes) }

// newAnchors returns n rows, always the same ones for a seed: 0.3 % of them are
// positive, 0.5 % ignored.
func newAnchors(n int, seed uint64) anchors {
	r := rand.New(rand.NewPCG(seed, 0))
	a := anchors{make([]float32, n*columns), make([]int32, n)}
	normal := func(mean, deviation float64) float32 { return float32(mean + deviation*r.NormFloat64()) }
	for i := range a.logits {
		a.logits[i] = normal(-5.5, 0.9)
	}
	for range len(a.logits) / 1000 {
		a.logits[r.IntN(len(a.logits))] = normal(-1.5, 1.2)
	}
	for row := range a.classes {
		switch p := r.Float64(); {
		case p < 0.003:
			class := r.IntN(columns)
			a.classes[row] = int32(class)
			a.logits[row*columns+class] = normal(-0.5, 1.5)
		case p < 0.008:
			a.classes[row] = -2
		default:
			a.classes[row] = -1
		}
	}
	return a
}

// oneHot returns the labels per score.
func (a anchors) oneHot() []uint8 {
	hot := make([]uint8, len(a.logits))
	for row, class := range a.classes {
		switch {
		case class >= 0:
			hot[row*columns+int(class)] = 1
		case class == -2:
			for c := range columns {
				hot[row*columns+c] = 255
			}
		}
	}
	return hot
}

// header returns the first 128 bytes of a .npy file with this machine's byte order.
func header(dtype string, shape ...int) []byte {
	dims := ""
	for _, n := range shape {
		dims += fmt.Sprintf("%d,", n)
	}
	const before = "\x93NUMPY\x01\x00" + "\x76\x00" // 0x76 more follow
	text := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", strings.Replace(dtype, "=", byteOrder(), 1), dims)
	return []byte(before + text + strings.Repeat(" ", headerSize-len(before)-len(text)-1) + "\n")
}

func byteOrder() string {
	if binary.NativeEndian.Uint16([]byte{1, 0}) == 1 {
		return "<"
	}
	return ">"
}

// bytesOf returns the memory of s.
func bytesOf[T float32 | int32 | uint8](s []T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(*new(T))))
}

// writeRows writes a .npy file of the first rows of a block without end, of which
// data is what repeats and holds blockRows rows.
func writeRows(path string, head, data []byte, blockRows, rows int) error {
	w, err := create(path, head)
	if err != nil {
		return err
	}
	defer w.Close()
	for size := len(data) / blockRows; rows > 0; rows -= blockRows {
		if _, err := w.Write(data[:min(rows, blockRows)*size]); err != nil {
			return err
		}
	}
	return w.finish()
}

// file is a large file being written.
type file struct {
	*bufio.Writer
	f *os.File
}

func create(path string, head []byte) (*file, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	w.Write(head) // errors stick
	return &file{w, f}, nil
}

// finish brings the file onto the disk: what is not there cannot be dropped from
// the page cache.
func (w *file) finish() error {
	if err := w.Flush(); err != nil {
		return err
	}
	if err := w.f.Sync(); err != nil {
		return err
	}
	return w.Close()
}

// Close closes the file, if that was not done.
func (w *file) Close() error { return w.f.Close() }

// largeData are the files of the one-file runs.
type largeData struct {
	logits string
	labels map[string]string // by form
	rows   int
}

func (d *largeData) scores() int { return d.rows * columns }

// writeLarge writes rows anchors: blocks of distinct ones, repeated.
func writeLarge(dir string, a anchors, rows int, forms []string) (*largeData, error) {
	d := &largeData{logits: filepath.Join(dir, "logits.npy"), labels: map[string]string{}, rows: rows}
	if err := writeRows(d.logits, header("=f4", rows, columns), bytesOf(a.logits), a.rows(), rows); err != nil {
		return nil, err
	}
	for _, form := range forms {
		path := filepath.Join(dir, form+".npy")
		head, data := header("=i4", rows), bytesOf(a.classes)
		if form == "labels" {
			head, data = header("|u1", rows, columns), a.oneHot()
		}
		if err := writeRows(path, head, data, a.rows(), rows); err != nil {
			return nil, err
		}
		d.labels[form] = path
	}
	return d, nil
}

// writeImage writes one image as a folder, or as an archive path.npz, and returns its path.
func writeImage(path, form string, a anchors) (string, error) {
	type member struct {
		name       string
		head, data []byte
	}
	members := []member{
		{"logits.npy", header("=f4", a.rows(), columns), bytesOf(a.logits)},
		{"labels.npy", header("=i4", a.rows()), bytesOf(a.classes)},
	}
	if form == "folders" {
		if err := os.Mkdir(path, 0o755); err != nil {
			return "", err
		}
		for _, m := range members {
			if err := os.WriteFile(filepath.Join(path, m.name), append(m.head, m.data...), 0o644); err != nil {
				return "", err
			}
		}
		return path, nil
	}
	path += ".npz"
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	z := zip.NewWriter(f)
	for _, m := range members {
		sum := crc32.NewIEEE()
		sum.Write(m.head)
		sum.Write(m.data)
		size := uint64(len(m.head) + len(m.data))
		// As numpy.savez does: stored, and the sizes known beforehand.
		w, err := z.CreateRaw(&zip.FileHeader{Name: m.name, Method: zip.Store, CRC32: sum.Sum32(), CompressedSize64: size, UncompressedSize64: size})
		if err != nil {
			return "", err
		}
		for _, part := range [][]byte{m.head, m.data} {
			if _, err := w.Write(part); err != nil {
				return "", err
			}
		}
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return path, f.Close()
}

// checkSpace refuses to fill a disk: a tenth of what is free, or 1 GiB, shall remain.
func checkSpace(dir string, bytes uint64) error {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	free := fs.Bavail * uint64(fs.Bsize)
	if keep := max(free/10, 1<<30); free < keep || bytes > free-keep {
		return fmt.Errorf("%s has %s free: want %s and some to spare, fewer data or another -dir", dir, size(free), size(bytes))
	}
	return nil
}

func size(bytes uint64) string { return fmt.Sprintf("%.2f GiB", float64(bytes)/(1<<30)) }
