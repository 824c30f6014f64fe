package outcome

import (
	"io"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/ranking"
)

// json prints the report as one object.
func (r *Report) json(w io.Writer) error {
	var tops []*ranking.Ranking
	for _, l := range r.Losses {
		for i := range l.Results {
			tops = append(tops, l.Results[i].Top)
		}
		tops = append(tops, l.Total.Top)
	}
	return ranking.WriteJSON(w, "  ", r.object(), tops...)
}

// object is what JSON has: of one loss all in one, of several a list of these.
func (r *Report) object() any {
	if len(r.Losses) > 1 {
		return struct {
			Kernel   string       `json:"kernel"`
			Workers  int          `json:"workers"`
			Losses   []ByLoss     `json:"losses"`
			Warnings []cli.Remark `json:"warnings"`
			Notes    []cli.Remark `json:"notes"`
		}{r.Kernel, r.Workers, r.Losses, r.Warnings, r.Notes}
	}
	one := &r.Losses[0]
	return struct {
		Loss     cli.LossInfo `json:"loss"`
		Kernel   string       `json:"kernel"`
		Workers  int          `json:"workers"`
		Results  []Entry      `json:"results"`
		Total    Entry        `json:"total"`
		Images   *Summary     `json:"images,omitempty"`
		Warnings []cli.Remark `json:"warnings"`
		Notes    []cli.Remark `json:"notes"`
	}{one.Loss, r.Kernel, r.Workers, one.Results, one.Total, one.Images, r.Warnings, r.Notes}
}

// jsonLines prints a line for each input, and of several losses for each of these.
func (r *Report) jsonLines(w io.Writer) error {
	for k := range r.Losses {
		l := &r.Losses[k]
		var loss *cli.LossInfo
		if len(r.Losses) > 1 {
			loss = &l.Loss
		}
		for i := range l.Results {
			line := struct {
				Loss *cli.LossInfo `json:"loss,omitempty"`
				*Entry
			}{loss, &l.Results[i]}
			if err := ranking.WriteJSON(w, "", line, line.Top); err != nil {
				return err
			}
		}
	}
	return nil
}
