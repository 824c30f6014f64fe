//go:build !unix

package guard

import "testing"

// pages returns plain memory: there is no mprotect here.
func pages(t testing.TB, size int) []byte { return make([]byte, size) }
