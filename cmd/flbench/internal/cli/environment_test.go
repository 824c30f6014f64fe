package cli

import (
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/flengine/flengine/engine"
)

func TestEnvironment(t *testing.T) {
	e := NewEnvironment()
	if e.CPU == "" || e.Cores < 1 || e.GOMAXPROCS < 1 || e.OS != runtime.GOOS || e.Version == "" || !slices.Equal(e.Kernels, engine.Kernels()) {
		t.Errorf("%+v", e)
	}
	for _, part := range []string{e.CPU, runtime.GOOS + "/" + runtime.GOARCH, runtime.Version()} {
		if !strings.Contains(e.String(), part) {
			t.Errorf("%q lacks %q", e, part)
		}
	}
}

func TestBuild(t *testing.T) {
	for _, c := range []struct {
		info *debug.BuildInfo
		want Build
	}{
		{nil, Build{Version: "(devel)"}},
		{&debug.BuildInfo{}, Build{Version: "(devel)"}},
		{&debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
			{Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-01-02T03:04:05Z"}, {Key: "vcs.modified", Value: "true"},
		}}, Build{"v1.2.3", "abc", "2026-01-02T03:04:05Z", true}},
	} {
		if got := buildOf(c.info); got != c.want {
			t.Errorf("%+v, want %+v", got, c.want)
		}
	}
}
