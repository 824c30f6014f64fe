package fpenv

import (
	"runtime/debug"
	"strings"
	"testing"
)

// locked tells whether the goroutine must stay on its thread.
func locked() bool {
	header, _, _ := strings.Cut(string(debug.Stack()), "\n")
	return strings.Contains(header, "locked to thread")
}

// TestEnterLocked: the goroutine stays on its thread, whatever the environment, until Leave.
func TestEnterLocked(t *testing.T) {
	look := func(name string, want bool, enter func() (Guard, error)) {
		g, err := enter()
		if err != nil {
			t.Error(err)
		}
		if locked() != want {
			t.Errorf("%s: locked to the thread: %v, want %v", name, !want, want)
		}
		g.Leave()
	}
	look("Enter", false, Enter)
	look("EnterLocked", true, EnterLocked)
	if locked() {
		t.Error("locked to the thread after Leave")
	}
	for name, env := range Others {
		var within, back bool
		Under(env, func() {
			g, err := EnterLocked()
			if err != nil {
				t.Error(err)
			}
			within = computesByDefault() && Holds(defaultEnv)
			g.Leave()
			back = Holds(env)
		})
		if !within || !back {
			t.Errorf("%s: the default within: %v, the thread's own after: %v", name, within, back)
		}
	}
}

// TestComputesByDefault: the arithmetic tells every environment from the default, which is
// all that builds without assembly have.
func TestComputesByDefault(t *testing.T) {
	if !computesByDefault() {
		t.Error("the default environment is not seen as such")
	}
	for name, env := range Others {
		var seen bool
		Under(env, func() { seen = computesByDefault() })
		if seen {
			t.Errorf("%s passes for the default", name)
		}
	}
}

// TestEnter: under every environment the default rules between Enter and Leave, and the
// thread's own after it.
func TestEnter(t *testing.T) {
	if g, err := Enter(); err != nil || g.locked {
		t.Errorf("under the default environment, Enter gives %v, %v", g, err)
	}
	if canSet && len(Others) == 0 {
		t.Fatal("no environments to test with")
	}
	for name, env := range Others {
		var within, back bool
		Under(env, func() {
			g, err := Enter()
			if err != nil {
				t.Error(err)
			}
			within = computesByDefault() && Holds(defaultEnv)
			g.Leave()
			back = Holds(env)
		})
		if !within || !back {
			t.Errorf("%s: the default within: %v, the thread's own after: %v", name, within, back)
		}
	}
}
