package partial

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"slices"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// The frame of a line: what it begins with before its version, and what its checksum, 8
// hexadecimal digits of CRC-32C over all before, stands between at the end.
const (
	begin    = `{"format":"` + Format + `","version":`
	crcBegin = `,"crc32c":"`
	crcEnd   = `"}`
	crcBytes = len(crcBegin) + 8 + len(crcEnd)
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// framed is a line with what else is written.
type framed struct {
	EasyPt float64 `json:"easy_pt"` // above which background entries are easy negatives
	*Line
}

// Append appends the line, with its end. It fails if the line is none that an evaluation
// gives, or too long.
func (l *Line) Append(to []byte) ([]byte, error) {
	if err := l.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", l.Path, err)
	}
	text, err := l.encode()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.Path, err)
	}
	if len(text) >= MaxLine {
		return nil, fmt.Errorf("%s: its partial result has %d bytes, and a line at most %d: want less of --top", l.Path, len(text)+1, MaxLine)
	}
	return append(append(to, text...), '\n'), nil
}

// encode returns the line without its end.
func (l *Line) encode() ([]byte, error) {
	var text bytes.Buffer
	fmt.Fprintf(&text, "%s%d,", begin, Version)
	from := text.Len()
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	one := *l
	one.Files = slices.Clone(l.Files)
	for i := range one.Files {
		one.Files[i].MTime = one.Files[i].MTime.UTC() // whatever the zone is where it is written
	}
	if err := enc.Encode(framed{cli.EasyPt, &one}); err != nil {
		return nil, err
	}
	b := text.Bytes()
	// Without the brace that opens the object, the one that ends it, and the line's end.
	b = append(b[:from], b[from+1:len(b)-2]...)
	return fmt.Appendf(b, "%s%08x%s", crcBegin, crc32.Checksum(b, castagnoli), crcEnd), nil
}
