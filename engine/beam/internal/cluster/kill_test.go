package cluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// standIn is the name under which this program takes the place of another one that starts
// processes, to kill one of them.
const standIn = "stand-in"

// What a stand-in reads from its environment.
const (
	killReal   = "CLUSTER_KILL_REAL"   // the program that it stands for
	killMarker = "CLUSTER_KILL_MARKER" // a folder; who makes it is who dies
	killWhom   = "CLUSTER_KILL_WHOM"   // whom to kill with the program: its ancestor of that name, or nobody else
	killAfter  = "CLUSTER_KILL_AFTER"  // the processor time that the program has had by then
)

// killOnce runs the program that it stands for, slowly. The first one that evaluates gets
// SIGKILL while it has logits open, with an ancestor of it. Others run as they would.
func killOnce() int {
	evaluates := len(os.Args) > 1 && (os.Args[1] == "eval" || os.Args[1] == "--worker")
	if !evaluates || os.Mkdir(os.Getenv(killMarker), 0o755) != nil {
		err := syscall.Exec(os.Getenv(killReal), append([]string{os.Getenv(killReal)}, os.Args[1:]...), os.Environ())
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	cmd := exec.Command(os.Getenv(killReal), os.Args[1:]...)
	cmd.Env = append(os.Environ(), "FLENGINE_KERNEL=generic") // the same bits, and time to be killed
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	after, err := time.ParseDuration(os.Getenv(killAfter))
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for !midway(cmd.Process.Pid, after) {
		select {
		case <-ended: // before it could be killed: the next one is
			os.Remove(os.Getenv(killMarker))
			return max(cmd.ProcessState.ExitCode(), 1)
		default:
			time.Sleep(100 * time.Microsecond)
		}
	}
	pid, whom := os.Getpid(), os.Getenv(killWhom)
	for whom != "" && !strings.HasPrefix(status(pid, "Name"), whom) {
		if pid, err = strconv.Atoi(status(pid, "PPid")); err != nil || pid <= 1 {
			fmt.Fprintln(os.Stderr, "no ancestor is called", whom)
			return 1
		}
	}
	record := fmt.Sprintf("killed %s and %d %s\n", strings.Join(cmd.Args, " "), pid, status(pid, "Name"))
	os.WriteFile(filepath.Join(os.Getenv(killMarker), "killed"), []byte(record), 0o644)
	syscall.Kill(cmd.Process.Pid, syscall.SIGKILL)
	<-ended
	syscall.Kill(pid, syscall.SIGKILL)
	syscall.Kill(os.Getpid(), syscall.SIGKILL)
	return 1
}

// midway tells whether a process has logits mapped or open, and has worked for some time.
func midway(pid int, after time.Duration) bool {
	user, _ := strconv.Atoi(statFields(pid)[11])
	if time.Duration(user)*tick < after {
		return false
	}
	maps, _ := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if strings.Contains(string(maps), "logits.npy") {
		return true
	}
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, file := range files {
		if to, _ := os.Readlink(file); filepath.Base(to) == "logits.npy" {
			return true
		}
	}
	return false
}

// tick is the unit of the times in stat, on all of Linux.
const tick = 10 * time.Millisecond

// statFields are those of a process's stat after its name; they are empty if it is gone.
func statFields(pid int) []string {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, after, _ := strings.Cut(string(stat), ") ")
	return append(strings.Fields(after), make([]string, 50)...)
}

// status returns a line of a process's status.
func status(pid int, key string) string {
	raw, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for line := range strings.Lines(string(raw)) {
		if value, ok := strings.CutPrefix(line, key+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// victim is a folder with a stand-in.
type victim struct{ dir, marker string }

// newVictim makes a stand-in called name for the program real. It kills whom with it, once the
// program has worked for some time.
func newVictim(t *testing.T, name, real, whom string, after time.Duration) victim {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	v := victim{dir: t.TempDir()}
	v.marker = filepath.Join(v.dir, "marker")
	// A script: who starts it may give it no environment, as Spark does.
	write(t, filepath.Join(v.dir, name), fmt.Sprintf("#!/bin/bash\nexport %s='%s' %s='%s' %s='%s' %s='%s'\nexec -a %s '%s' \"$@\"\n",
		killReal, real, killMarker, v.marker, killWhom, whom, killAfter, after, standIn, self))
	executable(t, filepath.Join(v.dir, name))
	return v
}

func executable(t *testing.T, path string) {
	t.Helper()
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

// of lets cmd find the stand-in before the program.
func (v victim) of(cmd *exec.Cmd) *exec.Cmd {
	for i, e := range cmd.Env {
		if path, ok := strings.CutPrefix(e, "PATH="); ok {
			cmd.Env[i] = "PATH=" + v.dir + ":" + path
		}
	}
	return cmd
}

// died fails the test unless somebody was killed.
func (v victim) died(t *testing.T) {
	t.Helper()
	record, err := os.ReadFile(filepath.Join(v.marker, "killed"))
	if err != nil {
		t.Fatalf("nobody was killed in the middle of an evaluation: %v", err)
	}
	t.Logf("%s", record)
}
