//go:build !linux

package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "evalspeed: wants Linux: it pins processes, empties the page cache and reads /proc")
	os.Exit(1)
}
