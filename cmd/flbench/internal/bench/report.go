package bench

import (
	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/measure"
)

// report is a measurement as the output has it; its JSON form is for machines.
type report struct {
	Environment environment `json:"environment"`
	Rows        []row       `json:"rows"`
	Old         *comparison `json:"compared_with,omitempty"`
	Partial     bool        `json:"partial,omitempty"` // rows and repeats are missing: it was interrupted
}

// environment is what the numbers depend on.
type environment struct {
	measure.Environment

	Seed         uint64  `json:"seed"`
	ImageAnchors int     `json:"image_anchors"` // of the whole image
	Batches      []batch `json:"batches"`       // in the order of the rows
}

// batch is what rows of so many columns and scores measure.
type batch struct {
	Columns   int `json:"columns"`
	Anchors   int `json:"anchors"`
	Scores    int `json:"scores"`
	Positives int `json:"positives"` // anchors
	Ignored   int `json:"ignored"`   // anchors
}

// row is a cell's numbers; times are in ns per score, over the repeats.
type row struct {
	Kernel         string   `json:"kernel"`
	Loss           string   `json:"loss"`
	Gamma          float32  `json:"gamma"` // 0 for losses without
	PosWeight      float32  `json:"pos_weight"`
	NegWeight      float32  `json:"neg_weight"`
	Op             string   `json:"op"`
	Input          string   `json:"input"`
	Labels         string   `json:"labels"`
	Weights        string   `json:"weights"` // none, or kinds joined by +
	Columns        int      `json:"columns"`
	Scores         int      `json:"scores"` // of a call
	Workers        int      `json:"workers"`
	Passes         int      `json:"passes"`       // calls a repeat
	NsPerScore     float64  `json:"ns_per_score"` // the median
	NsPerCall      float64  `json:"ns_per_call"`  // likewise
	Min            float64  `json:"min_ns_per_score"`
	Max            float64  `json:"max_ns_per_score"`
	Spread         float64  `json:"spread"` // half the interquartile range / median
	GscoresPerSec  float64  `json:"gscores_per_second"`
	BytesPerScore  float64  `json:"bytes_per_score"` // read and written
	GBPerSec       float64  `json:"gb_per_second"`
	RatioToGeneric *float64 `json:"ratio_to_generic"` // null: generic was not measured
	Sum            float64  `json:"loss_sum"`         // of one pass
	Change         *change  `json:"change,omitempty"` // where there is an older row

	Repeats []float64 `json:"repeats_ns_per_score"`

	other bool // one of others
}

// cell is the cell of a row, as far as its names tell.
func (r *row) cell() *measure.Cell {
	return &measure.Cell{
		Work:   measure.Work{Loss: cli.LossSpec{Name: r.Loss}, Op: r.Op, Form: measure.Form{Input: r.Input, Labels: r.Labels, Weights: r.Weights}},
		Kernel: r.Kernel, Workers: r.Workers, Columns: r.Columns, Scores: r.Scores,
	}
}

// key names a row among all.
func (r *row) key() string { return r.cell().String() }

func (m *measurement) report() *report {
	_, imageAnchors := measure.Pyramid(measure.ImageHeight, measure.ImageWidth)
	r := &report{Environment: environment{
		Environment: measure.NewEnvironment(m.cpu, len(m.cells[0].Repeats), m.took),
		Seed:        m.seed, ImageAnchors: imageAnchors,
	}, Partial: m.partial}
	for _, c := range m.cells {
		m.note(r, c)
		times := measure.TimesOf(c.Repeats)
		bytes := bytesPerScore(c)
		gamma, _ := c.Loss.Parameter("gamma")
		pos, neg := c.Loss.Weights()
		r.Rows = append(r.Rows, row{
			Kernel: c.Kernel, Loss: c.Loss.Name, Gamma: gamma, PosWeight: pos, NegWeight: neg,
			Op: c.Op, Input: c.Input, Labels: c.Labels, Weights: c.Weights,
			Columns: c.Columns, Scores: c.Scores, Workers: c.Workers, Passes: c.Passes,
			NsPerScore: times.Median, NsPerCall: times.Median * float64(c.Scores), Min: times.Min, Max: times.Max, Spread: times.Spread,
			GscoresPerSec: 1 / times.Median, BytesPerScore: bytes, GBPerSec: bytes / times.Median,
			Sum: c.Result.Sum(), Repeats: c.Repeats, other: c.other,
		})
	}
	r.rate()
	if m.old != nil {
		r.compare(m.old)
	}
	return r
}

// note adds what a cell measures to the batches of a report, unless it is there.
func (m *measurement) note(r *report, c *cell) {
	if r.Environment.batch(c.Columns, c.Scores) != nil {
		return
	}
	anchors := c.Scores / c.Columns
	positives, ignored := m.batches[c.Columns].Count(anchors)
	r.Environment.Batches = append(r.Environment.Batches, batch{c.Columns, anchors, c.Scores, positives, ignored})
}

// batch returns the batch of a size, or nil.
func (e *environment) batch(columns, scores int) *batch {
	for i := range e.Batches {
		if b := &e.Batches[i]; b.Columns == columns && b.Scores == scores {
			return b
		}
	}
	return nil
}

// rate says of each row how many times faster than generic it did the same work.
func (r *report) rate() {
	generic := map[string]float64{}
	for _, g := range r.Rows {
		if g.Kernel == "generic" {
			generic[g.key()] = g.NsPerScore
		}
	}
	for i := range r.Rows {
		same := r.Rows[i].cell()
		same.Kernel = "generic"
		if ns, found := generic[same.String()]; found {
			ratio := ns / r.Rows[i].NsPerScore
			r.Rows[i].RatioToGeneric = &ratio
		}
	}
}

// bytesPerScore counts what must be read and written: the score, its share of the labels and of
// the anchors' weights, its own, the outputs.
func bytesPerScore(c *cell) float64 {
	bytes, perAnchor := 4., 4/float64(c.Columns)
	if c.Input == measure.InputFloat16 || c.Input == measure.InputBFloat16 {
		bytes = 2
	}
	switch c.Labels {
	case measure.LabelsUint8:
		bytes++
	case measure.LabelsTargets:
		bytes += 4
	default:
		bytes += perAnchor
	}
	if c.Has(measure.WeightAnchor) {
		bytes += perAnchor
	}
	if c.Has(measure.WeightScore) {
		bytes += 4
	}
	loss := 4.
	if c.Loss.Family().Rows {
		loss = perAnchor
	}
	switch c.Op {
	case measure.OpLosses:
		bytes += loss
	case measure.OpGradients:
		bytes += 4
	case measure.OpBoth:
		bytes += 4 + loss
	case measure.OpHessians:
		bytes += 8
	}
	return bytes
}
