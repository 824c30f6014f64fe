package engine

import (
	"math"
	"reflect"
	"testing"
)

// copyExported copies the exported fields of a struct, as a carrier does that knows nothing of
// its methods; fields of embedded structs count as exported even where the type's name is not.
func copyExported(to, from reflect.Value) {
	for i := range from.NumField() {
		switch f := from.Type().Field(i); {
		case f.Type.Kind() == reflect.Struct && (f.Anonymous || f.IsExported()):
			copyExported(to.Field(i), from.Field(i))
		case f.IsExported():
			to.Field(i).Set(from.Field(i))
		}
	}
}

// TestResultFields: all of a Result can be reached by exported fields, though they are for nothing
// else.
func TestResultFields(t *testing.T) {
	r := Result{Scores: 3, Positives: 1, Ignored: 2}
	r.LossSum.Add(3.5)
	r.WeightSum.Add(0.25)
	infinite := r
	infinite.LossSum.Add(math.Inf(1))
	for _, want := range []Result{r, infinite} {
		var got Result
		copyExported(reflect.ValueOf(&got).Elem(), reflect.ValueOf(want))
		if got != want {
			t.Errorf("%v becomes %v", want, got)
		}
	}
}
