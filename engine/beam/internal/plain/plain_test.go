// Package plain has a pipeline that knows nothing of package beam of this module: there is no
// coder for engine.Result, nor for what holds one.
package plain

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"testing"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism" // the runner of ptest
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/passert"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/testing/ptest"

	"github.com/flengine/flengine/engine"
)

// Holder has Results in every place that a struct has.
type Holder struct {
	Name   string
	Result engine.Result
	List   []engine.Result
	ByName map[string]engine.Result
}

// Embedding is a Result with more.
type Embedding struct {
	engine.Result
	Name string
}

func init() {
	beam.RegisterType(reflect.TypeFor[Holder]())
	beam.RegisterType(reflect.TypeFor[Embedding]())
	register.Function1x2(split)
	register.Function2x1(hold)
	register.Function1x1(spell)
	register.Combiner1[engine.Result](&mergeFn{})
}

func TestMain(m *testing.M) { ptest.MainWithDefault(m, "prism") }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// evaluate is the cross-entropy of a few scores, some of which no float64 adds exactly.
func evaluate(x ...float32) engine.Result {
	e := must(engine.New(engine.CrossEntropy(), engine.WithWorkers(1)))
	return must(e.Sum(engine.Batch{Logits: x, Labels: make([]uint8, len(x))}))
}

// TestCoders: what Beam's default writes of a Result, alone and in structs, it reads back.
func TestCoders(t *testing.T) {
	r := evaluate(80, -80, 1e-30)
	infinite := must(must(engine.New(engine.CrossEntropy().Weighted(3e38, 3e38))).Sum(engine.Batch{Logits: []float32{3e38, 3e38}, Labels: []uint8{0, 0}}))
	if !math.IsInf(infinite.Sum(), 1) {
		t.Fatalf("%v", infinite)
	}
	for _, v := range []any{
		engine.Result{}, r, infinite, Holder{Name: "a", Result: r, List: []engine.Result{r, infinite}, ByName: map[string]engine.Result{"b": r}},
		Embedding{Result: r, Name: "c"}, &Embedding{Result: infinite, Name: "d"},
	} {
		var text bytes.Buffer
		if err := beam.NewElementEncoder(reflect.TypeOf(v)).Encode(v, &text); err != nil {
			t.Errorf("%T: %v", v, err)
			continue
		}
		got, err := beam.NewElementDecoder(reflect.TypeOf(v)).Decode(&text)
		if err != nil || !reflect.DeepEqual(got, v) {
			t.Errorf("%T: %v, %v, want %v", v, got, err, v)
		}
	}
}

func split(i int) (string, engine.Result) { return fmt.Sprint(i % 2), evaluate(float32(i), 1e-30) }

type mergeFn struct{}

// MergeAccumulators is that of Beam's CombineFn.
func (mergeFn) MergeAccumulators(a, b engine.Result) engine.Result {
	a.Merge(b)
	return a
}

func hold(name string, r engine.Result) Holder {
	return Holder{Name: name, Result: r, List: []engine.Result{r}, ByName: map[string]engine.Result{name: r}}
}

func spell(h Holder) string {
	if len(h.List) != 1 || h.List[0] != h.Result || h.ByName[h.Name] != h.Result {
		return "not one result"
	}
	return h.Name + " " + string(must(h.Result.MarshalText()))
}

// TestPipeline: a Result keeps its sum as a value, and in a struct, through shuffles.
func TestPipeline(t *testing.T) {
	p, s, in := ptest.CreateList([]int{0, 1, 2, 3, 4})
	merged := beam.CombinePerKey(s, &mergeFn{}, beam.Reshuffle(s, beam.ParDo(s, split, in)))
	held := beam.Reshuffle(s, beam.ParDo(s, hold, merged))
	var want []any
	for k := range 2 {
		var r engine.Result
		for i := k; i < 5; i += 2 {
			_, one := split(i)
			r.Merge(one)
		}
		want = append(want, spell(hold(fmt.Sprint(k), r)))
	}
	passert.Equals(s, beam.ParDo(s, spell, held), want...)
	ptest.RunAndValidate(t, p)
}
