package engine

import (
	"fmt"
	"slices"
	"strings"
)

// conventions say what the values of Batch.Classes mean that name no column.
type conventions struct {
	background int32
	ignored    []int32 // at least one
	narrow     bool    // the kernel may take both, of which ignored is one
	named      bool    // of losses of rows: an option says what background is
}

// WithBackground sets what [Batch].Classes calls an anchor of no class, in place of
// [Background]: −1 is then as bad as any other class that is out of range, unless
// [WithIgnored] names it. Detectron2 and MMDetection have NumClasses for background.
//
// A class in [0, NumClasses) stands for background and no longer for its column: with
// WithBackground(0), as torchvision's SSD and Faster R-CNN label, the scores of column 0
// are all of background. Columns are not renumbered.
func WithBackground(class int32) Option {
	return func(o *options) { o.background = &class }
}

// WithIgnored sets what [Batch].Classes calls anchors that do not count, one class or
// several, in place of [IgnoredClass]. PyTorch has −100, Detectron2 −1, which needs
// another [WithBackground]: no class may be both. A class in [0, NumClasses) stands for
// ignored and no longer for its column.
func WithIgnored(classes ...int32) Option {
	classes = append([]int32{}, classes...)
	return func(o *options) { o.ignored = classes }
}

// conventions returns what the options say of classes.
func (o *options) conventions() (conventions, error) {
	c := conventions{background: Background, ignored: []int32{IgnoredClass}}
	if o.background != nil {
		c.background = *o.background
	}
	if o.ignored != nil {
		c.ignored = o.ignored
	}
	if len(c.ignored) == 0 {
		return c, wholeError("ignored", 0, "is empty: want at least one class")
	}
	c.narrow = len(c.ignored) == 1 && narrowName(c.background) && narrowName(c.ignored[0])
	switch i := slices.Index(c.ignored, c.background); {
	case i < 0:
		return c, nil
	case o.ignored == nil:
		return c, wholeError("background", float64(c.background), "is %d: want a class that is not ignored, which WithIgnored sets", c.background)
	default:
		return c, &InputError{Field: "ignored", Index: i, Value: float64(c.background),
			Reason: "want a class that is not background, which WithBackground sets"}
	}
}

// ignores tells whether a class stands for ignored.
func (c *conventions) ignores(class int32) bool {
	return class == c.ignored[0] || len(c.ignored) > 1 && slices.Contains(c.ignored[1:], class)
}

// badClass is the error for an anchor whose class is none.
func (b *Batch) badClass(anchor int, c *conventions) error {
	ignored := make([]string, len(c.ignored))
	for i, class := range c.ignored {
		ignored[i] = fmt.Sprint(class)
	}
	return &InputError{Field: "Classes", Index: anchor, Value: float64(b.Classes[anchor]),
		Reason: fmt.Sprintf("want a class in [0, %d), %d for background, or %s for ignored",
			b.NumClasses, c.background, strings.Join(ignored, " or "))}
}
