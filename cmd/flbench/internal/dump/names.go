package dump

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/array"
)

// single tells whether a file is an .npy file, whose only array has no name.
func single(f *array.File) bool {
	names := f.Names()
	return len(names) == 1 && names[0] == ""
}

// arrayName returns the name of an array that a flag, or else its usual name, names in a
// file; that of an .npy file's is "". flag is "" where there is none for that.
func arrayName(f *array.File, path, flag, name, usual string) (string, error) {
	if single(f) {
		if name != "" {
			return "", fmt.Errorf("%s: one array without a name, want %s for .npz and .safetensors files only", path, flag)
		}
		return "", nil
	}
	if name == "" {
		name = usual
	}
	names := f.Names()
	if slices.Contains(names, name) {
		return name, nil
	}
	want := "one of that name"
	if flag != "" {
		want = flag + "=NAME"
	}
	return "", fmt.Errorf("%s: no array %s, want %s of %s", path, strconv.Quote(name), want, listing(f, names))
}

// listing names arrays with their shapes and dtypes.
func listing(f *array.File, names []string) string {
	const most = 8
	var words []string
	for _, name := range names[:min(len(names), most)] {
		word := strconv.Quote(name)
		if dtype, shape, err := f.Describe(name); err == nil {
			word += fmt.Sprintf(" %s %s", dtype, array.ShapeText(shape))
		}
		words = append(words, word)
	}
	switch more := len(names) - most; {
	case len(names) == 0:
		return "none at all"
	case more > 0:
		words = append(words, fmt.Sprintf("%d more", more))
	}
	return strings.Join(words, ", ")
}
