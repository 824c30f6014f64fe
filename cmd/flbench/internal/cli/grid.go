package cli

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/engine"
)

// maxGrid is the most losses of a grid.
const maxGrid = 4096

// Axis is a parameter of the losses of a grid, and its values.
type Axis struct {
	engine.Parameter
	Values []float64
}

// Grid is losses of a family, of all combinations of some parameters' values: those of the
// first axis change last.
type Grid struct {
	Axes   []Axis
	Losses []engine.Loss
}

// GridFlags are flags for a grid of losses: --loss for the family, and a flag for each
// parameter that takes its values.
type GridFlags struct {
	Name string

	// Families are those to choose from; nil: all.
	Families []engine.Family
	// Defaults are, by family and parameter, the values where no flag names any; of other
	// families the loss with its own defaults is the only one. nil: those of a sweep, which
	// wants values of others.
	Defaults map[string]map[string]string

	values map[string]*valuesFlag
}

// defaultGrid are the values of a sweep that names none, of the family that has them.
var defaultGrid = map[string]map[string]string{"focal": {"alpha": "0.1,0.25,0.5,0.75,0.9", "gamma": "0,0.5,1,2,5"}}

// Add adds the flags.
func (g *GridFlags) Add(cmd *cobra.Command) {
	names := FamilyNames(g.Choices())
	flags := cmd.Flags()
	flags.StringVar(&g.Name, "loss", "focal", "`NAME` of the losses: "+OrList(names))
	CompleteNames(cmd, "loss", names)
	g.values = map[string]*valuesFlag{}
	for _, p := range parametersOf(g.families()) {
		v := new(valuesFlag)
		g.values[p.Name] = v
		usage := strings.Replace(p.usage(), "`"+strings.ToUpper(p.Name)+"`", strings.ToUpper(p.Name), 1)
		flags.Var(v, p.Name, "`VALUES` of "+usage)
	}
}

// Choices are the families that --loss takes: those that have parameters, unless there are
// Defaults.
func (g *GridFlags) Choices() []engine.Family {
	list := slices.Clone(g.families())
	if g.Defaults == nil {
		list = slices.DeleteFunc(list, func(f engine.Family) bool { return len(f.Parameters) == 0 })
	}
	return list
}

// LossesHelp lists them for the help of the command. Short names, such as focal1.5, are none.
func (g *GridFlags) LossesHelp() string { return lossesHelp(g.Choices(), false) }

func (g *GridFlags) families() []engine.Family {
	if g.Families != nil {
		return g.Families
	}
	return AllFamilies()
}

// Grid returns the losses that the flags give.
func (g *GridFlags) Grid(cmd *cobra.Command) (*Grid, error) {
	i := slices.Index(FamilyNames(g.families()), g.Name)
	if i < 0 {
		return nil, Usagef("--loss is %q: want %s", g.Name, OrList(FamilyNames(g.Choices())))
	}
	defaults := g.Defaults
	if defaults == nil {
		defaults = defaultGrid
	}
	family, given := g.families()[i], false
	var own []string
	for _, p := range parametersOf(g.families()) {
		has := slices.Contains(p.families, family.Name)
		switch changed := cmd.Flags().Changed(p.Name); {
		case changed && !has:
			return nil, Usagef("--%s has no meaning for --loss %s", p.Name, family.Name)
		case has:
			own, given = append(own, "--"+p.Name), given || changed
		}
	}
	switch {
	case g.Defaults != nil:
	case len(own) == 0:
		return nil, Usagef("--loss %s has no parameters: want one that has, such as focal", family.Name)
	case !given && defaults[family.Name] == nil:
		return nil, Usagef("--loss %s: want values of %s", family.Name, OrList(own))
	}
	grid, size := &Grid{}, 1
	for _, p := range family.Parameters {
		axis := Axis{Parameter: p, Values: g.values[p.Name].values}
		if !given {
			axis.Values, _ = parseValues(defaults[family.Name][p.Name])
		}
		if axis.Values == nil {
			continue // its default
		}
		if size *= len(axis.Values); size > maxGrid {
			return nil, Usagef("--%s: the values make more than %d losses: want fewer", p.Name, maxGrid)
		}
		grid.Axes = append(grid.Axes, axis)
	}
	for n := range size {
		var parameters []string
		each := size
		for _, a := range grid.Axes {
			each /= len(a.Values)
			parameters = append(parameters, a.Name+"="+number(a.Values[n/each%len(a.Values)]))
		}
		loss, err := ParseLoss(family.Name + "(" + strings.Join(parameters, ",") + ")")
		if err != nil {
			return nil, Usagef("--%w", err) // about one of the flags
		}
		if slices.Contains(grid.Losses, loss) {
			return nil, Usagef("--%s: two values are the same in float32: %s comes twice", grid.Axes[len(grid.Axes)-1].Name, loss)
		}
		grid.Losses = append(grid.Losses, loss)
	}
	return grid, nil
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// valuesFlag is a flag with numbers: a list of them, and of ranges.
type valuesFlag struct {
	text   string
	values []float64
}

func (v *valuesFlag) Type() string   { return "values" }
func (v *valuesFlag) String() string { return v.text }

func (v *valuesFlag) Set(text string) (err error) {
	v.text = text
	v.values, err = parseValues(text)
	return err
}

// parseValues reads "0.25,0.5" and "0:2:0.5", which is 0, 0.5, 1, 1.5 and 2.
func parseValues(text string) (values []float64, err error) {
	want := errors.New("want numbers separated by commas, or from:to:step")
	for part := range strings.SplitSeq(text, ",") {
		var ends [3]float64
		parts := strings.Split(part, ":")
		if len(parts) != 1 && len(parts) != 3 {
			return nil, want
		}
		for i, p := range parts {
			if ends[i], err = strconv.ParseFloat(strings.TrimSpace(p), 64); err != nil || math.IsInf(ends[i], 0) || ends[i] != ends[i] {
				return nil, want
			}
		}
		from, to, step := ends[0], ends[1], ends[2]
		if len(parts) == 1 {
			values = append(values, from)
			continue
		}
		n := math.Floor((to-from)/step + 1e-9)
		switch {
		case !(step > 0 && to >= from):
			return nil, errors.New("want from:to:step with a step above 0 and an end that is not before the start")
		case n >= maxGrid:
			return nil, fmt.Errorf("%s has more than %d values: want fewer", part, maxGrid)
		}
		for i := 0.0; i <= n; i++ {
			// Of 0.1 and 0.2, three steps are 0.3, not the float64 after it.
			v, _ := strconv.ParseFloat(strconv.FormatFloat(from+i*step, 'g', 12, 64), 64)
			values = append(values, v)
		}
	}
	for i, v := range values {
		if slices.Contains(values[:i], v) {
			return nil, fmt.Errorf("%s comes twice: want it once", number(v))
		}
	}
	return values, nil
}
