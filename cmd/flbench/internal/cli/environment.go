package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/klauspost/cpuid/v2"

	"github.com/flengine/flengine/engine"
)

// Environment is what results depend on, beside the input.
type Environment struct {
	CPU        string   `json:"cpu"`
	Cores      int      `json:"cores"` // logical ones, that this process may use
	OS         string   `json:"os"`
	Arch       string   `json:"arch"`
	Go         string   `json:"go"`
	GOMAXPROCS int      `json:"gomaxprocs"`
	Kernels    []string `json:"kernels"` // usable here, fastest first
	Build
}

// Build is the state of the source that a program was built from.
type Build struct {
	Version  string `json:"version"`            // of flengine: "(devel)" where it has none
	Revision string `json:"revision,omitempty"` // the commit, if the build was stamped with it
	Time     string `json:"revision_time,omitempty"`
	Modified bool   `json:"modified,omitempty"` // files differed from the commit
}

// NewEnvironment returns this program's.
func NewEnvironment() Environment {
	cpu := cpuid.CPU.BrandName
	if cpu == "" { // which some do not tell
		cpu = "unknown"
	}
	info, _ := debug.ReadBuildInfo()
	return Environment{
		CPU: cpu, Cores: runtime.NumCPU(), OS: runtime.GOOS, Arch: runtime.GOARCH,
		Go: runtime.Version(), GOMAXPROCS: runtime.GOMAXPROCS(0), Kernels: engine.Kernels(),
		Build: buildOf(info),
	}
}

// String is the environment in a line, for the head of a table.
func (e Environment) String() string {
	return fmt.Sprintf("%s, %s, %s/%s, %s, GOMAXPROCS %d", e.CPU, Count(e.Cores, "core"), e.OS, e.Arch, e.Go, e.GOMAXPROCS)
}

// buildOf reads the stamp of a build, nil if there is none.
func buildOf(info *debug.BuildInfo) Build {
	b := Build{Version: "(devel)"}
	if info == nil {
		return b
	}
	if info.Main.Version != "" {
		b.Version = info.Main.Version
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time = s.Value
		case "vcs.modified":
			b.Modified = s.Value == "true"
		}
	}
	return b
}
