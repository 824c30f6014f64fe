package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/flengine/flengine/engine"
)

// Losses in flags, tables and reports. All that is known of them here comes from
// engine.Families.

// EasyPt is the p_t above which background entries are easy negatives.
const EasyPt = 0.9

// LossSpec is a loss and its name in flags and tables.
type LossSpec struct {
	Name string
	engine.Loss
}

// ShortName is the shortest name by which ParseLoss finds a loss: "ce", "focal1.5", or
// "focal(alpha=0.5,gamma=2)".
func ShortName(l engine.Loss) string {
	f := l.Family()
	name := f.Name
	if v, ok := l.Parameter(f.ShortParameter); ok {
		name += strconv.FormatFloat(float64(v), 'g', -1, 32)
	}
	if short, err := ParseLoss(name); err == nil && short == l {
		return name
	}
	return l.String()
}

// Positive tells whether a loss counts a target as positive: of heatmaps only peaks are.
func Positive(l engine.Loss, target float32) bool {
	if l.Family().Name == "heatmap" {
		return target == 1
	}
	return target > 0
}

// ParseLoss reads a loss as engine.ParseLoss does, or the name of its family followed by a
// number for the parameter that tells its losses apart: focal1.5 is focal(gamma=1.5). Unlike
// that it returns an error for what engine.New would refuse.
func ParseLoss(text string) (engine.Loss, error) {
	loss, err := parseLoss(text)
	if err == nil {
		err = usable(loss)
	}
	return loss, err
}

// usable returns why engine.New refuses a loss.
func usable(l engine.Loss) error {
	if pos, set := l.Parameter("pos"); set && l.Family().Rows { // where the engine names an option of its own
		return &engine.InputError{Field: "pos", Index: -1, Value: float64(pos),
			Reason: fmt.Sprintf("is set, and %s has no foreground and background: want it without pos and neg", l.Family().Name)}
	}
	_, err := engine.New(l, engine.WithKernel("generic")) // so that no other kernel is what is wrong
	var input *engine.InputError
	if errors.As(err, &input) {
		return err
	}
	return nil // it is not about the loss
}

func parseLoss(text string) (engine.Loss, error) {
	if !strings.Contains(text, "(") {
		for _, f := range AllFamilies() {
			number, ok := strings.CutPrefix(text, f.Name)
			if !ok || number == "" || f.ShortParameter == "" {
				continue
			}
			if _, err := strconv.ParseFloat(number, 64); err == nil || errors.Is(err, strconv.ErrRange) {
				return engine.ParseLoss(f.Name + "(" + f.ShortParameter + "=" + number + ")")
			}
		}
	}
	return engine.ParseLoss(text)
}

// ParseLosses reads the losses of --losses, none of them twice.
func ParseLosses(names []string) ([]LossSpec, error) {
	names = JoinParentheses(names)
	if err := CheckList("losses", names, nil); err != nil {
		return nil, err
	}
	var losses []LossSpec
	for _, name := range names {
		l, err := ParseLoss(name)
		var input *engine.InputError
		switch {
		case errors.As(err, &input) && input.Field != "loss": // which does not quote the name
			return nil, Usagef("--losses: %q: %w", name, err)
		case err != nil:
			return nil, Usagef("--losses: %w", err)
		}
		spec := LossSpec{ShortName(l), l}
		if slices.Contains(losses, spec) {
			return nil, Usagef("--losses: %s twice: want it once", spec.Name)
		}
		losses = append(losses, spec)
	}
	return losses, nil
}

// JoinParentheses undoes what a list of flags does to focal(alpha=0.5,gamma=2): a part
// whose parenthesis is open goes on in the next.
func JoinParentheses(parts []string) (names []string) {
	open := false
	for _, p := range parts {
		if open {
			names[len(names)-1] += "," + p
		} else {
			names = append(names, p)
		}
		last := names[len(names)-1]
		open = strings.Count(last, "(") > strings.Count(last, ")")
	}
	return names
}

// AllFamilies are the losses of scores, and those of rows.
func AllFamilies() []engine.Family { return append(engine.Families(), engine.RowFamilies()...) }

// FamilyNames are the names of losses, their parameters being left out.
func FamilyNames(families []engine.Family) (names []string) {
	for _, f := range families {
		names = append(names, f.Name)
	}
	return names
}

// LossesHelp lists losses for the help of flags that name them.
func LossesHelp(families []engine.Family) string { return lossesHelp(families, true) }

func lossesHelp(families []engine.Family, short bool) string {
	var b strings.Builder
	width := 0
	for _, f := range families {
		width = max(width, len(f.Name))
	}
	for _, f := range families {
		fmt.Fprintf(&b, "  %-*s  %s, %s", width, f.Name, f.Title, f.Formula)
		for i, p := range f.Parameters {
			fmt.Fprintf(&b, "%s %s = %s", []string{";", ","}[min(i, 1)], p.Name, Short(p.Default))
		}
		if short && f.ShortParameter != "" {
			fmt.Fprintf(&b, ";\n  %*s  short with its %s: %s1.5", width, "", f.ShortParameter, f.Name)
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// lossParameter is a parameter of one or more families.
type lossParameter struct {
	engine.Parameter
	families []string // that have it
	defaults bool     // they agree on the default
	meanings []meaning
}

// meaning is what a parameter is in some of the families.
type meaning struct {
	text, want string
	families   []string
}

func lossParameters() []lossParameter { return parametersOf(AllFamilies()) }

func parametersOf(families []engine.Family) (list []lossParameter) {
	for _, f := range families {
		for _, p := range f.Parameters {
			i := slices.IndexFunc(list, func(have lossParameter) bool { return have.Name == p.Name })
			if i < 0 {
				list = append(list, lossParameter{Parameter: p, defaults: true})
				i = len(list) - 1
			}
			l := &list[i]
			l.families = append(l.families, f.Name)
			l.defaults = l.defaults && l.Default == p.Default
			k := slices.IndexFunc(l.meanings, func(m meaning) bool { return m.text == p.Meaning && m.want == p.Want() })
			if k < 0 {
				l.meanings = append(l.meanings, meaning{text: p.Meaning, want: p.Want()})
				k = len(l.meanings) - 1
			}
			l.meanings[k].families = append(l.meanings[k].families, f.Name)
		}
	}
	return list
}

// usage is what the help of a flag says of the parameter, in each of the families.
func (p *lossParameter) usage() string {
	var parts []string
	for i, m := range p.meanings {
		name := strings.ToUpper(p.Name)
		if i == 0 {
			name = "`" + name + "`"
		}
		parts = append(parts, fmt.Sprintf("%s (%s): %s is %s", m.text, strings.Join(m.families, ", "), name, m.want))
	}
	return strings.Join(parts, "; ")
}

// LossFlags are flags for one loss: its name, and one flag for each parameter.
type LossFlags struct {
	Name       string // of --loss
	parameters map[string]*float64
}

// Add adds the flags for the losses of these families.
func (l *LossFlags) Add(flags *pflag.FlagSet, families []string) {
	l.parameters = map[string]*float64{}
	for _, p := range lossParameters() {
		if !slices.ContainsFunc(p.families, func(f string) bool { return slices.Contains(families, f) }) {
			continue
		}
		standard, _ := strconv.ParseFloat(Short(p.Default), 64)
		l.parameters[p.Name] = flags.Float64(p.Name, standard, p.usage())
		if !p.defaults {
			flags.Lookup(p.Name).DefValue = "that of the loss"
		}
	}
}

// AddChoice adds --loss, and the flags of all losses.
func (l *LossFlags) AddChoice(cmd *cobra.Command) {
	names := FamilyNames(AllFamilies())
	cmd.Flags().StringVar(&l.Name, "loss", "focal", "`NAME` of the loss: "+OrList(names)+", as above")
	CompleteNames(cmd, "loss", names)
	l.Add(cmd.Flags(), names)
}

// Given returns the first of the flags that was given, "" for none.
func (l *LossFlags) Given(flags *pflag.FlagSet) string {
	for _, name := range append([]string{"loss"}, slices.Sorted(maps.Keys(l.parameters))...) {
		if flags.Changed(name) {
			return name
		}
	}
	return ""
}

// Loss returns the loss of a family with the parameters that flags give. The others have
// their defaults.
func (l *LossFlags) Loss(flags *pflag.FlagSet, family string) (engine.Loss, error) {
	var given []string
	for _, p := range lossParameters() {
		if slices.Contains(p.families, family) && flags.Changed(p.Name) {
			given = append(given, p.Name+"="+strconv.FormatFloat(*l.parameters[p.Name], 'g', -1, 64))
		}
	}
	loss, err := engine.ParseLoss(family + "(" + strings.Join(given, ",") + ")")
	if err == nil {
		err = usable(loss)
	}
	if err != nil {
		return loss, Usagef("--%w", err) // about one of the flags
	}
	return loss, nil
}

// Chosen returns the loss that --loss names, with the flags for its parameters.
func (l *LossFlags) Chosen(flags *pflag.FlagSet) (engine.Loss, error) {
	family := slices.Contains(FamilyNames(AllFamilies()), l.Name)
	for _, p := range lossParameters() {
		switch {
		case !flags.Changed(p.Name):
		case !family:
			return engine.Loss{}, Usagef("--%s beside --loss %s: want one or the other", p.Name, l.Name)
		case !slices.Contains(p.families, l.Name):
			return engine.Loss{}, Usagef("--%s has no meaning for --loss %s", p.Name, l.Name)
		}
	}
	if family {
		return l.Loss(flags, l.Name)
	}
	loss, err := ParseLoss(l.Name)
	var input *engine.InputError
	switch {
	case err != nil && strings.ContainsAny(l.Name, "()"):
		return loss, Usagef("--loss: %w", err)
	case errors.As(err, &input) && input.Field != "loss": // which does not quote the name
		return loss, Usagef("--loss: %q: %w", l.Name, err)
	case err != nil:
		return loss, Usagef("--loss is %q: want %s", l.Name, OrList(FamilyNames(AllFamilies())))
	}
	return loss, nil
}

// LossInfo is a loss in reports: its name and the parameters that it has.
type LossInfo struct{ engine.Loss }

// parameters calls f with the loss's parameters in order.
func (l LossInfo) parameters(f func(name string, v float32)) {
	names := []string{}
	for _, p := range l.Family().Parameters {
		names = append(names, p.Name)
	}
	for _, name := range append(names, "pos", "neg", "smoothing") {
		if v, ok := l.Parameter(name); ok {
			f(name, v)
		}
	}
}

// MarshalJSON writes an object of the name and the parameters.
func (l LossInfo) MarshalJSON() ([]byte, error) {
	b := fmt.Appendf(nil, `{"name":%q`, l.Family().Name)
	l.parameters(func(name string, v float32) {
		number, _ := json.Marshal(v) // finite, as the engine took it
		b = fmt.Appendf(b, ",%q:%s", name, number)
	})
	return append(b, '}'), nil
}

// UnmarshalJSON is the inverse of MarshalJSON.
func (l *LossInfo) UnmarshalJSON(b []byte) error {
	var keys map[string]any
	if err := json.Unmarshal(b, &keys); err != nil {
		return err
	}
	var parameters []string
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if key != "name" {
			parameters = append(parameters, fmt.Sprintf("%s=%v", key, keys[key]))
		}
	}
	loss, err := engine.ParseLoss(fmt.Sprintf("%v(%s)", keys["name"], strings.Join(parameters, ",")))
	l.Loss = loss
	return err
}

// String returns the loss for people: "focal loss, alpha 0.25, gamma 2".
func (l LossInfo) String() string {
	text := l.Family().Title
	l.parameters(func(name string, v float32) { text += ", " + name + " " + Short(v) })
	return text
}
