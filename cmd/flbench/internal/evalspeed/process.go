//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// job is a command to measure.
type job struct {
	name string
	argv []string
	cpu  int // pinned to it; -1: not
	cold bool
}

// cost is what a run of a job took.
type cost struct {
	wall, user, sys time.Duration
	stdout          []byte
}

func wall(c cost) time.Duration    { return c.wall }
func cpuTime(c cost) time.Duration { return c.user + c.sys }

// start starts the job on its CPU.
func (j *job) start(ctx context.Context, stdout, stderr *bytes.Buffer) (*exec.Cmd, time.Time, error) {
	cmd := exec.CommandContext(ctx, j.argv[0], j.argv[1:]...)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if j.cpu < 0 {
		begin := time.Now()
		return cmd, begin, cmd.Start()
	}
	// A child takes over the CPUs of the thread that forks it.
	runtime.LockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return nil, time.Time{}, err
	}
	one.Set(j.cpu)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return nil, time.Time{}, fmt.Errorf("pinning to CPU %d: %w, want another -cpu", j.cpu, err)
	}
	begin := time.Now()
	err := cmd.Start()
	// On an error the thread stays locked, and ends with this goroutine.
	if unix.SchedSetaffinity(0, &before) == nil {
		runtime.UnlockOSThread()
	}
	return cmd, begin, err
}

// run runs the job once.
func (j *job) run(ctx context.Context) (cost, error) {
	var stdout, stderr bytes.Buffer
	cmd, begin, err := j.start(ctx, &stdout, &stderr)
	if err != nil {
		return cost{}, err
	}
	err = cmd.Wait()
	wall := time.Since(begin)
	if err != nil {
		return cost{}, j.failed(ctx, err, &stderr)
	}
	return cost{wall, cmd.ProcessState.UserTime(), cmd.ProcessState.SystemTime(), stdout.Bytes()}, nil
}

func (j *job) failed(ctx context.Context, err error, stderr *bytes.Buffer) error {
	if ctx.Err() != nil {
		return errors.New("interrupted")
	}
	argv := strings.Join(j.argv[:min(len(j.argv), 12)], " ")
	return fmt.Errorf("%s: %w: %s", argv, err, bytes.TrimSpace(stderr.Bytes()))
}

// peak is the most resident memory that was seen of a process.
type peak struct {
	anonymous uint64 // not of files: heap, stacks, buffers
	other     uint64 // mapped files that are not the data: the program itself
	samples   int
}

func (p peak) bytes() uint64 { return p.anonymous + p.other }

// runForMemory runs the job once and samples /proc/PID/smaps, where each mapping
// has its resident part: those of files below data do not count. The kernel takes a
// while to walk large mappings, so such a run is no measure of time.
func (j *job) runForMemory(ctx context.Context, data string) (peak, error) {
	var stdout, stderr bytes.Buffer
	cmd, _, err := j.start(ctx, &stdout, &stderr)
	if err != nil {
		return peak{}, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	var p peak
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			switch {
			case err != nil:
				return peak{}, j.failed(ctx, err, &stderr)
			case p.samples == 0:
				return peak{}, fmt.Errorf("%s ended before its memory was looked at: want more data", filepath.Base(j.argv[0]))
			}
			return p, nil
		case <-tick.C:
			p.sample(fmt.Sprintf("/proc/%d/smaps", cmd.Process.Pid), data)
		}
	}
}

// sample takes a look; a process that has just ended shows nothing.
func (p *peak) sample(smaps, data string) {
	raw, err := os.ReadFile(smaps)
	if err != nil || len(raw) == 0 {
		return
	}
	anonymous, other := resident(raw, data)
	p.anonymous, p.other = max(p.anonymous, anonymous), max(p.other, other)
	p.samples++
}

// resident sums the Rss of smaps, of mappings that are no files and of files not below data.
func resident(smaps []byte, data string) (anonymous, other uint64) {
	var in *uint64 // where the mapping counts
	lines := bufio.NewScanner(bytes.NewReader(smaps))
	for lines.Scan() {
		// 7f0000000000-7f0000001000 r--p 00000000 fe:00 1234     /path of the file
		// Rss:                   4 kB
		words := strings.Fields(lines.Text())
		switch {
		case len(words) >= 5 && strings.Contains(words[0], "-"):
			in = &anonymous
			if len(words) > 5 && strings.HasPrefix(words[5], "/") {
				in = &other
				if path := strings.Join(words[5:], " "); strings.HasPrefix(path, data+"/") && !strings.HasSuffix(path, "/flbench") {
					in = nil
				}
			}
		case len(words) == 3 && words[0] == "Rss:" && in != nil:
			if kB, err := strconv.ParseUint(words[1], 10, 64); err == nil {
				*in += kB << 10
			}
		}
	}
	return anonymous, other
}

// series are the runs of one job.
type series struct {
	job
	costs []cost
	warm  float64 // the least share of the data in the page cache before a run; 1 if it was to be empty
}

func (s *series) median(of func(cost) time.Duration) time.Duration {
	return s.sorted(of)[len(s.costs)/2]
}

func (s *series) sorted(of func(cost) time.Duration) []time.Duration {
	var d []time.Duration
	for _, c := range s.costs {
		d = append(d, of(c))
	}
	slices.Sort(d)
	return d
}

// alternate runs every job repeats times, in turn, with the files in the page cache
// or, for a cold job, not.
func (s *settings) alternate(ctx context.Context, files []string, jobs ...job) ([]*series, error) {
	all := make([]*series, len(jobs))
	for i, j := range jobs {
		all[i] = &series{job: j, warm: 1}
	}
	for round := range s.repeats {
		s.say("round %d of %d", round+1, s.repeats)
		for _, one := range all {
			if one.cold {
				if err := cool(files...); err != nil {
					return nil, err
				}
			} else {
				share, err := warm(files...)
				if err != nil {
					return nil, err
				}
				one.warm = min(one.warm, share)
			}
			c, err := one.run(ctx)
			if err != nil {
				return nil, err
			}
			one.costs = append(one.costs, c)
		}
	}
	return all, nil
}
