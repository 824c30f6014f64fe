package object

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// Match is a name that a pattern stands for, and what its stars do.
type Match struct {
	Name  string
	Stars []string
}

// Glob calls f for all that a pattern stands for, in order. In a pattern a star stands for any
// characters but a slash, at the beginning of a name for none that begin with a dot, as in
// shells; nothing else is special. A pattern without a star is the name itself, whether or not
// there is such an object; one that stands for nothing is an error.
func (s *Store) Glob(ctx context.Context, pattern string, f func(Match) error) error {
	at, err := locate(pattern)
	switch {
	case err != nil:
		return err
	case strings.Contains(at.bucket, "*"):
		return named(pattern, errors.New("a star in the bucket, want it in the key"))
	case !strings.Contains(at.key, "*"):
		return f(Match{Name: pattern})
	}
	found := 0
	visit := func(key string) error {
		stars, ok := match(at.key, key)
		if !ok {
			return nil
		}
		found++
		return f(Match{Name: at.name(pattern, key), Stars: stars})
	}
	if at.bucket == "" {
		err = globFiles(at.key, visit)
	} else {
		err = s.globObjects(ctx, at, visit)
	}
	if err == nil && found == 0 {
		err = named(pattern, errors.New("stands for no file, want at least one"))
	}
	return err
}

// name is that of a key beside the one of a pattern.
func (at *location) name(pattern, key string) string {
	before, after, _ := strings.Cut(pattern, at.key)
	return before + key + after
}

// match returns what the stars of a pattern stand for in a name, each for as little as it can
// before what comes after it. It is by bytes: names need not be UTF-8.
func match(pattern, name string) (stars []string, ok bool) {
	segments, names := strings.Split(pattern, "/"), strings.Split(name, "/")
	if len(segments) != len(names) {
		return nil, false
	}
	for i, segment := range segments {
		parts, rest := strings.Split(segment, "*"), names[i]
		if last := len(parts) - 1; last == 0 && segment != rest || last > 0 && segment[0] == '*' && strings.HasPrefix(rest, ".") {
			return nil, false
		} else if last == 0 {
			continue
		}
		if rest, ok = strings.CutPrefix(rest, parts[0]); !ok {
			return nil, false
		}
		for _, part := range parts[1 : len(parts)-1] {
			before, after, ok := strings.Cut(rest, part)
			if !ok {
				return nil, false
			}
			stars, rest = append(stars, before), after
		}
		if rest, ok = strings.CutSuffix(rest, parts[len(parts)-1]); !ok {
			return nil, false
		}
		stars = append(stars, rest)
	}
	return stars, true
}

// globFiles visits files whose paths may match the pattern. Unlike filepath.Glob it fails where a
// folder cannot be read: what is in it would be left out without a word.
func globFiles(pattern string, visit func(path string) error) error {
	segments := strings.Split(pattern, "/")
	var walk func(path string, rest []string) error
	walk = func(path string, rest []string) error {
		plain := slices.IndexFunc(rest, func(s string) bool { return strings.Contains(s, "*") })
		if plain < 0 {
			path += strings.Join(rest, "/")
			if _, err := os.Lstat(path); missing(err) {
				return nil
			} else if err != nil {
				return named(path, cause(err))
			}
			return visit(path)
		}
		for _, s := range rest[:plain] {
			path += s + "/"
		}
		entries, err := os.ReadDir(folder(path))
		if missing(err) {
			return nil
		} else if err != nil {
			return named(folder(path), cause(err))
		}
		for _, e := range entries {
			if _, ok := match(rest[plain], e.Name()); !ok {
				continue
			}
			next := path + e.Name()
			if plain+1 == len(rest) {
				if err := visit(next); err != nil {
					return err
				}
				continue
			}
			if err := walk(next+"/", rest[plain+1:]); err != nil {
				return err
			}
		}
		return nil
	}
	return walk("", segments)
}

// folder is the folder of a path that ends in a slash, or is empty.
func folder(path string) string {
	if path == "" {
		return "."
	}
	return filepath.FromSlash(path)
}

// missing tells that there is no such file, or that what leads to it is no folder.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || err != nil && notFolder(err)
}

// globObjects visits the keys that begin as the pattern does.
func (s *Store) globObjects(ctx context.Context, at location, visit func(key string) error) error {
	b, err := s.bucket(ctx, at.bucket)
	if err != nil {
		return named(at.bucket, err)
	}
	prefix, _, _ := strings.Cut(at.key, "*")
	list := b.List(&blob.ListOptions{Prefix: prefix})
	for {
		o, err := list.Next(ctx)
		if err == io.EOF {
			return nil
		}
		if gcerrors.Code(err) == gcerrors.NotFound {
			err = errors.New("no such bucket")
		}
		if err != nil {
			return named(at.bucket, remote(err))
		}
		if err := visit(o.Key); err != nil {
			return err
		}
	}
}

// Fill puts what the stars of a pattern stood for in place of those of a template, which has as
// many or none.
func Fill(template string, stars []string) (string, error) {
	parts := strings.Split(template, "*")
	if n := len(parts) - 1; n != 0 && n != len(stars) {
		return "", fmt.Errorf("%s: %d stars, want none or %d, as many as the logits have", Printable(template), n, len(stars))
	}
	text := parts[0]
	for i, part := range parts[1:] {
		text += stars[i] + part
	}
	return text, nil
}
