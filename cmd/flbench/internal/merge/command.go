// Package merge is flbench's merge: it reads what evaluations of some inputs each, or of ranges
// of one, came to, and reports on all of them as one evaluation would.
package merge

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/outcome"
	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
	"github.com/flengine/flengine/cmd/flbench/internal/partial"
)

// flags are merge's flags.
type flags struct {
	expect      int
	top         int
	arrangement outcome.Arrangement
	format      cli.FormatFlags
}

// New returns the command.
func New() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use: "merge FILE...", DisableFlagsInUseLine: true, Short: "Report on partial results of eval as one evaluation does", Long: long, Example: example,
		Args: cobra.ArbitraryArgs, RunE: f.run,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"jsonl"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.IntVar(&f.expect, "expect", 0, "fail unless there are `N` PATHs (default any number)")
	flags.IntVar(&f.top, "top", 0, "list the `K` hardest scores of each PATH, and of all; at most as many as the lines keep (default these)")
	f.arrangement.Add(cmd)
	f.format.Add(cmd, cli.FormatNames(outcome.Formats))
	return cmd
}

func (f *flags) run(cmd *cobra.Command, files []string) error {
	m, err := f.merger(cmd, files)
	if err != nil {
		return err
	}
	progress := cli.NewProgress(cmd.ErrOrStderr())
	if size, known := total(files); known {
		progress.StartBytes("merging", size)
		defer progress.Clear()
	} else {
		progress = nil
	}
	for _, file := range files {
		if err := m.file(file, progress); err != nil {
			return err
		}
	}
	progress.Clear()
	rep, err := m.report()
	if err != nil {
		return err
	}
	rep.Arrange(f.arrangement.Sort, f.arrangement.Limit)
	cli.PrintRemarks(cmd.ErrOrStderr(), rep.Warnings, rep.Notes)
	return cli.PrintAs(cmd.OutOrStdout(), rep, outcome.Formats, f.format.Name)
}

// merger checks the flags and the names of the files.
func (f *flags) merger(cmd *cobra.Command, files []string) (*merger, error) {
	given := cmd.Flags().Changed
	if err := f.format.Check(cmd); err != nil {
		return nil, err
	}
	if err := f.arrangement.Check(cmd); err != nil {
		return nil, err
	}
	m := &merger{expect: -1, top: -1, room: outcome.MaxKept, needsMax: f.arrangement.Sort == "max", noLists: f.format.Name == "csv"}
	switch {
	case given("expect") && f.expect < 1:
		return nil, cli.Usagef("--expect is %d: want the number of PATHs, 1 or more", f.expect)
	case f.top < 0:
		return nil, cli.Usagef("--top is %d: want 0 or more", f.top)
	case m.noLists && f.top > 0:
		return nil, cli.Usagef("--top with --format csv: its lines have no lists, want another format")
	case len(files) == 0:
		return nil, cli.Usagef("no input: want FILEs that flbench eval --partial wrote, or - for standard input")
	}
	if given("expect") {
		m.expect = f.expect
	}
	if given("top") {
		m.top = f.top
	}
	stdin := false
	for _, file := range files {
		switch {
		case file == "":
			return nil, cli.Usagef("a FILE is empty: want one that flbench eval --partial wrote")
		case file == standardInput && stdin:
			return nil, cli.Usagef("standard input is named twice: want - once")
		}
		stdin = stdin || file == standardInput
		for _, out := range []*os.File{os.Stdout, os.Stderr} {
			if overwrites(file, out) {
				return nil, cli.Usagef("%s is where the output goes: want another file for that", name(file))
			}
		}
	}
	return m, nil
}

const standardInput = "-"

// name is what messages call a file.
func name(file string) string {
	if file == standardInput {
		return "standard input"
	}
	return file
}

// open opens a file.
func open(file string) (*os.File, error) {
	if file == standardInput {
		return os.Stdin, nil
	}
	return os.Open(file)
}

// overwrites tells whether what is printed would change a file.
func overwrites(file string, out *os.File) bool {
	info, err := out.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	if file == standardInput {
		in, err := os.Stdin.Stat()
		return err == nil && os.SameFile(in, info)
	}
	return outfile.SameAs(file, out)
}

// total is the size of files, where that is known.
func total(files []string) (size int64, known bool) {
	for _, file := range files {
		info, err := os.Stat(file)
		if err != nil || !info.Mode().IsRegular() {
			return 0, false
		}
		size += info.Size()
	}
	return size, true
}

// file merges the lines of a file.
func (m *merger) file(file string, p *cli.Progress) error {
	in, err := open(file)
	if err != nil {
		return inFile(file, err)
	}
	if in != os.Stdin {
		defer in.Close()
	}
	if info, err := in.Stat(); err == nil && info.IsDir() {
		return inFile(file, errors.New("a folder"))
	}
	r := partial.NewReader(&reading{in, p}, name(file))
	for {
		l, err := r.Next()
		switch {
		case err == io.EOF:
			return nil
		case err == nil:
			err = m.add(l, place{name(file), r.Line()})
		}
		if err != nil {
			return err
		}
	}
}

// inFile says which file could not be opened.
func inFile(file string, err error) error {
	want := "want a file that flbench eval --partial wrote"
	if errors.Is(err, fs.ErrNotExist) {
		want += "; it writes none if it fails"
	}
	return fmt.Errorf("%s: %w, %s", file, outfile.Cause(err), want)
}

// reading tells how much of a file was read.
type reading struct {
	in *os.File
	p  *cli.Progress
}

func (r *reading) Read(b []byte) (int, error) {
	n, err := r.in.Read(b)
	r.p.Add(int64(n))
	return n, err
}
