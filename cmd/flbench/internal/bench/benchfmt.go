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
	var config []benchfmt.Config
	set := func(key, value string) {
		config = append(config, benchfmt.Config{Key: key, Value: []byte(value), File: true})
	}
	set("goos", env.OS)
	set("goarch", env.Arch)
	set("pkg", "github.com/flengine/flengine/cmd/flbench")
	set("cpu", env.CPU)
	set("go", env.Go)
	set("scores", strconv.Itoa(env.Scores))
	set("classes", strconv.Itoa(env.Classes))
	set("seed", strconv.FormatUint(env.Seed, 10))
	if r.Partial {
		set("partial", "true")
	}
	procs := ""
	if env.GOMAXPROCS != 1 {
		procs = fmt.Sprintf("-%d", env.GOMAXPROCS)
	}
	for i := range env.Repeats {
		for _, row := range r.Rows {
			if i >= len(row.Repeats) { // of partial results
				continue
			}
			ns := row.Repeats[i]
			err := w.Write(&benchfmt.Result{
				Config: config,
				Name:   benchfmt.Name(fmt.Sprintf("Flbench/%s%s", row.key(), procs)),
				Iters:  row.Passes,
				Values: []benchfmt.Value{
					{Value: round(ns*float64(env.Scores), 1), Unit: "ns/op"},
					{Value: round(ns, 5), Unit: "ns/score"},
					{Value: round(row.BytesPerScore/ns, 4), Unit: "GB/s"},
				},
			})
			if err != nil {
				return err
			}
		}
	}
	return cli.Print(to, b.String())
}

// round keeps so many decimals.
func round(v float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	return math.Round(v*scale) / scale
}
