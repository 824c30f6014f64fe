package measure

import (
	"runtime"

	"golang.org/x/sys/unix"
)

const canPin = true

// pin keeps the calling goroutine on one thread and that on one CPU, until the
// function that it returns is called.
func pin(cpu int) (unpin func(), err error) {
	runtime.LockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		runtime.UnlockOSThread()
		return nil, err
	}
	one.Set(cpu)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		runtime.UnlockOSThread()
		return nil, err
	}
	return func() {
		// If the thread cannot be freed it must not serve others: it stays locked,
		// and ends with the goroutine.
		if unix.SchedSetaffinity(0, &before) == nil {
			runtime.UnlockOSThread()
		}
	}, nil
}
