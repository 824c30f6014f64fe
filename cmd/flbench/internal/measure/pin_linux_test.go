package measure

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPin: the thread is on one CPU, and afterwards on all that it was on.
func TestPin(t *testing.T) {
	var before, now unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		t.Fatal(err)
	}
	cpu := 0
	for !before.IsSet(cpu) {
		cpu++
	}
	unpin, err := pin(cpu)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.SchedGetaffinity(0, &now); err != nil || now.Count() != 1 || !now.IsSet(cpu) {
		t.Errorf("pinned to %d: %v, CPUs %v", cpu, err, now)
	}
	unpin()
	if err := unix.SchedGetaffinity(0, &now); err != nil || now != before {
		t.Errorf("after it: %v, CPUs %v, want %v", err, now, before)
	}
}

// TestPinNoSuchCPU: beyond what a CPU set holds there is none.
func TestPinNoSuchCPU(t *testing.T) {
	err := OnCPU(1000000, func() error { t.Error("it runs"); return nil })
	if err == nil || !strings.Contains(err.Error(), "cannot pin to CPU 1000000") {
		t.Errorf("error %v", err)
	}
}
