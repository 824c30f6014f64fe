package beam

import (
	"context"
	"fmt"
	"regexp"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/flengine/flengine/engine/beam/internal/object"
)

// Shard is a pair of files, and the key that its scores are counted under: an image, a camera, a
// version of a model.
type Shard struct {
	Key    string
	Logits string // an .npy file: a path, s3://BUCKET/KEY or gs://BUCKET/KEY, with ?OPTIONS of gocloud.dev/blob
	Labels string
}

// Glob stands for shards.
type Glob struct {
	// Logits is the name of the logits. In it a star stands for any characters but a slash, at
	// the beginning of a name for none that begin with a dot; nothing else is special.
	Logits string
	// Labels is the name of the labels, in which stars, as many as there are in Logits, stand
	// for what those do. One without a star has the labels of all of them.
	Labels string
	// Key is a regular expression that has to match in the name of the logits, without options
	// of a URL. The key is what its first group is, or without a group all of the match. Empty
	// stands for the whole name.
	Key string
}

// Shards finds the files of globs, and returns a PCollection of Shards. The pipeline fails on a
// glob that stands for no file.
func Shards(s beam.Scope, globs ...Glob) beam.PCollection {
	s = s.Scope("flengine.Shards")
	return beam.ParDo(s, &expandFn{}, beam.Reshuffle(s, beam.CreateList(s, globs)))
}

// expandFn finds the files of a glob.
type expandFn struct{ store object.Store }

// ProcessElement emits the shards.
func (f *expandFn) ProcessElement(ctx context.Context, g Glob, emit func(Shard)) error {
	key, err := regexp.Compile(g.Key)
	if err != nil {
		return fault(fmt.Errorf("key %q: %w", g.Key, err))
	}
	return fault(f.store.Glob(ctx, g.Logits, func(m object.Match) error {
		labels, err := object.Fill(g.Labels, m.Stars)
		if err != nil {
			return err
		}
		shard := Shard{Key: object.Plain(m.Name), Logits: m.Name, Labels: labels}
		if g.Key != "" {
			groups := key.FindStringSubmatch(shard.Key)
			if groups == nil {
				return fmt.Errorf("%s: no match of the key's expression, want %s in it", object.Printable(m.Name), g.Key)
			}
			shard.Key = groups[min(1, len(groups)-1)]
		}
		emit(shard)
		return nil
	}))
}

// Teardown closes what was opened.
func (f *expandFn) Teardown() error { return f.store.Close() }

// identifyFn brings together what is the same shard.
type identifyFn struct{}

// ProcessElement returns a shard under what tells it from others.
func (identifyFn) ProcessElement(s Shard) ([]byte, Shard, error) {
	logits, err := object.Identity(s.Logits)
	if err != nil {
		return nil, s, fault(err)
	}
	labels, err := object.Identity(s.Labels)
	if err != nil {
		return nil, s, fault(err)
	}
	return []byte(logits + "\x00" + labels), s, nil
}
