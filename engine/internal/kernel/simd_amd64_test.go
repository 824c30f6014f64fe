//go:build !purego

package kernel

import (
	"testing"

	"github.com/klauspost/cpuid/v2"

	"github.com/flengine/flengine/asm"
	"github.com/flengine/flengine/asm/avx2"
	"github.com/flengine/flengine/asm/avx512"
)

// entries are the assembly's tables of kernels.
var entries = map[string]func() *[asm.NumKernels]uintptr{"avx2": avx2.Entries, "avx512": avx512.Entries}

// sweepEntries are those of sweeps.
var sweepEntries = map[string]func() *[asm.NumSweepKernels]uintptr{"avx2": avx2.SweepEntries, "avx512": avx512.SweepEntries}

func TestSlowAVX512(t *testing.T) {
	for _, c := range []struct {
		name                    string
		vendor                  cpuid.Vendor
		family, model, stepping int
		slow                    bool
	}{
		{"Skylake-SP", cpuid.Intel, 6, 85, 4, true},
		{"Cascade Lake", cpuid.Intel, 6, 85, 7, false},
		{"Ice Lake server", cpuid.Intel, 6, 106, 6, false},
		{"Sapphire Rapids", cpuid.Intel, 6, 143, 8, false},
		{"Zen 4", cpuid.AMD, 25, 17, 1, false},
		{"another vendor's", cpuid.AMD, 6, 85, 4, false},
	} {
		if got := slowAVX512(c.vendor, c.family, c.model, c.stepping); got != c.slow {
			t.Errorf("%s: slow %t, want %t", c.name, got, c.slow)
		}
	}
}
