package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCPUs: each architecture has CPUs of its own, and those that llvm-mca does not
// know are refused before anything is built.
func TestCPUs(t *testing.T) {
	dir := t.TempDir()
	asked := filepath.Join(dir, "asked")
	mca := filepath.Join(dir, "mca")
	// It knows the first CPU of a call with two.
	body := `#!/bin/sh
echo "$1 $2" >> ` + asked + `
case "$2" in
*=neoverse-v1|*=known) printf 'Iterations: 200\nTotal Cycles: 200\nResource pressure per iteration:\n[0]\n1.00\n';;
*) echo "'$2' is not a recognized processor" >&2; echo again >&2; exit 1;;
esac
`
	if err := os.WriteFile(mca, []byte(body), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ goarch, cpus, asked, want string }{
		{"arm64", "", "-mtriple=aarch64 -mcpu=neoverse-v1\n-mtriple=aarch64 -mcpu=apple-m1\n", `-cpu "apple-m1": want names`},
		{"amd64", "", "-mtriple=x86_64 -mcpu=znver4\n", `-cpu "znver4": want names`},
		{"amd64", "known,other", "-mtriple=x86_64 -mcpu=known\n-mtriple=x86_64 -mcpu=other\n", "'-mcpu=other' is not a recognized processor"},
		{"s390x", "", "", `-goarch "s390x": want amd64 or arm64`},
	} {
		os.Remove(asked)
		err := run(c.goarch, c.cpus, "no-objdump", mca)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "again") {
			t.Errorf("%s %q: error %v, want %s", c.goarch, c.cpus, err, c.want)
		}
		if got, _ := os.ReadFile(asked); string(got) != c.asked {
			t.Errorf("%s %q: asked\n%swant\n%s", c.goarch, c.cpus, got, c.asked)
		}
	}
}
