package info

import (
	"encoding/json"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/cli/clitest"
	"github.com/flengine/flengine/engine"
)

// flbench is the command.
var flbench = clitest.Command(New)

func infoJSON(t *testing.T, out string) machineInfo {
	t.Helper()
	var i machineInfo
	d := json.NewDecoder(strings.NewReader(out))
	d.DisallowUnknownFields()
	if err := d.Decode(&i); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	return i
}

func TestInfo(t *testing.T) {
	t.Setenv(cli.KernelVariable, "")
	i := infoJSON(t, flbench.Must(t, "--json"))
	if i.OS != runtime.GOOS || i.Arch != runtime.GOARCH || i.Go != runtime.Version() || i.GOMAXPROCS < 1 || i.CPU.UsableCores < 1 || i.CPU.Brand == "" || i.Version == "" {
		t.Errorf("environment %+v", i)
	}
	if i.Kernel != engine.Kernels()[0] || i.ChosenBy != "fastest" || i.Error != "" {
		t.Errorf("kernel %q by %q, error %q, want %q by fastest", i.Kernel, i.ChosenBy, i.Error, engine.Kernels()[0])
	}
	var usable []string
	for _, k := range i.Kernels {
		if k.Usable {
			usable = append(usable, k.Name)
		}
	}
	if !slices.Equal(usable, engine.Kernels()) {
		t.Errorf("usable kernels %q, want %q", usable, engine.Kernels())
	}
	if i.Assembly != (len(i.Kernels) > 1) || purego && i.Assembly {
		t.Errorf("assembly %v, purego %v, %d kernels", i.Assembly, purego, len(i.Kernels))
	}

	text := flbench.Must(t)
	wants := []string{i.CPU.Brand, runtime.GOOS + "/" + runtime.GOARCH, runtime.Version(), "caches", "features",
		"in use    " + i.Kernel + ", the fastest usable here", "generic  usable (pure Go)"}
	if purego {
		wants = append(wants, "this build holds no assembly (purego tag)")
	}
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

func TestInfoChosenByEnvironment(t *testing.T) {
	t.Setenv(cli.KernelVariable, "generic")
	if i := infoJSON(t, flbench.Must(t, "--json")); i.Kernel != "generic" || i.ChosenBy != cli.KernelVariable {
		t.Errorf("kernel %q by %q", i.Kernel, i.ChosenBy)
	}
	if text := flbench.Must(t); !strings.Contains(text, "in use    generic, by FLENGINE_KERNEL\n") {
		t.Errorf("%s", text)
	}
}

// TestInfoUnknownKernel: everything is shown, and the failure on both streams.
func TestInfoUnknownKernel(t *testing.T) {
	t.Setenv(cli.KernelVariable, "mmx")
	const want = `FLENGINE_KERNEL: unknown kernel "mmx"`
	code, stdout, stderr := flbench.Run(t)
	if code != 1 || !strings.Contains(stderr, want) || !strings.Contains(stdout, "in use    none: "+want) || !strings.Contains(stdout, "generic  usable") {
		t.Errorf("exit code %d, stderr %q, stdout\n%s", code, stderr, stdout)
	}
	code, stdout, _ = flbench.Run(t, "--json")
	if i := infoJSON(t, stdout); code != 1 || i.Kernel != "" || !strings.Contains(i.Error, want) || len(i.Kernels) == 0 {
		t.Errorf("exit code %d, %+v", code, i)
	}
}

// TestInfoPrint shows a machine that is not this one.
func TestInfoPrint(t *testing.T) {
	i := machineInfo{
		CPU: cpuInfo{
			Brand: "Old One", PhysicalCores: 4, ThreadsPerCore: 2, UsableCores: 8, L1D: 48 << 10, L2: 1 << 20, L3: 1000, CacheLine: 64,
			Features: []feature{{"AVX2", true}, {"AVX512F", false}},
		},
		Environment: cli.Environment{OS: "plan9", Arch: "amd64", Go: "go1.26", GOMAXPROCS: 3, Build: cli.Build{Version: "v1.2.3"}},
		Assembly:    true,
		Kernels: []kernelInfo{
			{"avx512", "AVX512F, AVX512DQ", false, []string{"AVX512F", "AVX512DQ"}},
			{"generic", "pure Go", true, nil},
		},
		Kernel: "generic", ChosenBy: "fastest",
	}
	var b strings.Builder
	if err := i.print(&b); err != nil {
		t.Fatal(err)
	}
	const want = `CPU       Old One
vendor    unknown, family 0, model 0, stepping 0
cores     8 usable; 4 physical × 2 threads
features  AVX2, no AVX512F
caches    L1 48 KiB data, unknown instructions; L2 1 MiB; L3 1000 B; lines of 64 B
system    plan9/amd64
Go        go1.26, GOMAXPROCS 3
flengine  v1.2.3

kernels   avx512   not usable: needs AVX512F, AVX512DQ; the CPU or the operating system lacks AVX512F, AVX512DQ
          generic  usable (pure Go)
in use    generic, the fastest usable here (FLENGINE_KERNEL is not set)
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestInfoLosesOutput(t *testing.T) {
	t.Setenv(cli.KernelVariable, "")
	flbench.LosesOutput(t)
	flbench.LosesOutput(t, "--json")
}
