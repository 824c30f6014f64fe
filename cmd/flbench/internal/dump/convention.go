package dump

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// Convention is the flags that change what an input means, in one spelling: what two
// evaluations must have in common to be of one kind. Those that were not given are left out.
type Convention struct {
	Layout     string   `json:"layout,omitempty"`
	Columns    string   `json:"columns,omitempty"`
	Targets    string   `json:"targets,omitempty"`
	Probs      bool     `json:"probs,omitempty"`
	Background *int32   `json:"background,omitempty"`
	Ignored    []int32  `json:"ignored,omitempty"` // rising
	Weights    cli.Path `json:"weights,omitempty"`
	LogitsKey  cli.Path `json:"logits_key,omitempty"`
	LabelsKey  cli.Path `json:"labels_key,omitempty"`
}

// Convention returns that of the options, which it checks.
func (o *Options) Convention() (Convention, error) {
	set, err := o.check()
	if err != nil {
		return Convention{}, err
	}
	c := Convention{
		Layout: o.Layout, Columns: set.columns.String(), Targets: o.Targets, Probs: o.Probs, Background: o.Background,
		Weights: cli.Path(o.Weights), LogitsKey: cli.Path(o.LogitsKey), LabelsKey: cli.Path(o.LabelsKey),
	}
	if len(o.Ignored) > 0 {
		c.Ignored = slices.Compact(slices.Sorted(slices.Values(o.Ignored)))
	}
	if c.LogitsKey == "logits" {
		c.LogitsKey = ""
	}
	if c.LabelsKey == "labels" {
		c.LabelsKey = ""
	}
	return c, nil
}

// String returns the slice in one spelling, "" for all of an axis.
func (s slice) String() string {
	from, to := "", ""
	if s.from != nil && *s.from != 0 {
		from = strconv.Itoa(*s.from)
	}
	if s.to != nil {
		to = strconv.Itoa(*s.to)
	}
	if from == "" && to == "" {
		return ""
	}
	return from + ":" + to
}

// Equal tells whether two conventions are the same.
func (c Convention) Equal(o Convention) bool { return c.String() == o.String() }

// String returns the flags as they are given, or "none of the flags".
func (c Convention) String() string {
	var flags []string
	for _, f := range []struct{ name, value string }{
		{"layout", c.Layout}, {"columns", c.Columns}, {"targets", c.Targets}, {"weights", string(c.Weights)},
		{"logits-key", string(c.LogitsKey)}, {"labels-key", string(c.LabelsKey)}, {"ignored", join(c.Ignored, ",")},
	} {
		if f.value == "" {
			continue
		}
		value := f.value
		if strings.ContainsAny(value, " '") || cli.Printable(value) != value {
			value = strconv.Quote(value)
		}
		flags = append(flags, "--"+f.name+"="+value)
	}
	if c.Background != nil {
		flags = append(flags, fmt.Sprintf("--background=%d", *c.Background))
	}
	if c.Probs {
		flags = append(flags, "--probs")
	}
	if len(flags) == 0 {
		return "none of the flags"
	}
	return strings.Join(flags, " ")
}
