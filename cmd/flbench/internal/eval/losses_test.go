package eval

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// TestEvalSeveral: several losses in one reading give what each gives alone, in every format.
func TestEvalSeveral(t *testing.T) {
	withShards(t, 2)
	for i, f := range forms(t) {
		if testing.Short() && i%4 > 0 {
			continue
		}
		dirs := []string{f.args[len(f.args)-1]}
		if f.name != "two files" {
			dirs = append(dirs, dirs[0])
		}
		args := append(append([]string{"--workers=2", "--max", "--sort=mean", "--limit=1"}, f.args[:len(f.args)-1]...), dirs...)
		losses := strings.Join(f.loss, ",")
		runs := func(args ...string) (all string, alone []string) {
			t.Helper()
			stdout := func(args ...string) string {
				out, stderr, code := command(append([]string{"eval"}, args...)...)
				if code != 0 {
					t.Fatalf("%s, %q: exit code %d, %s", f.name, args, code, stderr)
				}
				return out
			}
			for _, loss := range f.loss {
				alone = append(alone, stdout(append(args, "--loss", loss)...))
			}
			return stdout(append(args, "--losses", losses)...), alone
		}
		if all, alone := runs(args...); all != strings.Join(alone, "\n") {
			t.Errorf("%s:\n%s\nwant\n%s", f.name, all, strings.Join(alone, "\n"))
		}

		type part struct{ Loss, Results, Total, Images json.RawMessage }
		type whole struct {
			part
			Kernel, Warnings, Notes json.RawMessage
			Workers                 int
			Losses                  []part
		}
		decode := func(text string) (w whole) {
			must(0, json.Unmarshal([]byte(text), &w))
			return w
		}
		same := func(a, b json.RawMessage) bool { return compact(a) == compact(b) }
		all, alone := runs(append(args, "--json", "--top=5")...)
		got := decode(all)
		if len(got.Losses) != len(f.loss) || got.Loss != nil || got.Results != nil {
			t.Fatalf("%s: %s", f.name, all)
		}
		for i, text := range alone {
			want, part := decode(text), got.Losses[i]
			if !same(part.Loss, want.Loss) || !same(part.Results, want.Results) || !same(part.Total, want.Total) || !same(part.Images, want.Images) ||
				!same(got.Kernel, want.Kernel) || got.Workers != want.Workers || i == 0 && !same(got.Warnings, want.Warnings) || !same(got.Notes, want.Notes) {
				t.Errorf("%s, %s: %s, want %s", f.name, f.loss[i], all, text)
			}
		}

		all, alone = runs(append(args, "--format=jsonl", "--top=5")...)
		var want string
		for i, text := range alone {
			want += `{"loss":` + compact(got.Losses[i].Loss) + "," + strings.TrimPrefix(text, "{")
		}
		if all != want {
			t.Errorf("%s: %s, want %s", f.name, all, want)
		}

		all, alone = runs(append(args, "--format=csv")...)
		lines := strings.SplitAfter(alone[0], "\n")
		want = "loss," + lines[0]
		for i, text := range alone {
			loss := linesOf(t, eval(t, append(append([]string{"--partial=-", "--losses", losses}, f.args[:len(f.args)-1]...), dirs[0])...))[0].Losses[i].Loss.String()
			if strings.Contains(loss, ",") {
				loss = `"` + loss + `"`
			}
			want += loss + "," + strings.SplitAfter(text, "\n")[1]
		}
		if all != want {
			t.Errorf("%s: %s, want %s", f.name, all, want)
		}
	}
}

func compact(text json.RawMessage) string {
	if text == nil {
		return ""
	}
	return string(must(json.Marshal(text)))
}

// TestEvalOneOfSeveral: a list of one loss is that loss, with all that goes with one.
func TestEvalOneOfSeveral(t *testing.T) {
	s := newSample(3, 100, 5)
	dir := folder(t, s.logitsFile(), s.classesFile())
	out := filepath.Join(t.TempDir(), "l.npy")
	if got, want := eval(t, "--losses=ce", "--json", "--losses-out", out, dir), eval(t, "--loss=ce", "--json", dir); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	readFloats(t, out)
}
