package outcome

import (
	"testing"

	"github.com/flengine/flengine/cmd/flbench/internal/cli"
)

func TestTableText(t *testing.T) {
	for got, want := range map[string]string{
		cli.Printable("a b/é"):  "a b/é",
		cli.Printable("a\tb\n"): `"a\tb\n"`,
		cli.Printable("a\xffb"): `"a\xffb"`,
		decimals(1.23456789):    "1.234568",
		decimals(1.5e20):        "1.500000e+20",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
