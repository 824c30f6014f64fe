package array

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"strings"
)

// isZip tells whether data begins as a zip file does, which may be an empty one.
func isZip(data []byte) bool {
	return bytes.HasPrefix(data, []byte("PK\x03\x04")) || bytes.HasPrefix(data, []byte("PK\x05\x06"))
}

// A member is an .npy file in an .npz archive.
type member struct{ *zip.File }

// openZip lists the .npy files of an archive, without their suffix as NumPy does.
// Others are passed over, unless there is nothing else.
func (f *File) openZip() error {
	archive, err := zip.NewReader(bytes.NewReader(f.mem.data), int64(len(f.mem.data)))
	if err != nil {
		return fmt.Errorf("a broken zip file (%w), want an .npz file with all its bytes", err)
	}
	var other string
	for _, file := range archive.File {
		name, ok := strings.CutSuffix(file.Name, ".npy")
		if !ok {
			if other == "" || isPyTorch(file.Name) {
				other = file.Name
			}
			continue
		}
		if err := f.add(entry{name: name, member: &member{file}}); err != nil {
			return err
		}
	}
	switch {
	case len(f.entries) > 0 || other == "":
		return nil
	case isPyTorch(other):
		return fmt.Errorf("a PyTorch .pt/.pth pickle (a zip file with %s), %s: %s", quote(other), want, saveTorch)
	}
	return fmt.Errorf("a zip file without .npy members (with %s), %s", quote(other), want)
}

func isPyTorch(name string) bool { return name == "data.pkl" || strings.HasSuffix(name, "/data.pkl") }

// header reads the header alone.
func (m *member) header() (header, error) {
	r, err := m.open()
	if err != nil {
		return header{}, err
	}
	defer r.Close()
	start := make([]byte, min(m.UncompressedSize64, maxHeader+12))
	if _, err := io.ReadFull(r, start); err != nil {
		return header{}, damaged(err)
	}
	return readHeader(bytes.NewReader(start), int64(m.UncompressedSize64))
}

func (m *member) open() (io.ReadCloser, error) {
	if m.UncompressedSize64 > math.MaxInt {
		return nil, fmt.Errorf("a member of %d bytes, want at most %d on this machine", m.UncompressedSize64, math.MaxInt)
	}
	if m.Flags&1 != 0 {
		return nil, errors.New("an encrypted member, want one that is not")
	}
	r, err := m.File.Open()
	if errors.Is(err, zip.ErrAlgorithm) {
		return nil, fmt.Errorf("packed by method %d, want it stored or deflated as np.savez and np.savez_compressed do", m.Method)
	}
	if err != nil {
		return nil, damaged(err)
	}
	return r, nil
}

func damaged(err error) error {
	if errors.Is(err, errFault) {
		return err
	}
	return fmt.Errorf("a damaged member of the archive (%w), want an .npz file as it was written", err)
}

// unpack reads a member: in place where it is stored, and else into memory of its own.
// The header, read first, says whether the size that the archive claims can be true.
func (f *File) unpack(e *entry) error {
	h, err := e.member.header()
	if err != nil {
		return err
	}
	if err := h.readable(); err != nil {
		return err
	}
	mem, data := f.mem, []byte(nil)
	if e.member.Method == zip.Store {
		data, err = f.stored(e.member)
	} else if mem, err = f.inflate(e.member); err == nil {
		data = mem.data
	}
	if err != nil {
		return err
	}
	e.member, e.header, e.mem, e.data = nil, h, mem, data[h.offset:]
	return nil
}

// stored returns a stored member as it is in the archive.
func (f *File) stored(m *member) ([]byte, error) {
	at, err := m.DataOffset()
	size := int64(m.UncompressedSize64)
	switch {
	case err != nil:
		return nil, damaged(err)
	case m.CompressedSize64 != m.UncompressedSize64 || size < 0 || at > int64(len(f.mem.data))-size:
		return nil, damaged(zip.ErrFormat)
	}
	data := f.mem.data[at : at+size]
	sum := crc32.NewIEEE()
	for rest := data; len(rest) > 0; {
		if err := f.ctx.Err(); err != nil {
			return nil, context.Cause(f.ctx)
		}
		n, _ := sum.Write(rest[:min(len(rest), spoolPiece)])
		rest = rest[n:]
	}
	if sum.Sum32() != m.CRC32 {
		return nil, damaged(zip.ErrChecksum)
	}
	return data, nil
}

func (f *File) inflate(m *member) (*memory, error) {
	r, err := m.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	mem, err := spool(f.ctx, r, int64(m.UncompressedSize64))
	if err != nil {
		return nil, err
	}
	f.spooled = append(f.spooled, mem)
	if m.CRC32 == 0 && crc32.ChecksumIEEE(mem.data) != 0 { // which archive/zip takes for none
		return nil, damaged(zip.ErrChecksum)
	}
	return mem, nil
}
