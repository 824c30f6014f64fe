package partial

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
)

const anew = "make it anew with flbench eval --partial"

// Reader reads lines from a file. Its errors name the file and the line.
type Reader struct {
	in    *bufio.Reader
	name  string
	line  int // that was read last
	ended bool
	text  []byte // of it
}

// NewReader returns one of a file that messages call so.
func NewReader(in io.Reader, name string) *Reader {
	return &Reader{in: bufio.NewReaderSize(in, 1<<16), name: name}
}

// Next returns the next line, and io.EOF after the last. A file without lines is an error.
func (r *Reader) Next() (*Line, error) {
	if r.ended {
		return nil, io.EOF
	}
	text, err := r.readLine()
	switch {
	case err == io.EOF && r.line == 0:
		return nil, fmt.Errorf("%s: is empty: want lines of flbench eval --partial", r.name)
	case err == io.EOF:
		r.ended = true
		return nil, io.EOF
	}
	r.line++
	var l *Line
	if err == nil {
		l, err = parse(text)
	}
	if err != nil {
		r.ended = true
		return nil, fmt.Errorf("%s: line %d: %w", r.name, r.line, err)
	}
	return l, nil
}

// Line returns the number of the line that was read last, from 1 on.
func (r *Reader) Line() int { return r.line }

// readLine returns a line without its end, io.EOF if there is none. No more of what is too
// long, or begins wrong, is read than shows it.
func (r *Reader) readLine() ([]byte, error) {
	r.text = r.text[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		r.text = append(r.text, part...)
		switch {
		case err != nil && err != bufio.ErrBufferFull && err != io.EOF:
			return nil, outfile.Cause(err)
		case err == io.EOF && len(r.text) == 0:
			return nil, io.EOF
		case len(r.text) > MaxLine:
			return nil, fmt.Errorf("has more than %d bytes, which no line has: %s", MaxLine, anew)
		case err != bufio.ErrBufferFull:
			return bytes.TrimSuffix(r.text, []byte("\n")), nil
		}
		if _, err := afterVersion(r.text); err != nil {
			return nil, err
		}
	}
}

// afterVersion returns what of the text of a line follows its version, if that is ours.
func afterVersion(text []byte) (rest []byte, err error) {
	if !bytes.HasPrefix(text, []byte(begin)) {
		const most = 40
		what := "is empty"
		if len(text) > 0 {
			what = "begins with " + strconv.Quote(string(text[:min(len(text), most)]))
		}
		return nil, fmt.Errorf("%s: want a line of flbench eval --partial", what)
	}
	rest = text[len(begin):]
	digits := 0
	for digits < len(rest) && digits < 9 && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	number, err := strconv.Atoi(string(rest[:digits]))
	switch {
	case err != nil || !bytes.HasPrefix(rest[digits:], []byte(",")):
		return nil, errors.New("has no version: " + anew)
	case number != Version:
		return nil, fmt.Errorf("has version %d of the format, and this flbench reads %d: want the same flbench for eval --partial and merge", number, Version)
	}
	return rest[digits+1:], nil
}

// parse reads the text of a line.
func parse(text []byte) (*Line, error) {
	rest, err := afterVersion(text)
	if err != nil {
		return nil, err
	}
	if len(rest) < crcBytes {
		return nil, errors.New("has no checksum at its end, so it was cut: " + anew)
	}
	sealed, seal := text[:len(text)-crcBytes], string(text[len(text)-crcBytes:])
	if seal[:len(crcBegin)] != crcBegin || seal[len(seal)-len(crcEnd):] != crcEnd {
		return nil, errors.New("has no checksum at its end, so it was cut, or something was added: " + anew)
	}
	if want := fmt.Sprintf("%08x", crc32.Checksum(sealed, castagnoli)); seal[len(crcBegin):len(crcBegin)+8] != want {
		return nil, fmt.Errorf("has the checksum %s, and %s is that of what it says, so it was cut, changed, or glued to another: %s",
			seal[len(crcBegin):len(crcBegin)+8], want, anew)
	}
	l := new(Line)
	framed := framed{Line: l}
	body := append(append([]byte{'{'}, rest[:len(rest)-crcBytes]...), '}')
	if err := json.Unmarshal(body, &framed); err != nil {
		return nil, fmt.Errorf("%w: %s", err, anew)
	}
	if framed.EasyPt != cli.EasyPt {
		return nil, fmt.Errorf("has easy negatives above %v, and this flbench above %v: want the same flbench for eval --partial and merge", framed.EasyPt, cli.EasyPt)
	}
	if err := l.check(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, anew)
	}
	// Keys that are unknown, missing or there twice, other spellings and spaces: whatever else
	// is not as Append writes it shows here.
	again, err := l.encode()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, anew)
	}
	if !bytes.Equal(again, text) {
		at := 0
		for at < min(len(again), len(text)) && again[at] == text[at] {
			at++
		}
		return nil, fmt.Errorf("is from byte %d on not as flbench writes it: %s", at+1, anew)
	}
	return l, nil
}
