package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

// easyBatch is like a detector's: 1 % positives, the rest mostly easy.
func easyBatch(n int) (x []float32, y []uint8) {
	rng := rand.New(rand.NewPCG(1, 1))
	x, y = make([]float32, n), make([]uint8, n)
	for i := range x {
		x[i] = float32(-4.6 + 1.5*rng.NormFloat64())
		if rng.IntN(100) == 0 {
			x[i], y[i] = float32(2*rng.NormFloat64()), 1
		}
	}
	return x, y
}

// BenchmarkLoss reports ns/score for kernels × losses × operations, one worker.
func BenchmarkLoss(b *testing.B) {
	const n = 1 << 20
	x, y := easyBatch(n)
	classes := make([]int32, n/64)
	for a := range classes {
		classes[a] = -1
		for c := range 64 {
			if y[a*64+c] == 1 {
				classes[a] = int32(c)
			}
		}
	}
	column, weights := make([]int32, n), make([]float32, n)
	for i, y := range y {
		column[i], weights[i] = int32(y)-1, 1
	}
	dst, grad := make([]float32, n), make([]float32, n)
	labels := Batch{Logits: x, Labels: y}
	probs := Batch{Probs: make([]float32, n), Labels: y}
	for i, x := range x {
		probs.Probs[i] = float32(1 / (1 + math.Exp(-float64(x))))
	}
	for _, kernel := range Kernels() {
		for _, l := range []struct {
			name string
			loss Loss
		}{{"ce", CrossEntropy()}, {"focal1", Focal(0.25, 1)}, {"focal2", Focal(0.25, 2)}, {"focal1.5", Focal(0.25, 1.5)}} {
			e := must(New(l.loss, WithKernel(kernel), WithWorkers(1)))
			for _, op := range []struct {
				name string
				run  func() (Result, error)
			}{
				{"sum", func() (Result, error) { return e.Sum(labels) }},
				{"sum-classes", func() (Result, error) {
					return e.Sum(Batch{Logits: x, Classes: classes, NumClasses: 64})
				}},
				{"sum-column", func() (Result, error) { return e.Sum(Batch{Logits: x, Classes: column}) }},
				{"sum-weights", func() (Result, error) { return e.Sum(Batch{Logits: x, Labels: y, Weights: weights}) }},
				{"sum-score-weights", func() (Result, error) {
					return e.Sum(Batch{Logits: x, Labels: y, NumClasses: 64, ScoreWeights: weights})
				}},
				{"sum-both-weights", func() (Result, error) {
					return e.Sum(Batch{Logits: x, Labels: y, NumClasses: 64, Weights: weights[:n/64], ScoreWeights: weights})
				}},
				{"losses", func() (Result, error) { return e.Losses(dst, labels) }},
				{"gradients", func() (Result, error) { return e.Gradients(grad, labels) }},
				{"both", func() (Result, error) { return e.LossesAndGradients(dst, grad, labels) }},
				{"probs-sum", func() (Result, error) { return e.Sum(probs) }},
				{"probs-losses", func() (Result, error) { return e.Losses(dst, probs) }},
				{"probs-gradients", func() (Result, error) { return e.Gradients(grad, probs) }},
			} {
				b.Run(fmt.Sprintf("%s/%s/%s", kernel, l.name, op.name), func(b *testing.B) {
					b.SetBytes(n)
					for range b.N {
						if _, err := op.run(); err != nil {
							b.Fatal(err)
						}
					}
					b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/score")
				})
			}
		}
	}
}

// BenchmarkWorkers sets one worker against several, turn by turn, so that both see
// the same phases of a shared machine. It reports the least µs per call of each,
// and their ratio, which GOMAXPROCS limits.
func BenchmarkWorkers(b *testing.B) {
	x, y := easyBatch(1 << 23)
	grad := make([]float32, len(x))
	for _, workers := range []int{2, 4} {
		if workers > runtime.GOMAXPROCS(0) {
			continue
		}
		for _, l := range []struct {
			name string
			loss Loss
		}{{"ce", CrossEntropy()}, {"focal2", Focal(0.25, 2)}, {"focal1.5", Focal(0.25, 1.5)}} {
			one := must(New(l.loss, WithWorkers(1)))
			several := must(New(l.loss, WithWorkers(workers)))
			for _, op := range []string{"sum", "gradients"} {
				for _, log := range []int{14, 15, 16, 17, 18, 20, 23} {
					n := 1 << log
					batch := Batch{Logits: x[:n], Labels: y[:n]}
					run := func(e *Engine) time.Duration {
						start := time.Now()
						var err error
						if op == "sum" {
							_, err = e.Sum(batch)
						} else {
							_, err = e.Gradients(grad[:n], batch)
						}
						if err != nil {
							b.Fatal(err)
						}
						return time.Since(start)
					}
					b.Run(fmt.Sprintf("%d/%s/%s/%d", workers, l.name, op, n), func(b *testing.B) {
						least1, least := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64)
						for range b.N {
							for range 8 { // calls in a row, as in a loop over batches
								least1 = min(least1, run(one))
							}
							for range 8 {
								least = min(least, run(several))
							}
						}
						b.ReportMetric(float64(least1)/1e3, "µs/one")
						b.ReportMetric(float64(least)/1e3, "µs/several")
						b.ReportMetric(float64(least1)/float64(least), "ratio")
					})
				}
			}
		}
	}
}

// BenchmarkBusy sets one worker against two, turn by turn, where the second CPU is free, where a
// goroutine of the same program has it, and where another program has it. It reports the median
// µs per call of each, their ratio, and that of their means.
func BenchmarkBusy(b *testing.B) {
	if runtime.GOMAXPROCS(0) < 2 {
		b.Skip("there is one CPU")
	}
	x, y := easyBatch(1 << 23)
	engines := [2]*Engine{must(New(Focal(0.25, 2), WithWorkers(1))), must(New(Focal(0.25, 2), WithWorkers(2)))}
	for _, c := range []struct {
		name string
		spin func(b *testing.B) (stop func())
	}{
		{"free", func(*testing.B) func() { return func() {} }},
		{"goroutine", func(*testing.B) func() {
			var done atomic.Bool
			go func() {
				for !done.Load() {
				}
			}()
			return func() { done.Store(true) }
		}},
		{"process", func(b *testing.B) func() {
			spin := exec.Command("taskset", "-c", "0", "sh", "-c", "while :; do :; done")
			if err := spin.Start(); err != nil {
				b.Skip(err)
			}
			return func() { spin.Process.Kill(); spin.Wait() }
		}},
	} {
		for _, log := range []int{17, 18, 20, 23} {
			n := 1 << log
			batch := Batch{Logits: x[:n], Labels: y[:n]}
			b.Run(fmt.Sprintf("%s/%d", c.name, n), func(b *testing.B) {
				stop := c.spin(b)
				defer stop()
				var times [2][]time.Duration
				for range b.N {
					for k, e := range engines {
						for range 1 << 23 >> log { // calls in a row, as in a loop over batches
							start := time.Now()
							must(e.Sum(batch))
							times[k] = append(times[k], time.Since(start))
						}
					}
				}
				var median, mean [2]float64
				for k, times := range times {
					for _, t := range times {
						mean[k] += float64(t) / float64(len(times))
					}
					slices.Sort(times)
					median[k] = float64(times[len(times)/2])
				}
				b.ReportMetric(median[0]/1e3, "µs/one")
				b.ReportMetric(median[1]/1e3, "µs/two")
				b.ReportMetric(median[0]/median[1], "ratio")
				b.ReportMetric(mean[0]/mean[1], "ratio-of-means")
			})
		}
	}
}

// BenchmarkSweep sets sweeps against engines, turn by turn, with one worker. It reports the
// least ns/score of the sum of the first loss, of the sums of all losses one after the other,
// of a sweep, and of one with easy parts; and the rate of the last as a share of the first.
func BenchmarkSweep(b *testing.B) {
	x, y := easyBatch(1 << 20)
	probs, hard, rows := make([]float32, len(x)), make([]float32, len(x)), len(x)/80
	for i, x := range x {
		hard[i] = x + 4
		probs[i] = float32(1 / (1 + math.Exp(-float64(x))))
	}
	classes := make([]int32, rows) // a positive in a hundred rows
	for a := range classes {
		classes[a] = Background
		if a%100 == 0 {
			classes[a] = int32(a % 80)
		}
	}
	photo := photos[0].load(b).batch()
	var grid []Loss
	for _, alpha := range []float32{0.1, 0.25, 0.5, 0.75, 0.9} {
		for _, gamma := range []float32{0, 0.5, 1, 2, 3} {
			grid = append(grid, Focal(alpha, gamma))
		}
	}
	eval := []Loss{Focal(0.25, 2), CrossEntropy()}
	for _, kernel := range Kernels() {
		for _, c := range []struct {
			name   string
			losses []Loss
			batch  Batch
		}{
			{"focal2,ce", eval, Batch{Logits: x, Labels: y}},
			{"focal2,ce/65536", eval, Batch{Logits: x[:1<<16], Labels: y[:1<<16]}},
			{"focal2,ce/classes", eval, Batch{Logits: x[:rows*80], Classes: classes, NumClasses: 80}},
			{"focal2,ce/photo", eval, photo},
			{"focal2,ce/hard", eval, Batch{Logits: hard, Labels: y}},
			{"focal2,ce/probs", eval, Batch{Probs: probs, Labels: y}},
			{"focal1.5,ce", []Loss{Focal(0.25, 1.5), CrossEntropy()}, Batch{Logits: x, Labels: y}},
			{"focal1.5,ce/probs", []Loss{Focal(0.25, 1.5), CrossEntropy()}, Batch{Probs: probs, Labels: y}},
			{"focal2", eval[:1], Batch{Logits: x, Labels: y}},
			{"grid", grid, Batch{Logits: x, Labels: y}},
		} {
			s := must(NewSweeper(c.losses, WithKernel(kernel), WithWorkers(1)))
			var engines []*Engine
			for _, l := range c.losses {
				engines = append(engines, must(New(l, WithKernel(kernel), WithWorkers(1))))
			}
			all, easy := make([]Result, len(c.losses)), make([]Result, len(c.losses))
			scores, _, _ := c.batch.scores()
			sums := func(engines []*Engine) func() error {
				return func() error {
					for _, e := range engines {
						if _, err := e.Sum(c.batch); err != nil {
							return err
						}
					}
					return nil
				}
			}
			runs := []func() error{
				sums(engines[:1]), sums(engines),
				func() error { return s.Sum(all, c.batch) },
				func() error { return s.SumEasy(all, easy, 0.9, c.batch) },
			}
			b.Run(kernel+"/"+c.name, func(b *testing.B) {
				least := [4]float64{math.Inf(1), math.Inf(1), math.Inf(1), math.Inf(1)}
				for range b.N {
					for i, run := range runs {
						start := time.Now()
						if err := run(); err != nil {
							b.Fatal(err)
						}
						least[i] = min(least[i], float64(time.Since(start).Nanoseconds())/float64(len(scores)))
					}
				}
				for i, unit := range []string{"ns/sum", "ns/sums", "ns/sweep", "ns/sweep-easy"} {
					b.ReportMetric(least[i], unit)
				}
				b.ReportMetric(100*least[0]/least[3], "%rate")
			})
		}
	}
}

// BenchmarkHalf sets logits of 16 bits against float32 ones, turn by turn: ns/score of each,
// and its ratio to float32's. A batch of 4096 stays in L1; others come from memory, by batches
// of at most 2^18, of each of which the least time counts, as other programs take the CPU.
func BenchmarkHalf(b *testing.B) {
	x, y := easyBatch(1 << 23)
	grad := make([]float32, len(x))
	half := make([][]uint16, len(halfForms))
	for form, f := range halfForms {
		half[form] = make([]uint16, len(x))
		for i, x := range x {
			half[form][i] = f.truncate(x)
		}
	}
	batch := func(form, from, to int) Batch {
		if form == len(halfForms) {
			return Batch{Logits: x[from:to], Labels: y[from:to]}
		}
		b := Batch{Labels: y[from:to]}
		halfForms[form].set(&b, half[form][from:to])
		return b
	}
	for _, workers := range []int{1, 2} {
		e := must(New(Focal(0.25, 2), WithWorkers(workers)))
		for _, op := range []string{"sum", "gradients"} {
			for _, log := range []int{12, 20, 23} {
				n := 1 << log
				part := min(n, 1<<18)
				b.Run(fmt.Sprintf("%d/%s/%d", workers, op, n), func(b *testing.B) {
					least := make([][]float64, len(halfForms)+1)
					for form := range least {
						least[form] = slices.Repeat([]float64{math.Inf(1)}, n/part)
					}
					calls := max(1, 1<<15/n) // in a row, so that they have the caches to themselves
					for range b.N {
						for form := range least {
							for k := range least[form] {
								batch := batch(form, k*part, (k+1)*part)
								start := time.Now()
								for range calls {
									var err error
									if op == "sum" {
										_, err = e.Sum(batch)
									} else {
										_, err = e.Gradients(grad[k*part:(k+1)*part], batch)
									}
									if err != nil {
										b.Fatal(err)
									}
								}
								least[form][k] = min(least[form][k], float64(time.Since(start).Nanoseconds())/float64(calls*n))
							}
						}
					}
					sum := make([]float64, len(least))
					for form := range least {
						for _, v := range least[form] {
							sum[form] += v
						}
					}
					float32s := sum[len(halfForms)]
					b.ReportMetric(float32s, "ns/float32")
					for form, f := range halfForms {
						b.ReportMetric(sum[form]/float32s, f.field+"/float32")
					}
				})
			}
		}
	}
}

// BenchmarkClasses reports, turn by turn in one run, how class indices compare with the labels
// that they stand for: the sum of focal loss, γ = 2, of 2^20 scores, by the number of columns
// and how many anchors are positive: 1 % as of a detector, or, sampled, 30 %, and 20 % ignored.
func BenchmarkClasses(b *testing.B) {
	x, _ := easyBatch(1 << 20)
	for _, kernel := range Kernels() {
		e := must(New(Focal(0.25, 2), WithKernel(kernel), WithWorkers(1)))
		for _, of := range []struct {
			name              string
			positive, ignored float64
		}{{"detector", 0.01, 0}, {"sampled", 0.3, 0.2}} {
			for _, columns := range []int{1, 2, 3, 4, 5, 8, 9, 20, 80} {
				rng := rand.New(rand.NewPCG(1, 1))
				anchors := len(x) / columns
				n := anchors * columns
				classes := Batch{Logits: x[:n], Classes: make([]int32, anchors), NumClasses: columns}
				for a := range classes.Classes {
					switch v := rng.Float64(); {
					case v < of.positive:
						classes.Classes[a] = int32(rng.IntN(columns))
					case v < of.positive+of.ignored:
						classes.Classes[a] = IgnoredClass
					default:
						classes.Classes[a] = Background
					}
				}
				labels := must(classes.OneHot(make([]uint8, n)))
				b.Run(fmt.Sprintf("%s/%s/%d", kernel, of.name, columns), func(b *testing.B) {
					least := [2]time.Duration{time.Hour, time.Hour}
					for range b.N {
						for k, batch := range [...]Batch{labels, classes} {
							start := time.Now()
							must(e.Sum(batch))
							least[k] = min(least[k], time.Since(start))
						}
					}
					b.ReportMetric(float64(least[1].Nanoseconds())/float64(n), "ns/score")
					b.ReportMetric(float64(least[1])/float64(least[0]), "×labels")
				})
			}
		}
	}
}

// BenchmarkTargets reports, turn by turn in one run, how the losses of targets compare with
// focal loss of labels, γ = 2.
func BenchmarkTargets(b *testing.B) {
	const n = 1 << 16
	x, labels := easyBatch(n)
	hardTargets, sparse, dense := make([]float32, n), make([]float32, n), make([]float32, n)
	for i, l := range labels {
		if hardTargets[i] = float32(l); l == IgnoredLabel {
			hardTargets[i] = IgnoredTarget
		}
		sparse[i], dense[i] = hardTargets[i], hardTargets[i]
		if l == 1 {
			sparse[i] = float32(i%31+1) / 32
		}
		if i%7 == 0 && l != IgnoredLabel {
			dense[i] = float32(i%31) / 31
		}
	}
	grad, hess := make([]float32, n), make([]float32, n)
	hard := Batch{Logits: x, Labels: labels}
	for _, kernel := range Kernels() {
		focal := must(New(Focal(0.25, 2), WithKernel(kernel), WithWorkers(1)))
		for _, l := range []Loss{CrossEntropy(), Focal(0.25, 2), Focal(0.25, 1.5), QualityFocal(2), Varifocal(0.75, 2), HeatmapFocal(2, 4)} {
			e := must(New(l, WithKernel(kernel), WithWorkers(1)))
			type operation struct {
				name         string
				reference, f func() (Result, error)
			}
			ops := []operation{{
				"hessians", func() (Result, error) { return focal.Gradients(grad, hard) }, func() (Result, error) { return e.GradientsAndHessians(grad, hess, hard) },
			}}
			for _, of := range []struct {
				name string
				y    []float32
			}{{"0 and 1", hardTargets}, {"few soft", sparse}, {"every 7th soft", dense}} {
				soft := Batch{Logits: x, Targets: of.y}
				ops = append(ops,
					operation{"sum, " + of.name, func() (Result, error) { return focal.Sum(hard) }, func() (Result, error) { return e.Sum(soft) }},
					operation{"gradients, " + of.name, func() (Result, error) { return focal.Gradients(grad, hard) }, func() (Result, error) { return e.Gradients(grad, soft) }})
			}
			for _, op := range ops {
				b.Run(fmt.Sprintf("%s/%v/%s", kernel, l, op.name), func(b *testing.B) {
					least := [2]time.Duration{time.Hour, time.Hour}
					for range b.N {
						for k, f := range [...]func() (Result, error){op.reference, op.f} {
							start := time.Now()
							must(f())
							least[k] = min(least[k], time.Since(start))
						}
					}
					b.ReportMetric(float64(least[1].Nanoseconds())/n, "ns/score")
					b.ReportMetric(float64(least[1])/float64(least[0]), "×focal2")
				})
			}
		}
	}
}
