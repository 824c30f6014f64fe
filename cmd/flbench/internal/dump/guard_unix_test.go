//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package dump

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGuard: a file that is cut after its pages were made present is an error of who reads
// a batch, which names it.
func TestGuard(t *testing.T) {
	const rows = 1 << 16 // in files that are mapped, not read
	dir := write(t, map[string][]byte{
		"logits.npy": npy(make([]float32, rows), rows, 1),
		"labels.npy": npy(make([]uint8, rows), rows, 1),
	})
	d, logits := open(t, new(Options), dir), filepath.Join(dir, "logits.npy")
	if err := d.Fault(0, rows); err != nil {
		t.Fatal(err)
	}
	b, err := d.Batch(0, rows, new(Scratch))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(logits, rows); err != nil {
		t.Fatal(err)
	}
	sum := float32(0)
	err = d.Guard(func() error {
		for _, x := range b.Logits {
			sum += x
		}
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), logits) {
		t.Errorf("error %v, sum %v", err, sum)
	}
}
