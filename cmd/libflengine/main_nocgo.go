//go:build !cgo

// Command libflengine is no command but a C library, which takes cgo to build.
package main

import (
	"fmt"
	"os"
)

func main() {
	fmt.Fprintln(os.Stderr, "libflengine: this was built without cgo: want a C library, by a C compiler, "+
		"CGO_ENABLED=1 go build -buildmode=c-shared -o libflengine.so ./cmd/libflengine")
	os.Exit(2)
}
