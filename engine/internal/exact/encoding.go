package exact

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// An encoded Sum is one of
//
//	0                     the empty sum
//	count first limb...   count limbs (1 to 34) from number first up, each of
//	                      8 bytes little-endian; all others are zero
//	255                   +Inf
//
// The lowest and the highest limb given are not zero, so every sum has exactly
// one encoding, of 1 to 274 bytes.
const (
	codeEmpty = 0
	codeInf   = 255

	limbBytes = 8
)

// AppendBinary appends the encoding of s to b. Equal sums have equal
// encodings. The encoding carries no version, and the error is always nil.
func (s *Sum) AppendBinary(b []byte) ([]byte, error) {
	if s.Inf {
		return append(b, codeInf), nil
	}
	first, end := 0, limbCount
	for end > 0 && s.Limbs[end-1] == 0 {
		end--
	}
	if end == 0 {
		return append(b, codeEmpty), nil
	}
	for s.Limbs[first] == 0 {
		first++
	}
	b = append(b, byte(end-first), byte(first))
	for _, limb := range s.Limbs[first:end] {
		b = binary.LittleEndian.AppendUint64(b, limb)
	}
	return b, nil
}

// DecodeBinary sets s to the sum encoded at the start of b and returns the
// bytes after it. It accepts only what AppendBinary writes; on an error s is
// unchanged.
func (s *Sum) DecodeBinary(b []byte) (rest []byte, err error) {
	if len(b) == 0 {
		return nil, errors.New("exact sum: truncated: no bytes")
	}
	switch b[0] {
	case codeEmpty:
		*s = Sum{}
		return b[1:], nil
	case codeInf:
		*s = Sum{Inf: true}
		return b[1:], nil
	}
	count := int(b[0])
	if count > limbCount {
		return nil, fmt.Errorf("exact sum: %d limbs, want at most %d", count, limbCount)
	}
	if len(b) < 2 {
		return nil, errors.New("exact sum: truncated: no number of the first limb")
	}
	first := int(b[1])
	if first+count > limbCount {
		return nil, fmt.Errorf("exact sum: %d limbs from number %d, want none past %d", count, first, limbCount-1)
	}
	b = b[2:]
	if len(b) < count*limbBytes {
		return nil, fmt.Errorf("exact sum: truncated: %d bytes for %d limbs, want %d", len(b), count, count*limbBytes)
	}
	var d Sum
	for i := range count {
		d.Limbs[first+i] = binary.LittleEndian.Uint64(b[i*limbBytes:])
	}
	if d.Limbs[first] == 0 || d.Limbs[first+count-1] == 0 {
		return nil, errors.New("exact sum: not canonical: the lowest or the highest limb is zero")
	}
	*s = d
	return b[count*limbBytes:], nil
}
