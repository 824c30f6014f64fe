package engine

import (
	"math"
	"slices"
)

// A Family is a loss whose parameters are left open: a row of [Families], the list that
// the command, its checks and the tests read.
type Family struct {
	Name       string      // as [Loss.String] and [ParseLoss] spell it: "focal"
	Title      string      // for people: "focal loss"
	Formula    string      // "−α_t · (1 − p_t)^γ · ln p_t"
	Source     string      // where the formula is from
	Parameters []Parameter // in the order of the constructor's arguments

	// Rows says that the losses are of rows of NumClasses logits, whose probabilities are a
	// softmax, and not of scores; see [SoftmaxCrossEntropy].
	Rows bool

	// ShortParameter names the parameter that tells losses of the family apart, which short
	// names have after the family's: focal1.5 is focal(gamma=1.5). Empty: none.
	ShortParameter string
}

// A Parameter is one of a [Family], or one that [Loss.Weighted] or [Loss.Smoothed] sets.
type Parameter struct {
	Name     string  // "gamma"
	Symbol   string  // "γ"
	Meaning  string  // "the focusing parameter"
	Min, Max float32 // its range, ends included; a Max of MaxFloat32 means any finite number
	Default  float32 // the value in [ParseLoss] where it is left out

	// Weight says that the parameter stands for the weights of foreground and
	// background, so that pos and neg can be given in its place.
	Weight bool
}

// Want says what the parameter must be: "a weight in [0, 1]", "a finite number ≥ 0".
func (p Parameter) Want() string {
	what := "number"
	if p.Weight {
		what = "weight"
	}
	least := formatValue(float64(p.Min))
	if p.Max == math.MaxFloat32 {
		return "a finite " + what + " ≥ " + least
	}
	if p.Max == smoothed.Max {
		return "a " + what + " in [" + least + ", 1)"
	}
	return "a " + what + " in [" + least + ", " + formatValue(float64(p.Max)) + "]"
}

// check returns an [*InputError] about a value outside the parameter's range.
func (p Parameter) check(v float64) error {
	most := float64(p.Max)
	if p.Max == math.MaxFloat32 {
		most = math.Nextafter(0x1.ffffffp127, 0) // what rounds to it, as 3.4028235e38 does
	}
	if v >= float64(p.Min) && v <= most {
		return nil
	}
	return wholeError(p.Name, v, "is %s: want %s", formatValue(v), p.Want())
}

// Families returns the losses of scores of this package, their parameters left open.
func Families() []Family { return listFamilies(false) }

// RowFamilies returns the losses of rows likewise.
func RowFamilies() []Family { return listFamilies(true) }

func listFamilies(rows bool) []Family {
	var list []Family
	for _, f := range families {
		if f.Rows != rows {
			continue
		}
		f.Parameters = slices.Clone(f.Parameters)
		list = append(list, f.Family)
	}
	return list
}
