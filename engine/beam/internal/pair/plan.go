package pair

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/flengine/flengine/engine"
)

// Options say what files mean, as flags of flbench eval do.
type Options struct {
	Probs      bool     // the scores are probabilities
	Targets    string   // "binary", "class" or "soft"; "": what dtype, shape and values say
	Background []int32  // what class indices call background, at most one; none: engine.Background
	Ignored    []int32  // what labels call ignored; none: as documented
	Rows       []string // the losses of rows, if there are some: each row has a class
}

// Kind is what labels are.
type Kind string

// The kinds of labels. Undecided ones are told by values: see Settle.
const (
	Classes    Kind = "classes"     // a class for each row
	Labels     Kind = "labels"      // 0, 1 or ignored for each score
	Soft       Kind = "soft"        // from 0 to 1, or ignored, for each score
	either     Kind = "either"      // Classes or Labels
	softOrHard Kind = "soft or not" // Soft or Labels
)

// Plan is how two arrays go together.
type Plan struct {
	Logits, Labels Array
	Columns        int
	Kind           Kind
	Settled        bool // integers of one column whose values told that they are classes
}

// New finds that out by the headers.
func New(logits, labels Array, o *Options) (*Plan, error) {
	if !logits.float() {
		return nil, logits.wrong("dtype %s, want float32, float16, bfloat16 or float64 scores", logits.DType)
	}
	if o.Probs && logits.Size == 2 {
		return nil, logits.wrong("%s beside Probs: want float32 or float64 probabilities; %s", logits.DType, cure)
	}
	p := &Plan{Logits: logits, Labels: labels, Columns: 1}
	anchors := logits.Shape
	if last := len(anchors) - 1; last > 0 {
		if p.Columns = anchors[last]; p.Columns == 0 {
			return nil, logits.wrong("shape %s, want (A,), (A, C) or (N, A, C), a row of C ≥ 1 scores an anchor", ShapeText(logits.Shape))
		}
		anchors = anchors[:last]
	}
	perRow := fits(labels.Shape, anchors)
	perScore := slices.Equal(plain(labels.Shape), plain(logits.Shape))
	if !perRow && !perScore {
		want := ShapeText(anchors) + ", a class for each anchor of " + logits.Name
		if len(logits.Shape) > 1 {
			want += ", or " + ShapeText(logits.Shape) + ", a label for each score"
		}
		return nil, labels.wrong("shape %s, want %s; another layout, such as YOLO's (N, C, A), has to be transposed before, or %s",
			ShapeText(labels.Shape), want, cure)
	}
	return p, p.decide(perRow, perScore, o)
}

// plain is a shape without axes of length 1.
func plain(shape []int) []int {
	return slices.DeleteFunc(slices.Clone(shape), func(n int) bool { return n == 1 })
}

// fits tells whether a shape is that of the anchors, or all of them in one axis.
func fits(shape, anchors []int) bool {
	n := 1
	for _, d := range anchors {
		n *= d
	}
	a := plain(shape)
	return slices.Equal(a, plain(anchors)) || len(a) == 1 && a[0] == n
}

// decide tells what the labels are.
func (p *Plan) decide(perRow, perScore bool, o *Options) error {
	labels := &p.Labels
	fail := func(format string, args ...any) error {
		return labels.wrong("%s labels of shape %s, "+format, append([]any{labels.DType, ShapeText(labels.Shape)}, args...)...)
	}
	ofScores := Labels
	switch {
	case o.Targets == "soft":
		ofScores = Soft
	case o.Targets == "" && labels.float():
		ofScores = softOrHard
	}
	switch {
	case o.Targets == "soft" && !labels.float():
		return fail("taken as soft: want numbers from 0 to 1 of a float type")
	case len(o.Rows) > 0 && (!perRow || !labels.integer()):
		return fail("beside the loss %s: want %s, a class for each anchor, of an integer type", o.Rows[0], p.anchorText())
	case len(o.Rows) > 0:
		p.Kind = Classes
	case !perRow:
		p.Kind = ofScores
		if o.Targets == "class" {
			return fail("one for each score, taken as classes: want %s, a class for each anchor", p.anchorText())
		}
	case !perScore:
		p.Kind = Classes
		switch {
		case o.Targets == "binary" || o.Targets == "soft":
			return fail("one for each anchor, taken as %s: want %s, a label for each score", o.Targets, ShapeText(p.Logits.Shape))
		case !labels.integer():
			return fail("one for each anchor: want class indices of an integer type, or %s, a label for each score", ShapeText(p.Logits.Shape))
		}
	case o.Targets == "binary" || o.Targets == "soft":
		p.Kind = ofScores
	case o.Targets == "class":
		p.Kind = Classes
		if !labels.integer() {
			return fail("taken as classes: want class indices of an integer type")
		}
	case !labels.integer() || labels.DType == "uint8":
		p.Kind = ofScores
	case len(o.Background) > 0:
		p.Kind = Classes // only they have a background of their own
	case strings.HasPrefix(labels.DType, "uint"):
		return p.ambiguous() // none is negative
	default:
		p.Kind = either
	}
	return p.checkOptions(o)
}

func (p *Plan) anchorText() string {
	if shape := p.Logits.Shape; len(shape) > 1 {
		return ShapeText(shape[:len(shape)-1])
	}
	return ShapeText(p.Logits.Shape)
}

// checkOptions refuses options that do not apply to this kind of labels.
func (p *Plan) checkOptions(o *Options) error {
	switch p.Kind {
	case Classes:
		if o.clash() {
			return p.Labels.wrong("%d stands for ignored and for background among class indices: want another background, as %d of Detectron2", o.background(), p.Columns)
		}
	case Labels, Soft, softOrHard:
		switch {
		case len(o.Background) > 0 && p.Columns == 1:
			return p.Labels.wrong("%s labels of one column are 0 and 1, where the background %d has no meaning: want targets=class, too, if they are class indices", p.Labels.DType, o.Background[0])
		case len(o.Background) > 0:
			return p.Labels.wrong("a label for each score, where the background %d has no meaning: want class indices, or no background", o.Background[0])
		case slices.Contains(o.Ignored, 0) || slices.Contains(o.Ignored, 1):
			return p.Labels.wrong("a label for each score, where 0 is background and 1 foreground: want others to be ignored than %s", join(o.Ignored, ", "))
		case len(o.Ignored) > 0 && p.Labels.DType == "bool":
			return p.Labels.wrong("labels of dtype bool, where ignored %s has no meaning: want none", join(o.Ignored, ","))
		}
	}
	return nil
}

// ambiguous is the error for integer labels of one column that tell nothing.
func (p *Plan) ambiguous() error {
	return p.Labels.wrong("%s labels of one column, none of them negative, can mean two things: want targets=binary if 0 is background and 1 foreground, or targets=class if 0 is the class of column 0", p.Labels.DType)
}

// Check refuses options that contradict each other, whatever the files.
func (o *Options) Check() error {
	switch {
	case o.Targets != "" && o.Targets != "binary" && o.Targets != "class" && o.Targets != "soft":
		return fmt.Errorf("Targets is %q: want binary, class or soft", o.Targets)
	case len(o.Rows) > 0 && o.Probs:
		return fmt.Errorf("Probs beside the loss %s: want logits, of which it takes the softmax", o.Rows[0])
	case len(o.Rows) > 0 && (o.Targets == "binary" || o.Targets == "soft"):
		return fmt.Errorf("Targets is %s beside the loss %s: want a class for each anchor", o.Targets, o.Rows[0])
	case len(o.Background) > 0 && (o.Targets == "binary" || o.Targets == "soft"):
		return fmt.Errorf("Background beside Targets %s: want it with class indices only", o.Targets)
	case len(o.Background) > 0 && o.clash():
		return fmt.Errorf("Background is %d, which also stands for ignored: want another", o.Background[0])
	}
	return nil
}

// background is what class indices call background.
func (o *Options) background() int32 {
	if len(o.Background) > 0 {
		return o.Background[0]
	}
	return engine.Background
}

// ignored is what class indices call ignored.
func (o *Options) ignored() []int32 {
	if len(o.Ignored) > 0 {
		return o.Ignored
	}
	return []int32{engine.IgnoredClass}
}

// clash tells whether one of the classes that stand for ignored also stands for background.
func (o *Options) clash() bool {
	return (len(o.Rows) == 0 || len(o.Background) > 0) && slices.Contains(o.ignored(), o.background())
}

// Engine returns the engine's options for class indices.
func (o *Options) Engine() (opts []engine.Option) {
	if len(o.Background) > 0 {
		opts = append(opts, engine.WithBackground(o.Background[0]))
	}
	if len(o.Ignored) > 0 {
		opts = append(opts, engine.WithIgnored(o.Ignored...))
	}
	return opts
}

func join(classes []int32, between string) string {
	words := make([]string, len(classes))
	for i, class := range classes {
		words[i] = strconv.Itoa(int(class))
	}
	return strings.Join(words, between)
}
