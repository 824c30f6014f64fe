package object

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"cloud.google.com/go/storage"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// statObject returns the version of an object in a bucket.
func (s *Store) statObject(ctx context.Context, at location) (Version, error) {
	b, err := s.bucket(ctx, at.bucket)
	if err != nil {
		return Version{}, err
	}
	a, err := b.Attributes(ctx, at.key)
	if err != nil {
		return Version{}, remote(err)
	}
	v := Version{Size: a.Size, Mark: a.ETag}
	var of storage.ObjectAttrs
	if a.As(&of) {
		v.Mark = strconv.FormatInt(of.Generation, 10)
	}
	return v, nil
}

// readObject reads a range of an object, whose version comes with it.
func (s *Store) readObject(ctx context.Context, at location, v Version, from int64, p []byte) error {
	b, err := s.bucket(ctx, at.bucket)
	if err != nil {
		return err
	}
	r, err := b.NewRangeReader(ctx, at.key, from, int64(len(p)), nil)
	if err != nil {
		return remote(err)
	}
	defer r.Close()
	now, err := readerVersion(r)
	if err != nil {
		return err
	}
	if now != v {
		return errChanged
	}
	_, err = io.ReadFull(r, p)
	return remote(err)
}

// readerVersion is the version of what is being read.
func readerVersion(r *blob.Reader) (Version, error) {
	v := Version{Size: r.Size()}
	var amazon s3.GetObjectOutput
	var google *storage.Reader
	switch {
	case r.As(&amazon) && amazon.ETag != nil:
		v.Mark = *amazon.ETag
	case r.As(&google):
		v.Mark = strconv.FormatInt(google.Attrs.Generation, 10)
	default:
		return v, errors.New("the store tells no version of what it sends, want one that does")
	}
	return v, nil
}

// writeObject writes an object, which is there when all of it is.
func (s *Store) writeObject(ctx context.Context, at location, p []byte) error {
	b, err := s.bucket(ctx, at.bucket)
	if err != nil {
		return err
	}
	return remote(b.WriteAll(ctx, at.key, p, nil))
}

// noObject is fs.ErrNotExist of a bucket.
type noObject struct{}

func (noObject) Error() string        { return "no such object" }
func (noObject) Is(target error) bool { return target == fs.ErrNotExist }

// remote words the errors that people meet shortly.
func remote(err error) error {
	switch {
	case err == nil:
		return nil
	case gcerrors.Code(err) == gcerrors.NotFound:
		return noObject{}
	}
	return errors.New(strings.Join(strings.Fields(err.Error()), " "))
}
