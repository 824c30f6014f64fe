package roofline

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/cli/clitest"
	"github.com/flengine/flengine/cmd/flbench/internal/measure"
	"github.com/flengine/flengine/engine"
)

// flbench is the command.
var flbench = clitest.Command(New)

// tinyRoofline returns a call that takes next to no time, with the given flags.
// Lists that are given twice would add up.
func tinyRoofline(flags ...string) []string {
	var args []string
	for _, f := range [][2]string{{"--time", "0.001"}, {"--scores", "4096"}, {"--workers", "1"},
		{"--losses", "focal2"}, {"--ops", "sum"}, {"--inputs", "logits"}} {
		if !slices.Contains(flags, f[0]) {
			args = append(args, f[:]...)
		}
	}
	return append(args, flags...)
}

// runTiny runs a tiny roofline, and returns its JSON.
func runTiny(t *testing.T, flags ...string) *report {
	t.Helper()
	out := flbench.Must(t, tinyRoofline(append([]string{"--json"}, flags...)...)...)
	d := json.NewDecoder(strings.NewReader(out))
	d.DisallowUnknownFields()
	r := new(report)
	if err := d.Decode(r); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	return r
}

func positive(v ...float64) bool {
	return !slices.ContainsFunc(v, func(v float64) bool { return !(v > 0) || math.IsInf(v, 0) })
}

// TestRooflineTargets: losses of targets, and second derivatives, are held against their limits
// by the work of the kernels of targets.
func TestRooflineTargets(t *testing.T) {
	r := runTiny(t, "--losses", "focal2,qfl,vfl,heatmap", "--ops", "sum,gradients+hessians", "--inputs", "logits,targets", "--scores", "4096", "--workers", "1")
	out := flbench.Must(t, "--losses", "qfl", "--ops", "sum", "--scores", "4096", "--workers", "1", "--time", "0.001")
	if !strings.Contains(out, inputLogits) || strings.Contains(out, inputProbs) {
		t.Errorf("without --inputs quality focal loss, which takes no probabilities, prints\n%s", out)
	}
	rows := map[string]int{}
	for _, row := range r.Rows {
		rows[row.Input+" "+row.Op]++
		read, written := opKinds[row.Op].Bytes(row.Input == inputTargets)
		if row.BytesRead != read || row.BytesWrite != written || row.WorkingSet != int(read+written)*row.Scores {
			t.Errorf("row %+v", row)
		}
		// Of heatmaps no single kernel has the work.
		one := row.Input == inputTargets && row.Kernel != "generic" && row.Loss != "heatmap"
		if one && (row.Work == nil || !positive(row.Work.Vector, row.Port.NsPerScore)) || row.Input == inputTargets && !one && row.Work != nil {
			t.Errorf("work %+v of %+v", row.Work, row)
		}
	}
	if len(rows) != 3 || rows["logits sum"] != rows["targets sum"] || rows["targets gradients+hessians"] != rows["targets sum"] {
		t.Errorf("%v", rows)
	}
}

func TestRooflineJSON(t *testing.T) {
	kernels := engine.Kernels()
	r := runTiny(t, "--kernels", strings.Join(kernels, ","), "--losses", "ce,focal1.5", "--ops", strings.Join(measure.UsualOps(), ","),
		"--inputs", "logits,probs", "--scores", "4096,100001", "--workers", "1,2")
	if want := len(kernels) * 2 * len(measure.UsualOps()) * 2 * 2 * 2; len(r.Rows) != want {
		t.Fatalf("%d rows, want %d", len(r.Rows), want)
	}
	for _, p := range r.Peaks {
		if !positive(p.FMA, p.Add, p.FMAAdd, p.Integer, p.Division, p.Vector) || p.Lanes < 1 ||
			p.Vector != max(p.FMA, p.Add, p.FMAAdd, p.Integer) {
			t.Errorf("peaks %+v", p)
		}
	}
	levels := map[string]int{}
	for _, b := range r.Bandwidth {
		if levels[b.Level]++; !positive(b.Read) || b.Level != levelBatch && !positive(b.ReadWrite, b.Copy) {
			t.Errorf("bandwidth %+v", b)
		}
	}
	// Batches have three sizes in bytes (no output, one, two) for both numbers of scores;
	// some may be those of a cache.
	if levels[levelMemory] != 2 || levels[levelBatch] < 2*3 {
		t.Errorf("levels %v", levels)
	}
	settings := map[setting]int{}
	for _, row := range r.Rows {
		settings[row.setting()]++
		read, written := opKinds[row.Op].Bytes(false)
		if !positive(row.NsPerScore, row.Min, row.Bandwidth.NsPerScore, row.Bandwidth.Share) || row.Min > row.NsPerScore ||
			row.BytesRead != read || row.BytesWrite != written || row.WorkingSet != int(read+written)*row.Scores {
			t.Errorf("row %+v", row)
		}
		if got := row.Bandwidth.NsPerScore / row.Min; math.Abs(got-row.Bandwidth.Share) > 1e-9 {
			t.Errorf("bandwidth explains %g of the time, want %g: %+v", row.Bandwidth.Share, got, row)
		}
		binds := bindsBandwidth
		if row.Kernel == "generic" {
			if row.Work != nil || row.Port != nil {
				t.Errorf("generic is counted: %+v", row)
			}
		} else {
			if row.Work == nil || row.Port == nil {
				t.Fatalf("not counted: %+v", row)
			}
			if row.Port.NsPerScore >= row.Bandwidth.NsPerScore {
				binds = bindsPorts
			}
			if !positive(row.Work.Instructions, row.Work.Vector, row.Work.FMA, row.Port.NsPerScore, row.Port.Share) || row.Port.By == "" {
				t.Errorf("work %+v, bound %+v", row.Work, row.Port)
			}
		}
		if row.Binds != binds {
			t.Errorf("%s binds, want %s: %+v", row.Binds, binds, row)
		}
	}
	if len(settings) != 4 {
		t.Errorf("settings %v", settings)
	}
	if r.Environment.Repeats < 1 || r.Environment.Samples < minSamples || r.Environment.Samples < r.Environment.Repeats || !positive(r.Environment.Seconds) || r.Environment.PinnedCPU != nil {
		t.Errorf("environment %+v", r.Environment)
	}
}

func TestRooflineTable(t *testing.T) {
	kernel := engine.Kernels()[0]
	code, out, stderr := flbench.Run(t, tinyRoofline("--ops", "sum,gradients")...)
	if code != 0 || stderr != "" && !strings.Contains(stderr, "something disturbed it") {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	for _, want := range []string{
		"Peaks, in vector instructions a ns", "Bandwidth, in GB/s", "Kernels on 4096 scores, workers: 1",
		"\nmemory ", "\nbatch ", "\nlogits  focal2  sum        " + kernel + " ", "\nlogits  focal2  gradients  " + kernel + " ",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if runtime.GOARCH == "amd64" && kernel != "generic" && strings.Contains(out, "generic") {
		t.Errorf("the generic kernel was measured unasked:\n%s", out)
	}
}

// TestRooflineWarning: only a share that cannot be is mentioned.
func TestRooflineWarning(t *testing.T) {
	for _, c := range []struct {
		ports, bandwidth float64
		want             string
	}{{1.04, 1.05, ""}, {1.25, 0.5, "a share is 125%: a ceiling"}, {0.5, 1.1, "a share is 110%: a ceiling"}} {
		r := report{Rows: []row{
			{Bandwidth: timeBound{Share: 0.3}}, // not counted
			{Port: &timeBound{Share: c.ports}, Bandwidth: timeBound{Share: c.bandwidth}},
		}}
		var b strings.Builder
		if r.warn(&b); !strings.Contains(b.String(), c.want) || (b.Len() > 0) != (c.want != "") {
			t.Errorf("%g and %g: %q, want %q", c.ports, c.bandwidth, b.String(), c.want)
		}
	}
}

// TestRooflineDefaults: what is measured unless asked otherwise.
func TestRooflineDefaults(t *testing.T) {
	cmd := New()
	o := options{losses: []string{"ce"}, ops: []string{measure.OpSum}, inputs: []string{inputLogits, inputProbs}, workers: []int{1, 3}, seconds: 15}
	p, err := o.check(cmd)
	if err != nil {
		t.Fatal(err)
	}
	want := []setting{{cachedScores, 1}, {3 * cachedScores, 3}, {largeScores, 1}, {largeScores, 3}}
	if !slices.Equal(p.settings, want) || p.cpu != -1 {
		t.Errorf("plan %+v, want the settings %v", p, want)
	}
	if all := engine.Kernels(); len(all) > 1 && !slices.Equal(p.kernels, all[:len(all)-1]) || len(all) == 1 && !slices.Equal(p.kernels, all) {
		t.Errorf("kernels %v of %v", p.kernels, all)
	}
}

func TestMemoryLevels(t *testing.T) {
	levels := memoryLevels()
	for i, l := range levels {
		if i > 0 && l.bytes <= levels[i-1].bytes || l.total(3) < l.bytes {
			t.Errorf("levels %v", levels)
		}
	}
	if last := levels[len(levels)-1]; last.name != levelMemory || last.bytes < 64<<20 {
		t.Errorf("levels %v", levels)
	}
}

func TestRooflinePlot(t *testing.T) {
	dir := t.TempDir()
	svg, raster := filepath.Join(dir, "a.svg"), filepath.Join(dir, "b.png")
	runTiny(t, "--plot", svg, "--kernels", engine.Kernels()[0])
	b, err := os.ReadFile(svg)
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(bytes.NewReader(b)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{engine.Kernels()[0] + ", workers: 1", "all vector operations "} {
		if !bytes.Contains(b, []byte(want)) {
			t.Errorf("no %q in the picture", want)
		}
	}
	if engine.Kernels()[0] != "generic" && !bytes.Contains(b, []byte("logits, focal2")) {
		t.Error("no measurement in the picture")
	}

	// A raster, with generic, which has no points; over an older file that is longer.
	if err := os.WriteFile(raster, make([]byte, 1<<20), 0o666); err != nil {
		t.Fatal(err)
	}
	if code, out, stderr := flbench.Run(t, tinyRoofline("--plot", raster, "--kernels", "generic")...); code != 0 || !strings.Contains(out, "generic") {
		t.Errorf("exit code %d, stderr %q, no table beside the picture: %s", code, stderr, out)
	}
	f, err := os.Open(raster)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := png.Decode(f); err != nil {
		t.Error(err)
	}
	if rest, err := io.ReadAll(f); err != nil || len(rest) > 64 {
		t.Errorf("%d bytes after the picture, %v", len(rest), err)
	}

	// What cannot be written is refused before anything is measured.
	missing := filepath.Join(dir, "none", "a.svg")
	code, stdout, stderr := flbench.Run(t, tinyRoofline("--plot", missing)...)
	if code != 1 || stdout != "" || !strings.Contains(stderr, "--plot "+missing+": ") || !strings.Contains(stderr, ": want the folder ") {
		t.Errorf("exit code %d, stderr %q, stdout %q; want 1, the name, and nothing", code, stderr, stdout)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 2 {
		t.Errorf("%v in the folder, %v; want the two pictures", entries, err)
	}
}

func TestRooflineUsage(t *testing.T) {
	for _, c := range []struct {
		want  string
		flags []string
	}{
		{`--plot: "a.gif": want a name that ends in .svg, .png or .pdf`, []string{"--plot", "a.gif"}},
		{`--plot: "": want a name`, []string{"--plot", ""}},
		{"--kernels: unknown kernel \"sse9\"", []string{"--kernels", "sse9"}},
		{"--losses: ce twice", []string{"--losses", "ce,ce"}},
		{`--losses: loss "dice" is unknown`, []string{"--losses", "dice"}},
		{`--ops: unknown "product": want sum, losses, gradients, losses+gradients`, []string{"--ops", "product"}},
		{`--inputs: unknown "scores": want logits, probs`, []string{"--inputs", "scores"}},
		{"--inputs: probs, which qfl2 does not take: want logits or targets", []string{"--losses", "ce,qfl", "--inputs", "logits,probs"}},
		{"--losses: softmaxce is of rows", []string{"--losses", "softmaxce"}},
		{"--ops: gradients+hessians, which are of targets alone: want --inputs targets", []string{"--ops", "sum,gradients+hessians"}},
		{"--scores: 0: want 1 to " + fmt.Sprint(measure.MaxScores), []string{"--scores", "0"}},
		{"--scores: 5 twice", []string{"--scores", "5,6,5"}},
		{"--workers: 0: want at least 1", []string{"--workers", "0"}},
		{"--workers: 2 twice", []string{"--workers", "2,2"}},
		{"--time: -1: want seconds", []string{"--time", "-1"}},
		{"--cpu: ", []string{"--cpu", "-1"}},
		{"--cpu: ", []string{"--cpu", "0", "--workers", "1,2"}},
	} {
		flbench.Refuses(t, c.want, c.flags...)
	}
}

func TestRooflineLosesOutput(t *testing.T) {
	flbench.LosesOutput(t, tinyRoofline()...)
	flbench.LosesOutput(t, tinyRoofline("--json")...)
}

// TestRooflineInterrupted ends measurements at many moments: what was measured is printed and
// said to be partial once every ceiling has a sample and a kernel a time.
func TestRooflineInterrupted(t *testing.T) {
	p := &plan{kernels: engine.Kernels()[:1], losses: []cli.LossSpec{{Name: "ce", Loss: engine.CrossEntropy()}}, ops: []string{measure.OpSum, measure.OpLosses},
		inputs: []string{inputLogits}, settings: []setting{{4096, 1}}, budget: time.Millisecond, cpu: -1}
	whole, err := p.measure(t.Context(), time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	warm := len(whole.cells)
	for _, k := range whole.keys {
		warm += len(whole.ceilings[k].probes)
	}
	sampled := warm + len(whole.keys)
	for ticks, rows := range map[int]int{0: 0, warm - 1: 0, warm: 0, sampled - 1: 0, sampled: 1, sampled + 1: 2, sampled + 3: 2} {
		for _, asJSON := range []bool{false, true} {
			m, err := p.measure(clitest.EndsAfter(t.Context(), ticks), time.Now(), nil)
			if !errors.Is(err, cli.ErrInterrupted) {
				t.Fatalf("after %d ticks: %v", ticks, err)
			}
			var out, stderr strings.Builder
			r, err := m.finish(&out, &stderr, asJSON, err)
			if rows == 0 {
				if err == nil || err.Error() != "roofline: interrupted before anything was measured" || out.Len() > 0 {
					t.Errorf("after %d ticks: %v, printed %q", ticks, err, &out)
				}
				continue
			}
			mark := map[bool]string{false: "INTERRUPTED: these results are partial\n", true: `"partial": true`}[asJSON]
			if err == nil || err.Error() != "roofline: interrupted; what is printed is partial" || !strings.Contains(out.String(), mark) || len(r.Rows) != rows || asJSON && !json.Valid([]byte(out.String())) {
				t.Errorf("after %d ticks: %v, %d rows, printed\n%s", ticks, err, len(r.Rows), &out)
			}
		}
	}
}
