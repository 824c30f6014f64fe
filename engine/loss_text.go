package engine

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/flengine/flengine/engine/internal/fpenv"
)

// String returns the loss with its parameters: "ce", "focal(alpha=0.25,gamma=2)", or, if
// it is [Loss.Weighted], "focal(gamma=2,pos=1,neg=1)"; "ce(smoothing=0.1)" if it is
// [Loss.Smoothed]. [ParseLoss] is its inverse.
func (l Loss) String() string {
	var b strings.Builder
	b.WriteString(l.row().Name)
	separator := byte('(')
	l.parameters(func(p *Parameter, v float32) {
		b.WriteByte(separator)
		b.WriteString(p.Name)
		b.WriteByte('=')
		b.WriteString(strconv.FormatFloat(float64(v), 'g', -1, 32))
		separator = ','
	})
	if separator == ',' {
		b.WriteByte(')')
	}
	return b.String()
}

// ParseLoss reads what [Loss.String] writes: the name of a family and, in parentheses,
// its parameters in any order, with spaces wherever one likes. What is left out has its
// default, α = 0.25 and γ = 2: "focal" is Focal(0.25, 2), "focal(gamma=1.5)" is
// Focal(0.25, 1.5). pos and neg, always both, are the weights of [Loss.Weighted] in place
// of α, smoothing the ε of [Loss.Smoothed]. An [*InputError] says what is wrong: its Field is the parameter whose value is
// wrong, or else "loss".
func ParseLoss(s string) (Loss, error) {
	env, err := fpenv.Enter() // package strconv multiplies and divides
	if err != nil {
		return Loss{}, err
	}
	defer env.Leave()
	l, err := parseLoss(s)
	if err != nil {
		return Loss{}, err
	}
	return l, nil
}

func parseLoss(s string) (l Loss, err error) {
	bad := func(format string, args ...any) error {
		return &InputError{Field: "loss", Index: -1, Reason: strconv.Quote(s) + " " + fmt.Sprintf(format, args...)}
	}
	name, list, open := strings.Cut(strings.TrimSpace(s), "(")
	row := slices.IndexFunc(families[:], func(f family) bool { return f.Name == strings.TrimSpace(name) })
	if row < 0 {
		return l, bad("is unknown: want one of %s", strings.Join(familyNames(), ", "))
	}
	l.family = uint8(row)
	for i, p := range l.row().Parameters {
		l.values[i] = p.Default
	}
	if !open {
		return l, nil
	}
	list, closed := strings.CutSuffix(list, ")")
	if !closed {
		return l, bad("does not end in a parenthesis: want something like focal(gamma=2)")
	}
	// The parameters that it may have, and where their values go.
	var weight [len(weights)]float32
	to := map[string]*float32{}
	known := map[string]*Parameter{}
	for i := range l.row().Parameters {
		p := &l.row().Parameters[i]
		known[p.Name], to[p.Name] = p, &l.values[i]
	}
	for i := range weights {
		p := &weights[i]
		known[p.Name], to[p.Name] = p, &weight[i]
	}
	known[smoothed.Name], to[smoothed.Name] = &smoothed, &l.smoothing
	given := map[string]bool{}
	if strings.TrimSpace(list) != "" {
		for part := range strings.SplitSeq(list, ",") {
			key, text, ok := strings.Cut(part, "=")
			key, text = strings.TrimSpace(key), strings.TrimSpace(text)
			switch p := known[key]; {
			case !ok:
				return l, bad("has %q for a parameter: want something like gamma=2", part)
			case p == nil:
				return l, bad("has no parameter %q: want %s", key, strings.Join(l.row().parameterNames(), ", "))
			case given[key]:
				return l, bad("has %s twice", key)
			default:
				if *to[key], err = p.parse(text); err != nil {
					return l, err
				}
			}
			given[key] = true
		}
	}
	pos, neg := given[weights[0].Name], given[weights[1].Name]
	if pos != neg {
		return l, bad("has one of pos and neg: want both")
	}
	if !pos {
		return l, nil
	}
	for _, p := range l.row().Parameters {
		if p.Weight && given[p.Name] {
			return l, bad("has %s beside pos and neg: want one or the other", p.Name)
		}
	}
	return l.Weighted(weight[0], weight[1]), nil
}

// parse reads a value of the parameter.
func (p Parameter) parse(text string) (float32, error) {
	wide, err := strconv.ParseFloat(text, 64) // rounding to float32 hides that 1.00000001 is above 1
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, wholeError(p.Name, math.NaN(), "is %q: want %s", text, p.Want())
	}
	if err := p.check(wide); err != nil {
		return 0, err
	}
	v, _ := strconv.ParseFloat(text, 32) // rounded once; it is within float32, as wide is
	return unsigned(float32(v)), nil
}

func familyNames() []string {
	var names []string
	for _, f := range families {
		names = append(names, f.Name)
	}
	return names
}

// parameterNames are all that a loss of the family may be given, those of weights last.
func (f *family) parameterNames() []string {
	all := slices.Clone(f.Parameters)
	if !f.Rows {
		all = append(all, weights[:]...)
	}
	if f.unsmoothed == "" {
		all = append(all, smoothed)
	}
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	return names
}

// MarshalText implements [encoding.TextMarshaler], so that a loss is a string in JSON. It
// fails where [New] does.
func (l Loss) MarshalText() ([]byte, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	return []byte(l.String()), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler] by [ParseLoss], for JSON and for
// [flag.TextVar]. On an error it leaves l alone.
func (l *Loss) UnmarshalText(text []byte) error {
	parsed, err := ParseLoss(string(text))
	if err == nil {
		*l = parsed
	}
	return err
}
