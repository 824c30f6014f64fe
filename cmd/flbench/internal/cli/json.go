package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf16"
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
	if v, ok := noNumberOf(b); ok {
		*f = Float(v)
		return nil
	}
	return json.Unmarshal(b, (*float64)(f))
}

// MarshalJSON writes a number or a string.
func (f Float32) MarshalJSON() ([]byte, error) {
	if word := noNumber(float64(f)); word != "" {
		return json.Marshal(word)
	}
	return json.Marshal(float32(f))
}

// UnmarshalJSON is the inverse of MarshalJSON. A number is rounded once; one beyond float32 is
// an error.
func (f *Float32) UnmarshalJSON(b []byte) error {
	if v, ok := noNumberOf(b); ok {
		*f = Float32(v)
		return nil
	}
	return json.Unmarshal(b, (*float32)(f))
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

// noNumberOf returns what a word in JSON stands for, if that is no number.
func noNumberOf(b []byte) (v float64, ok bool) {
	switch string(b) {
	case `"Infinity"`:
		return math.Inf(1), true
	case `"-Infinity"`:
		return math.Inf(-1), true
	case `"NaN"`:
		return math.NaN(), true
	}
	return 0, false
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

// UnmarshalJSON is the inverse of MarshalJSON. What no string of it is, such as the half of a
// surrogate pair that stands for no byte, is U+FFFD, as package json has it.
func (p *Path) UnmarshalJSON(b []byte) error {
	var path []byte
	begun := 1 // of what is not in path yet
	take := func(end int) error {
		var part string
		if err := json.Unmarshal(fmt.Appendf(nil, `"%s"`, b[begun:end]), &part); err != nil {
			return err
		}
		path = append(path, part...)
		return nil
	}
	if len(b) < 2 || b[0] != '"' || b[len(b)-1] != '"' {
		return json.Unmarshal(b, (*string)(p)) // which says what is wrong
	}
	for i := 1; i < len(b)-1; {
		if b[i] != '\\' {
			i++
			continue
		}
		unit, n := escapedUnit(b[i:])
		switch low, _ := escapedUnit(b[i+n:]); {
		case utf16.IsSurrogate(unit) && utf16.DecodeRune(unit, low) != utf8.RuneError:
			i += 2 * n
		case unit >= 0xdc80 && unit <= 0xdcff:
			if err := take(i); err != nil {
				return err
			}
			path = append(path, byte(unit))
			i += n
			begun = i
		default:
			i += n
		}
	}
	if err := take(len(b) - 1); err != nil {
		return err
	}
	*p = Path(path)
	return nil
}

// escapedUnit returns the UTF-16 unit of an escape, \u and four hex digits, at the start of b, and how long the
// escape there is; 0 if it is another one, or none.
func escapedUnit(b []byte) (unit rune, length int) {
	if len(b) >= 6 && b[0] == '\\' && b[1] == 'u' {
		if v, err := strconv.ParseUint(string(b[2:6]), 16, 16); err == nil {
			return rune(v), 6
		}
	}
	return 0, min(2, len(b))
}
