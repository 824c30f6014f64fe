package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"unicode/utf8"
)

// WriteJSON prints a value as indented JSON, in one piece.
func WriteJSON(to io.Writer, v any) error { return writeJSON(to, v, "  ") }

func writeJSON(to io.Writer, v any, indent string) error {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return err
	}
	return Print(to, text.String())
}

// Float is a float64 that may be no number in JSON: there it is one of the strings
// "Infinity", "-Infinity" and "NaN".
type Float float64

// Float32 is the same of a float32.
type Float32 float32

// MarshalJSON writes a number or a string.
func (f Float) MarshalJSON() ([]byte, error) {
	if word := noNumber(float64(f)); word != "" {
		return json.Marshal(word)
	}
	return json.Marshal(float64(f))
}

// UnmarshalJSON is the inverse of MarshalJSON.
func (f *Float) UnmarshalJSON(b []byte) error {
	v, err := parseFloat(b)
	*f = Float(v)
	return err
}

// MarshalJSON writes a number or a string.
func (f Float32) MarshalJSON() ([]byte, error) {
	if word := noNumber(float64(f)); word != "" {
		return json.Marshal(word)
	}
	return json.Marshal(float32(f))
}

// UnmarshalJSON is the inverse of MarshalJSON.
func (f *Float32) UnmarshalJSON(b []byte) error {
	v, err := parseFloat(b)
	*f = Float32(v)
	return err
}

// noNumber is the word for what is no number, "" for all others.
func noNumber(v float64) string {
	switch {
	case math.IsInf(v, 1):
		return "Infinity"
	case math.IsInf(v, -1):
		return "-Infinity"
	case math.IsNaN(v):
		return "NaN"
	}
	return ""
}

func parseFloat(b []byte) (v float64, err error) {
	for _, no := range []float64{math.Inf(1), math.Inf(-1), math.NaN()} {
		if string(b) == `"`+noNumber(no)+`"` {
			return no, nil
		}
	}
	err = json.Unmarshal(b, &v)
	return v, err
}

// Path is a file's name in JSON. Bytes that are no UTF-8 are written as Python's
// surrogateescape has them, \udc80 to \udcff, so that two paths are never alike, and
// os.fsencode has the path back.
type Path string

// MarshalJSON writes a string.
func (p Path) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(p)) {
		var text bytes.Buffer
		enc := json.NewEncoder(&text)
		enc.SetEscapeHTML(false)
		err := enc.Encode(string(p))
		return text.Bytes(), err
	}
	b := []byte{'"'}
	for rest := string(p); rest != ""; {
		c, n := utf8.DecodeRuneInString(rest)
		if c == utf8.RuneError && n == 1 {
			b = fmt.Appendf(b, `\udc%02x`, rest[0])
		} else {
			quoted, err := Path(rest[:n]).MarshalJSON()
			if err != nil {
				return nil, err
			}
			quoted = bytes.TrimSpace(quoted)
			b = append(b, quoted[1:len(quoted)-1]...)
		}
		rest = rest[n:]
	}
	return append(b, '"'), nil
}
