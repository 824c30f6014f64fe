package array

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
)

const (
	magic = "\x93NUMPY"
	// maxHeader bounds the dict, in bytes, as NumPy does.
	maxHeader = 10_000
	// maxQuote bounds what a message repeats of a file's text, in bytes.
	maxQuote = 40
)

// header is what an .npy file says about its data.
type header struct {
	descr   string // the dtype as written
	dtype   DType  // 0 where there is none for descr
	swapped bool
	fortran bool
	shape   []int
	count   int // elements
	offset  int // of the data, in bytes
}

// readHeader reads the header of an .npy file of size bytes. It never allocates more
// than there is.
func readHeader(r io.ReaderAt, size int64) (header, error) {
	start := make([]byte, min(size, 12))
	if err := readFull(r, start, 0); err != nil {
		return header{}, err
	}
	if got := start[:min(len(start), len(magic))]; string(got) != magic {
		return header{}, fmt.Errorf("not an .npy file (starts with %q, want %q)", got, magic)
	}
	if len(start) < 8 {
		return header{}, truncated(size)
	}
	major, minor := start[6], start[7]
	if major < 1 || major > 3 || minor != 0 {
		return header{}, fmt.Errorf("format version %d.%d, want 1.0, 2.0 or 3.0", major, minor)
	}
	// Version 1.0 has a 2-byte length, the later ones a 4-byte length.
	pre := 10
	if major > 1 {
		pre = 12
	}
	if len(start) < pre {
		return header{}, truncated(size)
	}
	length := int64(binary.LittleEndian.Uint16(start[8:]))
	if major > 1 {
		length = int64(binary.LittleEndian.Uint32(start[8:]))
	}
	if left := size - int64(pre); length > left {
		return header{}, fmt.Errorf("truncated header: it claims %d bytes, the file has %d", length, left)
	}
	if length > maxHeader {
		return header{}, fmt.Errorf("header of %d bytes, want at most %d", length, maxHeader)
	}
	dict := make([]byte, length)
	if err := readFull(r, dict, int64(pre)); err != nil {
		return header{}, err
	}
	h, err := parseDict(dict, major)
	if err != nil {
		return header{}, err
	}
	h.offset = pre + int(length)
	h.dtype, h.swapped, _ = parseDType(h.descr)
	return h, h.check(size - int64(h.offset))
}

func truncated(size int64) error {
	return fmt.Errorf("truncated header: the file has %d bytes, want at least 10 (12 from version 2.0 on)", size)
}

// readFull fills p from the offset at.
func readFull(r io.ReaderAt, p []byte, at int64) error {
	n, err := r.ReadAt(p, at)
	if n == len(p) {
		return nil // ReadAt may report the file's end with a full read
	}
	return fmt.Errorf("reading the header: %w, want %d bytes at %d", outfile.Cause(err), len(p), at)
}

// check compares the header with the have bytes of data that follow it, and fills in
// the element count. Data of no DType is not compared: nothing returns it.
func (h *header) check(have int64) error {
	item := 1
	if h.dtype != 0 {
		item = h.dtype.Size()
	}
	var err error
	if h.count, err = Elements(h.shape, item); err != nil || h.dtype == 0 {
		return err
	}
	switch want := int64(h.count * item); {
	case have < want:
		return fmt.Errorf("header claims %d bytes of data, the file has %d, want the whole file", want, have)
	case have > want:
		return fmt.Errorf("header claims %d bytes of data, the file has %d, want no trailing bytes", want, have)
	}
	return nil
}

// readable refuses a dtype that no array has.
func (h *header) readable() error {
	if h.dtype == 0 {
		return fmt.Errorf("dtype %s, want %s", describe(h.descr), wanted)
	}
	return nil
}

// quote makes a file's text fit for a message.
func quote[T string | []byte](text T) string {
	if len(text) > maxQuote {
		return strconv.Quote(string(text[:maxQuote])) + "…"
	}
	return strconv.Quote(string(text))
}

// keys are the dict's entries, all of which must be there once.
var keys = []string{"descr", "fortran_order", "shape"}

const keyText = "'descr', 'fortran_order' and 'shape'"

// parseDict reads the Python dict literal that describes the data, as versions of the
// format have it. It accepts what any NumPy has written, in any order and spacing, with
// comments, and numbers as Python spells them; not all of Python's syntax.
func parseDict(text []byte, version byte) (header, error) {
	var h header
	s := scanner{text: text, long: version < 3}
	if version >= 3 && !utf8.Valid(text) {
		return h, errors.New("header is no UTF-8, want that in version 3.0")
	}
	if !s.eat('{') {
		return h, s.unexpected("{")
	}
	seen := make(map[string]bool, len(keys))
	for !s.eat('}') {
		key, ok := s.quoted()
		if !ok {
			return h, s.unexpected("a quoted key or }")
		}
		if seen[key] {
			return h, fmt.Errorf("header has the key %s twice, want it once", quote(key))
		}
		if !s.eat(':') {
			return h, s.unexpected(":")
		}
		var err error
		switch key {
		case "descr":
			h.descr, err = s.descr()
		case "fortran_order":
			h.fortran, err = s.boolean()
		case "shape":
			h.shape, err = s.tuple()
		default:
			return h, fmt.Errorf("header has the unknown key %s, want %s", quote(key), keyText)
		}
		if err != nil {
			return h, err
		}
		seen[key] = true
		if !s.eat(',') && s.peek() != '}' {
			return h, s.unexpected(", or }")
		}
	}
	if s.peek() != 0 || s.at < len(text) {
		return h, s.unexpected("only spaces after the dict")
	}
	for _, key := range keys {
		if !seen[key] {
			return h, fmt.Errorf("header lacks the key %q, want %s", key, keyText)
		}
	}
	return h, nil
}

// scanner walks over a dict literal. Its methods skip spaces and comments first.
type scanner struct {
	text []byte
	at   int
	long bool // numbers may end in L, as Python 2 wrote long ones
}

// peek returns the next byte that is neither space nor comment, or 0 at the end.
func (s *scanner) peek() byte {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n', '\f':
			s.at++
		case '#':
			end := bytes.IndexAny(s.text[s.at:], "\r\n")
			if end < 0 {
				end = len(s.text) - s.at
			}
			s.at += end
		default:
			return c
		}
	}
	return 0
}

// eat consumes c if it comes next. c is never 0.
func (s *scanner) eat(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

func (s *scanner) unexpected(want string) error {
	s.peek()
	found := "its end"
	if s.at < len(s.text) {
		found = quote(s.text[s.at:])
	}
	return fmt.Errorf("header is not the expected dict: found %s at byte %d, want %s", found, s.at, want)
}

// quoted consumes a Python string, with Python 2's u before it or without. Escapes stay
// as written: no key or number dtype has any.
func (s *scanner) quoted() (string, bool) {
	start := s.at
	if c := s.peek(); c == 'u' || c == 'U' {
		s.at++
	}
	if s.at < len(s.text) && (s.text[s.at] == '\'' || s.text[s.at] == '"') {
		mark := s.text[s.at]
		for i := s.at + 1; i < len(s.text); i++ {
			switch s.text[i] {
			case '\\':
				i++
			case mark:
				text := string(s.text[s.at+1 : i])
				s.at = i + 1
				return text, true
			}
		}
	}
	s.at = start
	return "", false
}

// descr consumes a dtype: a string, or the list or tuple of a structure, of
// which the text is returned as it is.
func (s *scanner) descr() (string, error) {
	if text, ok := s.quoted(); ok {
		return text, nil
	}
	if c := s.peek(); c != '[' && c != '(' {
		return "", s.unexpected("a dtype string")
	}
	start, depth := s.at, 0
	for {
		switch s.peek() {
		case '\'', '"':
			if _, ok := s.quoted(); !ok {
				return "", s.unexpected("a closed string")
			}
			continue
		case '[', '(':
			depth++
		case ']', ')':
			depth--
		}
		if s.at == len(s.text) {
			return "", s.unexpected("a closed dtype list")
		}
		s.at++
		if depth == 0 {
			return string(s.text[start:s.at]), nil
		}
	}
}

// boolean consumes True or False.
func (s *scanner) boolean() (bool, error) {
	s.peek()
	rest := s.text[s.at:]
	for _, word := range []string{"True", "False"} {
		if len(rest) >= len(word) && string(rest[:len(word)]) == word {
			s.at += len(word)
			return word == "True", nil
		}
	}
	return false, s.unexpected("True or False")
}

// tuple consumes a tuple of integers.
func (s *scanner) tuple() ([]int, error) {
	shape := []int{}
	if !s.eat('(') {
		return nil, s.unexpected("a tuple of integers")
	}
	for !s.eat(')') {
		d, err := s.integer()
		if err != nil {
			return nil, err
		}
		if shape = append(shape, d); len(shape) > maxDims {
			return nil, fmt.Errorf("shape has more than %d dimensions, want at most %d", maxDims, maxDims)
		}
		// One number in parentheses is no tuple in Python.
		if !s.eat(',') && (len(shape) == 1 || s.peek() != ')') {
			return nil, s.unexpected("a comma in the shape")
		}
	}
	return shape, nil
}

// integer consumes an integer as Python spells it: 80, 0x50, 1_000, +80, in Python 2
// 80L; not 080.
func (s *scanner) integer() (int, error) {
	s.peek()
	start := s.at
	if s.at < len(s.text) && (s.text[s.at] == '-' || s.text[s.at] == '+') {
		s.at++
		s.peek()
	}
	sign, from := s.text[start:s.at], s.at
	for s.at < len(s.text) && isDigit(s.text[s.at]) {
		s.at++
	}
	digits := s.text[from:s.at]
	if len(digits) > 1 && digits[0] == '0' && (digits[1] == '_' || digits[1] <= '9') && len(bytes.Trim(digits, "0_")) > 0 {
		s.at = from
		return 0, s.unexpected("no 0 before a number")
	}
	d, err := strconv.ParseInt(string(digits), 0, strconv.IntSize)
	if errors.Is(err, strconv.ErrRange) {
		return 0, fmt.Errorf("shape has the dimension %s, want 0 to %d", quote(s.text[start:s.at]), math.MaxInt)
	}
	if err != nil {
		s.at = start
		return 0, s.unexpected("an integer")
	}
	if s.long {
		s.eat('L')
	}
	if len(sign) > 0 && sign[0] == '-' {
		d = -d
	}
	return int(d), nil
}

// isDigit tells whether c is part of a number, in whatever base.
func isDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' || c == '_' || c == 'x' || c == 'X' || c == 'o' || c == 'O'
}
