package verify

import (
	"fmt"
	"math"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

// rowColumns are the lengths of rows that losses of rows are verified with.
var rowColumns = [...]int{1, 2, 3, 8, 21, 81, 1000}

// rowsStride is as targetsStride.
const rowsStride = 31

// rowLengths is "1, 2, 3": for the help.
func rowLengths() string {
	text := fmt.Sprint(rowColumns[0])
	for _, c := range rowColumns[1:] {
		text += fmt.Sprintf(", %d", c)
	}
	return text
}

// fillRows sets z to rows of logits made of x, and classes to their true classes. Every third
// row has logits as they are in x; of the others all but one are scattered around a place, and
// one, the true class's or another, is of x.
func fillRows(z []float32, classes []int32, x []float32, columns int) {
	for r := range classes {
		row, from := z[r*columns:][:columns], x[r*columns:][:columns]
		h := scramble(columns, math.Float32bits(from[0])+uint32(r))
		classes[r] = int32(h>>8) % int32(columns)
		if r%3 == 0 {
			copy(row, from)
			continue
		}
		spread := []float32{0.1, 1, 5, 20}[h&3]
		place := float32([]int{0, -4, 300, -1000}[h>>2&3])
		for j := range row {
			// Sums of uniform ones are near enough to normal.
			sum := float32(0)
			for k := range uint32(4) {
				sum += float32(scramble(j+1, h+k)>>8)*0x1p-24 - 0.5
			}
			row[j] = place + spread*sum
		}
		at := int(classes[r])
		if r%3 == 2 {
			at = int(h>>16) % columns
		}
		row[at] = from[at]
	}
}

// rowKernel evaluates a loss of rows on one kernel; without gradients where grad is nil.
type rowKernel struct {
	name string
	run  func(loss, grad []float32, b engine.Batch) error
}

// rowKernels returns those of all usable kernels, the reference first.
func rowKernels(l engine.Loss) (list []rowKernel, err error) {
	for _, name := range genericFirst() {
		e, err := engine.New(l, engine.WithKernel(name), engine.WithWorkers(1))
		if err != nil {
			return nil, err
		}
		list = append(list, rowKernel{name, func(loss, grad []float32, b engine.Batch) (err error) {
			if grad == nil {
				_, err = e.Losses(loss, b)
			} else {
				_, err = e.LossesAndGradients(loss, grad, b)
			}
			return err
		}})
	}
	return list, nil
}

// rowSubject verifies a loss of rows on kernels, the first of which is the reference for bits.
// Floors are those of a column.
func rowSubject(b engine.Bound, kernels []rowKernel) subject {
	s := subject{
		group: groupRows, name: cli.ShortName(b.Loss), family: b.Loss.Family().Name, title: b.Name, input: "logits",
		patterns: 1 << 32, finite: true, times: rowsStride, cost: 200 * len(rowColumns),
		outputs: []output{{"loss", nil, b.LossULP}, {"gradient", nil, b.GradientULP}},
	}
	exact := b.Loss.ExactRow()
	s.newChecker = func() checker {
		var outputs [2]struct{ loss, grad, logit [blockSize]float32 }
		var z [blockSize]float32
		var classes [blockSize]int32
		var want [blockSize]float64
		return func(x []float32, stats []errorStats) error {
			for _, columns := range rowColumns {
				rows := len(x) / columns
				if rows == 0 {
					continue
				}
				n := rows * columns
				fillRows(z[:n], classes[:rows], x, columns)
				batch := engine.Batch{Logits: z[:n], Classes: classes[:rows], NumClasses: columns}
				truth := outputs[0].logit[:rows] // the true classes' logits
				for r, c := range classes[:rows] {
					truth[r] = z[r*columns+int(c)]
				}
				reference, other := &outputs[0], &outputs[1]
				for k, kernel := range kernels {
					to := reference
					if k > 0 {
						to = other
					}
					err := kernel.run(to.loss[:rows], to.grad[:n], batch)
					if err == nil && k > 0 {
						stats[0].compare(kernel.name, truth, to.loss[:rows], reference.loss[:rows])
						stats[1].compare(kernel.name, z[:n], to.grad[:n], reference.grad[:n])
						if err = kernel.run(to.loss[:rows], nil, batch); err == nil {
							stats[0].compare(kernel.name+" without gradients", truth, to.loss[:rows], reference.loss[:rows])
						}
					}
					if err != nil {
						return err
					}
				}
				c := float32(columns)
				for r, t := range classes[:rows] {
					row := want[:columns]
					loss := exact(z[r*columns:][:columns], int(t), row)
					stats[0].scaled(truth[r], c, reference.loss[r], loss, math.Abs(loss), float64(columns)*b.LossFloor, true)
					for j, g := range row {
						at := r*columns + j
						stats[1].scaled(z[at], c, reference.grad[at], g, math.Abs(g), float64(columns)*b.GradientFloor, false)
					}
				}
			}
			return nil
		}
	}
	return s
}
