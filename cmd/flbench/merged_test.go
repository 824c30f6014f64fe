package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestMerged: what tasks write, of PATHs and of ranges of them, merges to all that one eval of
// all PATHs prints, on stdout and on stderr.
func TestMerged(t *testing.T) {
	inRoot(t)
	flbench := func(args ...string) (stdout, stderr string) {
		t.Helper()
		var out, errs bytes.Buffer
		if code := run(args, &out, &errs); code != 0 {
			t.Fatalf("%s: exit code %d: %s", strings.Join(args, " "), code, &errs)
		}
		return out.String(), errs.String()
	}
	photos, formats := goldenPhotos, [][]string{{"--json"}, {}, {"--format=jsonl"}, {"--sort=per-positive", "--limit=2"}}
	all := [][]string{
		{"--losses=ce,focal(pos=1,neg=1)", "--top=4"}, {"--loss=softmaxfocal1.5", "--ignored=-1,-2", "--top=2", "--max"},
		{"--loss=asl"}, {"--losses=ce,focal2,focal(pos=1,neg=1)"}, {"--top=3", "--max"}, {"--losses=qfl,asl", "--top=4"},
	}
	if testing.Short() {
		photos, formats, all = photos[1:3], formats[:1], all[:2]
	}
	for _, flags := range all {
		flags = append(flags, "--workers=1")
		paths := photos
		out := t.TempDir()
		task := func(args ...string) string {
			file := filepath.Join(out, fmt.Sprintf("%d.jsonl", len(must(filepath.Glob(filepath.Join(out, "*"))))))
			if stdout, stderr := flbench(append(append([]string{"eval", "--partial", file}, flags...), args...)...); stdout+stderr != "" {
				t.Errorf("%q printed %q, %q", args, stdout, stderr)
			}
			return file
		}
		var whole, ranges []string
		for i := 0; i < len(paths); i += 2 {
			whole = append(whole, task(paths[i:min(i+2, len(paths))]...))
		}
		for i, path := range paths {
			for k := range i + 1 {
				ranges = append(ranges, task(fmt.Sprintf("--range=%d/%d", k+1, i+1), path))
			}
		}
		for _, show := range formats {
			want, says := flbench(append(append(append([]string{"eval"}, show...), flags...), paths...)...)
			for _, files := range [][]string{whole, ranges} {
				args := append(append([]string{"merge", fmt.Sprint("--expect=", len(paths))}, show...), files...)
				if got, said := flbench(args...); got != want || said != says {
					t.Errorf("%q, %q:\n%s\n%s\nwant\n%s\n%s", flags, args, got, said, want, says)
				}
			}
		}
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
