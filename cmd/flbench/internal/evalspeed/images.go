//go:build linux

package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	imageRows = 937 // of 80 scores: 300 KB
	hardest   = 20  // images that are listed by loss
)

//go:embed check.py
var checkScript string

// imageData are many images and one large file with the same rows.
type imageData struct {
	list  string   // a path per line
	files []string // of all images
	large *largeData
}

// manyImages measures images, each an input of its own.
func (s *settings) manyImages(ctx context.Context, dir string, stdout io.Writer) error {
	const image = imageRows * (4*columns + 4)
	bytes := uint64(s.images) * (2*image + 3*4096) // and what their files take at their ends
	if err := checkSpace(dir, bytes); err != nil {
		return err
	}
	s.say("writing %s", size(bytes))
	d, err := s.writeImages(ctx, dir)
	if err != nil {
		return err
	}
	from := []string{"--from", d.list}
	byLoss := append([]string{"--sort", "loss", "--limit", strconv.Itoa(hardest)}, from...)
	all, err := s.alternate(ctx, append(d.files, d.large.logits, d.large.labels["classes"]),
		s.evalJob("one file of the same rows, 1 worker", 1, s.cpu, "--logits", d.large.logits, "--labels", d.large.labels["classes"]),
		s.evalJob("images, 1 worker", 1, s.cpu, from...),
		s.evalJob("images, 1 worker, the hardest of them", 1, s.cpu, byLoss...),
		s.evalJob("images, 2 workers", 2, -1, from...))
	if err != nil {
		return err
	}
	if err := sameSums(all[1:]); err != nil {
		return err
	}
	if err := nearSums(all[0], all[1]); err != nil {
		return err
	}
	r := newReport(s)
	fmt.Fprintf(r, "%d images of %d × %d float32 logits and int32 classes, as %s\n", s.images, imageRows, columns, s.form)
	r.table("in the page cache", d.large.scores(), bytesIn(d.large.logits, d.large.labels["classes"]), all)
	n := float64(s.images)
	for _, one := range all[1:] {
		fmt.Fprintf(r, "%s: %.0f images per second", one.name, n/one.median(wall).Seconds())
		if one.cpu == all[0].cpu {
			beyond := func(of func(cost) time.Duration) float64 {
				return 1e6 * (one.median(of) - all[0].median(of)).Seconds() / n
			}
			fmt.Fprintf(r, "; %.1f µs per image beyond its scores, %.1f µs of CPU time", beyond(wall), beyond(cpuTime))
		}
		fmt.Fprintln(r)
	}

	fmt.Fprintln(r)
	for workers := 1; workers <= 2; workers++ {
		j := s.evalJob(fmt.Sprintf("flbench eval, --workers %d", workers), workers, -1, from...)
		p, err := j.runForMemory(ctx, dir)
		if err != nil {
			return err
		}
		r.memory(j.name, p)
	}
	if s.check {
		s.say("checking in python3")
		verdict, err := check(ctx, dir, d.list, all[2].costs[0].stdout)
		if err != nil {
			return err
		}
		fmt.Fprintf(r, "\n%s\n", verdict)
	}
	return r.print(stdout)
}

// writeImages writes the images into a folder of their own, and their rows again
// into one file.
func (s *settings) writeImages(ctx context.Context, dir string) (d *imageData, err error) {
	d = &imageData{
		list:  filepath.Join(dir, "images.txt"),
		large: &largeData{logits: filepath.Join(dir, "logits.npy"), labels: map[string]string{"classes": filepath.Join(dir, "classes.npy")}, rows: s.images * imageRows},
	}
	images := filepath.Join(dir, "images")
	if err := os.Mkdir(images, 0o755); err != nil {
		return nil, err
	}
	logits, err := create(d.large.logits, header("=f4", d.large.rows, columns))
	if err != nil {
		return nil, err
	}
	defer logits.Close()
	classes, err := create(d.large.labels["classes"], header("=i4", d.large.rows))
	if err != nil {
		return nil, err
	}
	defer classes.Close()
	var list strings.Builder
	for i := range s.images {
		if ctx.Err() != nil {
			return nil, errors.New("interrupted")
		}
		a := newAnchors(imageRows, uint64(i))
		path, err := writeImage(filepath.Join(images, fmt.Sprintf("%06d", i)), s.form, a)
		if err != nil {
			return nil, err
		}
		fmt.Fprintln(&list, path)
		if s.form == "folders" {
			d.files = append(d.files, filepath.Join(path, "logits.npy"), filepath.Join(path, "labels.npy"))
		} else {
			d.files = append(d.files, path)
		}
		logits.Write(bytesOf(a.logits)) // errors stick
		classes.Write(bytesOf(a.classes))
	}
	if err := errors.Join(logits.finish(), classes.finish()); err != nil {
		return nil, err
	}
	return d, os.WriteFile(d.list, []byte(list.String()), 0o644)
}

// nearSums holds the images' total against that of one file, whose sums are cut elsewhere.
func nearSums(a, b *series) error {
	x, n, err := outcome(a.costs[0].stdout)
	if err != nil {
		return fmt.Errorf("%s printed no sum: %w", a.name, err)
	}
	y, m, err := outcome(b.costs[0].stdout)
	if err != nil || m != n || !(math.Abs(y-x) <= 1e-6*math.Abs(x)) {
		return fmt.Errorf("%s: sum %v of %d scores (%v); %s: %v of %d", b.name, y, m, err, a.name, x, n)
	}
	return nil
}

// check has NumPy say whether a report names the hardest images.
func check(ctx context.Context, dir, list string, report []byte) (string, error) {
	script, result := filepath.Join(dir, "check.py"), filepath.Join(dir, "report.json")
	if err := errors.Join(os.WriteFile(script, []byte(checkScript), 0o644), os.WriteFile(result, report, 0o644)); err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, "python3", script, result, list, strconv.Itoa(hardest)).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("-check: python3 with NumPy: %w: %s", err, out)
	}
	return strings.TrimSpace(string(out)), nil
}
