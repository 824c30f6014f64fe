package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
)

// works are what all sides are timed on, in the peers' order.
var works = []struct{ name, what string }{
	{"W1", "focal loss from logits, γ = 2: the sum"},
	{"W2", "focal loss from logits, γ = 2: a loss per score"},
	{"W3", "focal loss from logits, γ = 2: the sum and a gradient per score"},
	{"W4", "focal loss from logits, γ = 1.5: the sum"},
	{"W5", "log on (0, 1), elementwise"},
	{"W6", "pow(x, 1.5) on (0, 1), elementwise"},
	{"W7", "exp on [-20, 0], elementwise"},
	{"W8", "focal loss from probabilities, γ = 2: the sum"},
}

// row is what a side prints for one cell: a line of JSON. An error below 0 was not
// measured, one of 1e300 stands for infinity.
type row struct {
	Peer    string  `json:"peer"`
	Work    string  `json:"work"`
	N       int     `json:"n"`
	Threads int     `json:"threads"`
	NS      float64 `json:"ns_per_elem"`  // median
	MinNS   float64 `json:"ns_min"`       // the least sample; 0: none known
	MaxULP  float64 `json:"max_ulp"`      // against MPFR, inputs like a detector's
	MeanULP float64 `json:"mean_ulp"`     // of the same
	WideULP float64 `json:"max_ulp_wide"` // logits uniform on [-20, 20]
	SumErr  float64 `json:"sum_rel_err"`  // of the sum
	Samples int     `json:"samples"`
}

const infinite = 1e300

// parseRows hands on row after row until yield returns false. Lines that are no
// JSON object are the peers' own remarks.
func parseRows(in io.Reader, yield func(row) bool) error {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 || line[0] != '{' {
			continue
		}
		r := row{MaxULP: -1, MeanULP: -1, WideULP: -1, SumErr: -1}
		if err := json.Unmarshal(line, &r); err != nil {
			return fmt.Errorf("row %q: %w", line, err)
		}
		if r.Peer == "" || r.Work == "" || r.N <= 0 || r.Threads <= 0 || !(r.NS > 0) {
			return fmt.Errorf("row %q: want a peer, a work, n, threads and ns_per_elem", line)
		}
		if !yield(r) {
			return nil
		}
	}
	return lines.Err()
}

type cell struct {
	peer, work string
	n          int
}

// rows are one row per cell, in the order they came.
type rows struct {
	list  []row
	index map[cell]int
}

// addNew adds a row if its cell has none.
func (s *rows) addNew(r row) {
	c := cell{r.Peer, r.Work, r.N}
	if _, ok := s.index[c]; ok {
		return
	}
	if s.index == nil {
		s.index = map[cell]int{}
	}
	s.index[c] = len(s.list)
	s.list = append(s.list, r)
}

// merge adds another round: the least times count, and the largest errors, though
// those should be the same.
func (s *rows) merge(round rows) {
	for _, r := range round.list {
		i, ok := s.index[cell{r.Peer, r.Work, r.N}]
		if !ok {
			s.addNew(r)
			continue
		}
		o := &s.list[i]
		o.NS = min(o.NS, r.NS)
		if o.MinNS == 0 || r.MinNS > 0 && r.MinNS < o.MinNS { // 0 was not measured
			o.MinNS = r.MinNS
		}
		o.MaxULP, o.MeanULP = max(o.MaxULP, r.MaxULP), max(o.MeanULP, r.MeanULP)
		o.WideULP, o.SumErr = max(o.WideULP, r.WideULP), max(o.SumErr, r.SumErr)
		o.Samples += r.Samples
	}
}

// maxAccurate is the error up to which a peer counts as accurate. The peers have
// some 10 ULP, or, where they form 1 − p or log(1 + e), tens of thousands.
const maxAccurate = 100

func (r row) accurate() bool { return r.MaxULP >= 0 && r.MaxULP < maxAccurate }

// ourPrefix begins flengine's names among the peers; the kernel's name follows.
const ourPrefix = "flengine-"

// nativeISA is the kernel with all that a compiler that builds for this machine may
// use; "" if there is none for it.
func nativeISA(goarch string, avx512 bool) string {
	switch {
	case goarch == "arm64":
		return "neon"
	case goarch == "amd64" && avx512:
		return "avx512"
	case goarch == "amd64":
		return "avx2"
	}
	return ""
}

// isa tells by its name which kernel of ours a peer is to be compared with:
//
//	flengine-K                    K, one of ours
//	avx512, avx3 (Highway's name) avx512
//	avx2, v3 (-march=x86-64-v3),  avx2
//	vek (Go assembly in AVX2)
//	native (-march=native)        what the machine has; with vectors of 256 bits
//	                              avx512, too: it has its masks and registers
//	go-, math32                   generic: scalar Go
//	else                          "": a program that picks its instructions itself
func isa(name, native string) string {
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(name, p) {
				return true
			}
		}
		return false
	}
	switch kernel, ours := strings.CutPrefix(name, ourPrefix); {
	case ours:
		return kernel
	case has("avx512", "avx3"):
		return "avx512"
	case has("avx2", "-v3", "vek"):
		return "avx2"
	case has("native"):
		return native
	case has("go-", "math32"):
		return "generic"
	}
	return ""
}

// formatULP writes an error in ULP.
func formatULP(v float64) string {
	switch {
	case v < 0:
		return "?"
	case v >= infinite:
		return "∞"
	case v >= 9999.5:
		return fmt.Sprintf("%.0f", v)
	case v >= 99.5:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func formatNS(v float64) string {
	return fmt.Sprintf("%.*f", max(0, 3-int(math.Log10(max(1, v)))), v)
}
