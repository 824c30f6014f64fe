//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package outfile

import "os"

// renamesOpen tells that a file can be renamed while it is open.
const renamesOpen = false

// lock does nothing, and tells that the file is still there.
func lock(*os.File) bool { return true }

// removeStale does nothing: without locks no file is known to be stale.
func removeStale(string) {}
