package pair

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/flengine/flengine/engine"
	"github.com/flengine/flengine/engine/beam/internal/object"
	"github.com/flengine/flengine/generic"
)

// Locate turns the engine's complaint about the batch of the scores from one on, which the
// scratch still has, into one about the file and its element.
func (p *Plan) Locate(err error, o *Options, from int, s *Scratch) error {
	var bad *engine.InputError
	if !errors.As(err, &bad) || bad.Index < 0 {
		return fmt.Errorf("%s: %w", object.Printable(p.Logits.Name), err)
	}
	whole := bad.Shifted(from, p.Columns)
	label := func(reason string) error {
		value := p.Labels.text(&s.labels, bad.Index)
		return p.Labels.wrong("%s is %s: %s", p.Labels.index(whole.Index), value, reason+p.advice(value, o))
	}
	switch bad.Field {
	case "Classes":
		if len(o.Rows) > 0 {
			return label(fmt.Sprintf("of %s every class is a column: want a class in [0, %d), or %s for ignored", o.Rows[0], p.Columns, join(o.ignored(), " or ")))
		}
		return label(bad.Reason)
	case "Labels":
		if p.Labels.DType == "uint8" && len(o.Ignored) == 0 {
			return label(bad.Reason)
		}
		return label("want 0, 1, or " + p.ignoredText(o))
	case "Targets":
		if bad.Value > 0 && bad.Value < 1 { // soft ones are refused, for what the engine says
			reason := "want 0, 1, or " + p.ignoredText(o)
			if o.Probs {
				reason += ": of probabilities a target between is for heatmap alone"
			} else if _, why, ok := strings.Cut(bad.Reason, ": "); ok {
				reason += ": " + why
			}
			return label(reason)
		}
		return label("want 0 to 1, or " + p.ignoredText(o))
	case "Logits", "Float16", "BFloat16", "Probs":
		return p.Logits.wrong("%s is %s: %s", p.Logits.index(whole.Index), p.Logits.text(&s.scores, bad.Index), bad.Reason)
	}
	return fmt.Errorf("%s: %w", object.Printable(p.Logits.Name), whole)
}

// ignoredText says what stands for ignored among labels of scores.
func (p *Plan) ignoredText(o *Options) string {
	ignored := slices.Clone(o.Ignored)
	switch {
	case p.Labels.DType == "uint8" && !slices.Contains(ignored, engine.IgnoredLabel):
		ignored = append(ignored, engine.IgnoredLabel)
	case p.Labels.float() && len(ignored) == 0:
		ignored = append(ignored, engine.IgnoredTarget)
	case len(ignored) == 0:
		return "what is said to be ignored"
	}
	return join(ignored, " or ") + " for ignored"
}

// advice says which option makes sense of a label that is none, or nothing.
func (p *Plan) advice(value string, o *Options) string {
	v, err := strconv.ParseInt(value, 10, 32)
	switch {
	case err != nil:
		return ""
	case p.Kind == Classes && v == int64(p.Columns) && len(o.Background) == 0 && len(o.Rows) == 0:
		return fmt.Sprintf("; background=%d says that it stands for background, as in Detectron2", v)
	case v < 0 || v == 255:
		return fmt.Sprintf("; ignored=%d says that it stands for ignored", v)
	case p.Kind == Labels && p.Columns == 1 && p.Labels.integer() && o.Targets == "":
		return "; targets=class says that they are class indices"
	}
	return ""
}

// text spells element i of those that were read.
func (a *Array) text(r *raw, i int) string {
	switch a.DType {
	case "float64":
		return short(of[float64](r, i+1)[i], 64)
	case "float32":
		return short(float64(of[float32](r, i+1)[i]), 32)
	case "float16":
		return short(half(of[uint16](r, i+1)[i]), 32)
	case "bfloat16":
		return short(float64(math.Float32frombits(uint32(of[uint16](r, i+1)[i])<<16)), 32)
	case "int64":
		return fmt.Sprint(of[int64](r, i+1)[i])
	case "int32":
		return fmt.Sprint(of[int32](r, i+1)[i])
	case "int16":
		return fmt.Sprint(of[int16](r, i+1)[i])
	case "int8":
		return fmt.Sprint(of[int8](r, i+1)[i])
	case "uint64":
		return fmt.Sprint(of[uint64](r, i+1)[i])
	case "uint32":
		return fmt.Sprint(of[uint32](r, i+1)[i])
	case "uint16":
		return fmt.Sprint(of[uint16](r, i+1)[i])
	}
	return fmt.Sprint(of[uint8](r, i+1)[i])
}

// half is the value of a float16.
func half(bits uint16) float64 {
	var from [generic.Group]uint16
	var to [generic.Group]float32
	from[0] = bits
	generic.WidenF16(to[:], from[:])
	return float64(to[0])
}

// short writes a float with the digits that tell it from others.
func short(v float64, bits int) string { return strconv.FormatFloat(v, 'g', -1, bits) }
