package eval

import (
	"io"

	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
)

// json prints the report as one object.
func (r *report) json(w io.Writer) error {
	var tops []*ranking.Ranking
	for i := range r.Results {
		tops = append(tops, r.Results[i].Top)
	}
	return ranking.WriteJSON(w, "  ", r, append(tops, r.Total.Top)...)
}

// jsonLines prints a line for each input.
func (r *report) jsonLines(w io.Writer) error {
	for i := range r.Results {
		if err := ranking.WriteJSON(w, "", &r.Results[i], r.Results[i].Top); err != nil {
			return err
		}
	}
	return nil
}
