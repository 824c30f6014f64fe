// Package measure is what flbench's measurements share: a batch like a detector's, calls of
// the engine on it, and the time they may take.
package measure

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/flengine/flengine/engine"
)

// Forms of labels, by the names that flags take.
const (
	LabelsClasses = "classes"
	LabelsUint8   = "uint8"
	LabelsTargets = "targets" // soft ones
)

// MaxScores keeps logits and outputs within what machines have, and within the
// address space of those of 32 bits.
const MaxScores = min(1<<30, math.MaxInt/32+1)

// RetinaNet's view of an image whose shorter side was scaled to 800 pixels: on
// each Level one cell a stride, rounded up, and on each cell 3 scales × 3 aspect
// ratios of anchors.
const (
	ImageHeight    = 800
	ImageWidth     = 1333
	AnchorsPerCell = 9
	ImageClasses   = 80 // COCO
)

// strides are those of the Pyramid levels P3 to P7, in pixels.
var strides = [...]int{8, 16, 32, 64, 128}

// Level is one feature map of the Pyramid.
type Level struct {
	Stride int `json:"stride"`
	Height int `json:"height"`
	Width  int `json:"width"`
}

// Pyramid returns the levels of a height×width image, and their anchors in all.
func Pyramid(height, width int) (levels []Level, anchors int) {
	for _, s := range strides {
		l := Level{s, (height + s - 1) / s, (width + s - 1) / s}
		levels = append(levels, l)
		anchors += l.Height * l.Width * AnchorsPerCell
	}
	return levels, anchors
}

// Proportions of the synthetic batch: those of the real ones, of five
// photographs, in testdata/detector-logits. The logits are a mixture of normal
// distributions, fitted so that its quantiles lie between those of the two
// detectors there, NanoDet and SSD MobileNetV2 FPNLite; a test compares them.
const (
	RealAnchors   = 45510
	RealPositives = 38
	RealIgnored   = 141

	PositiveShare = 1. * RealPositives / RealAnchors
	IgnoredShare  = 1. * RealIgnored / RealAnchors
	HardShare     = 0.015 // of the logits that are no positive's own class

	EasyMean, EasyDeviation         = -6.2, 0.9
	HardMean, HardDeviation         = -4.0, 1.0
	PositiveMean, PositiveDeviation = -0.9, 1.9 // of a positive's own class
)

// Batch is a fixed batch like a detector's, with the labels in both
// forms.
type Batch struct {
	Logits             []float32
	Classes            []int32
	Labels             []uint8 // nil if not wanted
	targets            []float32
	Columns            int
	Positives, Ignored int // anchors
}

// NewBatch draws a batch anchor by anchor: of one seed and number of
// classes, a smaller batch is the beginning of a larger one.
func NewBatch(seed uint64, anchors, columns int, withLabels bool) *Batch {
	b := &Batch{
		Logits:  make([]float32, anchors*columns),
		Classes: make([]int32, anchors),
		Columns: columns,
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	// The conversion keeps the compiler from fusing product and sum, which would
	// make the batch another one on some architectures.
	normal := func(mean, deviation float64) float32 {
		return float32(float64(deviation*rng.NormFloat64()) + mean)
	}
	for a := range b.Classes {
		row := b.Logits[a*columns:][:columns]
		for c := range row {
			if rng.Float64() < HardShare {
				row[c] = normal(HardMean, HardDeviation)
			} else {
				row[c] = normal(EasyMean, EasyDeviation)
			}
		}
		switch u := rng.Float64(); {
		case u < PositiveShare:
			c := rng.IntN(columns)
			b.Classes[a] = int32(c)
			row[c] = normal(PositiveMean, PositiveDeviation)
			b.Positives++
		case u < PositiveShare+IgnoredShare:
			b.Classes[a] = engine.IgnoredClass
			b.Ignored++
		default:
			b.Classes[a] = engine.Background
		}
	}
	if withLabels {
		hot, err := b.With(LabelsClasses).OneHot(make([]uint8, len(b.Logits)))
		if err != nil {
			panic(err) // the classes above are all good
		}
		b.Labels = hot.Labels
	}
	return b
}

// With returns the batch with its labels in the given form. Targets are 0 but for the class of a
// positive, which has a quality, as of an assigner.
func (b *Batch) With(form string) engine.Batch {
	switch form {
	case LabelsUint8:
		return engine.Batch{Logits: b.Logits, Labels: b.Labels, NumClasses: b.Columns}
	case LabelsTargets:
		if b.targets == nil {
			b.targets = b.soften()
		}
		return engine.Batch{Logits: b.Logits, Targets: b.targets, NumClasses: b.Columns}
	}
	return engine.Batch{Logits: b.Logits, Classes: b.Classes, NumClasses: b.Columns}
}

// Rows returns the batch for losses of rows, each of which has a class: background gets one in
// turn.
func (b *Batch) Rows() engine.Batch {
	rows := b.With(LabelsClasses)
	rows.Classes = slices.Clone(rows.Classes)
	for a, c := range rows.Classes {
		if c == engine.Background {
			rows.Classes[a] = int32(a % b.Columns)
		}
	}
	return rows
}

// soften returns the targets, those of positives drawn in their order.
func (b *Batch) soften() []float32 {
	targets := make([]float32, len(b.Logits))
	rng := rand.New(rand.NewPCG(1, 1))
	for a, c := range b.Classes {
		row := targets[a*b.Columns:][:b.Columns]
		switch {
		case c == engine.IgnoredClass:
			for i := range row {
				row[i] = engine.IgnoredTarget
			}
		case c >= 0:
			row[c] = float32(1+rng.IntN(255)) / 256
		}
	}
	return targets
}

// EasyShare is the share of background logits with p_t > 0.9, logit < −ln 9.
func EasyShare() float64 {
	below := func(mean, deviation float64) float64 {
		return math.Erfc((math.Log(9)+mean)/(deviation*math.Sqrt2)) / 2
	}
	return (1-HardShare)*below(EasyMean, EasyDeviation) + HardShare*below(HardMean, HardDeviation)
}
