package main

import (
	"bytes"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/flengine/flengine/engine"
	flbeam "github.com/flengine/flengine/engine/beam"
	"github.com/flengine/flengine/engine/beam/internal/object"
)

func init() {
	beam.RegisterType(reflect.TypeFor[record]())
	register.Function2x2(resultRecord)
	register.Function2x2(totalRecord)
	register.Function2x2(hardestRecord)
	register.Function2x2(topRecord)
	register.Function1x2(noteRecord)
	register.DoFn3x1[context.Context, int, func(*record) bool, error](&writeFn{})
	register.Iter1[record]()
}

// record is one of the outcomes, which the last step of the pipeline writes together.
type record struct {
	Kind      kind
	Loss, Key string
	Result    engine.Result
	Hardest   flbeam.Hardest
	Note      flbeam.Note
}

type kind int

const (
	resultKind kind = iota + 1
	totalKind
	hardestKind
	topKind
	noteKind
)

// Records have one key, as one worker writes them.

func resultRecord(of flbeam.LossKey, r engine.Result) (int, record) {
	return 0, record{Kind: resultKind, Loss: of.Loss, Key: of.Key, Result: r}
}

func totalRecord(loss string, r engine.Result) (int, record) {
	return 0, record{Kind: totalKind, Loss: loss, Result: r}
}

func hardestRecord(of flbeam.LossKey, h flbeam.Hardest) (int, record) {
	return 0, record{Kind: hardestKind, Loss: of.Loss, Key: of.Key, Hardest: h}
}

func topRecord(loss string, h flbeam.Hardest) (int, record) {
	return 0, record{Kind: topKind, Loss: loss, Hardest: h}
}

func noteRecord(n flbeam.Note) (int, record) { return 0, record{Kind: noteKind, Note: n} }

// collect has the last step write the outcome of a run under a name.
func collect(s beam.Scope, out flbeam.Outcome, name, run string) {
	s = s.Scope("flbeam.results")
	all := beam.Flatten(s,
		beam.ParDo(s, resultRecord, out.Results), beam.ParDo(s, totalRecord, out.Totals),
		beam.ParDo(s, hardestRecord, out.Hardest), beam.ParDo(s, topRecord, out.Top), beam.ParDo(s, noteRecord, out.Notes))
	beam.ParDo0(s, &writeFn{Name: name, Run: run}, beam.GroupByKey(s, all))
}

// writeFn writes all records, as one object. To write it again, in a retry, changes nothing.
type writeFn struct{ Name, Run string }

// ProcessElement writes the records of the one key.
func (f *writeFn) ProcessElement(ctx context.Context, _ int, records func(*record) bool) error {
	var store object.Store
	defer store.Close()
	var text bytes.Buffer
	enc := gob.NewEncoder(&text)
	if err := enc.Encode(f.Run); err != nil {
		return err
	}
	for {
		var r record
		if !records(&r) {
			break
		}
		if err := enc.Encode(&r); err != nil {
			return err
		}
	}
	return store.Write(ctx, f.Name, text.Bytes())
}

// readBack reads what was written. That nothing was, or by another run, is an error: some runners
// say of a job that was cancelled that it ended well.
func readBack(ctx context.Context, name, run string) (records []record, err error) {
	var store object.Store
	defer store.Close()
	v, err := store.Stat(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("the job ended without results: %w", err)
	}
	text := make([]byte, v.Size)
	if err := store.Read(ctx, name, v, 0, text); err != nil {
		return nil, fmt.Errorf("reading the results: %w", err)
	}
	dec := gob.NewDecoder(bytes.NewReader(text))
	var of string
	if err := dec.Decode(&of); err != nil || of != run {
		return nil, fmt.Errorf("%s: the job ended without results, those there are of another run", object.Printable(name))
	}
	for {
		var r record
		err := dec.Decode(&r)
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: reading the results: %w", object.Printable(name), err)
		}
		records = append(records, r)
	}
}
