package ranking

import (
	"bytes"
	"encoding/json"
	"io"
	"iter"
)

// topMark is what a list of the hardest scores is encoded as: a string that nothing else is.
// The lists are printed in place of it as they come, not built, as they may have millions.
const topMark = `"\u0000top"`

// MarshalJSON writes topMark.
func (k *Ranking) MarshalJSON() ([]byte, error) { return []byte(topMark), nil }

// WriteJSON prints a value with the rankings in it, in their order; those that are nil are not
// in it.
func WriteJSON(w io.Writer, indent string, v any, tops ...*Ranking) error {
	var text bytes.Buffer
	if err := encoder(&text, "", indent).Encode(v); err != nil {
		return err
	}
	rest := text.Bytes()
	for _, top := range tops {
		if top == nil {
			continue
		}
		before, after, _ := bytes.Cut(rest, []byte(topMark))
		if _, err := w.Write(before); err != nil {
			return err
		}
		line := before[bytes.LastIndexByte(before, '\n')+1:]
		margin := line[:len(line)-len(bytes.TrimLeft(line, " "))]
		if err := writeList(w, string(margin), indent, top.Each()); err != nil {
			return err
		}
		rest = after
	}
	_, err := w.Write(rest)
	return err
}

// writeList prints values as an array, at the margin of its line.
func writeList(w io.Writer, margin, indent string, values iter.Seq[Ranked]) error {
	text := bytes.NewBufferString("[")
	line := ""
	if indent != "" {
		line = "\n" + margin
	}
	empty := true
	enc := encoder(text, margin+indent, indent)
	for v := range values {
		if !empty {
			text.WriteByte(',')
		}
		empty = false
		if line != "" {
			text.WriteString(line + indent)
		}
		if err := enc.Encode(&v); err != nil {
			return err
		}
		text.Truncate(text.Len() - 1) // without the line's end
		if _, err := w.Write(text.Bytes()); err != nil {
			return err
		}
		text.Reset()
	}
	if !empty {
		text.WriteString(line)
	}
	text.WriteByte(']')
	_, err := w.Write(text.Bytes())
	return err
}

// encoder returns what writes values, each with the end of a line.
func encoder(to io.Writer, margin, indent string) *json.Encoder {
	enc := json.NewEncoder(to)
	enc.SetEscapeHTML(false)
	enc.SetIndent(margin, indent)
	return enc
}
