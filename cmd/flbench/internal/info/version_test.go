package info

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
	"github.com/flengine/flengine/cmd/flbench/internal/cli/clitest"
	"github.com/flengine/flengine/engine"
)

var version = clitest.Command(NewVersion)

func TestVersion(t *testing.T) {
	t.Setenv(cli.KernelVariable, "mmx") // no kernel is in use, which is no matter here
	var env cli.Environment
	if err := json.Unmarshal([]byte(version.Must(t, "--json")), &env); err != nil {
		t.Fatal(err)
	}
	if env.Version == "" || env.CPU == "" || !slices.Equal(env.Kernels, engine.Kernels()) {
		t.Errorf("%+v", env)
	}
	text := version.Must(t)
	for _, want := range []string{"flengine  " + env.Version, env.CPU, env.Go, strings.Join(env.Kernels, ", ")} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	version.Refuses(t, `"x"`, "x")
	version.LosesOutput(t)
	version.LosesOutput(t, "--json")
}

func TestVersionText(t *testing.T) {
	env := cli.Environment{CPU: "Old One", Cores: 2, OS: "plan9", Arch: "amd64", Go: "go1.26", Kernels: []string{"avx2", "generic"}}
	for _, c := range []struct {
		build       cli.Build
		version     string
		wantsCommit string
	}{
		{cli.Build{Version: "(devel)"}, "(devel)", "unknown: this build has no stamp"},
		{cli.Build{Version: "v1.2.3", Revision: "abc"}, "v1.2.3", "abc"},
		{cli.Build{Version: "v1.2.3", Revision: "abc", Time: "2026-01-02T03:04:05Z", Modified: true}, "v1.2.3", "abc of 2026-01-02T03:04:05Z, and changes since"},
	} {
		env.Build = c.build
		want := "flengine  " + c.version + "\ncommit    " + c.wantsCommit + "\nGo        go1.26, plan9/amd64\nCPU       Old One, 2 cores\nkernels   avx2, generic\n"
		if got := versionText(env); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}
