package dump

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
)

// maxListed bounds how many arrays of a file a message lists.
const maxListed = 8

// find returns the array that a flag, or else its usual name, names in a file; the only
// one of an .npy file has no name.
func find(f *array.File, path, flag, name, usual string) (*array.Array, error) {
	if single(f) {
		if name != "" && flag != "" {
			return nil, fmt.Errorf("%s: one array without a name, want %s for .npz and .safetensors files only", path, flag)
		}
		return f.Array("")
	}
	if name == "" {
		name = usual
	}
	names := f.Names()
	for _, have := range names {
		if have == name {
			return f.Array(name)
		}
	}
	text := fmt.Sprintf("%s: no array %s among its %d: ", path, strconv.Quote(name), len(names))
	if len(names) == 0 {
		text = fmt.Sprintf("%s: no array at all", path)
	}
	text += listing(f, names)
	if flag != "" {
		text += fmt.Sprintf(", want %s=NAME", flag)
	} else {
		text += fmt.Sprintf(", want one of the name %q", usual)
	}
	return nil, fmt.Errorf("%s", text)
}

// listing names arrays with their shapes and dtypes.
func listing(f *array.File, names []string) string {
	var words []string
	for i, name := range names {
		if i == maxListed {
			words = append(words, "…")
			break
		}
		word := strconv.Quote(name)
		if a, err := f.Array(name); err == nil {
			word += fmt.Sprintf(" %s %s", shapeText(a.Shape()), a.DType())
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

// single tells whether a file is an .npy file, whose only array has no name.
func single(f *array.File) bool {
	names := f.Names()
	return len(names) == 1 && names[0] == ""
}
