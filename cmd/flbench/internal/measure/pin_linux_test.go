package measure

import (
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
	var usable unix.CPUSet
	if err := unix.SchedGetaffinity(0, &usable); err != nil {
		t.Fatal(err)
	}
	want := "cannot pin to CPU 1000000: want one that this process may use: " + cpuList(&usable)
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestCPUList(t *testing.T) {
	for want, cpus := range map[string][]int{"": nil, "0": {0}, "0-1": {0, 1}, "1, 3-5, 64, 1022-1023": {1, 3, 4, 5, 64, 1022, 1023}} {
		var set unix.CPUSet
		for _, cpu := range cpus {
			set.Set(cpu)
		}
		if got := cpuList(&set); got != want {
			t.Errorf("%d: %q, want %q", cpus, got, want)
		}
	}
}
