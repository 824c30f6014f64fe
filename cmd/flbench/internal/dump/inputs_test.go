package dump

import (
	"archive/zip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
	"github.com/flengine/flengine/engine"
)

var update = flag.Bool("update", false, "write docs/inputs.md")

// document is the table that TestInputs holds up to date.
const document = "../../docs/inputs.md"

// inputRow is a kind of input: lines of Python that made its files, or what is in x.npy
// and y.npy; arguments of eval; and which of want.json is to come of it, none where it is
// refused.
type inputRow struct {
	Python         []string
	Scores, Labels string
	Args           []string
	Want           string
}

// cells are the row's in the document.
func (row *inputRow) cells() string {
	args := code(strings.Join(row.Args, " "))
	if row.Scores == "" {
		return code(strings.Join(row.Python, "; ")) + " | " + args
	}
	return code(row.Scores) + " | " + code(row.Labels) + " | " + args
}

// inputWant is what is to come of an input, computed in float64.
type inputWant struct {
	Scores, Positives, Ignored int64
	Sum                        float64
}

const inputsIntro = `# What eval reads

Every kind of file, as Python saves it, and what comes of it. The files were made by these
lines and evaluated by a test (cmd/flbench/internal/dump), which also wrote this table;
the sums are those of NumPy in float64, to 1e-6. After

    import numpy as np, ml_dtypes, safetensors.numpy

logits is a float32 array of A = 6 anchors and C = 3 classes, such as
model(image).cls_logits[0].float().cpu().numpy(), and labels an int32 array with the class
of each anchor, -1 for background and -2 for ignored. hot is labels as one-hot integers,
with -1 in the rows that are ignored, onehot the same with 0 there; scores and objects are
a single column of these. box_head is a head of shape (1, 4 + C, A), with four box
coordinates before the classes. logits2 and labels2 are those of another image.

Where a table has scores and labels, they are those of

    np.save('x.npy', scores)
    np.save('y.npy', labels)

and the command is flbench eval --logits x.npy --labels y.npy with the flags.
`

// TestInputs evaluates each kind of input, holds the results against those of NumPy and
// the outcomes against the document.
func TestInputs(t *testing.T) {
	wants := unpackInputs(t)
	sections := readSections(t)
	var doc strings.Builder
	doc.WriteString(inputsIntro)
	doc.WriteString(matrices(t))
	number := 0
	for _, section := range sections {
		head := "| Python | flbench eval | outcome |\n| --- | --- | --- |\n"
		if section.Rows[0].Scores != "" {
			head = "| scores | labels | flags | outcome |\n| --- | --- | --- | --- |\n"
		}
		fmt.Fprintf(&doc, "\n## %s\n%s\n\n%s", section.Title, section.Text, head)
		for _, row := range section.Rows {
			outcome := row.run(t, number, wants)
			fmt.Fprintf(&doc, "| %s | %s |\n", row.cells(), strings.ReplaceAll(outcome, "|", `\|`))
			number++
		}
	}
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, document)
	if *update {
		if err := os.WriteFile(path, []byte(doc.String()), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, have := strings.Split(doc.String(), "\n"), strings.Split(string(text), "\n")
	for i := range max(len(got), len(have)) {
		line := func(lines []string) string {
			if i < len(lines) {
				return lines[i]
			}
			return ""
		}
		if line(got) != line(have) {
			t.Errorf("%s:%d: -update would change\n%s\ninto\n%s", document, i+1, line(have), line(got))
		}
	}
}

type inputSection struct {
	Title, Text string
	Rows        []inputRow
}

func readSections(t *testing.T) (sections []inputSection) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "inputs.json"))
	if err == nil {
		err = json.Unmarshal(text, &sections)
	}
	if err != nil {
		t.Fatal(err)
	}
	return sections
}

var inputsFolder string

// unpackInputs puts the files of all rows into inputsFolder.
func unpackInputs(t *testing.T) (wants map[string]inputWant) {
	t.Helper()
	inputsFolder = t.TempDir()
	z, err := zip.OpenReader(filepath.Join("testdata", "inputs.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == "want.json" {
			err = json.Unmarshal(data, &wants)
		} else {
			path := filepath.Join(inputsFolder, filepath.FromSlash(f.Name))
			if strings.HasSuffix(f.Name, "/") {
				err = os.MkdirAll(path, 0o777)
			} else if err = os.MkdirAll(filepath.Dir(path), 0o777); err == nil {
				err = os.WriteFile(path, data, 0o666)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return wants
}

// inputName is the folder of a row's files.
func inputName(number int) string { return fmt.Sprintf("%03d", number) }

// code spells code in a cell of a table.
func code(text string) string {
	if text == "pass" || text == "" {
		return ""
	}
	return "`" + strings.ReplaceAll(text, "|", `\|`) + "`"
}

// run evaluates the row and says what came of it.
func (row *inputRow) run(t *testing.T, number int, wants map[string]inputWant) (text string) {
	name := inputName(number)
	t.Run(name+" "+strings.Join(row.Args, " "), func(t *testing.T) {
		dir := filepath.Join(inputsFolder, name)
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		t.Chdir(dir)
		o := new(Options)
		flags := pflag.NewFlagSet("eval", pflag.ContinueOnError)
		o.AddFlags(flags)
		args := row.Args
		if row.Scores != "" {
			args = append([]string{"--logits=x.npy", "--labels=y.npy"}, args...)
		}
		if i := len(args) - 2; i >= 0 && args[i] == "<" {
			input, err := os.Open(args[i+1])
			if err != nil {
				t.Fatal(err)
			}
			defer input.Close()
			defer func(was *os.File) { os.Stdin = was }(os.Stdin)
			os.Stdin, args = input, args[:i]
		}
		if err := flags.Parse(args); err != nil {
			t.Fatal(err)
		}
		got, err := evaluate(o, flags.Args()...)
		want, known := wants[row.Want]
		switch {
		case err != nil && row.Want == "":
			text = "refused: " + strings.ReplaceAll(filepath.ToSlash(err.Error()), notFound(), "no such file or directory")
			return
		case err != nil || !known:
			t.Fatalf("%q: %v, want %q", row.Python, err, row.Want)
		}
		sum := got.Sum()
		if got.Scores != want.Scores || got.Positives != want.Positives || got.Ignored != want.Ignored || !(math.Abs(sum-want.Sum) <= 1e-6*want.Sum) {
			t.Errorf("%q: %d scores, %d positive, %d ignored, sum %v, want %+v", row.Python, got.Scores, got.Positives, got.Ignored, sum, want)
		}
		text = outcomeText(got.Result)
		for _, w := range got.warnings {
			text += "; warning: " + w
		}
		for _, n := range got.notes {
			text += "; note: " + n
		}
	})
	return text
}

// notFound is how this system words that a file is not there.
func notFound() string {
	_, err := os.Stat("no such file")
	return outfile.Cause(err).Error()
}

// outcomeText spells counts, and a sum to as many digits as all kernels share.
func outcomeText(r engine.Result) string {
	return fmt.Sprintf("%d scores, %d positive, %d ignored, sum %.5f", r.Scores, r.Positives, r.Ignored, r.Sum())
}
