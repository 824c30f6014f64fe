// Peers compares flengine with other implementations of the same losses, which
// lie in a folder of their own (its README.md says what they are): it builds and
// runs them there, runs flengine on the same data between them, and prints how
// many times as long they take, next to the measured error of either side.
//
//	make peers PEERS=../shared/peers FILTER=avx2,v3 MS=20
//	go run ./cmd/flbench/internal/peers -h
//
// One thread, pinned. A side's time is the median of its samples, the least of all
// rounds; rounds alternate between the sides, so that both see the same phases of
// a shared machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/cpuid/v2"
	"golang.org/x/term"

	"github.com/flengine/flengine/engine"
)

// cpu is where one-thread runs are pinned: the choice of the peers' C harness.
const cpu = 1

// passes is how often a side times each cell within a run, as the harness is told.
const passes = 3

const usage = `Times flengine and other implementations of the same losses on the same data.

usage: peers [flags]

  peers -peers ../shared/peers
  peers -filter avx2,v3 -ms 20       the AVX2 peers, 20 ms per cell and round
  peers -parts c,go -n 16384,1048576 -json > peers.json

flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// command is main with its arguments; it returns the exit code.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	f := flag.NewFlagSet("peers", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprint(stderr, usage)
		f.PrintDefaults()
	}
	c := comparison{kernels: engine.Kernels(), log: stderr}
	f.StringVar(&c.peers, "peers", "../shared/peers", "the peers' `folder`, which holds run.sh")
	f.StringVar(&c.out, "out", "", "`folder` for what they build and their data, 450 MB (default flengine-peers in the user's cache)")
	parts := f.String("parts", "c", "`names` of the parts of run.sh, with commas: c, go, python")
	filter := f.String("filter", "", "only peers whose name holds one of these `texts`, with commas")
	f.IntVar(&c.ms, "ms", 60, "milliseconds of samples per peer, work and size in a round")
	f.IntVar(&c.rounds, "rounds", 3, "rounds of peers and flengine")
	sizes := f.String("n", "1048576", "`sizes` to compare, with commas: "+joinInts(dataSizes))
	asJSON := f.Bool("json", false, "print JSON")
	ours := f.String("ours", "", "only time flengine on the data in this `folder`, with the kernel that FLENGINE_KERNEL names, and print its rows")
	switch err := f.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	fail := func(code int, err error) int {
		fmt.Fprintln(stderr, "peers:", err)
		return code
	}
	if f.NArg() > 0 {
		return fail(2, fmt.Errorf("unexpected argument %q: want flags only", f.Arg(0)))
	}
	var err error
	if c.sizes, err = parseSizes(*sizes); err != nil {
		return fail(2, err)
	}
	if c.ms < 1 || c.rounds < 1 {
		return fail(2, fmt.Errorf("-ms %d -rounds %d: want at least 1 of each", c.ms, c.rounds))
	}
	if *ours != "" {
		if err := timeOurs(stdout, *ours, c.sizes, c.ms); err != nil {
			return fail(1, err)
		}
		return 0
	}
	if c.parts, err = parseParts(*parts); err != nil {
		return fail(2, err)
	}
	if c.filters = splitList(*filter); len(c.filters) == 0 {
		c.filters = []string{"-"} // what the peers take for all of them
	}
	r, err := c.run(ctx)
	if err != nil {
		return fail(1, err)
	}
	if *asJSON {
		err = r.writeJSON(stdout)
	} else {
		err = r.writeTable(stdout)
	}
	if err != nil {
		return fail(1, err)
	}
	return 0
}

// dataSizes are the numbers of elements that the peers' data have.
var dataSizes = []int{16384, 1 << 20, 8_000_000}

func joinInts(v []int) string {
	s := make([]string, len(v))
	for i, n := range v {
		s[i] = strconv.Itoa(n)
	}
	return strings.Join(s, ",")
}

func splitList(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// parseSizes returns the sizes of a list, ascending.
func parseSizes(s string) ([]int, error) {
	var sizes []int
	for _, w := range splitList(s) {
		n, err := strconv.Atoi(w)
		if err != nil || !slices.Contains(dataSizes, n) {
			return nil, fmt.Errorf("-n: size %q: want one of %s", w, joinInts(dataSizes))
		}
		sizes = append(sizes, n)
	}
	if len(sizes) == 0 {
		return nil, fmt.Errorf("-n is empty: want one of %s", joinInts(dataSizes))
	}
	slices.Sort(sizes)
	return slices.Compact(sizes), nil
}

// part is one of run.sh's parts: how to run its one-thread rows once they are
// built. The arguments are the filter and the milliseconds.
type part struct {
	name    string
	command func(filter, ms string) []string
	pinned  bool // by itself
}

var allParts = []part{
	{"c", func(filter, ms string) []string {
		return []string{"bin/harness", "data", filter, ms, strconv.Itoa(passes)}
	}, true},
	{"go", func(filter, ms string) []string { return []string{"bin/gopeers", "data", "1", filter, ms} }, false},
	{"python", func(filter, ms string) []string {
		return []string{"/usr/bin/python3", "py/peers.py", "data", "1", filter, ms}
	}, false},
}

func parseParts(s string) ([]part, error) {
	var parts []part
	for _, w := range splitList(s) {
		i := slices.IndexFunc(allParts, func(p part) bool { return p.name == w })
		if i < 0 {
			return nil, fmt.Errorf("-parts: unknown part %q: want c, go, python", w)
		}
		parts = append(parts, allParts[i])
	}
	if len(parts) == 0 {
		return nil, errors.New("-parts is empty: want c, go, python")
	}
	return parts, nil
}

// comparison is what to run.
type comparison struct {
	peers, out string
	parts      []part
	filters    []string
	ms, rounds int
	sizes      []int
	kernels    []string  // ours
	self       string    // this program, or what prints our rows in its place
	log        io.Writer // for people
}

func (c *comparison) run(ctx context.Context) (*report, error) {
	script, err := filepath.Abs(filepath.Join(c.peers, "run.sh"))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(script); err != nil {
		return nil, fmt.Errorf("no peers in %s: want a folder with run.sh, named by -peers or make's PEERS (%w)", c.peers, err)
	}
	if c.out == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return nil, fmt.Errorf("no place to build in: want -out (%w)", err)
		}
		c.out = filepath.Join(cache, "flengine-peers")
	}
	if c.out, err = filepath.Abs(c.out); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(c.out, 0o755); err != nil {
		return nil, err
	}
	if c.self == "" {
		if c.self, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	for _, p := range c.parts {
		if err := c.build(ctx, script, p); err != nil {
			return nil, err
		}
	}
	r := &report{Sizes: c.sizes, Kernels: c.kernels, CPU: cpuid.CPU.BrandName, native: nativeISA(runtime.GOARCH, hasAVX512())}
	matched := map[string]bool{} // filters
	for round := range c.rounds {
		c.say("round %d of %d", round+1, c.rounds)
		once := rows{} // within a round a peer counts once, however many filters it meets
		for _, p := range c.parts {
			for _, filter := range c.filters {
				argv := p.command(filter, strconv.Itoa(c.ms))
				if !p.pinned {
					argv = pinned(argv)
				}
				add := func(r row) {
					matched[filter] = true
					once.addNew(r)
				}
				if err := c.collect(ctx, argv, nil, add); err != nil {
					return nil, fmt.Errorf("part %s: %w", p.name, err)
				}
			}
		}
		for _, kernel := range r.Kernels {
			argv := []string{c.self, "-ours", filepath.Join(c.out, "data"), "-n", joinInts(c.sizes), "-ms", strconv.Itoa(c.ms)}
			if err := c.collect(ctx, pinned(argv), []string{"FLENGINE_KERNEL=" + kernel}, once.addNew); err != nil {
				return nil, fmt.Errorf("kernel %s: %w", kernel, err)
			}
		}
		r.rows.merge(once)
	}
	ours := func(r row) bool { return strings.HasPrefix(r.Peer, ourPrefix) }
	if !slices.ContainsFunc(r.rows.list, func(r row) bool { return !ours(r) }) {
		return nil, fmt.Errorf("no peer's name holds %s", strings.Join(c.filters, " or "))
	}
	for _, filter := range c.filters {
		if !matched[filter] {
			fmt.Fprintf(c.log, "peers: no peer's name holds %s\n", filter)
		}
	}
	return r, nil
}

// hasAVX512 tells whether a compiler that builds for this machine may use it.
func hasAVX512() bool { return cpuid.CPU.Supports(cpuid.AVX512F, cpuid.AVX512VL) }

// pinned keeps a command on one CPU, the harness's, where the machine has that.
func pinned(argv []string) []string {
	taskset := []string{"taskset", "-c", strconv.Itoa(cpu)}
	if exec.Command(taskset[0], append(taskset[1:], "true")...).Run() != nil {
		return argv
	}
	return append(taskset, argv...)
}

// say tells a person who waits what is going on.
func (c *comparison) say(format string, args ...any) {
	if f, ok := c.log.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fmt.Fprintf(f, "peers: "+format+"\n", args...)
	}
}

// build has run.sh build a part and its data, unless that is done and the sources
// are as they were, and what was built still there. run.sh has no command for that alone, so it runs no peer.
func (c *comparison) build(ctx context.Context, script string, p part) error {
	sum, err := hashFiles(filepath.Dir(script))
	if err != nil {
		return err
	}
	stamp := filepath.Join(c.out, "built-"+p.name)
	if old, err := os.ReadFile(stamp); err == nil && string(old) == sum && c.built(p) {
		return nil
	}
	c.say("building part %s in %s (about a minute)", p.name, c.out)
	cmd := exec.CommandContext(ctx, script, p.name)
	cmd.Dir = c.out
	cmd.Env = append(os.Environ(), "PEERS_OUT="+c.out, "FILTER=no peer has this name", "MS=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		hint := "; the head of run.sh lists the packages it needs"
		if errors.Is(err, fs.ErrPermission) || strings.Contains(strings.ToLower(string(out)), "permission denied") || ctx.Err() != nil {
			hint = "" // not for want of packages
		}
		if len(out) > 0 {
			hint += "; its output ends:\n" + tail(string(out), 20)
		}
		return fmt.Errorf("%s %s: %w%s", script, p.name, err, hint)
	}
	return os.WriteFile(stamp, []byte(sum), 0o644)
}

// built tells whether a part's program and the last of the data are there.
func (c *comparison) built(p part) bool {
	files := []string{filepath.Join("data", "wide", "w8.f64")}
	for _, arg := range p.command("-", "1") {
		if strings.Contains(arg, "/") { // the program, or its script
			files = append(files, arg)
		}
	}
	for _, name := range files {
		if !filepath.IsAbs(name) {
			name = filepath.Join(c.out, name)
		}
		if _, err := os.Stat(name); err != nil {
			return false
		}
	}
	return true
}

func tail(s string, lines int) string {
	l := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(l[max(0, len(l)-lines):], "\n")
}

// collect runs a command and hands on its one-thread rows of the wanted sizes. The
// peers go through their sizes in ascending order, one thread before two, and
// cannot be told to leave some out; so it stops them when it has what it wants.
func (c *comparison) collect(ctx context.Context, argv, env []string, add func(row)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = c.out
	cmd.Env = append(os.Environ(), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	last := c.sizes[len(c.sizes)-1]
	enough := false
	parseErr := parseRows(out, func(r row) bool {
		enough = r.N > last || r.N == last && r.Threads > 1
		if r.Threads == 1 && slices.Contains(c.sizes, r.N) {
			add(r)
		}
		return !enough
	})
	if enough || parseErr != nil {
		cancel()
	}
	err = cmd.Wait()
	switch {
	case parseErr != nil:
		return parseErr
	case enough:
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w: %s", strings.Join(argv, " "), err, tail(stderr.String(), 5))
	}
	return nil
}
