package report

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	_ "image/jpeg" // the kinds of pictures
	_ "image/png"
	"os"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
)

const (
	// maxDrawn is how many pictures a page has, and maxPicture the most bytes of each.
	maxDrawn   = 6
	maxPicture = 4 << 20
)

// drawing is a picture with the boxes of its hardest anchors.
type drawing struct {
	Path          string
	Width, Height int
	Picture       template.URL // a data: URI
	Boxes         []drawnBox
}

// drawnBox is the box of a score in a list, in pixels.
type drawnBox struct {
	X, Y, Width, Height float32
	Positive            bool
	Name                string
}

// draw draws the hardest anchors on the pictures that there are.
func (c *collection) draw(p *page) {
	pictures := map[string]string{}
	for _, im := range c.images {
		pictures[im.path] = im.picture
	}
	at := map[string]int{}
	left, boxes, failed := 0, false, false
	for _, list := range []*ranking.Ranking{c.positives, c.negatives} {
		for r := range list.Each() {
			if len(r.Box) != 4 {
				continue
			}
			boxes = true
			path := string(r.Path)
			i, known := at[path]
			if !known {
				i = -1
				if pictures[path] != "" && len(p.Drawn) < maxDrawn {
					d, err := newDrawing(path, pictures[path])
					if err != nil {
						failed = true
						p.Notes = append(p.Notes, cli.Remark{Path: r.Path, Text: err.Error()})
					} else {
						i = len(p.Drawn)
						p.Drawn = append(p.Drawn, d)
					}
				} else if pictures[path] != "" {
					left++
				}
				at[path] = i
			}
			if i < 0 {
				continue
			}
			name := r.Class
			if name == "" {
				name = fmt.Sprintf("column %d", r.Column)
			}
			d := &p.Drawn[i]
			d.Boxes = append(d.Boxes, drawnBox{
				X: float32(r.Box[0]), Y: float32(r.Box[1]), Width: float32(r.Box[2] - r.Box[0]), Height: float32(r.Box[3] - r.Box[1]),
				Positive: list == c.positives, Name: fmt.Sprintf("%s, loss %s", name, number(float64(r.Loss))),
			})
		}
	}
	switch {
	case c.top == 0 || len(p.Hardest) == 0:
	case !boxes:
		p.NotDrawn = "Nothing is drawn, as there are no boxes: anchors.npy beside the logits would give them."
	case len(p.Drawn) == 0 && failed: // as the notes say
	case len(p.Drawn) == 0:
		p.NotDrawn = "Nothing is drawn, as no picture lies beside the logits: image.png or image.jpg in the folder, or one named like the file."
	case left > 0:
		p.NotDrawn = fmt.Sprintf("Those of %s more are not drawn.", cli.Count(left, "input"))
	}
}

// newDrawing reads a picture.
func newDrawing(path, file string) (d drawing, err error) {
	info, err := os.Stat(file)
	if err != nil {
		return d, fmt.Errorf("%s cannot be drawn on: %w", file, err)
	}
	if info.Size() > maxPicture {
		return d, fmt.Errorf("%s is not drawn on: it has %d bytes, want at most %d", file, info.Size(), maxPicture)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return d, fmt.Errorf("%s cannot be drawn on: %w", file, err)
	}
	config, kind, err := image.DecodeConfig(bytes.NewReader(content))
	if err != nil {
		return d, fmt.Errorf("%s is not drawn on: no PNG or JPEG: %w", file, err)
	}
	return drawing{
		Path: path, Width: config.Width, Height: config.Height,
		Picture: template.URL("data:image/" + kind + ";base64," + base64.StdEncoding.EncodeToString(content)),
	}, nil
}
