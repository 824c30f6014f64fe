package main

import (
	"bytes"
	"errors"
	"go/build"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// source is a file to mutate.
type source struct {
	path    string
	src     []byte
	mutants []mutant
	// users are assembly files elsewhere that include it. The go command sees a
	// change of a header beside its users only; see tree.write.
	users []*source
}

// dirs returns the folders of the packages that a source belongs to.
func (s *source) dirs() []string {
	dirs := []string{path.Dir(s.path)}
	if len(s.users) > 0 {
		dirs = nil
	}
	for _, u := range s.users {
		dirs = append(dirs, path.Dir(u.path))
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// unasked are folders whose files have no mutants. The kernel table and its probes of
// the CPU depend on machines that are not at hand; guard pages and asmtest serve tests;
// the rest measures and counts, and computes no loss.
var unasked = []string{"kernel", "guard", "asmtest", "peers", "roofline", "counts", "testdata", "asm/internal"}

// roots are the folders of what is to be mutated: the kernels, and the arithmetic of
// the engine with the packages below it.
var roots = []string{"asm", "generic", "engine"}

// sources returns the files of root to mutate for an architecture, with all their
// mutants: assembly and the headers that it includes, and Go but for tests.
func sources(root, goarch string) ([]*source, error) {
	fsys := os.DirFS(root)
	ctx := build.Default
	ctx.GOARCH, ctx.CgoEnabled = goarch, false
	ctx.OpenFile = nil
	var list, assembly []*source
	headers := map[string]*source{}
	for _, r := range roots {
		err := fs.WalkDir(fsys, r, func(p string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() {
				for _, u := range unasked {
					if p == u || strings.HasSuffix(p, "/"+u) {
						return fs.SkipDir
					}
				}
				return nil
			}
			ext := path.Ext(p)
			if ext != ".s" && ext != ".go" || strings.HasSuffix(p, "_test.go") {
				return nil
			}
			if ok, err := ctx.MatchFile(path.Join(root, path.Dir(p)), path.Base(p)); err != nil || !ok {
				return err
			}
			src, err := fs.ReadFile(fsys, p)
			if err != nil {
				return err
			}
			s := &source{path: p, src: src}
			if ext == ".go" {
				s.mutants, err = goMutants(p, src)
			} else {
				assembly = append(assembly, s)
				err = include(fsys, headers, s, p, src)
			}
			list = append(list, s)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	names := aliases{}
	for _, h := range headers {
		list = append(list, h)
		assembly = append(assembly, h)
	}
	for _, s := range assembly {
		names.add(s.src)
	}
	for _, s := range assembly {
		s.mutants = assemblyMutants(s.path, s.src, names)
	}
	list = slices.DeleteFunc(list, func(s *source) bool { return len(s.mutants) == 0 })
	slices.SortFunc(list, func(a, b *source) int { return strings.Compare(a.path, b.path) })
	return list, nil
}

// include adds the headers that src includes, the content of file, for an assembly file
// that is or includes it.
func include(fsys fs.FS, headers map[string]*source, user *source, file string, src []byte) error {
	for line := range bytes.Lines(src) {
		m := includeLine.FindSubmatch(line)
		if m == nil {
			continue
		}
		p := path.Join(path.Dir(file), string(m[1]))
		h := headers[p]
		if h == nil {
			src, err := fs.ReadFile(fsys, p)
			if errors.Is(err, fs.ErrNotExist) {
				continue // Go's own, or go_asm.h
			}
			if err != nil {
				return err
			}
			h = &source{path: p, src: src}
			headers[p] = h
		}
		if slices.Contains(h.users, user) {
			continue
		}
		h.users = append(h.users, user)
		if err := include(fsys, headers, user, p, h.src); err != nil {
			return err
		}
	}
	return nil
}

// matches tells whether a file is asked for: patterns are globs of its path or of a
// folder above it, with commas between. None asks for all.
func matches(patterns, file string) (bool, error) {
	if patterns == "" {
		return true, nil
	}
	for p := range strings.SplitSeq(patterns, ",") {
		for f := file; f != "."; f = path.Dir(f) {
			ok, err := path.Match(p, f)
			if err != nil || ok {
				return ok, err
			}
		}
	}
	return false, nil
}

// sets are the instruction sets that a machine may lack, as their kernels and files
// are named.
var sets = []string{"avx2", "avx512", "neon"}

// missing returns the instruction set that the file is for if it is none of the
// kernels: then no test here would run it.
func missing(file string, kernels []string) string {
	for _, s := range sets {
		if strings.Contains(file, s) && !slices.Contains(kernels, s) {
			return s
		}
	}
	return ""
}
