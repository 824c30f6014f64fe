// Package info is the command that shows the CPU and the kernels of this build.
package info

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/klauspost/cpuid/v2"
	"github.com/spf13/cobra"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/engine"
)

// New returns the command.
func New() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "info",
		Short: "Show the CPU, the kernels of this build and the one in use",
		Long: `Info shows the CPU with the features and caches that matter here, and the kernels
of this build, fastest first: which of them this machine can run, what the others
lack, and which one is used. That is the fastest, unless the environment variable
` + cli.KernelVariable + ` names another one; if it names none that can run, info says so
and exits with 1.`,
		Example: `  flbench info
  flbench info --json
  FLENGINE_KERNEL=generic flbench info`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			i, failure := newMachineInfo()
			var err error
			if asJSON {
				err = cli.WriteJSON(cmd.OutOrStdout(), i)
			} else {
				err = i.print(cmd.OutOrStdout())
			}
			if err != nil {
				return err
			}
			return failure
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// machineInfo is what info shows; its JSON form is for machines.
type machineInfo struct {
	cli.Environment
	CPU      cpuInfo      `json:"cpu"`       // instead of the environment's name
	Assembly bool         `json:"assembly"`  // this build holds some
	Kernels  []kernelInfo `json:"kernels"`   // all, instead of the environment's names
	Kernel   string       `json:"kernel"`    // in use; empty if that fails
	ChosenBy string       `json:"chosen_by"` // "fastest" or the environment variable
	Error    string       `json:"error,omitempty"`
}

// cpuInfo has 0 for what the CPU does not tell.
type cpuInfo struct {
	Brand          string    `json:"brand"`
	Vendor         string    `json:"vendor"`
	Family         int       `json:"family"`
	Model          int       `json:"model"`
	Stepping       int       `json:"stepping"`
	PhysicalCores  int       `json:"physical_cores"`
	ThreadsPerCore int       `json:"threads_per_core"`
	UsableCores    int       `json:"usable_cores"` // logical ones, by this process
	Features       []feature `json:"features"`
	CacheLine      int       `json:"cache_line"` // bytes, as are caches
	L1I            int       `json:"l1i"`
	L1D            int       `json:"l1d"`
	L2             int       `json:"l2"`
	L3             int       `json:"l3"`
}

// feature is an instruction set extension that a kernel could use.
type feature struct {
	Name    string `json:"name"`
	Present bool   `json:"present"`
}

// kernelInfo is an engine.KernelInfo in JSON.
type kernelInfo struct {
	Name    string   `json:"name"`
	Needs   string   `json:"needs"`
	Usable  bool     `json:"usable"`
	Missing []string `json:"missing,omitempty"`
}

// features are those that kernels ask for, of each architecture.
var features = map[string][]cpuid.FeatureID{
	"amd64": {cpuid.AVX2, cpuid.FMA3, cpuid.F16C, cpuid.AVX512F, cpuid.AVX512DQ, cpuid.AVX512VL},
	"arm64": {cpuid.ASIMD},
}

// newMachineInfo returns what there is to know, and why no kernel is in use, if
// that is so.
func newMachineInfo() (machineInfo, error) {
	env, c := cli.NewEnvironment(), cpuid.CPU
	i := machineInfo{
		Environment: env,
		CPU: cpuInfo{
			Brand: env.CPU, Vendor: c.VendorString, Family: c.Family, Model: c.Model, Stepping: c.Stepping,
			PhysicalCores: c.PhysicalCores, ThreadsPerCore: c.ThreadsPerCore, UsableCores: env.Cores,
			CacheLine: c.CacheLine, L1I: max(0, c.Cache.L1I), L1D: max(0, c.Cache.L1D), L2: max(0, c.Cache.L2), L3: max(0, c.Cache.L3),
		},
	}
	for _, f := range features[runtime.GOARCH] {
		// Every arm64 has ASIMD, also where the library cannot ask for it.
		i.CPU.Features = append(i.CPU.Features, feature{f.String(), f == cpuid.ASIMD || c.Supports(f)})
	}
	for _, k := range engine.KernelTable() {
		i.Kernels = append(i.Kernels, kernelInfo{k.Name, k.Needs, k.Usable, k.Missing})
	}
	i.Assembly = len(i.Kernels) > 1

	i.ChosenBy = "fastest"
	if os.Getenv(cli.KernelVariable) != "" {
		i.ChosenBy = cli.KernelVariable
	}
	e, err := engine.New(engine.CrossEntropy())
	if err != nil {
		i.Error = err.Error()
		return i, err
	}
	i.Kernel = e.Kernel()
	return i, nil
}

func (i machineInfo) print(to io.Writer) error {
	orUnknown := func(s string) string {
		if s == "" {
			return "unknown"
		}
		return s
	}
	table := cli.NewTable("ll")
	table.Row("CPU", i.CPU.Brand)
	table.Row("vendor", fmt.Sprintf("%s, family %d, model %d, stepping %d", orUnknown(i.CPU.Vendor), i.CPU.Family, i.CPU.Model, i.CPU.Stepping))
	table.Row("cores", i.CPU.cores())
	table.Row("features", orUnknown(i.CPU.featureList()))
	table.Row("caches", fmt.Sprintf("L1 %s data, %s instructions; L2 %s; L3 %s; lines of %s",
		size(i.CPU.L1D), size(i.CPU.L1I), size(i.CPU.L2), size(i.CPU.L3), size(i.CPU.CacheLine)))
	table.Row("system", i.OS+"/"+i.Arch)
	table.Row("Go", fmt.Sprintf("%s, GOMAXPROCS %d", i.Go, i.GOMAXPROCS))
	table.Row("flengine", i.Version)
	table.Gap()
	for n, k := range i.Kernels {
		label := ""
		if n == 0 {
			label = "kernels"
		}
		table.Row(label, fmt.Sprintf("%-8s %s", k.Name, i.verdict(k)))
	}
	if !i.Assembly {
		table.Row("", noAssembly())
	}
	switch {
	case i.Error != "":
		table.Row("in use", "none: "+i.Error)
	case i.ChosenBy == cli.KernelVariable:
		table.Row("in use", fmt.Sprintf("%s, by %s", i.Kernel, cli.KernelVariable))
	default:
		table.Row("in use", fmt.Sprintf("%s, the fastest usable here (%s is not set)", i.Kernel, cli.KernelVariable))
	}
	return cli.Print(to, table.String())
}

// verdict tells whether a kernel can run, or why not.
func (i machineInfo) verdict(k kernelInfo) string {
	if k.Usable {
		return "usable (" + k.Needs + ")"
	}
	return fmt.Sprintf("not usable: needs %s; the CPU or the operating system lacks %s", k.Needs, strings.Join(k.Missing, ", "))
}

// noAssembly says why there is but the generic kernel.
func noAssembly() string {
	if purego {
		return "this build holds no assembly (purego tag)"
	}
	return "this build holds no assembly: there is none for " + runtime.GOARCH
}

func (c cpuInfo) cores() string {
	s := fmt.Sprintf("%d usable", c.UsableCores)
	if c.PhysicalCores > 0 {
		s += fmt.Sprintf("; %d physical × %s", c.PhysicalCores, cli.Count(max(1, c.ThreadsPerCore), "thread"))
	}
	return s
}

func (c cpuInfo) featureList() string {
	var names []string
	for _, f := range c.Features {
		name := f.Name
		if !f.Present {
			name = "no " + name
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// size writes a number of bytes in binary units.
func size(bytes int) string {
	switch {
	case bytes == 0:
		return "unknown"
	case bytes%(1<<20) == 0:
		return fmt.Sprintf("%d MiB", bytes>>20)
	case bytes%(1<<10) == 0:
		return fmt.Sprintf("%d KiB", bytes>>10)
	}
	return fmt.Sprintf("%d B", bytes)
}
