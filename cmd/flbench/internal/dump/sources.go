package dump

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/outfile"
)

// Source is one image or batch of images, not yet opened.
type Source struct {
	Path string // what results and messages call it

	set            *settings
	logits, labels string   // files; the same one for an archive
	form           form     // of how they were named
	streams        *streams // those of the files that can be read once only, or nil
}

// form is how an input is named.
type form uint8

const (
	folder  form = iota // with logits.npy and labels.npy
	archive             // one file, .npz or .safetensors, with both arrays
	pair                // --logits and --labels
)

const (
	standardInput = "-"
	wantFolder    = "want a folder with logits.npy and labels.npy, a folder of .npz or of .safetensors files, or such a file"
)

// Sources returns the inputs that the options and PATHs name, in order; those of a
// folder of files by name.
func (o *Options) Sources(paths []string) ([]Source, error) {
	set, err := o.check()
	if err != nil {
		return nil, err
	}
	listed := o.From != ""
	switch both := o.Logits != "" && o.Labels != ""; {
	case (o.Logits != "" || o.Labels != "") && !both:
		return nil, usagef("only one of --logits and --labels: want both, or PATHs")
	case both && len(paths) > 0:
		return nil, usagef("%s beside --logits and --labels: want one or the other", paths[0])
	case both && listed:
		return nil, usagef("--from beside --logits and --labels: want one or the other")
	case both:
		return set.pair()
	case len(paths) == 0 && !listed:
		return nil, usagef("no input: want PATHs, --from, or --logits and --labels")
	}
	var sources []Source
	for _, path := range paths {
		if path == "" {
			return nil, usagef("a PATH is empty: %s", wantFolder)
		}
	}
	streams := 0
	if listed {
		more, err := readList(o.From)
		if err != nil {
			return nil, err
		}
		paths = append(paths[:len(paths):len(paths)], more...)
		if o.From == standardInput {
			streams++
		}
	}
	for _, path := range paths {
		if path == standardInput {
			if streams++; streams > 1 {
				return nil, usagef("standard input is named twice: want - once, as a PATH or for --from")
			}
		}
		if sources, err = set.appendPath(sources, path); err != nil {
			return nil, err
		}
	}
	return sources, nil
}

// pair returns the input that --logits and --labels name.
func (s *settings) pair() ([]Source, error) {
	source := Source{Path: s.Logits, set: s, logits: s.Logits, labels: s.Labels, form: pair}
	files := []string{s.Logits, s.Labels, s.Weights}
	input := func(file string) bool { return file == standardInput }
	if i := slices.IndexFunc(files, input); i >= 0 && slices.ContainsFunc(files[i+1:], input) {
		return nil, usagef("standard input is named twice: want - for one of --logits, --labels and --weights, or as a PATH for an archive with all")
	}
	source.streams = newStreams(files...)
	return []Source{source}, nil
}

// appendPath adds the inputs of one PATH.
func (s *settings) appendPath(to []Source, path string) ([]Source, error) {
	if path == standardInput {
		return append(to, Source{Path: path, set: s, logits: path, labels: path, form: archive, streams: newStreams(path)}), nil
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w, %s", path, outfile.Cause(err), wantFolder)
	case !info.IsDir():
		source := Source{Path: path, set: s, logits: path, labels: path, form: archive}
		if !info.Mode().IsRegular() {
			source.streams = newStreams(path)
		}
		return append(to, source), nil
	}
	found, err := look(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w, %s", path, outfile.Cause(err), wantFolder)
	}
	switch forms := found.forms(); {
	case len(forms) > 1:
		return nil, fmt.Errorf("%s: a folder with %s, want one of these: name files instead of the folder", path, strings.Join(forms, " and "))
	case found.pair:
		return append(to, Source{Path: path, set: s, form: folder,
			logits: filepath.Join(path, "logits.npy"), labels: filepath.Join(path, "labels.npy")}), nil
	case len(forms) == 0 && found.folders > 0:
		return nil, fmt.Errorf("%s: a folder of folders, %s: name the folders in it, as in %s", path, wantFolder, filepath.Join(path, "*"))
	case len(forms) == 0:
		return nil, fmt.Errorf("%s: a folder with none of these files, %s", path, wantFolder)
	}
	for _, name := range append(found.npz, found.safetensors...) {
		file := filepath.Join(path, name)
		to = append(to, Source{Path: file, set: s, logits: file, labels: file, form: archive})
	}
	return to, nil
}

// content is what of a folder can be an input.
type content struct {
	pair             bool // logits.npy or labels.npy
	npz, safetensors []string
	folders          int
}

// look lists a folder by name. Hidden files are left out: some systems put files of
// their own beside each.
func look(path string) (found content, err error) {
	entries, err := os.ReadDir(path)
	for _, e := range entries {
		name, kind := e.Name(), e.Type()
		if strings.HasPrefix(name, ".") {
			continue
		}
		if kind&fs.ModeSymlink != 0 {
			if info, err := os.Stat(filepath.Join(path, name)); err == nil {
				kind = info.Mode().Type()
			}
		}
		switch ext := strings.ToLower(filepath.Ext(name)); {
		case kind.IsDir():
			found.folders++
		case name == "logits.npy" || name == "labels.npy":
			found.pair = true
		case ext == ".npz":
			found.npz = append(found.npz, name)
		case ext == ".safetensors":
			found.safetensors = append(found.safetensors, name)
		}
	}
	return found, err
}

func (c *content) forms() (forms []string) {
	if c.pair {
		forms = append(forms, "logits.npy or labels.npy")
	}
	if c.npz != nil {
		forms = append(forms, ".npz files")
	}
	if c.safetensors != nil {
		forms = append(forms, ".safetensors files")
	}
	return forms
}

// maxList bounds a list of PATHs, in bytes.
const maxList = 1 << 28

// readList reads the PATHs of --from: lines, or, if there is a NUL, what NULs end.
func readList(file string) ([]string, error) {
	fail := func(what string) error {
		return fmt.Errorf("--from=%s: %s, want a file with a PATH per line", file, what)
	}
	in := os.Stdin
	if file != standardInput {
		var err error
		if in, err = os.Open(file); err != nil {
			return nil, fail(outfile.Cause(err).Error())
		}
		defer in.Close()
	}
	text, err := io.ReadAll(io.LimitReader(in, maxList+1))
	switch {
	case err != nil:
		return nil, fail(outfile.Cause(err).Error())
	case len(text) > maxList:
		return nil, fail(fmt.Sprintf("more than %d MiB", maxList>>20))
	}
	end := "\n"
	if bytes.IndexByte(text, 0) >= 0 {
		end = "\x00"
	}
	var paths []string
	for path := range strings.SplitSeq(string(text), end) {
		if end == "\n" {
			path = strings.TrimSuffix(path, "\r")
			if strings.TrimSpace(path) == "" {
				path = ""
			}
		}
		if path != "" {
			paths = append(paths, path)
		}
	}
	if len(paths) == 0 {
		return nil, fail("no PATH in it")
	}
	return paths, nil
}
