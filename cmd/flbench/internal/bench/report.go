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

	Scores       int    `json:"scores"` // measured
	Anchors      int    `json:"anchors"`
	Classes      int    `json:"classes"`
	Positives    int    `json:"positives"` // anchors
	Ignored      int    `json:"ignored"`   // anchors
	Seed         uint64 `json:"seed"`
	ImageAnchors int    `json:"image_anchors"` // of the whole image
}

// row is a cell's numbers; times are in ns per score, over the repeats.
type row struct {
	Kernel         string   `json:"kernel"`
	Loss           string   `json:"loss"`
	Gamma          float32  `json:"gamma"` // 0 for losses without
	PosWeight      float32  `json:"pos_weight"`
	NegWeight      float32  `json:"neg_weight"`
	Op             string   `json:"op"`
	Labels         string   `json:"labels"`
	Workers        int      `json:"workers"`
	Passes         int      `json:"passes"`       // over the batch, a repeat
	NsPerScore     float64  `json:"ns_per_score"` // the median
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
}

// key names a row among all.
func (r *row) key() string {
	c := measure.Cell{Kernel: r.Kernel, Loss: cli.LossSpec{Name: r.Loss}, Op: r.Op, Labels: r.Labels, Workers: r.Workers}
	return c.String()
}

func (m *measurement) report() *report {
	_, imageAnchors := measure.Pyramid(measure.ImageHeight, measure.ImageWidth)
	r := &report{Environment: environment{
		Environment: measure.NewEnvironment(m.cpu, len(m.cells[0].Repeats), m.took),
		Scores:      len(m.batch.Logits), Anchors: m.anchors, Classes: m.classes,
		Positives: m.batch.Positives, Ignored: m.batch.Ignored, Seed: m.seed, ImageAnchors: imageAnchors,
	}, Partial: m.partial}
	for _, c := range m.cells {
		times := measure.TimesOf(c.Repeats)
		bytes := bytesPerScore(c, m.classes)
		gamma, _ := c.Loss.Parameter("gamma")
		pos, neg := c.Loss.Weights()
		r.Rows = append(r.Rows, row{
			Kernel: c.Kernel, Loss: c.Loss.Name, Gamma: gamma, PosWeight: pos, NegWeight: neg,
			Op: c.Op, Labels: c.Labels, Workers: c.Workers, Passes: c.Passes,
			NsPerScore: times.Median, Min: times.Min, Max: times.Max, Spread: times.Spread,
			GscoresPerSec: 1 / times.Median, BytesPerScore: bytes, GBPerSec: bytes / times.Median,
			Sum: c.Result.Sum(), Repeats: c.Repeats,
		})
	}
	for i := range r.Rows {
		r.Rows[i].RatioToGeneric = r.ratio(&r.Rows[i])
	}
	if m.old != nil {
		r.compare(m.old)
	}
	return r
}

// ratio is how many times faster than generic the same work was done.
func (r *report) ratio(of *row) *float64 {
	for _, g := range r.Rows {
		if g.Kernel == "generic" && g.Loss == of.Loss && g.Op == of.Op && g.Labels == of.Labels && g.Workers == of.Workers {
			ratio := g.NsPerScore / of.NsPerScore
			return &ratio
		}
	}
	return nil
}

// bytesPerScore counts what must be read and written: the logit, its share of
// the labels, the outputs.
func bytesPerScore(c *measure.Cell, classes int) float64 {
	bytes := 4.0
	switch c.Labels {
	case measure.LabelsUint8:
		bytes++
	case measure.LabelsTargets:
		bytes += 4
	default:
		bytes += 4 / float64(classes)
	}
	switch c.Op {
	case measure.OpLosses, measure.OpGradients:
		bytes += 4
	case measure.OpBoth, measure.OpHessians:
		bytes += 8
	}
	return bytes
}
