package main

import (
	"slices"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// benchReport is a measurement as the output has it; its JSON form is for machines.
type benchReport struct {
	Environment environment `json:"environment"`
	Rows        []benchRow  `json:"rows"`
}

// environment is what the numbers depend on.
type environment struct {
	cli.Environment
	PinnedCPU *int `json:"pinned_cpu"` // null: not pinned

	Scores       int    `json:"scores"` // measured
	Anchors      int    `json:"anchors"`
	Classes      int    `json:"classes"`
	Positives    int    `json:"positives"` // anchors
	Ignored      int    `json:"ignored"`   // anchors
	Seed         uint64 `json:"seed"`
	ImageAnchors int    `json:"image_anchors"` // of the whole image

	Repeats int     `json:"repeats"`
	Seconds float64 `json:"seconds"` // all took
}

// benchRow is a cell's numbers; times are in ns per score, over the repeats.
type benchRow struct {
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

	repeats []float64
}

func (m *measurement) report() *benchReport {
	_, imageAnchors := pyramid(imageHeight, imageWidth)
	r := &benchReport{Environment: environment{
		Environment: cli.NewEnvironment(),
		Scores:      len(m.batch.logits), Anchors: m.anchors, Classes: m.classes,
		Positives: m.batch.positives, Ignored: m.batch.ignored, Seed: m.seed, ImageAnchors: imageAnchors,
		Repeats: len(m.cells[0].repeats), Seconds: m.took.Seconds(),
	}}
	if m.cpu >= 0 {
		r.Environment.PinnedCPU = &m.cpu
	}
	for _, c := range m.cells {
		sorted := slices.Sorted(slices.Values(c.repeats))
		median := quantile(sorted, 0.5)
		bytes := c.bytesPerScore(m.classes)
		gamma, _ := c.loss.Parameter("gamma")
		pos, neg := c.loss.Weights()
		r.Rows = append(r.Rows, benchRow{
			Kernel: c.kernel, Loss: c.loss.Name, Gamma: gamma, PosWeight: pos, NegWeight: neg,
			Op: c.op, Labels: c.labels, Workers: c.workers, Passes: c.passes,
			NsPerScore: median, Min: sorted[0], Max: sorted[len(sorted)-1],
			Spread:        (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2 / median,
			GscoresPerSec: 1 / median, BytesPerScore: bytes, GBPerSec: bytes / median,
			Sum: c.result.Sum(), repeats: c.repeats,
		})
	}
	for i := range r.Rows {
		r.Rows[i].RatioToGeneric = r.ratio(&r.Rows[i])
	}
	return r
}

// ratio is how many times faster than generic the same work was done.
func (r *benchReport) ratio(of *benchRow) *float64 {
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
func (c *cell) bytesPerScore(classes int) float64 {
	bytes := 4.0
	if c.labels == labelsUint8 {
		bytes++
	} else {
		bytes += 4 / float64(classes)
	}
	switch c.op {
	case opLosses, opGradients:
		bytes += 4
	case opBoth:
		bytes += 8
	}
	return bytes
}

// quantile interpolates linearly between the sorted values.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 == len(sorted) {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
