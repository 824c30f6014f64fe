//go:build cluster

package cluster

import (
	"flag"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// services are processes beside the one that is run, whose work counts.
var services []int

var repeats = flag.Int("repeats", 3, "how often a command is run for its time")

// rows are what was measured.
var rows []string

func init() {
	atEnd = func() {
		if len(rows) > 0 {
			fmt.Printf("\n| %d scores in %d files | wall, s | CPU, s | memory, MB |\n| --- | ---: | ---: | ---: |\n%s\n", 80**anchors, *shards, strings.Join(rows, ""))
		}
	}
}

// measured runs a command once for the memory of all processes, and then repeats times for its time, of
// which the least counts. Every run must come to the total of flbench alone.
func measured(t *testing.T, name string, command func() *exec.Cmd) {
	t.Helper()
	want := alone(t)
	unwatched := watchMemory
	watchMemory = peak
	first := run(t, command())
	watchMemory = unwatched
	same(t, first.total(t), want)
	var wall, cpu time.Duration
	for i := range *repeats {
		before := cpuOf(services)
		done := run(t, command())
		same(t, done.total(t), want)
		if i == 0 || done.wall < wall {
			wall, cpu = done.wall, done.state.UserTime()+done.state.SystemTime()+cpuOf(services)-before
		}
	}
	rows = append(rows, fmt.Sprintf("| %s | %.2f | %.2f | %d |\n", name, wall.Seconds(), cpu.Seconds(), first.memory>>20))
}

// cpuOf is the processor time of processes, of their descendants, and of those that they have
// waited for.
func cpuOf(roots []int) (cpu time.Duration) {
	for _, pid := range tree(roots) {
		for _, ticks := range statFields(pid)[11:15] {
			n, _ := strconv.Atoi(ticks)
			cpu += time.Duration(n) * tick
		}
	}
	return cpu
}

// peak looks at the anonymous memory of a process, of the services and of all that they have
// started, every millisecond or as often as that takes.
func peak(pid int) func() int64 {
	end, most := make(chan bool), make(chan int64)
	go func() {
		var peak int64
		for {
			peak = max(peak, anonymous(append([]int{pid}, services...)))
			select {
			case <-end:
				most <- peak
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	return func() int64 { end <- true; return <-most }
}

// anonymous adds up RssAnon and RssShmem of processes and their descendants.
func anonymous(roots []int) (bytes int64) {
	for _, pid := range tree(roots) {
		for _, key := range []string{"RssAnon", "RssShmem"} {
			kb, _ := strconv.ParseInt(strings.TrimSuffix(status(pid, key), " kB"), 10, 64)
			bytes += kb << 10
		}
	}
	return bytes
}

// tree are processes and their descendants.
func tree(roots []int) []int {
	children := map[int][]int{}
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		parent, _ := strconv.Atoi(statFields(pid)[1])
		children[parent] = append(children[parent], pid)
	}
	all := slices.Clone(roots)
	for i := 0; i < len(all); i++ {
		all = append(all, children[all[i]]...)
	}
	return all
}

// TestSpeed measures what needs a shell only.
func TestSpeed(t *testing.T) {
	here := func() string { return work(t, images(t, false)) }
	for _, workers := range []string{"1", "2"} {
		measured(t, "flbench eval --workers "+workers, func() *exec.Cmd {
			return command(t, here(), "flbench", "eval", "--json", "--from", "images.txt", "--workers", workers)
		})
	}
	measured(t, "flbench eval --range 1/2 and 2/2 of all scores in one file, one after the other, and merge", func() *exec.Cmd {
		return command(t, t.TempDir(), "sh", "-ec", `for i in 1 2; do flbench eval --range $i/2 --partial $i "$0"; done
			flbench merge --json --expect 1 1 2`, whole(t, false))
	})
	measured(t, "range.sh of all scores in one file", func() *exec.Cmd { return recipe(t, t.TempDir(), "range.sh", whole(t, false), "--json") })
	measured(t, "xargs.sh", func() *exec.Cmd { return recipe(t, here(), "xargs.sh", "--json") })
}
