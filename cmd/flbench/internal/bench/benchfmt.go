package bench

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"golang.org/x/perf/benchfmt"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

// writeGo prints what 'go test -bench' would, for benchstat: a line for each repeat.
func (r *report) writeGo(to io.Writer) error {
	env := r.Environment
	var b strings.Builder
	w := benchfmt.NewWriter(&b)
	better := &benchfmt.UnitMetadata{
		UnitMetadataKey: benchfmt.UnitMetadataKey{Unit: "GB/s", Key: "better"}, OrigUnit: "GB/s", Value: "higher",
	}
	if err := w.Write(better); err != nil {
		return err
	}
	procs := ""
	if env.GOMAXPROCS != 1 {
		procs = fmt.Sprintf("-%d", env.GOMAXPROCS)
	}
	for _, batch := range env.Batches {
		config := r.config(batch)
		for i := range env.Repeats {
			for _, row := range r.Rows {
				if row.Columns != batch.Columns || row.Scores != batch.Scores || i >= len(row.Repeats) { // of partial results
					continue
				}
				ns := row.Repeats[i]
				err := w.Write(&benchfmt.Result{
					Config: config,
					Name:   benchfmt.Name(fmt.Sprintf("Flbench/%s%s", row.cell().Name(), procs)),
					Iters:  row.Passes,
					Values: []benchfmt.Value{
						{Value: round(ns*float64(row.Scores), 1), Unit: "ns/op"},
						{Value: round(ns, 5), Unit: "ns/score"},
						{Value: round(row.BytesPerScore/ns, 4), Unit: "GB/s"},
					},
				})
				if err != nil {
					return err
				}
			}
		}
	}
	return cli.Print(to, b.String())
}

// config is what all lines of a batch share.
func (r *report) config(of batch) (config []benchfmt.Config) {
	env := r.Environment
	set := func(key, value string) {
		config = append(config, benchfmt.Config{Key: key, Value: []byte(value), File: true})
	}
	set("goos", env.OS)
	set("goarch", env.Arch)
	set("pkg", "github.com/flengine/flengine/cmd/flbench")
	set("cpu", env.CPU)
	set("go", env.Go)
	set("scores", strconv.Itoa(of.Scores))
	set("classes", strconv.Itoa(of.Columns))
	set("seed", strconv.FormatUint(env.Seed, 10))
	if r.Partial {
		set("partial", "true")
	}
	return config
}

// round keeps so many decimals.
func round(v float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	return math.Round(v*scale) / scale
}
