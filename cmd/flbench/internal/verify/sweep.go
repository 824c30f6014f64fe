package verify

import (
	"context"
	"math"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// sweepAll sweeps the subjects. If ctx ends, the report has those that were done,
// and says which are missing.
func sweepAll(ctx context.Context, list []subject, stride uint64, workers int, bar *cli.Progress) (*report, error) {
	var work int64
	for _, s := range list {
		work += int64(s.inputs(stride)) * int64(s.cost)
	}
	bar.StartWork("verifying", work)
	defer bar.Clear()
	rep := &report{Environment: cli.NewEnvironment(), Stride: stride, OK: true}
	for i, s := range list {
		bar.Describe(s.id())
		stats, err := s.sweep(ctx, stride, workers, bar)
		switch {
		case ctx.Err() != nil:
			for _, s := range list[i:] {
				rep.Missing = append(rep.Missing, s.id())
			}
			rep.OK = false
			return rep, nil
		case err != nil:
			return nil, err
		}
		rep.add(s, s.step(stride), stats)
	}
	return rep, nil
}

// sweep evaluates the subject on every stride-th bit pattern, on all kernels.
func (s subject) sweep(ctx context.Context, stride uint64, workers int, bar *cli.Progress) ([]errorStats, error) {
	var (
		step  = s.step(stride)
		count = s.inputs(stride)
		stats = make([][]errorStats, workers)
		total = make([]errorStats, len(s.outputs))
	)
	err := cli.Spread(ctx, workers, int((count+blockSize-1)/blockSize), func(worker int) func(int) error {
		check, own := s.newChecker(), make([]errorStats, len(s.outputs))
		stats[worker] = own
		block := make([]float32, 0, blockSize)
		return func(item int) error {
			from := uint64(item) * blockSize
			to := min(from+blockSize, count)
			x := block
			for i := from; i < to; i++ {
				if v := math.Float32frombits(uint32(i * step)); v-v == 0 || !s.finite {
					x = append(x, v)
				}
			}
			if err := check(x, own); err != nil {
				return err
			}
			bar.Add(int64(to-from) * int64(s.cost))
			return nil
		}
	})
	for _, own := range stats {
		for i := range own {
			total[i].merge(&own[i])
		}
	}
	return total, err
}
