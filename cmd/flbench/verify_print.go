package main

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// verifyReport is what verify prints.
type verifyReport struct {
	CPU     string         `json:"cpu"`
	OS      string         `json:"os"`
	Arch    string         `json:"arch"`
	Go      string         `json:"go"`
	Kernels []string       `json:"kernels"`
	Stride  uint64         `json:"stride"`
	OK      bool           `json:"ok"`
	Results []verifyResult `json:"results"`
}

// verifyResult is the error of one output of one loss with one label.
type verifyResult struct {
	Loss      string      `json:"loss"`
	Input     string      `json:"input"` // "logit" or "probability"
	Label     uint8       `json:"label"`
	Output    string      `json:"output"` // "loss" or "gradient"
	Inputs    int64       `json:"inputs"`
	BoundULP  float64     `json:"bound_ulp"`
	MaxULP    jsonInf     `json:"max_ulp"`
	MeanULP   jsonInf     `json:"mean_ulp"`
	Worst     verifyWorst `json:"worst"`
	Histogram []verifyBin `json:"histogram"`
	Bad       int64       `json:"nan_or_negative"`
	Differing int64       `json:"bits_differ"` // scores on which kernels differ
	Differs   float32     `json:"bits_differ_at"`
	OK        bool        `json:"ok"`
}

type verifyWorst struct {
	Score float32 `json:"score"`
	Got   jsonInf `json:"got"`
	Want  float64 `json:"want"`
}

// verifyBin counts errors up to To ULP, the last bin all beyond.
type verifyBin struct {
	To    jsonInf `json:"to"`
	Count int64   `json:"count"`
}

// jsonInf is a float64 that may be no number in JSON; it is a string then.
type jsonInf float64

func (f jsonInf) MarshalJSON() ([]byte, error) {
	v := float64(f)
	if v-v != 0 {
		return []byte(`"` + strings.Replace(strings.TrimPrefix(fmt.Sprint(v), "+"), "Inf", "Infinity", 1) + `"`), nil
	}
	return []byte(fmt.Sprintf("%g", v)), nil
}

// add appends a sweep's results.
func (r *verifyReport) add(s subject, sweep sweepResult) {
	for _, o := range []struct {
		name  string
		bound float64
		stats errorStats
	}{{"loss", s.bound.LossULP, sweep.loss}, {"gradient", s.bound.GradientULP, sweep.gradient}} {
		v := verifyResult{
			Loss: s.bound.Name, Input: s.input(), Label: s.label, Output: o.name, Inputs: o.stats.count,
			BoundULP: o.bound, MaxULP: jsonInf(o.stats.max), MeanULP: jsonInf(o.stats.sum / float64(max(1, o.stats.count))),
			Worst: verifyWorst{o.stats.x, jsonInf(o.stats.got), o.stats.want},
			Bad:   o.stats.bad, Differing: sweep.differing, Differs: sweep.differs,
			OK: o.stats.max <= o.bound && o.stats.bad == 0 && sweep.differing == 0,
		}
		for i, n := range o.stats.histogram {
			to := math.Inf(1)
			if i < len(histogramTo) {
				to = histogramTo[i]
			}
			v.Histogram = append(v.Histogram, verifyBin{jsonInf(to), n})
		}
		r.Results = append(r.Results, v)
		r.OK = r.OK && v.OK
	}
}

// failures says what is wrong, a line a result.
func (r *verifyReport) failures() []string {
	var list []string
	for _, v := range r.Results {
		what := fmt.Sprintf("%s from %s, label %d, %s", v.Loss, v.Input, v.Label, v.Output)
		switch {
		case v.OK:
		case v.Differing > 0:
			list = append(list, fmt.Sprintf("%s: kernels differ on %d scores, first on %g", what, v.Differing, v.Differs))
		case v.Bad > 0:
			list = append(list, fmt.Sprintf("%s: %d are negative or NaN, as for %g", what, v.Bad, v.Worst.Score))
		default:
			list = append(list, fmt.Sprintf("%s: %.3f ULP at %g, above the bound of %g", what, float64(v.MaxULP), v.Worst.Score, v.BoundULP))
		}
	}
	return list
}

func (r *verifyReport) print(to io.Writer) error {
	head := []string{"loss", "from", "output", "label", "bound", "max ULP", "at", "got", "exactly", "mean"}
	for _, end := range histogramTo {
		head = append(head, fmt.Sprintf("≤%g", end))
	}
	table := [][]string{append(head, "more")}
	for i, v := range r.Results {
		if i > 0 && (v.Loss != r.Results[i-1].Loss || v.Input != r.Results[i-1].Input) {
			table = append(table, nil)
		}
		row := []string{v.Loss, v.Input, v.Output, fmt.Sprint(v.Label), fmt.Sprintf("%g", v.BoundULP), fmt.Sprintf("%.3f", float64(v.MaxULP)),
			fmt.Sprintf("%g", v.Worst.Score), fmt.Sprintf("%.9g", float64(v.Worst.Got)), fmt.Sprintf("%.9g", v.Worst.Want), fmt.Sprintf("%.3f", float64(v.MeanULP))}
		for _, b := range v.Histogram {
			row = append(row, percent(b.Count, v.Inputs))
		}
		table = append(table, row)
	}
	inputs := "all scores"
	if r.Stride > 1 {
		inputs = fmt.Sprintf("every %dth of all 2³² logits and of all probabilities", r.Stride)
	}
	verdict := "All bounds hold, and all kernels give the same bits."
	if !r.OK {
		verdict = "Not all is well:\n  " + strings.Join(r.failures(), "\n  ")
	}
	_, err := fmt.Fprintf(to, "%s, %s/%s, %s; kernels %s; %s\n\n%s\n%s\n", r.CPU, r.OS, r.Arch, r.Go,
		strings.Join(r.Kernels, ", "), inputs, columns(table, 3), verdict)
	return err
}

// percent writes a part of a whole in %, nothing if it is none.
func percent(n, of int64) string {
	if n == 0 {
		return "·"
	}
	if p := 100 * float64(n) / float64(of); p >= 0.001 {
		return fmt.Sprintf("%.3f%%", p)
	}
	return "<0.001%"
}
