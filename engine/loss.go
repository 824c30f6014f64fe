package engine

import (
	"math"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/engine/internal/fpenv"
)

// Loss is one of the losses of [Families] with values for its parameters. Constructors
// make it, such as [Focal], or [ParseLoss]; the zero Loss is [CrossEntropy]. They take
// any values: [New] checks them. Losses are equal (==) if family and parameters are.
type Loss struct {
	family   uint8 // a row of families
	weighted bool  // by pos and neg; else by the parameter with Weight, or by 1
	pos, neg float32
	values   values

	smoothing float32 // ε; 0: none
}

func newLoss(family uint8, v ...float32) Loss {
	l := Loss{family: family}
	for i, v := range v {
		l.values[i] = unsigned(v)
	}
	return l
}

// unsigned returns v, but 0 for −0. By the bits: v == 0 may take subnormals for zero.
func unsigned(v float32) float32 {
	if math.Float32bits(v) == 1<<31 {
		return 0
	}
	return v
}

// Weighted returns the loss with other weights of foreground (label 1) and background,
// both finite and ≥ 0, in place of α: Weighted(1, 1) is the loss without α, and
// Weighted(p, 1) that with PyTorch's pos_weight p.
func (l Loss) Weighted(pos, neg float32) Loss {
	l.weighted, l.pos, l.neg = false, 0, 0
	for i, p := range l.row().Parameters {
		if p.Weight {
			l.weighted, l.values[i] = true, 0
		}
	}
	if l.weighted || pos != 1 || neg != 1 { // else that is what the loss is without
		l.weighted, l.pos, l.neg = true, unsigned(pos), unsigned(neg)
	}
	return l
}

// Smoothed returns the loss with label smoothing: of a target y, or label, that of
// y·(1 − epsilon) + epsilon/2, rounded to float32. It comes before all weights, and does not
// change what counts as positive. epsilon is in [0, 1), or [New] refuses the loss, as it does
// [Varifocal] and [HeatmapFocal], whose positives are told by their targets, [Asymmetric] and
// [SoftmaxFocal]. Smoothed losses are from logits alone. [SoftmaxCrossEntropy] has PyTorch's
// label smoothing, see there.
func (l Loss) Smoothed(epsilon float32) Loss {
	l.smoothing = unsigned(epsilon)
	return l
}

func (l Loss) row() *family { return &families[l.family] }

// Family returns the loss with its parameters open.
func (l Loss) Family() Family {
	f := l.row().Family
	f.Parameters = append([]Parameter(nil), f.Parameters...)
	return f
}

// Weights returns the factors of the losses of foreground scores (label 1) and of
// background.
func (l Loss) Weights() (pos, neg float32) {
	if l.weighted {
		return l.pos, l.neg
	}
	for i, p := range l.row().Parameters {
		if p.Weight {
			env, _ := fpenv.Enter() // 1 − α is rounded
			defer env.Leave()
			if of := l.row().weights; of != nil {
				return of(l.values[i])
			}
			return l.values[i], 1 - l.values[i]
		}
	}
	return 1, 1
}

// Parameter returns the value of a parameter by its name: "alpha", "gamma"; "pos" and
// "neg" if the loss is [Loss.Weighted], which has no α; "smoothing" if it is [Loss.Smoothed].
// It reports whether the loss has that parameter.
func (l Loss) Parameter(name string) (value float32, ok bool) {
	l.parameters(func(p *Parameter, v float32) {
		if p.Name == name {
			value, ok = v, true
		}
	})
	return value, ok
}

// parameters calls f with the parameters that the loss has and their values, in order.
func (l Loss) parameters(f func(p *Parameter, v float32)) {
	row := l.row()
	for i := range row.Parameters {
		if p := &row.Parameters[i]; !p.Weight || !l.weighted {
			f(p, l.values[i])
		}
	}
	if l.weighted {
		f(&weights[0], l.pos)
		f(&weights[1], l.neg)
	}
	if l.smoothing != 0 {
		f(&smoothed, l.smoothing)
	}
}

// Formula returns the name of what the kernels evaluate for the loss of labels: "ce", "focal1",
// "focal2", "focal" with a power for any other γ, or one of targets, such as "quality2". Losses
// of one formula take the same time per score. [Asymmetric] and, of targets, [HeatmapFocal] take
// several kernels, and have their own names here.
func (l Loss) Formula() string {
	switch row := l.row(); {
	case row.Rows:
		rows, _ := row.rows(l.values)
		return rows.String()
	case row.asymmetric:
		return row.Name
	}
	f, _ := l.formulas()
	return f.String()
}

// TargetFormula is Formula for targets, and second derivatives; empty of losses of rows, which
// have neither.
func (l Loss) TargetFormula() string {
	switch row := l.row(); {
	case row.Rows:
		return ""
	case row.asymmetric || row.heat != nil:
		return row.Name
	}
	_, f := l.formulas()
	return f.String()
}

func (l Loss) formulas() (ofLabels, ofTargets asm.Formula) {
	env, _ := fpenv.Enter() // a γ near 0 is not 0
	defer env.Leave()
	f, _, _ := l.kernel()
	ofTargets = l.row().targetFormula(f)
	if l.smoothing != 0 {
		f = ofTargets
	}
	return f, ofTargets
}

// kernel is what kernels are given for the loss: a formula of scores, or of rows.
func (l Loss) kernel() (f asm.Formula, rows asm.RowFormula, p asm.Params) {
	if row := l.row(); row.Rows {
		rows, p = row.rows(l.values)
		return 0, rows, p
	}
	pos, neg := l.Weights()
	f, p = l.row().kernel(pos, neg, l.values)
	return f, 0, p
}

// overRows tells whether the loss is one of rows.
func (l Loss) overRows() bool { return l.row().Rows }

// Definition returns the loss of labels by its definition in float64, without its weights and
// smoothing; nil for [Varifocal] and [Asymmetric], which are not the same function of p_t for
// both labels, and for losses of rows. See [Loss.Exact] for the former and for targets,
// [Loss.ExactRow] for the latter.
func (l Loss) Definition() Definition {
	if of := l.row().definition; of != nil {
		return of(l.values)
	}
	return nil
}

// check returns an error about the first parameter that is outside its range.
func (l Loss) check() (err error) {
	l.parameters(func(p *Parameter, v float32) {
		if err == nil {
			err = p.check(float64(v))
		}
	})
	if err == nil && l.weighted && l.overRows() {
		err = wholeError("pos", float64(l.pos), "is set, and %s has no foreground and background: want WithClassWeights", l.row().Name)
	}
	if refuse := l.row().refuse; err == nil && refuse != nil {
		err = refuse(l.values)
	}
	if why := l.row().unsmoothed; err == nil && why != "" && l.smoothing != 0 {
		err = wholeError(smoothed.Name, float64(l.smoothing), "is %s: want 0 of %s, %s", formatValue(float64(l.smoothing)), l.row().Name, why)
	}
	return err
}
