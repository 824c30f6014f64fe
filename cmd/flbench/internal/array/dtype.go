package array

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// DType is the type of an array's elements. Their byte order is no part of it.
type DType uint8

const (
	Bool DType = iota + 1
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Float16
	BFloat16
	Float32
	Float64
)

// dtypes says of each DType how NumPy names it and the bytes of an element.
var dtypes = [...]struct {
	name string
	size int
}{
	Bool: {"bool", 1},
	Int8: {"int8", 1}, Int16: {"int16", 2}, Int32: {"int32", 4}, Int64: {"int64", 8},
	Uint8: {"uint8", 1}, Uint16: {"uint16", 2}, Uint32: {"uint32", 4}, Uint64: {"uint64", 8},
	Float16: {"float16", 2}, BFloat16: {"bfloat16", 2}, Float32: {"float32", 4}, Float64: {"float64", 8},
}

// String names the dtype as NumPy does.
func (d DType) String() string {
	if d < Bool || d > Float64 {
		return "DType(" + strconv.Itoa(int(d)) + ")"
	}
	return dtypes[d].name
}

// Size returns the bytes of one element.
func (d DType) Size() int { return dtypes[d].size }

// IsFloat tells whether Float32s gives the elements.
func (d DType) IsFloat() bool { return d >= Float16 }

// IsInteger tells whether the elements are whole numbers by their type; bool is not.
func (d DType) IsInteger() bool { return Int8 <= d && d <= Uint64 }

// wanted lists the dtypes, for messages.
const wanted = "bool, an integer, float16, bfloat16, float32 or float64"

// bigHost tells whether this machine stores the first byte of a number last.
var bigHost = binary.NativeEndian.Uint16([]byte{1, 0}) != 1

// parseDType reads a dtype as .npy headers spell it: an order, if any, and a kind with its
// size in bytes; or a name. It returns false for dtypes that have no DType.
func parseDType(descr string) (d DType, swapped, ok bool) {
	if d, ok = names[descr]; ok {
		return d, false, true
	}
	order, kind := byte('='), descr
	if descr != "" && strings.IndexByte("<>|=", descr[0]) >= 0 {
		order, kind = descr[0], descr[1:]
	}
	if d, ok = codes[kind]; !ok {
		return 0, false, false
	}
	return d, d.Size() > 1 && (order == '<' && bigHost || order == '>' && !bigHost), true
}

// codes are the spellings of dtypes that may have an order before them. What ml_dtypes
// calls bfloat16 NumPy saves as two bytes of no known type.
var codes = map[string]DType{
	"b1": Bool, "i1": Int8, "i2": Int16, "i4": Int32, "i8": Int64,
	"u1": Uint8, "u2": Uint16, "u4": Uint32, "u8": Uint64,
	"f2": Float16, "V2": BFloat16, "f4": Float32, "f8": Float64,
	"?": Bool, "b": Int8, "h": Int16, "i": Int32, "q": Int64,
	"B": Uint8, "H": Uint16, "I": Uint32, "Q": Uint64,
	"e": Float16, "f": Float32, "d": Float64,
}

// names are those that have no order before them. NumPy knows more, such as int, whose
// size depends on the machine that wrote the file.
var names = map[string]DType{
	"bool": Bool, "bool_": Bool, "int8": Int8, "int16": Int16, "int32": Int32, "int64": Int64,
	"uint8": Uint8, "uint16": Uint16, "uint32": Uint32, "uint64": Uint64,
	"float16": Float16, "bfloat16": BFloat16, "float32": Float32, "float64": Float64,
	"byte": Int8, "short": Int16, "longlong": Int64, "ubyte": Uint8, "ushort": Uint16, "ulonglong": Uint64,
	"half": Float16, "single": Float32, "double": Float64, "float": Float64,
}

// numbers names the kinds of dtype whose size in bytes follows the kind.
var numbers = map[byte]string{'i': "int", 'u': "uint", 'f': "float", 'c': "complex"}

// describe quotes a dtype and adds its usual name.
func describe(descr string) string {
	kind := strings.TrimLeft(descr, "<>|=")
	if d, _, ok := parseDType(descr); ok {
		return fmt.Sprintf("%s (%s)", quote(descr), d)
	}
	name := ""
	if kind != "" {
		switch kind[0] {
		case 'O':
			name = " (object)"
		case 'S', 'U', 'a':
			name = " (string)"
		case 'V', '[', '(':
			name = " (structured)"
		default:
			if bytes, err := strconv.ParseUint(kind[1:], 10, 8); err == nil && numbers[kind[0]] != "" {
				name = fmt.Sprintf(" (%s%d)", numbers[kind[0]], 8*bytes)
			}
		}
	}
	return quote(descr) + name
}
