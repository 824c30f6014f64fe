// Package object reads ranges of files, and of objects in buckets, and sees to it that all that
// is read of one is of the same version.
package object

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/gcsblob" // gs://
	_ "gocloud.dev/blob/s3blob"  // s3://
)

// Version tells an object from what is written to its name later.
type Version struct {
	Size int64
	Mark string // of a file its time of change, in a bucket the entity tag or generation
}

// location is where a name leads.
type location struct {
	bucket string // the URL of a bucket, with its options; "" is the file system
	key    string // the path, or the key in the bucket
}

// locate reads a name: a path, file:///PATH, s3://BUCKET/KEY?OPTIONS or gs://BUCKET/KEY?OPTIONS.
// The options, see package gocloud.dev/blob, are the bucket's, and keys are taken as they are.
func locate(name string) (location, error) {
	scheme, rest, ok := strings.Cut(name, "://")
	switch {
	case name == "" || strings.ContainsRune(name, 0):
		return location{}, fmt.Errorf("%s: no name of a file, want a path, s3://BUCKET/KEY or gs://BUCKET/KEY", Printable(name))
	case !ok || strings.Contains(scheme, "/"):
		return location{key: name}, nil
	case scheme == "file":
		if !strings.HasPrefix(rest, "/") {
			return location{}, fmt.Errorf("%s: a URL of another machine's file, want file:///PATH", Printable(name))
		}
		return location{key: rest}, nil
	case scheme != "s3" && scheme != "gs":
		return location{}, fmt.Errorf("%s: a URL of scheme %q, want a path, s3:// or gs://", Printable(name), scheme)
	}
	bucket, key, _ := strings.Cut(rest, "/")
	options := ""
	if at := strings.LastIndexByte(key, '?'); at >= 0 && strings.Contains(key[at:], "=") {
		key, options = key[:at], key[at:]
	}
	if bucket == "" || key == "" {
		return location{}, fmt.Errorf("%s: no bucket or no key, want %s://BUCKET/KEY", Printable(name), scheme)
	}
	return location{bucket: scheme + "://" + bucket + options, key: key}, nil
}

// Identity returns what two names of the same object have in common, as far as names tell.
func Identity(name string) (string, error) {
	at, err := locate(name)
	if err != nil {
		return "", err
	}
	if at.bucket == "" {
		return localIdentity(at.key)
	}
	bucket, _, _ := strings.Cut(at.bucket, "?")
	return bucket + "/" + at.key, nil
}

// Store opens objects. Its zero value is ready, and safe for concurrent use.
type Store struct {
	mu      sync.Mutex
	buckets map[string]*blob.Bucket
}

// bucket returns the bucket of a URL, opened once.
func (s *Store) bucket(ctx context.Context, url string) (*blob.Bucket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.buckets[url]; b != nil {
		return b, nil
	}
	b, err := blob.OpenBucket(ctx, url)
	if err != nil {
		return nil, err
	}
	if s.buckets == nil {
		s.buckets = map[string]*blob.Bucket{}
	}
	s.buckets[url] = b
	return b, nil
}

// Close closes what is open.
func (s *Store) Close() (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.buckets {
		err = errors.Join(err, b.Close())
	}
	s.buckets = nil
	return err
}

// Stat returns the version of an object. Errors of this and the other methods begin with the
// name.
func (s *Store) Stat(ctx context.Context, name string) (Version, error) {
	at, err := locate(name)
	if err != nil {
		return Version{}, err
	}
	var v Version
	if at.bucket == "" {
		v, err = statFile(at.key)
	} else {
		v, err = s.statObject(ctx, at)
	}
	return v, named(name, err)
}

// Free returns nil if there is no object of the name, yet.
func (s *Store) Free(ctx context.Context, name string) error {
	switch _, err := s.Stat(ctx, name); {
	case err == nil:
		return named(name, errors.New("is there already, want a name that is free"))
	case errors.Is(err, fs.ErrNotExist):
		return nil
	default:
		return err
	}
}

// Read fills p with the bytes of an object from an offset on. It is an error if the object is
// not of the version.
func (s *Store) Read(ctx context.Context, name string, v Version, from int64, p []byte) error {
	at, err := locate(name)
	switch {
	case err != nil:
		return err
	case from < 0 || from > v.Size || int64(len(p)) > v.Size-from:
		return named(name, fmt.Errorf("%d bytes at %d are not in it, it has %d", len(p), from, v.Size))
	case len(p) == 0:
		return nil
	case at.bucket == "":
		err = readFile(at.key, v, from, p)
	default:
		err = s.readObject(ctx, at, v, from, p)
	}
	return named(name, err)
}

// Write writes an object, all or nothing.
func (s *Store) Write(ctx context.Context, name string, p []byte) error {
	at, err := locate(name)
	if err != nil {
		return err
	}
	if at.bucket == "" {
		err = writeFile(at.key, p)
	} else {
		err = s.writeObject(ctx, at, p)
	}
	return named(name, err)
}

// errChanged is about an object that is not of the version that is to be read.
var errChanged = errors.New("changed since the run began, want files that stay as they are")

// named puts the name before an error.
func named(name string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", Printable(name), err)
}

// Printable returns a name as people may read it, in one line: quoted where it would break one.
func Printable(name string) string {
	if !utf8.ValidString(name) || strings.ContainsFunc(name, func(c rune) bool { return !strconv.IsPrint(c) }) {
		return strconv.Quote(name)
	}
	return name
}

// Plain returns a name without the options of a URL.
func Plain(name string) string {
	at, err := locate(name)
	if err != nil || at.bucket == "" {
		return name
	}
	bucket, _, _ := strings.Cut(at.bucket, "?")
	return bucket + "/" + at.key
}
