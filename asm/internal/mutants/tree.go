package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
)

// tree is a copy of the repository, in which one worker mutates and tests.
type tree struct {
	dir string
}

// copyTree copies what git knows of the repository at root, and what it would take:
// the files as they are, committed or not.
func copyTree(ctx context.Context, root, dir string) (*tree, error) {
	cmd := exec.CommandContext(ctx, "git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	for name := range bytes.SplitSeq(out, []byte{0}) {
		if len(name) == 0 {
			continue
		}
		if err := copyFile(filepath.Join(root, string(name)), filepath.Join(dir, string(name))); err != nil {
			return nil, err
		}
	}
	return &tree{dir}, nil
}

func copyFile(from, to string) error {
	info, err := os.Lstat(from)
	if os.IsNotExist(err) {
		return nil // deleted, and git was not told
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	}
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, info.Mode().Perm()|0o200)
}

// write puts a version of a source into the tree. Of headers the go command looks at
// those beside an assembly file only, so users elsewhere get a comment that tells the
// versions apart.
func (t *tree) write(s *source, content []byte, version string) error {
	if err := os.WriteFile(filepath.Join(t.dir, filepath.FromSlash(s.path)), content, 0o666); err != nil {
		return err
	}
	for _, u := range s.users {
		if filepath.Dir(u.path) == filepath.Dir(s.path) {
			continue
		}
		mark := slices.Concat(u.src, []byte("\n// "+version+"\n"))
		if version == "" {
			mark = u.src
		}
		if err := os.WriteFile(filepath.Join(t.dir, filepath.FromSlash(u.path)), mark, 0o666); err != nil {
			return err
		}
	}
	return nil
}
