package cluster

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestQuoted: the document shows each recipe as it is run here.
func TestQuoted(t *testing.T) {
	document := read(t, filepath.Join(docs, "recipes.md"))
	entries, err := os.ReadDir(docs)
	if err != nil {
		t.Fatal(err)
	}
	recipes := 0
	for _, entry := range entries {
		language, ok := map[string]string{".sh": "sh", ".py": "python", ".yaml": "yaml"}[filepath.Ext(entry.Name())]
		if !ok {
			continue
		}
		recipes++
		text := strings.TrimPrefix(read(t, filepath.Join(docs, entry.Name())), "#!/bin/sh\n")
		if want := "```" + language + "\n" + text + "```\n"; !strings.Contains(document, want) {
			t.Errorf("recipes.md does not show %s as it is", entry.Name())
		}
		if !strings.Contains(document, "("+entry.Name()+")") {
			t.Errorf("recipes.md has no link to %s", entry.Name())
		}
	}
	if recipes != 6 {
		t.Errorf("found %d recipes, want 6", recipes)
	}
}

func TestXargs(t *testing.T) {
	dir := work(t, images(t, false))
	same(t, run(t, recipe(t, dir, "xargs.sh", "--json")).total(t), alone(t))

	// What is done is kept, and without --json it is eval's table.
	again := run(t, recipe(t, dir, "xargs.sh"))
	table := run(t, command(t, dir, "flbench", "eval", "--from", "images.txt"))
	if again.code != 0 || lastRow(again.stdout) != lastRow(table.stdout) || lastRow(table.stdout) == "" {
		t.Errorf("exit code %d, stderr %q, the total's row\n%q, want\n%q", again.code, again.stderr, lastRow(again.stdout), lastRow(table.stdout))
	}

	// The list of other images is refused.
	paths := slices.Clone(images(t, false))
	slices.Reverse(paths)
	write(t, filepath.Join(dir, "images.txt"), strings.Join(paths, "\n")+"\n")
	run(t, recipe(t, dir, "xargs.sh")).failed(t)
}

// lastRow is the row of the total in a table of eval.
func lastRow(table string) string {
	for line := range strings.Lines(table) {
		if strings.HasSuffix(line, " total\n") {
			return line
		}
	}
	return ""
}

// TestXargsKilled: after a task was killed in the middle the recipe fails, and has the
// same bytes when it is run again.
func TestXargsKilled(t *testing.T) {
	dir := work(t, images(t, false))
	v := newVictim(t, "flbench", flbench(t), "", 0)
	run(t, v.of(recipe(t, dir, "xargs.sh", "--json"))).failed(t)
	v.died(t)
	done, err := filepath.Glob(filepath.Join(dir, "parts", "*.jsonl"))
	if want := (*shards+3)/4 - 1; err != nil || len(done) != want {
		t.Errorf("%d tasks are done, %v: want %d, all but the one that was killed", len(done), err, want)
	}
	same(t, run(t, v.of(recipe(t, dir, "xargs.sh", "--json"))).total(t), alone(t))
}

func TestXargsNaN(t *testing.T) {
	run(t, recipe(t, work(t, images(t, true)), "xargs.sh", "--json")).namesNaN(t, lastNaN(t))
}

// TestRange: all scores in one file have the total of the files, in one piece and in eight ranges.
func TestRange(t *testing.T) {
	same(t, run(t, command(t, ".", "flbench", "eval", "--json", whole(t, false))).total(t), alone(t))
	same(t, run(t, recipe(t, t.TempDir(), "range.sh", whole(t, false), "--json")).total(t), alone(t))
	run(t, recipe(t, t.TempDir(), "range.sh", whole(t, true), "--json")).namesNaN(t, whole(t, true))
}

// TestTwoRanges: each file in two ranges, by a process each.
func TestTwoRanges(t *testing.T) {
	dir := t.TempDir()
	var parts []string
	part := func(i, of int, image string) outcome {
		parts = append(parts, filepath.Join(dir, fmt.Sprint(len(parts))))
		return run(t, command(t, dir, "flbench", "eval", "--range", fmt.Sprintf("%d/%d", i, of), "--partial", parts[len(parts)-1], image))
	}
	for _, image := range images(t, false) {
		for i := 1; i <= 2; i++ {
			if done := part(i, 2, image); done.code != 0 {
				t.Fatalf("exit code %d, stderr %q", done.code, done.stderr)
			}
		}
	}
	merge := func(parts ...string) outcome {
		return run(t, command(t, dir, "flbench", append([]string{"merge", "--json"}, parts...)...))
	}
	same(t, merge(parts...).total(t), alone(t))
	merge(parts[1:]...).failed(t)
	merge(append(parts, parts[0])...).failed(t)

	last := lastNaN(t)
	part(1, 3, last)
	part(2, 3, last).namesNaN(t, last)
	if _, err := os.Stat(parts[len(parts)-1]); err == nil {
		t.Error("a range with a NaN has a partial result")
	}
}

// TestKubernetes runs the commands of the manifests as Kubernetes would start them, with
// the index of a task in the environment and a folder for the volume: there is no cluster here.
func TestKubernetes(t *testing.T) {
	script := func(name, volume string) string {
		return strings.ReplaceAll(manifestScript(t, name), "/data/", volume+"/")
	}
	const tasks = 8
	for _, nan := range []bool{false, true} {
		dir := work(t, images(t, nan))
		if err := os.Mkdir(filepath.Join(dir, "parts"), 0o755); err != nil {
			t.Fatal(err)
		}
		pod := func(i int) outcome {
			cmd := command(t, t.TempDir(), "sh", "-euc", script("k8s-eval.yaml", dir))
			cmd.Env = append(cmd.Env, fmt.Sprintf("TASKS=%d", tasks), fmt.Sprintf("JOB_COMPLETION_INDEX=%d", i))
			return run(t, cmd)
		}
		merge := func() outcome { return run(t, command(t, t.TempDir(), "sh", "-euc", script("k8s-merge.yaml", dir))) }
		if nan {
			pod(*shards%tasks).namesNaN(t, lastNaN(t)) // the last line's
			continue
		}
		order := rand.Perm(tasks)
		for _, i := range order[1:] {
			if done := pod(i); done.code != 0 {
				t.Fatalf("task %d: exit code %d, stderr %q", i, done.code, done.stderr)
			}
		}
		merge().failed(t)
		pod(order[0])
		pod(order[1]) // Kubernetes may start one twice
		same(t, merge().total(t), alone(t))
	}
}

// manifestScript returns what the container of a manifest has sh run: the literal block in args.
// make cluster holds it against a reader of YAML.
func manifestScript(t *testing.T, name string) string {
	t.Helper()
	const head, indent = "          args:\n            - |\n", "              "
	_, rest, found := strings.Cut(read(t, filepath.Join(docs, name)), head)
	var script strings.Builder
	for line := range strings.Lines(rest) {
		text, inside := strings.CutPrefix(line, indent)
		if !inside {
			break
		}
		script.WriteString(text)
	}
	if !found || script.Len() == 0 {
		t.Fatalf("%s has no literal block in args", name)
	}
	return script.String()
}
