// Package measure is what flbench's measurements share: a batch like a detector's, calls of
// the engine on it, and the time they may take.
package measure

import (
	"math"
	"math/rand/v2"

	"github.com/flengine/flengine/engine"
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

// Batch is a fixed batch like a detector's. Scores, labels and weights are there in all forms,
// each made when it is first asked for.
type Batch struct {
	Columns int
	logits  []float32
	classes []int32

	seed   uint64
	scores map[string]engine.Batch // by input
	labels map[string]engine.Batch // by the form of labels, rowsLabels among them
	weighs map[string][]float32    // by the kind of weight
}

// NewBatch draws a batch anchor by anchor: of one seed and number of columns, a smaller batch
// is the beginning of a larger one.
func NewBatch(seed uint64, anchors, columns int) *Batch {
	b := &Batch{
		Columns: columns,
		logits:  make([]float32, anchors*columns),
		classes: make([]int32, anchors),
		seed:    seed,
		scores:  map[string]engine.Batch{},
		labels:  map[string]engine.Batch{},
		weighs:  map[string][]float32{},
	}
	rng := rand.New(rand.NewPCG(seed, 0))
	// The conversion keeps the compiler from fusing product and sum, which would
	// make the batch another one on some architectures.
	normal := func(mean, deviation float64) float32 {
		return float32(float64(deviation*rng.NormFloat64()) + mean)
	}
	for a := range b.classes {
		row := b.logits[a*columns:][:columns]
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
			b.classes[a] = int32(c)
			row[c] = normal(PositiveMean, PositiveDeviation)
		case u < PositiveShare+IgnoredShare:
			b.classes[a] = engine.IgnoredClass
		default:
			b.classes[a] = engine.Background
		}
	}
	return b
}

// Count returns how many of the first anchors are positive, and how many ignored.
func (b *Batch) Count(anchors int) (positives, ignored int) {
	for _, c := range b.classes[:anchors] {
		switch {
		case c >= 0:
			positives++
		case c == engine.IgnoredClass:
			ignored++
		}
	}
	return positives, ignored
}

// EasyShare is the share of background logits with p_t > 0.9, logit < −ln 9.
func EasyShare() float64 {
	below := func(mean, deviation float64) float64 {
		return math.Erfc((math.Log(9)+mean)/(deviation*math.Sqrt2)) / 2
	}
	return (1-HardShare)*below(EasyMean, EasyDeviation) + HardShare*below(HardMean, HardDeviation)
}
