package eval

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/flengine/flengine/engine"
)

// TestEvalWeightedMean: with weights the mean is also that by their sum, in every format, and
// rows under softmax have no easy negatives, which are not 0.
func TestEvalWeightedMean(t *testing.T) {
	w := make([]float32, 60)
	for i := range w {
		w[i] = float32(i%4) / 2
	}
	for _, loss := range []engine.Loss{engine.Focal(0.25, 2), engine.SoftmaxCrossEntropy()} {
		rows, s := loss == engine.SoftmaxCrossEntropy(), newSample(8, 60, 5)
		for i, c := range s.classes {
			if c == -1 && rows {
				s.classes[i] = int32(i) % 5
			}
		}
		dir := folder(t, s.logitsFile(), s.classesFile())
		write(t, filepath.Join(dir, "w.npy"), array{[]int{60}, w}.file())
		b := s.batch()
		b.Weights = w
		want := must(must(engine.New(loss)).Sum(b)).WeightedMean()
		args := []string{"--loss", loss.String(), "--weights=w.npy", dir}
		r := evalReport(t, args...)
		for _, e := range []jsonEntry{r.Total, r.Results[0]} {
			if e.WeightedMean == nil || float64(*e.WeightedMean) != want || float64(e.Mean) == want {
				t.Errorf("%v: weighted mean %v, mean %v, want %v", loss, e.WeightedMean, e.Mean, want)
			}
		}
		if has := strings.Contains(eval(t, append(args, "--json")...), "easy_negatives"); has == rows {
			t.Errorf("%v: easy negatives in JSON: %t", loss, has)
		}
		table := eval(t, args...)
		if !strings.Contains(table, "weighted mean") || !strings.Contains(table, fmt.Sprintf("%.4g", want)) || strings.Contains(table, "–") != rows {
			t.Errorf("%v:\n%s", loss, table)
		}
		record := strings.Split(strings.Split(eval(t, append(args, "--format=csv")...), "\n")[1], ",")
		if record[len(record)-1] != strconv.FormatFloat(want, 'g', -1, 64) || (record[8] == "") != rows {
			t.Errorf("%v: %q", loss, record)
		}
		if plain := eval(t, "--loss", loss.String(), dir); strings.Contains(plain, "weighted") {
			t.Errorf("%v without weights:\n%s", loss, plain)
		}
	}
}
