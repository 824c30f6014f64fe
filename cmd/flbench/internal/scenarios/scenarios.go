// Package scenarios is the command that shows the losses of textbook examples.
package scenarios

import (
	"fmt"
	"io"
	"math"

	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

// New returns the command.
func New() *cobra.Command {
	var flags cli.LossFlags
	var kernel string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "scenarios",
		Short: "Show what focal loss does to easy and misclassified examples",
		Long: `Scenarios evaluates cross-entropy, balanced cross-entropy and focal loss on six
textbook examples: easy, misclassified and very easy ones, each as foreground
(label 1) and as background (label 0). CE/FL is how many times smaller focal loss
makes the cross-entropy: much for easy examples, little for misclassified ones.

The losses are the engine's, of the logit ln(p/(1−p)) as a float32.`,
		Example: `  flbench scenarios
  flbench scenarios --alpha 0.5 --gamma 5
  flbench scenarios --kernel generic --json`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			balanced, err := flags.Loss(cmd.Flags(), "balanced")
			if err != nil {
				return err
			}
			focal, err := flags.Loss(cmd.Flags(), "focal")
			if err != nil {
				return err
			}
			if _, err := engine.New(engine.CrossEntropy(), engine.WithKernel(kernel)); err != nil {
				if kernel != "" {
					err = cli.Usagef("--kernel: %w", err)
				}
				return err
			}
			s, err := evaluateScenarios(balanced, focal, kernel)
			if err != nil {
				return err
			}
			if asJSON {
				return cli.WriteJSON(cmd.OutOrStdout(), s)
			}
			return s.print(cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	flags.Add(f, []string{"balanced", "focal"})
	f.StringVar(&kernel, "kernel", "", "`name` of the kernel, as in 'flbench info' (default the fastest)")
	f.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// scenarios are the worked examples under one α and γ.
type scenarios struct {
	Alpha  float32    `json:"alpha"`
	Gamma  float32    `json:"gamma"`
	Kernel string     `json:"kernel"`
	Cases  []scenario `json:"cases"`
}

// scenario is one example and its losses.
type scenario struct {
	Case     string   `json:"case"`
	P        float64  `json:"p"` // predicted probability of foreground
	Label    uint8    `json:"label"`
	Logit    float32  `json:"logit"`
	CE       float32  `json:"ce"`
	Balanced float32  `json:"balanced_ce"`
	Focal    float32  `json:"focal"`
	Ratio    *float64 `json:"ce_over_focal"` // null where focal is 0
}

// evaluateScenarios computes the examples with the engine.
func evaluateScenarios(balanced, focal engine.Loss, kernel string) (*scenarios, error) {
	s := new(scenarios)
	s.Alpha, _ = focal.Parameter("alpha")
	s.Gamma, _ = focal.Parameter("gamma")
	for _, c := range []struct {
		name string
		pt   float64 // of the true label
	}{{"easy", 0.95}, {"misclassified", 0.05}, {"very easy", 0.99}} {
		s.Cases = append(s.Cases,
			scenario{Case: c.name, P: c.pt, Label: 1},
			// 1 − p_t, without the digits that the subtraction leaves.
			scenario{Case: c.name, P: math.Round((1-c.pt)*100) / 100, Label: 0})
	}
	n := len(s.Cases)
	b := engine.Batch{Logits: make([]float32, n), Labels: make([]uint8, n)}
	for i := range s.Cases {
		c := &s.Cases[i]
		c.Logit = float32(math.Log(c.P / (1 - c.P)))
		b.Logits[i], b.Labels[i] = c.Logit, c.Label
	}
	var losses [3][]float32
	for i, l := range []engine.Loss{engine.CrossEntropy(), balanced, focal} {
		e, err := engine.New(l, engine.WithKernel(kernel), engine.WithWorkers(1))
		if err != nil {
			return nil, err
		}
		losses[i] = make([]float32, n)
		if _, err := e.Losses(losses[i], b); err != nil {
			return nil, err
		}
		s.Kernel = e.Kernel()
	}
	for i := range s.Cases {
		c := &s.Cases[i]
		c.CE, c.Balanced, c.Focal = losses[0][i], losses[1][i], losses[2][i]
		if c.Focal > 0 {
			ratio := float64(c.CE) / float64(c.Focal)
			c.Ratio = &ratio
		}
	}
	return s, nil
}

func (s *scenarios) print(to io.Writer) error {
	table := cli.NewTable("llrrrrr", "case", "label", "p", "CE", "balanced CE", "focal", "CE/FL")
	for i, c := range s.Cases {
		if i > 0 && i%2 == 0 {
			table.Gap()
		}
		label := "0 background"
		if c.Label == 1 {
			label = "1 foreground"
		}
		ratio := "∞"
		if c.Ratio != nil {
			ratio = fmt.Sprintf("%.6g", *c.Ratio)
		}
		table.Row(c.Case, label, fmt.Sprint(c.P),
			fmt.Sprintf("%.7g", c.CE), fmt.Sprintf("%.7g", c.Balanced), fmt.Sprintf("%.7g", c.Focal), ratio)
	}
	return cli.Print(to, fmt.Sprintf("α = %g, γ = %g, kernel %s; p is the predicted probability of foreground\n\n%s", s.Alpha, s.Gamma, s.Kernel, table))
}
