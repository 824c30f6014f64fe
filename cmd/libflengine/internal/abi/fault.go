package abi

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
	"unsafe"

	"github.com/flengine/flengine/engine"
)

// argument is the error for what was given beside the elements of arrays.
func argument(field string, value float64, format string, args ...any) error {
	return &engine.InputError{Field: field, Index: -1, Value: value, Reason: fmt.Sprintf(format, args...)}
}

// fields are what flengine.h calls the fields of engine's errors.
var fields = map[string]string{
	"Logits": "scores", "Float16": "scores", "BFloat16": "scores", "Probs": "scores",
	"Labels": "labels", "Classes": "labels", "Targets": "labels",
	"Weights": "weights", "ScoreWeights": "score_weights",
	"classWeights": "class_weights", "columnWeights": "column_weights",
	"NumClasses": "columns", "dst": "losses", "grad": "gradients", "hess": "hessians",
	"K": "k", "Least": "least", "Among": "among",
}

// words are what flengine.h calls what engine's errors want.
var words = strings.NewReplacer(
	"WithClassWeights", "class_weights", "WithColumnWeights", "column_weights",
	"WithBackground", "background", "WithIgnored", "ignored", "WithKernel", "kernel",
	"NumClasses", "columns", "Logits", "FL_LOGITS", "Probs", "FL_PROBABILITIES",
	"Classes", "FL_CLASSES", "Targets", "FL_TARGETS", "Labels", "FL_LABELS",
	"Gradients", "gradients alone",
)

// translated is an error of engine in the words of flengine.h.
func translated(err error) error {
	bad, ok := errors.AsType[*engine.InputError](err)
	if !ok {
		return err
	}
	own := *bad
	if name, ok := fields[own.Field]; ok {
		own.Field = name
	}
	own.Reason = words.Replace(own.Reason)
	return &own
}

// report fills e, unless nil, and returns the code of the error.
func report(e *Error, err error) int32 {
	f := Error{Code: ArgumentFault, Index: -1}
	field := ""
	err = translated(err)
	if bad, ok := errors.AsType[*engine.InputError](err); ok {
		if bad.Index >= 0 {
			f.Code = InputFault
		}
		field, f.Index, f.Value = bad.Field, int64(bad.Index), bad.Value
	} else if _, ok := errors.AsType[*broken](err); ok {
		f.Code = InternalFault
	} else if _, ok := errors.AsType[*badKernel](err); ok {
		field = "kernel"
	}
	if e == nil || e.Size < uint64(unsafe.Sizeof(*e)) {
		return f.Code
	}
	put(f.Field[:], field)
	if put(f.Message[:], err.Error()) {
		f.Truncated = 1
	}
	f.Size = e.Size
	*e = f
	return f.Code
}

// put writes a text and its NUL to dst, and tells whether it was cut, which it is between two
// characters.
func put(dst []byte, text string) (cut bool) {
	text = strings.ReplaceAll(text, "\x00", "\uFFFD")
	if cut = len(text) >= len(dst); cut {
		end := len(dst) - 1
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end]
	}
	dst[copy(dst, text)] = 0
	return cut
}

// broken is a panic that was stopped at the border.
type broken struct{ value any }

func (b *broken) Error() string {
	if err, ok := b.value.(interface {
		error
		Addr() uintptr
	}); ok {
		return fmt.Sprintf("memory at %#x cannot be read or written: want pointers to all that the request says, and no mapped file cut short", err.Addr())
	}
	return fmt.Sprintf("internal error: %v", b.value)
}
