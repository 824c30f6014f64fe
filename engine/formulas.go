package engine

import (
	"math"

	"github.com/flengine/flengine/asm"
)

// maxParameters is the most that a family has.
const maxParameters = 3

// values are a loss's, of the parameters of its family.
type values [maxParameters]float32

// family is a row of the list of losses.
type family struct {
	Family

	// kernel says what the kernels are given for a loss with these weights: a formula of
	// labels, or one of targets if that is all there is.
	kernel func(pos, neg float32, v values) (asm.Formula, asm.Params)
	// balanced says that of cross-entropy's formulas of targets the loss has the one that is
	// linear in its weights.
	balanced bool
	// weights are those that the parameter with Weight stands for; nil: it and one less it.
	weights func(v float32) (pos, neg float32)
	// heat is the power of 1 − y that a loss has for a factor where the target y is below 1,
	// and the label 0; nil: none.
	heat func(v values) float32
	// asymmetric says that foreground and background have losses of their own.
	asymmetric bool
	// refuse says what is wrong with parameters that are in their ranges; nil: nothing is.
	refuse func(v values) error
	// unsmoothed says why the loss takes no label smoothing; empty: it does.
	unsmoothed string

	definition func(v values) Definition // of labels; nil: it depends on them
	exact      func(v values) exactFormula

	// rows is kernel for a loss of rows, and gamma its exponent of 1 − p_t. Such a family has
	// neither kernel nor definition, and its bounds are those of logits.
	rows  func(v values) (asm.RowFormula, asm.Params)
	gamma func(v values) float32

	// bounds are the documented errors; see [Bound].
	bounds []bounds
	// floors are those of [Bound], in units of 2⁻¹²⁶; nil stands for 1 throughout.
	floors func(v values) (logits, probs limits)
}

// bounds are the documented errors of one loss of a family.
type bounds struct {
	values                 values
	logits, probs, targets limits // from these; {} where none is documented
}

// limits are the largest errors of loss, gradient and second derivative, in ULP, or their
// floors.
type limits struct{ loss, gradient, hessian float64 }

// The rows of the list. The zero [Loss] is of the first.
const (
	ceFamily = iota
	balancedFamily
	focalFamily
	qualityFamily
	varifocalFamily
	heatmapFamily
	asymmetricFamily
	softmaxFamily
	softmaxFocalFamily
)

// families is the one list of losses. To add one is to write a row here, and its formula
// in package asm and the kernels.
var families = [...]family{
	ceFamily: {
		Family: Family{
			Name: "ce", Title: "cross-entropy", Formula: "−ln p_t",
			Source: "Lin et al. 2017, arXiv:1708.02002, equation 1",
		},
		kernel:     func(pos, neg float32, _ values) (asm.Formula, asm.Params) { return focalKernel(pos, neg, 0) },
		definition: func(values) Definition { return ceDefinition },
		exact:      func(values) exactFormula { return exactCE },
		bounds:     []bounds{{values{}, limits{2, 3, 0}, limits{2, 2, 0}, limits{3, 3.5, 5}}},
	},
	balancedFamily: {
		Family: Family{
			Name: "balanced", Title: "balanced cross-entropy", Formula: "−α_t · ln p_t",
			Source:     "Lin et al. 2017, arXiv:1708.02002, equation 3",
			Parameters: []Parameter{alpha},
		},
		kernel:     func(pos, neg float32, _ values) (asm.Formula, asm.Params) { return focalKernel(pos, neg, 0) },
		balanced:   true,
		definition: func(values) Definition { return ceDefinition },
		exact:      func(values) exactFormula { return exactFocal(0) },
		bounds:     []bounds{{values{0.25}, limits{3, 4, 0}, limits{}, limits{4.5, 5, 7.5}}},
	},
	focalFamily: {
		Family: Family{
			Name: "focal", Title: "focal loss", Formula: "−α_t · (1 − p_t)^γ · ln p_t",
			Source: "Lin et al. 2017, arXiv:1708.02002, equation 5",
			Parameters: []Parameter{alpha, {
				Name: "gamma", Symbol: "γ", Meaning: "the focusing parameter", Max: math.MaxFloat32, Default: 2,
			}},
			ShortParameter: "gamma",
		},
		kernel:     func(pos, neg float32, v values) (asm.Formula, asm.Params) { return focalKernel(pos, neg, v[1]) },
		balanced:   true,
		definition: func(v values) Definition { return focalDefinition(float64(v[1])) },
		exact:      func(v values) exactFormula { return exactFocal(float64(v[1])) },
		bounds: []bounds{
			{values{0.25, 0.5}, limits{4.5, 5, 0}, limits{4, 4, 0}, limits{6.5, 7, 7}},
			{values{0.25, 1}, limits{6.5, 7.5, 0}, limits{4, 3, 0}, limits{7.5, 8, 9.5}},
			{values{0.25, 1.5}, limits{5, 5, 0}, limits{4.5, 4.5, 0}, limits{8, 8, 7}},
			{values{0.25, 2}, limits{9, 10, 0}, limits{5, 4, 0}, limits{9.5, 10.5, 12}},
			{values{0.25, 3}, limits{5, 6.5, 0}, limits{5.5, 5.5, 0}, limits{11, 11.5, 7.5}},
			{values{0.25, 5}, limits{7.5, 9.5, 0}, limits{5.5, 5.5, 0}, limits{17.5, 18, 8}},
		},
		floors: func(v values) (logits, probs limits) {
			return limits{1, 1, 0}, limits{1, 1 + float64(v[1]), 0}
		},
	},
	qualityFamily: {
		Family: Family{
			Name: "qfl", Title: "quality focal loss", Formula: "−|y − p|^β · (y·ln p + (1 − y)·ln(1 − p))",
			Source: "Li et al. 2020, arXiv:2006.04388, section 3.1",
			Parameters: []Parameter{{
				Name: "beta", Symbol: "β", Meaning: "the power of the distance from the quality", Min: 1, Max: math.MaxFloat32, Default: 2,
			}},
			ShortParameter: "beta",
		},
		kernel:     qualityKernel,
		definition: func(v values) Definition { return focalDefinition(float64(v[0])) },
		exact:      func(v values) exactFormula { return exactQuality(float64(v[0])) },
		bounds: []bounds{
			{values: values{1}, targets: limits{6, 7.5, 8.5}},
			{values: values{2}, targets: limits{9.5, 13, 12}},
			{values: values{3}, targets: limits{10.5, 10.5, 18}},
		},
	},
	varifocalFamily: {
		Family: Family{
			Name: "vfl", Title: "varifocal loss", Formula: "−y·(y·ln p + (1 − y)·ln(1 − p)) for y > 0, −α·p^γ·ln(1 − p) for y = 0",
			Source: "Zhang et al. 2020, arXiv:2008.13367, equation 2",
			Parameters: []Parameter{{
				Name: "alpha", Symbol: "α", Meaning: "the weight of the background, that of the foreground is 1",
				Max: math.MaxFloat32, Default: 0.75, Weight: true,
			}, {
				Name: "gamma", Symbol: "γ", Meaning: "the focusing parameter of the background", Max: math.MaxFloat32, Default: 2,
			}, {
				Name: "iou", Symbol: "IoU weight", Meaning: "how far the foreground is weighted by its target: 1 by all of it, 0 not at all", Max: 1, Default: 1,
			}},
			ShortParameter: "gamma",
		},
		kernel:     varifocalKernel,
		weights:    func(alpha float32) (pos, neg float32) { return 1, alpha },
		unsmoothed: "whose foreground is all that has a target above 0",
		exact:      func(v values) exactFormula { return exactVarifocal(float64(v[1]), float64(v[2])) },
		bounds: []bounds{
			{values: values{0.75, 1.5, 1}, targets: limits{5.5, 6, 7}},
			{values: values{0.75, 2, 1}, targets: limits{9.5, 10, 12}},
			{values: values{0.75, 2, 0}, targets: limits{9.5, 10, 12}},
		},
	},
	heatmapFamily: {
		Family: Family{
			Name: "heatmap", Title: "heatmap focal loss", Formula: "−(1 − p)^α · ln p for y = 1, −(1 − y)^β · p^α · ln(1 − p) for y < 1",
			Source: "Law and Deng 2018, arXiv:1808.01244, equation 1",
			Parameters: []Parameter{{
				Name: "alpha", Symbol: "α", Meaning: "the focusing parameter of heatmap focal loss", Max: math.MaxFloat32, Default: 2,
			}, {
				Name: "beta", Symbol: "β", Meaning: "the power of the distance from a peak, 1 − y", Max: math.MaxFloat32, Default: 4,
			}},
		},
		kernel:     func(pos, neg float32, v values) (asm.Formula, asm.Params) { return focalKernel(pos, neg, v[0]) },
		balanced:   true,
		heat:       func(v values) float32 { return v[1] },
		unsmoothed: "whose foreground is what has the target 1",
		definition: func(v values) Definition { return focalDefinition(float64(v[0])) },
		exact:      func(v values) exactFormula { return exactHeatmap(float64(v[0]), float64(v[1])) },
		bounds: []bounds{
			{values: values{2, 4}, targets: limits{11.5, 12, 15}},
			{values: values{2, 2.5}, targets: limits{11, 12, 13}},
			{values: values{1, 3}, targets: limits{8.5, 10.5, 11.5}},
		},
	},
	asymmetricFamily: {
		Family: Family{
			Name: "asl", Title: "asymmetric loss", Formula: "−(1 − p)^γ₊ · ln p, −r^γ₋ · ln(1 − r) for the background, r = max(p − m, 0)",
			Source: "Ridnik et al. 2021, arXiv:2009.14119, equation 7",
			Parameters: []Parameter{{
				Name: "gammapos", Symbol: "γ₊", Meaning: "the focusing parameter of the foreground", Max: math.MaxFloat32, Default: 1,
			}, {
				Name: "gammaneg", Symbol: "γ₋", Meaning: "the focusing parameter of the background", Max: math.MaxFloat32, Default: 4,
			}, {
				Name: "margin", Symbol: "m", Meaning: "what the background's probabilities are shifted down by; 0, or at least 1/4096",
				Max: 1 - 0x1p-12, Default: 0.05,
			}},
		},
		kernel:     func(pos, neg float32, v values) (asm.Formula, asm.Params) { return focalKernel(pos, neg, v[0]) },
		balanced:   true,
		asymmetric: true,
		refuse:     refuseMargin,
		unsmoothed: "whose foreground and background have losses of their own",
		exact:      func(v values) exactFormula { return exactAsymmetric(float64(v[0]), float64(v[1]), float64(v[2])) },
		bounds: []bounds{
			{values: values{1, 4, 0.05}, targets: limits{20, 19, 21}},
			{values: values{0, 2, 0.05}, targets: limits{12.5, 12, 15}},
			{values: values{0, 1, 0.2}, targets: limits{9.5, 10, 12.5}},
			{values: values{2, 1.5, 0.05}, targets: limits{12.5, 10.5, 12.5}},
			{values: values{1, 4, 0}, targets: limits{7.5, 9.5, 9.5}},
		},
	},

	softmaxFamily:      softmaxCE,
	softmaxFocalFamily: softmaxFocal,
}

// refuseMargin refuses margins that a rounding of p is too large a part of.
func refuseMargin(v values) error {
	if m := v[2]; m > 0 && m < 0x1p-12 {
		return wholeError("margin", float64(m), "is %s: want 0, or a number in [%s, %s]", formatValue(float64(m)), formatValue(0x1p-12), formatValue(1-0x1p-12))
	}
	return nil
}

// alpha is the weight of the losses that are balanced.
var alpha = Parameter{
	Name: "alpha", Symbol: "α", Meaning: "the weight of the foreground, 1 − α that of the background",
	Max: 1, Default: 0.25, Weight: true,
}

// smoothed is the parameter that [Loss.Smoothed] sets.
var smoothed = Parameter{
	Name: "smoothing", Symbol: "ε", Meaning: "how far targets are moved towards ½", Max: 1 - 0x1p-24,
}

// weights are the parameters that [Loss.Weighted] sets.
var weights = [...]Parameter{
	{Name: "pos", Meaning: "the weight of the foreground", Max: math.MaxFloat32, Default: 1, Weight: true},
	{Name: "neg", Meaning: "the weight of the background", Max: math.MaxFloat32, Default: 1, Weight: true},
}

// focalKernel is what focal loss needs. γ = 0, 1, 2 have formulas of their own, without a
// power.
func focalKernel(pos, neg, gamma float32) (asm.Formula, asm.Params) {
	formula := asm.FocalAny
	switch gamma {
	case 0:
		formula = asm.CrossEntropy
	case 1:
		formula = asm.Focal1
	case 2:
		formula = asm.Focal2
	}
	return formula, asm.MakeParams(neg, pos, gamma)
}

// targetFormula returns the family's formula of targets where that of labels is f.
func (f *family) targetFormula(of asm.Formula) asm.Formula {
	switch of {
	case asm.CrossEntropy:
		if f.balanced {
			return asm.SoftBalanced
		}
		return asm.SoftCrossEntropy
	case asm.Focal1:
		return asm.SoftFocal1
	case asm.Focal2:
		return asm.SoftFocal2
	case asm.FocalAny:
		return asm.SoftFocalAny
	}
	return of
}

// qualityKernel is what quality focal loss needs.
func qualityKernel(pos, neg float32, v values) (asm.Formula, asm.Params) {
	p := asm.MakeParams(neg, pos, v[0])
	if v[0] == 2 {
		return asm.Quality2, p
	}
	return asm.QualityAny, p
}

// varifocalKernel is what varifocal loss needs.
func varifocalKernel(pos, neg float32, v values) (asm.Formula, asm.Params) {
	p := asm.MakeParams(neg, pos, v[1])
	p.TargetSlope, p.TargetBase = v[2], 1-v[2]
	if v[1] == 2 {
		return asm.Varifocal2, p
	}
	return asm.VarifocalAny, p
}

func ceDefinition(t Terms) (loss, byCE, byQ float64) { return t.CE, 1, 0 }

// focalDefinition is Q^γ·CE.
func focalDefinition(gamma float64) Definition {
	return func(t Terms) (loss, byCE, byQ float64) {
		m := t.power(gamma)
		return m * t.CE, m, gamma * m * t.Ratio()
	}
}

// CrossEntropy is the binary cross-entropy −ln p_t. For a target y between 0 and 1 and weights
// pos and neg, 1 without [Loss.Weighted], it is −pos·y·ln p − neg·(1 − y)·ln(1 − p), as
// PyTorch's with pos_weight.
func CrossEntropy() Loss { return Loss{} }

// BalancedCrossEntropy is −α_t · ln p_t, with α_t = alpha for the foreground and
// 1 − alpha for the background (Lin et al. 2017, equation 3); alpha is in [0, 1], or
// [New] refuses the loss. It is Focal(alpha, 0), for targets between 0 and 1, too.
func BalancedCrossEntropy(alpha float32) Loss { return newLoss(balancedFamily, alpha) }

// Focal is the focal loss −α_t · (1 − p_t)^gamma · ln p_t (Lin et al. 2017,
// equation 5), with α_t as in [BalancedCrossEntropy]. RetinaNet uses Focal(0.25, 2);
// Focal(alpha, gamma).Weighted(1, 1) is the loss without α, equation 4. alpha is in
// [0, 1], and gamma, the focusing parameter, finite and ≥ 0, or [New] refuses the loss.
//
// For a target y between 0 and 1 it is (pos·y + neg·(1 − y))·q^gamma·CE with
// q = p·(1 − y) + (1 − p)·y and CE = −y·ln p − (1 − y)·ln(1 − p), as in fvcore and torchvision;
// gradients are its full derivative.
func Focal(alpha, gamma float32) Loss { return newLoss(focalFamily, alpha, gamma) }

// QualityFocal is the quality focal loss of Li et al. 2020, whose targets y are qualities, such
// as the IoU of a box: |y − p|^beta·CE with CE = −y·ln p − (1 − y)·ln(1 − p). beta is finite
// and ≥ 1, or [New] refuses the loss; the paper, GFL and NanoDet have 2. [Loss.Weighted] gives
// it the factor pos·y + neg·(1 − y). It is from logits alone; for labels it is focal loss with
// γ = beta and without α.
func QualityFocal(beta float32) Loss { return newLoss(qualityFamily, beta) }

// Varifocal is the varifocal loss of Zhang et al. 2020, whose targets y are the IoU of what is
// positive, and 0 elsewhere: y·CE where y > 0, with CE as in [QualityFocal], and
// −alpha·p^gamma·ln(1 − p) where y = 0. VarifocalNet has Varifocal(0.75, 2). alpha is finite
// and ≥ 0, the weight of the background, as neg is in [Loss.Weighted]; gamma finite and ≥ 0;
// or [New] refuses the loss. It is from logits alone, and labels are the targets 0 and 1.
func Varifocal(alpha, gamma float32) Loss { return newLoss(varifocalFamily, alpha, gamma, 1) }

// VarifocalUnweighted is [Varifocal] with CE in place of y·CE where y > 0: MMDetection's with
// iou_weighted=False.
func VarifocalUnweighted(alpha, gamma float32) Loss {
	return newLoss(varifocalFamily, alpha, gamma, 0)
}

// HeatmapFocal is the focal loss of CornerNet and CenterNet, whose targets y are heatmaps with
// a peak of 1 at each object: −(1 − p)^alpha·ln p where y = 1, which alone is positive, and
// −(1 − y)^beta·p^alpha·ln(1 − p) elsewhere. Both papers have HeatmapFocal(2, 4). alpha and
// beta are finite and ≥ 0, or [New] refuses the loss. p is not clamped. For labels it is focal
// loss with γ = alpha and without α.
func HeatmapFocal(alpha, beta float32) Loss { return newLoss(heatmapFamily, alpha, beta) }

// Asymmetric is the asymmetric loss of Ridnik et al. 2021, for the labels of multi-label
// classification: −(1 − p)^gammaPos·ln p for the foreground, and −r^gammaNeg·ln(1 − r) with
// r = max(p − margin, 0) for the background, which is 0 where p is at most the margin. Their
// code has Asymmetric(1, 4, 0.05), but clamps ln at 1e-8, which is not done here. The gammas
// are finite and ≥ 0; margin is 0, or in [1/4096, 1 − 1/4096]; or [New] refuses the loss.
// Gradients are the full derivative, and 0 at p = margin. It is from logits alone; targets are
// 0, 1 or [IgnoredTarget].
func Asymmetric(gammaPos, gammaNeg, margin float32) Loss {
	return newLoss(asymmetricFamily, gammaPos, gammaNeg, margin)
}
