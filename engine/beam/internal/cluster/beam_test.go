//go:build cluster

package cluster

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// external is the flag for workers in processes of their own.
const external = "--environment_type=EXTERNAL"

// flbeam runs over images with flags. Workers elsewhere get a name for the results that is free.
func flbeam(t *testing.T, program string, images []string, flags ...string) *exec.Cmd {
	t.Helper()
	if slices.Contains(flags, external) {
		flags = append(slices.Clone(flags), "--results="+filepath.Join(t.TempDir(), "results"))
	}
	return exec.Command(program, append(append([]string{"--json"}, flags...), images...)...)
}

func builtFlbeam(t *testing.T) string {
	t.Helper()
	return build(t, "flbeam", "../..", "./flbeam")
}

func TestPrism(t *testing.T) {
	for _, blocks := range []int{1, 256, 1024} {
		measured(t, fmt.Sprintf("flbeam on Prism, %d blocks a span", blocks), func() *exec.Cmd {
			return flbeam(t, builtFlbeam(t), images(t, false), fmt.Sprintf("--span-blocks=%d", blocks))
		})
	}
	run(t, flbeam(t, builtFlbeam(t), images(t, true))).namesNaN(t, lastNaN(t))
}

// jobService starts apache-beam's job service with two workers, and returns flbeam's flags for it.
func jobService(t *testing.T) []string {
	t.Helper()
	port := freePort(t)
	start(t, exec.Command(python(t, "python"), "jobservice.py", "2", "--job_port", fmt.Sprint(port)))
	listening(t, port)
	return []string{"--runner=universal", fmt.Sprintf("--endpoint=localhost:%d", port)}
}

// TestLoopback: the service's two workers are harnesses in flbeam's process.
func TestLoopback(t *testing.T) {
	flags := append(jobService(t), "--environment_type=LOOPBACK")
	measured(t, "flbeam on apache-beam's job service, LOOPBACK, two workers", func() *exec.Cmd {
		return flbeam(t, builtFlbeam(t), images(t, false), flags...)
	})
	run(t, flbeam(t, builtFlbeam(t), images(t, true), flags...)).namesNaN(t, lastNaN(t))
}

// workerPool starts apache-beam's pool, in which every worker is a process of the program, and returns
// flbeam's flags for it.
func workerPool(t *testing.T, program string) []string {
	t.Helper()
	dir := t.TempDir()
	script := filepath.Join(dir, "worker.sh")
	// What Beam's own containers do, without what they download.
	write(t, script, fmt.Sprintf(`#!/bin/bash
flags=(--worker --options={})
for flag; do
	case $flag in
	--artifact_endpoint=* | --provision_endpoint=*) ;;
	*) flags+=("$flag") ;;
	esac
done
exec '%s' "${flags[@]}"
`, program))
	executable(t, script)
	port := freePort(t)
	start(t, exec.Command(python(t, "python"), "-m", "apache_beam.runners.worker.worker_pool_main",
		"--container_executable", script, "--service_port", fmt.Sprint(port)))
	listening(t, port)
	return append(jobService(t), external, fmt.Sprintf("--environment_config=localhost:%d", port),
		"--worker_binary="+program)
}

// TestWorkerProcesses: the service's two workers are processes of their own.
func TestWorkerProcesses(t *testing.T) {
	flags := workerPool(t, builtFlbeam(t))
	measured(t, "flbeam on apache-beam's job service, two worker processes", func() *exec.Cmd {
		return flbeam(t, builtFlbeam(t), images(t, false), flags...)
	})
	run(t, flbeam(t, builtFlbeam(t), images(t, true), flags...)).namesNaN(t, lastNaN(t))
}

// TestHarnessKilled: the service fails a job of which a worker was killed, as it has no retries, and the next
// run has the same bytes.
func TestHarnessKilled(t *testing.T) {
	program := builtFlbeam(t)
	for _, after := range []time.Duration{0, 100 * time.Millisecond, 200 * time.Millisecond} {
		t.Run(after.String(), func(t *testing.T) {
			v := newVictim(t, "flbeam", program, "", after)
			flags := workerPool(t, filepath.Join(v.dir, "flbeam"))
			done := run(t, flbeam(t, program, images(t, false), flags...))
			v.died(t)
			done.failed(t)
			if !strings.HasPrefix(done.stderr, "flbeam: ") {
				t.Errorf("stderr %q: want why", done.stderr)
			}
			t.Logf("%s", done.stderr)
			same(t, run(t, flbeam(t, program, images(t, false), flags...)).total(t), alone(t))
		})
	}
}
