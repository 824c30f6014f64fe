//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// alone gives a command a process group of its own: an interrupt from the terminal
// must not reach a test, which would look like one that failed, and its end is that
// of its children too.
func alone(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}

// bounded returns the command line that runs a program with so much memory.
func bounded(kib string, args []string) []string {
	return append([]string{"sh", "-c", `ulimit -v "$0" 2>/dev/null; exec "$@"`, kib}, args...)
}
