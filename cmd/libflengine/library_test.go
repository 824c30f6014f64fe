package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/flengine/flengine/cmd/libflengine/internal/abi"
	"github.com/flengine/flengine/engine"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if built.folder != "" {
		os.RemoveAll(built.folder)
	}
	os.Exit(code)
}

// built is the library as build.sh makes it, once for all tests.
var built struct {
	sync.Once
	folder string // of libflengine.so and flengine.h
	err    error
}

// library returns the folder that the library is in. Where there is no C compiler the test is
// skipped, unless FLENGINE_REQUIRE_CC says that there must be.
func library(t *testing.T) string {
	t.Helper()
	switch {
	case runtime.GOOS != "linux":
		t.Skip("the library is for Linux")
	case os.Getenv("FLENGINE_EMULATOR") != "":
		t.Skip("the C compiler here is for another architecture: make wheels tests this one's library")
	}
	compiler(t, "cc")
	built.Do(func() {
		if built.folder, built.err = os.MkdirTemp("", "libflengine"); built.err != nil {
			return
		}
		build := exec.Command("./build.sh", built.folder)
		if info, ok := debug.ReadBuildInfo(); ok {
			for _, s := range info.Settings {
				if s.Key == "-tags" { // such as purego
					build.Env = append(os.Environ(), "GOFLAGS=-tags="+s.Value)
				}
			}
		}
		if out, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("build.sh: %v\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.folder
}

// compiler returns a program that makes others, or skips the test.
func compiler(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil && os.Getenv("FLENGINE_REQUIRE_CC") != "" {
		t.Fatalf("FLENGINE_REQUIRE_CC is set, and there is no %s", name)
	}
	if err != nil {
		t.Skipf("there is no %s", name)
	}
	return path
}

// command runs a program and returns what it prints.
func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	if err := c.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, &errs)
	}
	return out.String()
}

// compiled returns the program that a C file makes, with the strictest warnings as errors.
func compiled(t *testing.T, source string, flags ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	args := append([]string{"-Wall", "-Wextra", "-Werror", "-I.", source, "-o", program}, flags...)
	command(t, compiler(t, "cc"), args...)
	return program
}

// TestExample: the C example compiles as strict C99, and prints what the engine returns.
func TestExample(t *testing.T) {
	folder := library(t)
	program := compiled(t, "example/example.c", "-std=c99", "-Wpedantic", "-L"+folder, "-lflengine", "-Wl,-rpath,"+folder)
	e, err := engine.New(engine.Focal(0.25, 2))
	if err != nil {
		t.Fatal(err)
	}
	b := engine.Batch{NumClasses: 3, Classes: []int32{0, -1, 1, -2}, Logits: []float32{2, -3, -4, -2, -5, -3, -1, 1, -2, -4, -4, -6}}
	grad := make([]float32, 12)
	r, err := e.Gradients(grad, b)
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	fmt.Fprintf(&want, "%d scores, %d positive, %d ignored, sum %.9g, per positive %.9g\n", r.Scores, r.Positives, r.Ignored, r.Sum(), r.PerPositive())
	for row := 0; row < 12; row += 3 {
		fmt.Fprintf(&want, "%13.9f %13.9f %13.9f\n", grad[row], grad[row+1], grad[row+2])
	}
	want.WriteString("scores[7] is NaN: want a number\nfield scores, index 7\n")
	if got := command(t, program); got != want.String() {
		t.Errorf("the example printed\n%s\nwant\n%s", got, &want)
	}
}

// TestCPlusPlus: the header is strict C++11, too.
func TestCPlusPlus(t *testing.T) {
	folder := library(t)
	source := filepath.Join(t.TempDir(), "header.cc")
	text := `#include "flengine.h"
#include "flengine.h"
#include <cstring>
int main() {
	float x = 1;
	uint8_t y = 1;
	auto request = FL_INIT(fl_request);
	fl_result result = FL_INIT(fl_result);
	fl_error error = FL_INIT(fl_error);
	request.loss = "ce";
	request.rows = request.columns = 1;
	request.scores = &x;
	request.labels = &y;
	request.labels_form = FL_LABELS;
	request.labels_type = FL_UINT8;
	return fl_evaluate(&request, &result, &error) != FL_OK || result.scores != 1 || std::strcmp(fl_version(), FL_VERSION) != 0;
}
`
	if err := os.WriteFile(source, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "program")
	command(t, compiler(t, "c++"), "-std=c++11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-I.", source, "-o", program,
		"-L"+folder, "-lflengine", "-Wl,-rpath,"+folder)
	command(t, program)
}

// cName is a field of a Go structure in flengine.h: ScoresType is scores_type.
func cName(name string) string {
	var b strings.Builder
	for i, r := range name {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// TestLayout: structures and constants of flengine.h are those of package abi.
func TestLayout(t *testing.T) {
	library(t)
	var source, want strings.Builder
	source.WriteString("#include <flengine.h>\n#include <stdio.h>\nint main(void)\n{\n")
	for name, s := range map[string]any{"fl_request": abi.Request{}, "fl_result": abi.Result{}, "fl_error": abi.Error{}, "fl_hard": abi.Hard{}} {
		kind := reflect.TypeOf(s)
		fmt.Fprintf(&source, "printf(\"%s %%zu\\n\", sizeof(%s));\n", name, name)
		fmt.Fprintf(&want, "%s %d\n", name, kind.Size())
		end := uintptr(0)
		for i := range kind.NumField() {
			f := kind.Field(i)
			field := cName(f.Name)
			if field == "_" {
				field = "unused"
			}
			fmt.Fprintf(&source, "printf(\"%s.%s %%zu %%zu\\n\", offsetof(%s, %s), sizeof((%s){0}.%s));\n", name, field, name, field, name, field)
			fmt.Fprintf(&want, "%s.%s %d %d\n", name, field, f.Offset, f.Type.Size())
			if f.Offset != end { // else a field of the header might be none in Go
				t.Errorf("%s has a hole before %s", name, field)
			}
			end = f.Offset + f.Type.Size()
		}
		if end != kind.Size() {
			t.Errorf("%s has a hole at its end", name)
		}
	}
	for name, v := range map[string]int{
		"FL_OK": abi.OK, "FL_ERROR_INPUT": abi.InputFault, "FL_ERROR_ARGUMENT": abi.ArgumentFault, "FL_ERROR_INTERNAL": abi.InternalFault,
		"FL_FLOAT32": abi.Float32, "FL_FLOAT16": abi.Float16, "FL_BFLOAT16": abi.BFloat16, "FL_FLOAT64": abi.Float64,
		"FL_UINT8": abi.Uint8, "FL_INT32": abi.Int32, "FL_INT64": abi.Int64, "FL_LOGITS": abi.Logits, "FL_PROBABILITIES": abi.Probabilities,
		"FL_LABELS": abi.Labels, "FL_CLASSES": abi.Classes, "FL_TARGETS": abi.Targets, "FL_RESULT_BYTES": abi.ResultBytes, "FL_LOSS_BYTES": abi.LossBytes,
		"FL_ALL": int(engine.AllScores), "FL_POSITIVES": int(engine.PositiveScores), "FL_NEGATIVES": int(engine.NegativeScores),
	} {
		fmt.Fprintf(&source, "printf(\"%s %%d\\n\", %s);\n", name, name)
		fmt.Fprintf(&want, "%s %d\n", name, v)
	}
	source.WriteString("return 0;\n}\n")
	file := filepath.Join(t.TempDir(), "layout.c")
	if err := os.WriteFile(file, []byte(source.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	if got := command(t, compiled(t, file, "-std=c99")); got != want.String() {
		t.Errorf("the header has\n%s\nwant\n%s", got, &want)
	}
}

// header is the text of flengine.h.
func header(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("flengine.h")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestLossesOfHeader: what the header quotes for losses are some.
func TestLossesOfHeader(t *testing.T) {
	found := 0
	for _, m := range regexp.MustCompile(`"([a-z]+(?:\([a-z]+=[^"]*\))?)"`).FindAllStringSubmatch(header(t), -1) {
		if slices.Contains([]string{"spawn", "forkserver", "scores", "labels", "gamma"}, m[1]) {
			continue
		}
		found++
		if _, err := engine.ParseLoss(m[1]); err != nil {
			t.Error(err)
		}
	}
	if found < 6 {
		t.Errorf("found %d losses in the header", found)
	}
}

// TestSymbols: the library shows its functions and nothing else, needs libc alone, and has no
// paths of this machine.
func TestSymbols(t *testing.T) {
	path := filepath.Join(library(t), "libflengine.so")
	file, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	symbols, err := file.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	var got, imported []string
	for _, s := range symbols {
		if s.Section == elf.SHN_UNDEF {
			imported = append(imported, s.Name)
		} else {
			got = append(got, s.Name)
		}
	}
	var want []string
	for _, m := range regexp.MustCompile(`(?m)^[a-z].*\b(fl_[a-z]+)\(`).FindAllStringSubmatch(header(t), -1) {
		if m[1] != "fl_sized" {
			want = append(want, m[1])
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || len(want) != 9 {
		t.Errorf("the library has %v, the header %v", got, want)
	}
	if !slices.Contains(imported, "gnu_get_libc_version") {
		t.Error("the library does not need glibc's function that musl has not: there it would crash, not be refused")
	}
	needed, err := file.DynString(elf.DT_NEEDED)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range needed {
		if !slices.Contains([]string{"libc.so.6", "libpthread.so.0", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}, name) {
			t.Errorf("the library needs %s", name)
		}
	}
	if name, _ := file.DynString(elf.DT_SONAME); len(name) != 1 || name[0] != "libflengine.so" {
		t.Errorf("the library's name is %q", name)
	}
	if flags, _ := file.DynValue(elf.DT_FLAGS_1); len(flags) != 1 || elf.DynFlag1(flags[0])&elf.DF_1_NODELETE == 0 {
		t.Errorf("the library could be unloaded, which Go cannot: %v", flags)
	}
	if file.Section(".symtab") != nil || file.Section(".debug_info") != nil {
		t.Error("the library has symbols for debuggers")
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range []string{here, filepath.Dir(filepath.Dir(here)), runtime.GOROOT(), os.TempDir() + "/go-"} {
		if of != "" && of != "/" && bytes.Contains(b, []byte(of+"/")) {
			t.Errorf("the library has the path %s", of)
		}
	}
	t.Logf("%d bytes", len(b))
}

// hashes are what testdata/hazards.c prints of its inputs, by package engine.
func hashes(t *testing.T) string {
	t.Helper()
	const rows, columns = 3001, 7
	const n = rows * columns
	b := engine.Batch{NumClasses: columns, Logits: make([]float32, n)}
	labels, classes, targets := make([]uint8, n), make([]int32, rows), make([]float32, n)
	state := uint32(12345)
	for i := range n {
		state = state*1664525 + 1013904223
		b.Logits[i] = float32(int(state>>8)%401-200) / 2
		if labels[i] = uint8(state >> 20 % 3); labels[i] == 2 {
			labels[i] = 255
		}
		targets[i] = float32(state>>24%5) / 4
	}
	for i := range classes {
		state = state*1664525 + 1013904223
		classes[i] = int32(state>>8%(columns+2)) - 2
	}
	var out strings.Builder
	for form, name := range []string{"labels", "classes", "targets"} {
		loss := "focal"
		b.Labels, b.Classes, b.Targets = nil, nil, nil
		switch form {
		case 0:
			b.Labels = labels
		case 1:
			b.Classes = classes
		case 2:
			b.Targets, loss = targets, "qfl"
		}
		l, err := engine.ParseLoss(loss)
		if err != nil {
			t.Fatal(err)
		}
		e, err := engine.New(l)
		if err != nil {
			t.Fatal(err)
		}
		losses, grad := make([]float32, n), make([]float32, n)
		r, err := e.LossesAndGradients(losses, grad, b)
		if err != nil {
			t.Fatal(err)
		}
		result, err := r.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		h := fnv.New64a()
		add := func(x []float32) {
			for _, v := range x {
				var four [4]byte
				binary.NativeEndian.PutUint32(four[:], math.Float32bits(v))
				h.Write(four[:])
			}
		}
		add(losses)
		add(grad)
		h.Write(result)
		for i := range grad {
			grad[i] *= 1e-30
		}
		add(grad)
		for _, kind := range []string{"float32", "float16", "bfloat16", "float64"} {
			fmt.Fprintf(&out, "%s %s %016x\n", kind, name, h.Sum64())
		}
	}
	return out.String()
}

// TestHazards are those of a library in C programs: what testdata/hazards.c says of each. The
// program is built by -ffast-math, which leaves flush-to-zero on.
func TestHazards(t *testing.T) {
	folder := library(t)
	first, second := filepath.Join(folder, "libflengine.so"), filepath.Join(folder, "second.so")
	b, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(second, b, 0o777); err != nil {
		t.Fatal(err)
	}
	program := compiled(t, "testdata/hazards.c", "-std=gnu99", "-O2", "-ffast-math", "-lpthread", "-lm", "-ldl")
	want := hashes(t)
	for _, c := range []struct{ name, want string }{
		{"small", ""}, {"environment", want}, {"loading environment", want}, {"fork", ""}, {"fork before", ""}, {"threads", ""},
		{"small stacks", ""}, {"signals", ""}, {"fault", ""}, {"two", want + want},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := command(t, program, c.name, first, second); got != c.want {
				t.Errorf("it printed\n%s\nwant\n%s", got, c.want)
			}
		})
	}
	t.Run("masks", func(t *testing.T) {
		t.Parallel()
		lines := strings.Fields(command(t, program, "masks", first))
		if len(lines) < 3*4 {
			t.Fatalf("found the threads %q alone", lines)
		}
		for _, text := range slices.Collect(every(lines[4:], 4)) { // behind the main thread
			mask, err := strconv.ParseUint(text, 16, 64)
			if err != nil {
				t.Fatal(err)
			}
			const interrupt, user1, segv, term, urgent, prof = 2, 10, 11, 15, 23, 27
			for signal, blocked := range map[int]bool{interrupt: true, user1: true, term: true, segv: false, urgent: false, prof: false} {
				if mask>>(signal-1)&1 != 0 != blocked {
					t.Errorf("a thread of Go's has signals %x blocked: signal %d, want %v", mask, signal, blocked)
				}
			}
		}
	})
}

// every yields the last of so many texts, again and again.
func every(texts []string, n int) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for i := n - 1; i < len(texts); i += n {
			if !yield(texts[i]) {
				return
			}
		}
	}
}

// TestMusl: where libc is musl the library is refused with a word. FLENGINE_REQUIRE_MUSL makes the
// test fail where there is no musl-gcc.
func TestMusl(t *testing.T) {
	folder := library(t)
	compiler, err := exec.LookPath("musl-gcc")
	if err != nil && os.Getenv("FLENGINE_REQUIRE_MUSL") != "" {
		t.Fatal("FLENGINE_REQUIRE_MUSL is set, and there is no musl-gcc")
	}
	if err != nil {
		t.Skip("there is no musl-gcc; TestSymbols sees that the library needs what musl has not")
	}
	source, program := filepath.Join(t.TempDir(), "load.c"), filepath.Join(t.TempDir(), "load")
	text := `#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv)
{
	if (dlopen(argv[argc - 1], RTLD_LAZY) != NULL)
		return 1;
	puts(dlerror());
	return 0;
}
`
	if err := os.WriteFile(source, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	command(t, compiler, source, "-o", program)
	if got := command(t, program, filepath.Join(folder, "libflengine.so")); !strings.Contains(got, "gnu_get_libc_version: symbol not found") {
		t.Errorf("musl said %q", got)
	}
}
