//go:build ignore

// Command gen writes counts.go.
package main

import (
	"fmt"
	"os"

	"github.com/flengine/flengine/asm/internal/listing"
)

func main() {
	source, err := listing.Source()
	if err == nil {
		err = os.WriteFile("counts.go", source, 0o666)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}
