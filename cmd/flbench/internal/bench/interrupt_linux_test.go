package bench

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal returns a terminal, and a function that returns what was written to it.
func terminal(t *testing.T) (tty *os.File, text func() string) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var written strings.Builder
	go func() {
		b := make([]byte, 1<<10)
		for {
			n, err := master.Read(b)
			mu.Lock()
			written.Write(b[:n])
			mu.Unlock()
			if err != nil { // the terminal is closed
				return
			}
		}
	}()
	return tty, func() string {
		mu.Lock()
		defer mu.Unlock()
		return written.String()
	}
}

// TestBenchSignal: an interrupt leaves no bar, but what was measured.
func TestBenchSignal(t *testing.T) {
	tty, text := terminal(t)
	defer tty.Close()
	drawn := func() bool { return strings.Contains(text(), "measuring") }
	code, stdout := flbench.Interrupted(t, tty, drawn, "--time", "60", "--anchors", "60", "--classes", "3", "--ops", "sum", "--losses", "ce")
	if code != 1 || !strings.Contains(stdout, "INTERRUPTED: these results are partial\n") || !strings.Contains(stdout, "\nce ") {
		t.Errorf("exit code %d, stdout %s", code, stdout)
	}
	// The terminal's end comes later than the write to it.
	const message = "flbench: bench: interrupted; what is printed is partial\r\n"
	for begun := time.Now(); !strings.Contains(text(), message) && time.Since(begun) < time.Minute; time.Sleep(time.Millisecond) {
	}
	lines := strings.Split(strings.TrimSuffix(text(), "\r\n"), "\r")
	if last := lines[len(lines)-1]; last+"\r\n" != message || len(lines) < 3 || strings.Trim(lines[len(lines)-2], " ") != "" {
		t.Errorf("the terminal shows %q", text())
	}
}
