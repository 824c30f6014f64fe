package array

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxTensors bounds the header of a .safetensors file, in bytes, as the format does.
const maxTensors = 100_000_000

// tensorBits says of each dtype of the format how many bits an element has.
var tensorBits = map[string]int{
	"BOOL": 8, "U8": 8, "I8": 8, "U16": 16, "I16": 16, "U32": 32, "I32": 32, "U64": 64, "I64": 64,
	"F16": 16, "BF16": 16, "F32": 32, "F64": 64, "C64": 64,
	"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
}

// tensorTypes are those that arrays have. The format is little-endian.
var tensorTypes = map[string]DType{
	"BOOL": Bool, "U8": Uint8, "I8": Int8, "U16": Uint16, "I16": Int16, "U32": Uint32, "I32": Int32, "U64": Uint64, "I64": Int64,
	"F16": Float16, "BF16": BFloat16, "F32": Float32, "F64": Float64,
}

// isSafetensors tells whether data begins with the length of a JSON object and that.
func isSafetensors(data []byte) bool {
	if len(data) < 10 {
		return false
	}
	length := binary.LittleEndian.Uint64(data)
	start := bytes.TrimLeft(data[8:min(len(data), 64)], " \t\r\n")
	return length < 1<<40 && len(start) > 0 && start[0] == '{'
}

// A tensor is what the header of a .safetensors file says about an array.
type tensor struct {
	name       string
	dtype      string
	shape      []int
	start, end uint64 // of the elements, from the header's end
}

// openSafetensors reads the header of a .safetensors file. It refuses what the format's
// own reader does, and names that come twice.
func (f *File) openSafetensors() error {
	length, data := binary.LittleEndian.Uint64(f.mem.data), f.mem.data[8:]
	switch {
	case length > maxTensors:
		return fmt.Errorf("a .safetensors header of %d bytes, want at most %d", length, maxTensors)
	case length > uint64(len(data)):
		return fmt.Errorf("truncated header: it claims %d bytes, the file has %d", length, len(data))
	}
	head, data := data[:length], data[length:]
	if !utf8.Valid(head) {
		return errors.New("the header is no UTF-8, want a .safetensors file as it was written")
	}
	tensors, err := parseTensors(head)
	if err != nil {
		return err
	}
	for _, t := range tensors {
		h, err := t.header(uint64(len(data)))
		if err != nil {
			return fmt.Errorf("tensor %s: %w", quote(t.name), err)
		}
		if err := f.add(entry{name: t.name, header: h, mem: f.mem, data: data[t.start:t.end]}); err != nil {
			return err
		}
	}
	return covers(tensors, uint64(len(data)))
}

// covers refuses tensors that overlap or leave bytes of the data to none.
func covers(tensors []tensor, size uint64) error {
	slices.SortStableFunc(tensors, func(a, b tensor) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.end, b.end))
	})
	end := uint64(0)
	for _, t := range tensors {
		if t.start != end {
			return fmt.Errorf("tensor %s starts at byte %d of the data, want %d, where the one before ends", quote(t.name), t.start, end)
		}
		end = t.end
	}
	if end != size {
		return fmt.Errorf("the tensors have %d bytes of data, the file %d, want no trailing bytes", end, size)
	}
	return nil
}

// header checks a tensor against the bytes of data there are.
func (t *tensor) header(have uint64) (header, error) {
	bits, known := tensorBits[t.dtype]
	if !known {
		return header{}, fmt.Errorf("unknown dtype %s, want %s", quote(t.dtype), wanted)
	}
	count := uint64(1)
	for _, d := range t.shape {
		if d != 0 && count > math.MaxInt64/64/uint64(d) {
			return header{}, fmt.Errorf("shape %s is too large, want at most %d bytes of data", ShapeText(t.shape), int64(math.MaxInt64/8))
		}
		count *= uint64(d)
	}
	if len(t.shape) > maxDims {
		return header{}, fmt.Errorf("shape has %d dimensions, want at most %d", len(t.shape), maxDims)
	}
	switch {
	case t.end < t.start:
		return header{}, fmt.Errorf("data_offsets [%d, %d], want an end after the start", t.start, t.end)
	case t.end > have:
		return header{}, fmt.Errorf("data_offsets [%d, %d], want at most %d, the bytes of data in the file", t.start, t.end, have)
	case count*uint64(bits)%8 != 0 || t.end-t.start != count*uint64(bits)/8:
		return header{}, fmt.Errorf("data_offsets [%d, %d], want %d bits for shape %s of dtype %s", t.start, t.end, count*uint64(bits), ShapeText(t.shape), t.dtype)
	}
	dtype := tensorTypes[t.dtype]
	return header{descr: t.dtype, dtype: dtype, swapped: bigHost && dtype.Size() > 1, shape: t.shape, count: int(count)}, nil
}

// parseTensors reads the JSON of a header: an object of objects.
func parseTensors(text []byte) (tensors []tensor, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	p := jsonParser{d}
	meta := false
	err = p.object(func(name string) error {
		if name == "__metadata__" {
			if meta {
				return errors.New("it has __metadata__ twice, want it once")
			}
			meta = true
			return p.metadata()
		}
		t := tensor{name: name}
		err := p.tensor(&t)
		tensors = append(tensors, t)
		return err
	})
	if err == nil {
		if _, err = d.Token(); err == io.EOF {
			return tensors, nil
		}
		err = errors.New("it goes on after its end")
	}
	return nil, fmt.Errorf("the header is not the expected JSON: %w, want that of a .safetensors file", err)
}

// jsonParser reads JSON piece by piece: encoding/json's Unmarshal would overlook what is
// there twice and take names of other case.
type jsonParser struct{ *json.Decoder }

func (p jsonParser) token() (json.Token, error) {
	t, err := p.Token()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return t, err
}

func (p jsonParser) delim(want json.Delim) error {
	t, err := p.token()
	if err == nil && t != want {
		err = fmt.Errorf("%s at byte %d, want %v", quote(fmt.Sprint(t)), p.InputOffset(), want)
	}
	return err
}

// object reads an object, and has f read the value of each key.
func (p jsonParser) object(f func(key string) error) error {
	if err := p.delim('{'); err != nil {
		return err
	}
	for p.More() {
		key, err := p.token()
		if err != nil {
			return err
		}
		if err := f(key.(string)); err != nil {
			return err
		}
	}
	return p.delim('}')
}

// metadata reads and forgets a map of strings, or null.
func (p jsonParser) metadata() error {
	var raw json.RawMessage
	if err := p.Decode(&raw); err != nil {
		return err
	}
	var texts map[string]*string
	if err := json.Unmarshal(raw, &texts); err != nil {
		return errors.New("__metadata__ is no map of strings")
	}
	return nil
}

// tensor reads what an object says about a tensor. It skips what it does not know.
func (p jsonParser) tensor(t *tensor) error {
	seen := map[string]bool{}
	err := p.object(func(key string) (err error) {
		if seen[key] {
			return fmt.Errorf("tensor %s has %s twice, want it once", quote(t.name), quote(key))
		}
		seen[key] = true
		switch key {
		case "dtype":
			var text any
			if text, err = p.token(); err == nil {
				ok := false
				if t.dtype, ok = text.(string); !ok {
					err = fmt.Errorf("tensor %s: dtype %s, want a string", quote(t.name), quote(fmt.Sprint(text)))
				}
			}
		case "shape":
			err = p.numbers(t.name, key, math.MaxInt, func(n uint64) { t.shape = append(t.shape, int(n)) })
		case "data_offsets":
			var offsets []uint64
			err = p.numbers(t.name, key, math.MaxInt64, func(n uint64) { offsets = append(offsets, n) })
			if err == nil && len(offsets) != 2 {
				err = fmt.Errorf("tensor %s: %d data_offsets, want 2", quote(t.name), len(offsets))
			}
			if err == nil {
				t.start, t.end = offsets[0], offsets[1]
			}
		default:
			var skipped json.RawMessage
			err = p.Decode(&skipped)
		}
		return err
	})
	for _, key := range []string{"dtype", "shape", "data_offsets"} {
		if err == nil && !seen[key] {
			err = fmt.Errorf("tensor %s lacks %s", quote(t.name), key)
		}
	}
	return err
}

// numbers reads an array of whole numbers.
func (p jsonParser) numbers(name, key string, most uint64, f func(uint64)) error {
	if err := p.delim('['); err != nil {
		return err
	}
	for p.More() {
		t, err := p.token()
		if err != nil {
			return err
		}
		number, ok := t.(json.Number)
		n, err := strconv.ParseUint(string(number), 10, 64)
		if !ok || err != nil || n > most {
			return fmt.Errorf("tensor %s: %s has %s, want whole numbers from 0 to %d", quote(name), key, quote(fmt.Sprint(t)), most)
		}
		f(n)
	}
	return p.delim(']')
}
