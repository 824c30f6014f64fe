package main

import (
	"math/rand/v2"

	"github.com/flengine/flengine/engine"
)

// RetinaNet's view of an image whose shorter side was scaled to 800 pixels: on
// each level one cell a stride, rounded up, and on each cell 3 scales × 3 aspect
// ratios of anchors.
const (
	imageHeight    = 800
	imageWidth     = 1333
	anchorsPerCell = 9
	imageClasses   = 80 // COCO
)

// strides are those of the pyramid levels P3 to P7, in pixels.
var strides = [...]int{8, 16, 32, 64, 128}

// level is one feature map of the pyramid.
type level struct {
	Stride int `json:"stride"`
	Height int `json:"height"`
	Width  int `json:"width"`
}

// pyramid returns the levels of a height×width image, and their anchors in all.
func pyramid(height, width int) (levels []level, anchors int) {
	for _, s := range strides {
		l := level{s, (height + s - 1) / s, (width + s - 1) / s}
		levels = append(levels, l)
		anchors += l.Height * l.Width * anchorsPerCell
	}
	return levels, anchors
}

// Proportions of the synthetic batch: those of the real ones, of five
// photographs, in testdata/detector-logits. The logits are a mixture of normal
// distributions, fitted so that its quantiles lie between those of the two
// detectors there, NanoDet and SSD MobileNetV2 FPNLite; a test compares them.
const (
	realAnchors   = 45510
	realPositives = 38
	realIgnored   = 141

	positiveShare = 1. * realPositives / realAnchors
	ignoredShare  = 1. * realIgnored / realAnchors
	hardShare     = 0.015 // of the logits that are no positive's own class

	easyMean, easyDeviation         = -6.2, 0.9
	hardMean, hardDeviation         = -4.0, 1.0
	positiveMean, positiveDeviation = -0.9, 1.9 // of a positive's own class
)

// syntheticBatch is a fixed batch like a detector's, with the labels in both
// forms.
type syntheticBatch struct {
	logits             []float32
	classes            []int32
	labels             []uint8 // nil if not wanted
	columns            int
	positives, ignored int // anchors
}

// newSyntheticBatch draws a batch anchor by anchor: of one seed and number of
// classes, a smaller batch is the beginning of a larger one.
func newSyntheticBatch(seed uint64, anchors, columns int, withLabels bool) *syntheticBatch {
	b := &syntheticBatch{
		logits:  make([]float32, anchors*columns),
		classes: make([]int32, anchors),
		columns: columns,
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
			if rng.Float64() < hardShare {
				row[c] = normal(hardMean, hardDeviation)
			} else {
				row[c] = normal(easyMean, easyDeviation)
			}
		}
		switch u := rng.Float64(); {
		case u < positiveShare:
			c := rng.IntN(columns)
			b.classes[a] = int32(c)
			row[c] = normal(positiveMean, positiveDeviation)
			b.positives++
		case u < positiveShare+ignoredShare:
			b.classes[a] = engine.IgnoredClass
			b.ignored++
		default:
			b.classes[a] = engine.Background
		}
	}
	if withLabels {
		hot, err := b.batch(labelsClasses).OneHot(make([]uint8, len(b.logits)))
		if err != nil {
			panic(err) // the classes above are all good
		}
		b.labels = hot.Labels
	}
	return b
}

// batch returns the batch with its labels in the given form.
func (b *syntheticBatch) batch(form string) engine.Batch {
	if form == labelsUint8 {
		return engine.Batch{Logits: b.logits, Labels: b.labels, NumClasses: b.columns}
	}
	return engine.Batch{Logits: b.logits, Classes: b.classes, NumClasses: b.columns}
}
