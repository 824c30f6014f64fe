//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

// report is what is printed at the end.
type report struct{ bytes.Buffer }

func newReport(s *settings) *report {
	r := new(report)
	kernel := "none: "
	if e, err := engine.New(engine.CrossEntropy()); err == nil {
		kernel = e.Kernel()
	} else {
		kernel += err.Error()
	}
	env := cli.NewEnvironment()
	fmt.Fprintf(r, "%s, %s; %s; %s %s/%s; kernel %s; load average %s before\n",
		env.CPU, cli.Count(env.Cores, "core"), system(), env.Go, env.OS, env.Arch, kernel, load())
	fmt.Fprintf(r, "whole processes, %d runs each in turn; pinned runs on CPU %d; ratios are medians over the rounds, with the least and the most\n", s.repeats, s.cpu)
	return r
}

func (r *report) print(w io.Writer) error {
	fmt.Fprintf(r, "\nload average %s after\n", load())
	_, err := w.Write(r.Bytes())
	return err
}

func system() string {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "Linux"
	}
	return unix.ByteSliceToString(u.Sysname[:]) + " " + unix.ByteSliceToString(u.Release[:])
}

func load() string {
	raw, err := os.ReadFile("/proc/loadavg")
	if words := strings.Fields(string(raw)); err == nil && len(words) > 1 {
		return words[0]
	}
	return "unknown"
}

// table prints the series' times: of user's and system's the medians.
func (r *report) table(title string, scores int, bytes uint64, all []*series) {
	fmt.Fprintf(r, "\n%s\n\n", title)
	t := cli.NewTable("rrrrrrrrl", "median", "min", "max", "user", "sys", "ns/score", "GB/s", "pinned", "job")
	seconds := func(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }
	for _, one := range all {
		walls := one.sorted(wall)
		users := one.sorted(func(c cost) time.Duration { return c.user })
		syss := one.sorted(func(c cost) time.Duration { return c.sys })
		middle, pinned := len(walls)/2, "no"
		if one.cpu >= 0 {
			pinned = "yes"
		}
		t.Row(seconds(walls[middle]), seconds(walls[0]), seconds(walls[len(walls)-1]), seconds(users[middle]), seconds(syss[middle]),
			fmt.Sprintf("%.3f", float64(walls[middle].Nanoseconds())/float64(scores)),
			fmt.Sprintf("%.2f", float64(bytes)/float64(walls[middle].Nanoseconds())), pinned, one.name)
	}
	fmt.Fprintf(r, "%s\n", t)
	least := 1.0
	for _, one := range all {
		least = min(least, one.warm)
	}
	if least < 1 {
		fmt.Fprintf(r, "before each run with a full page cache at least %.1f %% of the data lay in it\n", 100*least)
	}
}

func (r *report) verdict(what, value, want string) {
	fmt.Fprintf(r, "%s: %s (%s)\n", what, value, want)
}

func (r *report) memory(name string, p peak) {
	mib := func(n uint64) float64 { return float64(n) / (1 << 20) }
	fmt.Fprintf(r, "%s: %.1f MiB (%s): %.1f anonymous, %.1f of the program's file; %d looks\n",
		name, mib(p.bytes()), wantMemory, mib(p.anonymous), mib(p.other), p.samples)
}

// ratio is that of two jobs: its median, least and most over the rounds.
type ratio struct{ median, least, most float64 }

// ratios returns how many times as long a took as b.
func ratios(a, b *series, of func(cost) time.Duration) ratio {
	var all []float64
	for round := range a.costs {
		all = append(all, float64(of(a.costs[round]))/float64(max(1, of(b.costs[round]))))
	}
	return newRatio(all)
}

// against compares a series, round by round, with seconds.
func against(a *series, seconds func(round int) float64) ratio {
	var all []float64
	for round, c := range a.costs {
		all = append(all, c.wall.Seconds()/seconds(round))
	}
	return newRatio(all)
}

func newRatio(all []float64) ratio {
	slices.Sort(all)
	return ratio{all[len(all)/2], all[0], all[len(all)-1]}
}

func (r ratio) String() string { return fmt.Sprintf("%.2f (%.2f to %.2f)", r.median, r.least, r.most) }

func (r ratio) percent() string {
	return fmt.Sprintf("%.1f %% (%.1f to %.1f)", 100*r.median, 100*r.least, 100*r.most)
}

func bytesIn(paths ...string) (n uint64) {
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			n += uint64(info.Size())
		}
	}
	return n
}
