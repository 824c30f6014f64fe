package measure

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"

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
	if !before.IsSet(cpu) {
		runtime.UnlockOSThread()
		return nil, fmt.Errorf("want one that this process may use: %s", cpuList(&before))
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

// cpuList spells a set of CPUs as "0-3, 6".
func cpuList(set *unix.CPUSet) string {
	var list []string
	for cpu, left := 0, set.Count(); left > 0; cpu++ {
		first := cpu
		for ; set.IsSet(cpu); cpu++ {
			left--
		}
		switch {
		case cpu == first+1:
			list = append(list, strconv.Itoa(first))
		case cpu > first:
			list = append(list, fmt.Sprintf("%d-%d", first, cpu-1))
		}
	}
	return strings.Join(list, ", ")
}
