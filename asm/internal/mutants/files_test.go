package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// write makes files in a new folder.
func write(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestSources(t *testing.T) {
	const (
		instruction = "\tVADDPS Y0, Y1, Y2\n"
		function    = "package p\n\nfunc f(a, b int) int { return a + b }\n"
	)
	dir := write(t, map[string]string{
		"asm/avx2/k_amd64.s":             "#include \"textflag.h\"\n#include \"words.h\"\n" + instruction,
		"asm/avx2/words.h":               "#include \"../shared_amd64.h\"\n#define A(x) x\n" + instruction,
		"asm/avx512/k_amd64.s":           "#include \"../shared_amd64.h\"\n" + instruction,
		"asm/shared_amd64.h":             instruction,
		"asm/unused.h":                   instruction,
		"asm/neon/k.s":                   "//go:build arm64\n\n#include \"words.h\"\n" + instruction,
		"asm/neon/words.h":               instruction,
		"asm/constants.go":               "package asm\n\nconst c = 1\n",
		"asm/doc.go":                     "package asm\n",
		"asm/avx2/k_amd64.go":            "package avx2\n\nfunc f()\n",
		"asm/internal/mutants/main.go":   function,
		"asm/internal/opcodes/o_amd64.s": instruction,
		"generic/f.go":                   function,
		"generic/f_test.go":              function,
		"engine/e.go":                    function,
		"engine/pure.go":                 "//go:build purego\n\n" + function,
		"engine/internal/exact/sum.go":   function,
		"engine/internal/kernel/k.go":    function,
		"engine/internal/roofline/r.go":  function,
		"asm/counts/counts.go":           function,
		"cmd/flbench/main.go":            function,
	})
	common := []string{"asm/constants.go", "engine/e.go", "engine/internal/exact/sum.go", "generic/f.go"}
	for arch, want := range map[string][]string{
		"amd64":   append([]string{"asm/avx2/k_amd64.s", "asm/avx2/words.h", "asm/avx512/k_amd64.s", "asm/shared_amd64.h"}, common...),
		"arm64":   append([]string{"asm/neon/k.s", "asm/neon/words.h"}, common...),
		"riscv64": common,
	} {
		list, err := sources(dir, arch)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range list {
			got = append(got, s.path)
			if s.path == "asm/shared_amd64.h" {
				if d := s.dirs(); !slices.Equal(d, []string{"asm/avx2", "asm/avx512"}) {
					t.Errorf("%s is part of %v", s.path, d)
				}
			}
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: files %v, want %v", arch, got, want)
		}
	}
}

// TestEveryKernelFile: the repository has no assembly that is never mutated.
func TestEveryKernelFile(t *testing.T) {
	const root = "../../.."
	mutated := map[string]bool{}
	for _, arch := range []string{"amd64", "arm64"} {
		list, err := sources(root, arch)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list {
			mutated[s.path] = true
		}
	}
	assembly := 0
	err := fs.WalkDir(os.DirFS(root), "asm", func(p string, d fs.DirEntry, err error) error {
		if ext := filepath.Ext(p); ext == ".s" || ext == ".h" {
			if strings.HasPrefix(p, "asm/internal/") {
				return err
			}
			assembly++
			if !mutated[p] {
				t.Errorf("%s has no mutants", p)
			}
		}
		return err
	})
	if err != nil || assembly == 0 {
		t.Errorf("%d assembly files, error %v", assembly, err)
	}
	for _, p := range []string{"generic/fma.go", "engine/result.go", "engine/internal/exact/sum.go", "engine/vecmath/vecmath.go"} {
		if !mutated[p] {
			t.Errorf("%s has no mutants", p)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		patterns, file string
		want           bool
	}{
		{"", "engine/tile.go", true},
		{"engine", "engine/internal/exact/sum.go", true},
		{"engine/*.go", "engine/internal/exact/sum.go", false},
		{"generic,engine/t*", "engine/tile.go", true},
		{"asm/*neon*", "asm/loss_neon_arm64.s", true},
		{"asm/avx2", "asm/avx2/words.h", true},
		{"asm/avx", "asm/avx2/words.h", false},
	} {
		if got, err := matches(c.patterns, c.file); got != c.want || err != nil {
			t.Errorf("%q, %s: %v, %v", c.patterns, c.file, got, err)
		}
	}
	if _, err := matches("[", "engine/tile.go"); err == nil {
		t.Error("no error for a bad pattern")
	}
}

func TestMissing(t *testing.T) {
	kernels := []string{"avx2", "generic"}
	for file, want := range map[string]string{
		"asm/avx512/words.h": "avx512", "asm/loss_avx512_amd64.s": "avx512", "asm/avx2/words.h": "", "asm/constants.go": "", "asm/avx10/words.h": "",
	} {
		if got := missing(file, kernels); got != want {
			t.Errorf("%s: %q is missing, want %q", file, got, want)
		}
	}
}

// TestWriteMarksUsers: the go command does not look at headers of other folders.
func TestWriteMarksUsers(t *testing.T) {
	dir := write(t, map[string]string{"asm/a/k_amd64.s": "#include \"../h.h\"\n#include \"i.h\"\n\tRET\n", "asm/h.h": "\tINCQ AX\n", "asm/a/i.h": "\tINCQ BX\n",
		"generic/g.go": "package generic\n", "engine/e.go": "package engine\n"})
	list, err := sources(dir, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	read := func(name string) string {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	user := read("asm/a/k_amd64.s")
	tr := &tree{dir}
	for _, s := range list {
		if filepath.Ext(s.path) != ".h" {
			continue
		}
		before := read(s.path)
		if err := tr.write(s, []byte("\tDECQ AX\n"), "version 1"); err != nil {
			t.Fatal(err)
		}
		want := user
		if s.path == "asm/h.h" {
			want += "\n// version 1\n"
		}
		if got := read("asm/a/k_amd64.s"); got != want {
			t.Errorf("with another %s its user is %q, want %q", s.path, got, want)
		}
		if err := tr.write(s, s.src, ""); err != nil {
			t.Fatal(err)
		}
		if read("asm/a/k_amd64.s") != user || read(s.path) != before {
			t.Errorf("%s or its user is not what it was", s.path)
		}
	}
}
