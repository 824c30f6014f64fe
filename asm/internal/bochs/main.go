// Bochs runs the tests of the kernels with AVX-512 and wants every one to pass:
// natively where the CPU has AVX-512, or else in bochs, an emulator that has.
//
//	go run ./asm/internal/bochs [-emulate]
//
// The emulated machine boots Debian's kernel with this program as its only process,
// so that what is run and how it is judged is the same in both places.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/klauspost/cpuid/v2"
)

var start = time.Now()

// say prints a line with the seconds since the start before it: the guest's own clock
// is minutes behind, so it is not asked.
func say(line string) { fmt.Printf("%4.0fs  %s\n", time.Since(start).Seconds(), line) }

func main() {
	emulate := flag.Bool("emulate", false, "emulate even where the CPU has AVX-512")
	limit := flag.Duration("limit", 60*time.Minute, "how long the emulated machine may run")
	guest := flag.Bool("guest", false, "be the first process of the emulated machine")
	flag.Parse()
	if *guest {
		beGuest()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	where, err := test(ctx, *emulate, *limit)
	if err != nil {
		say("avx512: FAILED: " + err.Error())
		os.Exit(1)
	}
	var names []string
	for _, s := range suites {
		names = append(names, s.name)
	}
	fmt.Printf("avx512: %s tests %s, %.0f s\n", strings.Join(names, ", "), where, time.Since(start).Seconds())
	if err := report(os.Getenv("FLENGINE_REPORT"), where); err != nil {
		say("avx512: " + err.Error())
		os.Exit(1)
	}
}

// report adds to the file that collects which kernels were tested, if there is one. What ran
// natively has done so itself; the emulated machine does not see the file.
func report(name, where string) error {
	if name == "" || !strings.HasPrefix(where, "under ") {
		return nil
	}
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "linux/amd64 %s: kernels tested: avx512; not run here: none\n", where)
	return errors.Join(err, f.Close())
}

// test runs the suites and says where they ran.
func test(ctx context.Context, emulate bool, limit time.Duration) (where string, err error) {
	work, err := os.MkdirTemp("", "flengine-avx512-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	root := filepath.Join(work, "root")
	if err := usable(); err != nil {
		say(err.Error())
	} else if !emulate {
		if err := build(ctx, root, nil); err != nil {
			return "", err
		}
		return "natively on " + cpuid.CPU.BrandName, run(ctx, root, say)
	}
	boot, err := packages(ctx)
	if err != nil {
		return "", err
	}
	if err := build(ctx, root, []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64"}); err != nil {
		return "", err
	}
	if err := image(ctx, work, boot); err != nil {
		return "", err
	}
	version, err := emulated(ctx, work, limit)
	return "under bochs " + version, err
}

// build fills root with the tests' binaries and data, as they lie in the repository,
// and this program as /init.
func build(ctx context.Context, root string, env []string) error {
	say("building the tests")
	mod, err := command(ctx, "", nil, "go", "env", "GOMOD")
	if err != nil {
		return err
	}
	module := filepath.Dir(strings.TrimSpace(mod))
	for _, s := range suites {
		if _, err := command(ctx, module, env, "go", "test", "-c", "-ldflags=-s -w", "-o", filepath.Join(root, s.binary()), "./"+s.dir); err != nil {
			return err
		}
	}
	if _, err := command(ctx, module, env, "go", "build", "-ldflags=-s -w", "-o", filepath.Join(root, "init"), "./asm/internal/bochs"); err != nil {
		return err
	}
	return os.CopyFS(filepath.Join(root, "testdata"), os.DirFS(filepath.Join(module, "testdata")))
}

// command runs a program and returns its output; where it fails, that is the error.
func command(ctx context.Context, dir string, env []string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Dir, c.Env = dir, append(os.Environ(), env...)
	out, err := c.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", c, err, out)
	}
	return string(out), err
}
