package beam

import (
	"context"
	"encoding/binary"
	"errors"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/graph/coder"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/engine/beam/internal/pair"
)

func init() {
	beam.RegisterCoder(reflect.TypeFor[engine.Result](), encodeResult, decodeResult)
	coder.RegisterDeterministicCoder(reflect.TypeFor[LossKey](), encodeLossKey, decodeLossKey)
	beam.RegisterType(reflect.TypeFor[LossKey]())
	beam.RegisterFunction(encodeLossKey)
	beam.RegisterFunction(decodeLossKey)
	for _, t := range []reflect.Type{
		reflect.TypeFor[Glob](), reflect.TypeFor[Shard](), reflect.TypeFor[span](), reflect.TypeFor[Hardest](), reflect.TypeFor[Note](), reflect.TypeFor[pair.Seen](),
	} {
		beam.RegisterType(t)
	}

	register.DoFn3x1[context.Context, Glob, func(Shard), error](&expandFn{})
	register.DoFn1x3[Shard, []byte, Shard, error](&identifyFn{})
	register.DoFn6x1[context.Context, []byte, func(*Shard) bool, func(span), func(LossKey, int64), func(Note), error](&cutFn{})
	register.DoFn5x1[context.Context, span, func(LossKey, engine.Result), func(LossKey, Hardest), func([]byte, pair.Seen), error](&evaluateFn{})
	register.DoFn4x1[LossKey, func(*engine.Result) bool, func(*int64) bool, func(LossKey, engine.Result), error](&checkFn{})
	register.Function2x2(ofLoss)
	register.Function2x2(hardestOfLoss)
	register.DoFn3x0[[]byte, pair.Seen, func(Note)](&doubtFn{})
	register.Combiner1[engine.Result](&mergeFn{})
	register.Combiner1[int64](&addFn{})
	register.Combiner1[pair.Seen](&seeFn{})
	register.Combiner1[Hardest](&hardestFn{})

	register.Emitter1[Shard]()
	register.Emitter1[span]()
	register.Emitter1[Note]()
	register.Emitter2[[]byte, pair.Seen]()
	register.Emitter2[LossKey, int64]()
	register.Emitter2[LossKey, engine.Result]()
	register.Emitter2[LossKey, Hardest]()
	register.Iter1[Shard]()
	register.Iter1[engine.Result]()
	register.Iter1[int64]()
}

func encodeResult(r engine.Result) ([]byte, error) { return r.MarshalBinary() }

func decodeResult(b []byte) (r engine.Result, err error) {
	err = r.UnmarshalBinary(b)
	return r, err
}

// encodeLossKey keeps the bytes of names that are no UTF-8.
func encodeLossKey(k LossKey) []byte {
	b := binary.AppendUvarint(nil, uint64(len(k.Loss)))
	return append(append(b, k.Loss...), k.Key...)
}

func decodeLossKey(b []byte) (LossKey, error) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) {
		return LossKey{}, errors.New("truncated LossKey")
	}
	b = b[size:]
	return LossKey{Loss: string(b[:n]), Key: string(b[n:])}, nil
}
