package dump

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/flengine/flengine/engine"
)

// FuzzDump gives any bytes as files, with any flags. Nothing may panic, errors name the
// input or a flag, and what is evaluated comes out the same by shards of any length.
func FuzzDump(f *testing.F) {
	addInputs(f)
	f.Fuzz(func(t *testing.T, x, y, w []byte, args string, shard uint8) {
		dir := t.TempDir()
		// Written before flags are looked at, as most of them need files.
		files := map[string][]byte{"x.npy": x, "y.npy": y, "w.npy": w, "img/logits.npy": x, "img/labels.npy": y, "img.npz": x}
		if err := os.Mkdir(filepath.Join(dir, "img"), 0o777); err != nil {
			t.Fatal(err)
		}
		for name, data := range files {
			if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		o := new(Options)
		flags := pflag.NewFlagSet("eval", pflag.ContinueOnError)
		flags.SetOutput(io.Discard)
		o.AddFlags(flags)
		if err := flags.Parse(strings.Split(args, " ")); err != nil {
			return
		}
		// Paths lead nowhere but to the files above.
		o.From = ""
		for _, path := range []*string{&o.Logits, &o.Labels, &o.Weights} {
			if *path != "" {
				*path = filepath.Join(dir, filepath.Base(*path))
			}
		}
		var paths []string
		if o.Logits == "" && o.Labels == "" {
			paths = []string{filepath.Join(dir, "img"), filepath.Join(dir, "img.npz")}[:1+len(args)%2]
		}
		sources, err := o.Sources(paths)
		for _, s := range sources {
			var n int
			if n, err = s.Check(); err == nil {
				err = evaluateSource(s, n, int(shard)+1)
			}
			if err != nil {
				break
			}
		}
		if err == nil || errors.As(err, new(UsageError)) {
			return
		}
		if text := err.Error(); !strings.Contains(text, dir) || strings.Contains(text, "%!") {
			t.Errorf("%q: the message %q", args, text)
		}
	})
}

// evaluateSource evaluates an input by shards of two lengths.
func evaluateSource(s Source, n, shard int) error {
	d, err := s.Open()
	if err != nil {
		return err
	}
	defer d.Close()
	if d.Scores() != n {
		panic("Check and Open have other scores")
	}
	e, err := engine.New(engine.CrossEntropy(), append(d.Options(), engine.WithWorkers(1))...)
	if err != nil {
		return err
	}
	var scratch Scratch
	sum := func(shard int) (all engine.Result, err error) {
		for from := 0; from < n; from += shard {
			to := min(from+shard, n)
			if err := d.Fault(from, to); err != nil {
				return all, err
			}
			b, err := d.Batch(from, to, &scratch)
			if err != nil {
				return all, err
			}
			r, err := e.Sum(b)
			if err != nil {
				return all, d.Locate(err, from)
			}
			all.Merge(r)
		}
		return all, nil
	}
	one, err := sum(shard)
	whole, wholeErr := sum(max(n, 1))
	switch {
	case (err == nil) != (wholeErr == nil) || err != nil && err.Error() != wholeErr.Error():
		panic(errors.Join(errors.New("the fault depends on the shards"), err, wholeErr))
	case err != nil:
		return err
	case one.Scores != whole.Scores || one.Positives != whole.Positives || one.Ignored != whole.Ignored || one.Scores+one.Ignored != int64(n):
		panic("the counts depend on the shards")
	}
	d.Warnings(whole)
	if n > 0 {
		d.Class((n - 1) % d.Columns())
		d.Box((n - 1) / d.Columns())
	}
	d.Notes()
	return nil
}

// addInputs adds the inputs of TestInputs that are pairs.
func addInputs(f *testing.F) {
	text, err := os.ReadFile(filepath.Join("testdata", "inputs.json"))
	if err != nil {
		f.Fatal(err)
	}
	var sections []inputSection
	if err := json.Unmarshal(text, &sections); err != nil {
		f.Fatal(err)
	}
	z, err := zip.OpenReader(filepath.Join("testdata", "inputs.zip"))
	if err != nil {
		f.Fatal(err)
	}
	defer z.Close()
	files := map[string][]byte{}
	for _, file := range z.File {
		r, err := file.Open()
		if err != nil {
			f.Fatal(err)
		}
		if files[file.Name], err = io.ReadAll(r); err != nil {
			f.Fatal(err)
		}
	}
	number := -1
	for _, section := range sections {
		for _, row := range section.Rows {
			number++
			name := inputName(number)
			x, y, w := files[name+"/x.npy"], files[name+"/y.npy"], files[name+"/w.npy"]
			if archive := files[name+"/img.npz"]; archive != nil {
				x = archive
			}
			args := strings.Join(row.Args, " ")
			if row.Scores != "" {
				args += " --logits=x.npy --labels=y.npy"
			}
			f.Add(x, y, w, args, uint8(number))
		}
	}
}
