//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// blockRows are the distinct rows of a large file; an odd number, so that they
// begin everywhere within the blocks of the engine's sums.
const blockRows = 1<<16 - 1

// targets of DESIGN.md, section 8.
const (
	wantWarm    = "want ≥ 70 %, aim 80 %"
	wantWorkers = "want ≥ 1.8"
	wantCold    = "want ≤ 1.15"
	wantMemory  = "want ≤ 64 MiB"
)

// evalJob is flbench eval with some workers: pinned with one, unless cpu is -1.
func (s *settings) evalJob(name string, workers, cpu int, args ...string) job {
	return job{name: name, cpu: cpu, argv: append([]string{s.flbench, "eval", "--json", "--workers", strconv.Itoa(workers)}, args...)}
}

// largeFile measures one large file.
func (s *settings) largeFile(ctx context.Context, dir string, stdout io.Writer) error {
	rows := max(1, int(s.gib*(1<<30)/4/columns))
	bytes := uint64(rows) * (4*columns + 4 + columns)
	if err := checkSpace(dir, bytes); err != nil {
		return err
	}
	s.say("writing %s", size(bytes))
	d, err := writeLarge(dir, newAnchors(min(rows, blockRows), 1), rows, s.labels)
	if err != nil {
		return err
	}
	r := newReport(s)
	fmt.Fprintf(r, "one file of %d × %d float32 logits, %s\n", d.rows, columns, size(4*uint64(d.scores())))
	for _, form := range s.labels {
		for _, part := range []struct {
			name    string
			measure func(context.Context, *report, string, *largeData, string) error
		}{{"warm", s.warmPart}, {"cold", s.coldPart}, {"memory", s.memoryPart}} {
			if !slices.Contains(s.only, part.name) {
				continue
			}
			s.say("%s, %s", form, part.name)
			if err := part.measure(ctx, r, form, d, dir); err != nil {
				return err
			}
		}
	}
	return r.print(stdout)
}

func (s *settings) warmPart(ctx context.Context, r *report, form string, d *largeData, _ string) error {
	files := []string{d.logits, d.labels[form]}
	eval := []string{"--logits", d.logits, "--labels", d.labels[form]}
	all, err := s.alternate(ctx, files,
		job{name: "map, engine.Sum, unmap; 1 worker", cpu: s.cpu, argv: []string{s.self, childCommand, "sum", form, d.logits, d.labels[form]}},
		s.evalJob("flbench eval, 1 worker", 1, s.cpu, eval...),
		s.evalJob("flbench eval, 2 workers", 2, -1, eval...))
	if err != nil {
		return err
	}
	if err := sameSums(all); err != nil {
		return err
	}
	r.table("in the page cache, "+form, d.scores(), bytesIn(files...), all)
	r.verdict("eval's rate with 1 worker : engine.Sum's", ratios(all[0], all[1], wall).percent(), wantWarm)
	r.verdict("the same by CPU time, which other programs lengthen less", ratios(all[0], all[1], cpuTime).percent(), wantWarm)
	r.verdict("eval's rate with 2 workers : with 1", ratios(all[1], all[2], wall).String(), wantWorkers)
	return nil
}

// coldPart compares eval of files on the disk with reading alone and computing alone.
func (s *settings) coldPart(ctx context.Context, r *report, form string, d *largeData, _ string) error {
	files := []string{d.logits, d.labels[form]}
	if err := cool(files...); err != nil {
		fmt.Fprintf(r, "\nnot in the page cache, %s: not measured: %v\n", form, err)
		return nil
	}
	eval := []string{"--logits", d.logits, "--labels", d.labels[form]}
	cold := func(j job) job { j.cold = true; return j }
	all, err := s.alternate(ctx, files,
		cold(job{name: "read, page cache empty", cpu: -1, argv: append([]string{s.self, childCommand, "read"}, files...)}),
		s.evalJob("eval, 1 worker, page cache full", 1, -1, eval...),
		s.evalJob("eval, 2 workers, page cache full", 2, -1, eval...),
		cold(s.evalJob("eval, 1 worker, page cache empty", 1, -1, eval...)),
		cold(job{name: "read by O_DIRECT, 4 requests at a time", cpu: -1, argv: append([]string{s.self, childCommand, "direct"}, files...)}),
		cold(s.evalJob("eval, 2 workers, page cache empty", 2, -1, eval...)))
	if err != nil {
		return err
	}
	if err := sameSums([]*series{all[1], all[2], all[3], all[5]}); err != nil {
		return err
	}
	r.table("from the disk, "+form, d.scores(), bytesIn(files...), all)
	reading := all[0]
	if direct := all[4]; direct.median(wall) < reading.median(wall) {
		reading = direct
	}
	for i, workers := range []string{"1 worker", "2 workers"} {
		computing, cold := all[1+i], all[3+2*i]
		value := against(cold, func(round int) float64 {
			return max(reading.costs[round].wall.Seconds(), computing.costs[round].wall.Seconds())
		})
		r.verdict(fmt.Sprintf("eval with %s : the longer of %q and computing", workers, reading.name), value.String(), wantCold)
	}
	return nil
}

func (s *settings) memoryPart(ctx context.Context, r *report, form string, d *largeData, dir string) error {
	if _, err := warm(d.logits, d.labels[form]); err != nil {
		return err
	}
	fmt.Fprintf(r, "\nresident beyond the mapped data, %s: the most that /proc/PID/smaps showed, looked at every 2 ms\n\n", form)
	for workers := 1; workers <= 2; workers++ {
		j := s.evalJob(fmt.Sprintf("flbench eval, --workers %d", workers), workers, -1, "--logits", d.logits, "--labels", d.labels[form])
		p, err := j.runForMemory(ctx, dir)
		if err != nil {
			return err
		}
		r.memory(j.name, p)
	}
	return nil
}

// outcome returns the sum and the scores that a run printed.
func outcome(out []byte) (sum float64, scores int64, err error) {
	if text := string(out); !strings.HasPrefix(text, "{") { // the reference's
		_, err = fmt.Sscan(text, &sum, &scores)
		return sum, scores, err
	}
	var eval struct {
		Total struct {
			Sum    float64 `json:"sum"`
			Scores int64   `json:"scores"`
		} `json:"total"`
	}
	err = json.Unmarshal(out, &eval)
	return eval.Total.Sum, eval.Total.Scores, err
}

// sameSums compares what all runs printed: what is fast and wrong is not fast.
func sameSums(all []*series) error {
	wantSum, wantScores, err := outcome(all[0].costs[0].stdout)
	if err != nil {
		return fmt.Errorf("%s printed no sum: %w", all[0].name, err)
	}
	for _, one := range all {
		for _, c := range one.costs {
			sum, scores, err := outcome(c.stdout)
			if err != nil || sum != wantSum || scores != wantScores {
				return fmt.Errorf("%s: sum %v of %d scores (%v); %s: %v of %d", one.name, sum, scores, err, all[0].name, wantSum, wantScores)
			}
		}
	}
	return nil
}
