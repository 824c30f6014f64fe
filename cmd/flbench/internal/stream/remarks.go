package stream

import (
	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

// Remarks are those on an image.
type Remarks struct{ Warnings, Notes []cli.Remark }

// Take takes what is to be said of an image whose shards are done, and had this result.
func (r *Remarks) Take(im *Image, result engine.Result) error {
	in, err := im.Input()
	if err != nil {
		return err
	}
	path := cli.Path(in.Path())
	for _, text := range in.Warnings(result) {
		r.Warnings = append(r.Warnings, cli.Remark{Path: path, Text: text})
	}
	for _, text := range in.Notes() {
		r.Notes = append(r.Notes, cli.Remark{Path: path, Text: text})
	}
	return nil
}

// AllRemarks are those on all images, in their order; no list is nil.
func AllRemarks(of []Remarks) (warnings, notes []cli.Remark) {
	warnings, notes = []cli.Remark{}, []cli.Remark{}
	for _, r := range of {
		warnings, notes = append(warnings, r.Warnings...), append(notes, r.Notes...)
	}
	return warnings, notes
}

// CloseAll closes the images that a failure left open.
func CloseAll(images []*Image) {
	for _, im := range images {
		_ = im.Close() // what it finds is no news
	}
}
