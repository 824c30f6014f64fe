//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package outfile

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// renamesOpen tells that a file can be renamed while it is open, and so stays locked.
const renamesOpen = true

// lock locks a new temporary file, for others to see that somebody is at work on it, and
// tells whether it is still there: it is not if it was taken for a stale one before. On
// file systems without locks nothing is taken for stale.
func lock(file *os.File) bool {
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err == unix.EWOULDBLOCK {
		return false
	}
	opened, err := file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(file.Name())
	return err == nil && os.SameFile(opened, named)
}

// swept are the folders that this process has looked through for stale files.
var swept sync.Map

// removeStale removes from a folder the temporary files of killed processes: those of this
// user that nobody holds a lock on.
func removeStale(folder string) {
	if _, again := swept.LoadOrStore(folder, true); again {
		return
	}
	// What cannot be listed, opened or removed is left alone: no output depends on it.
	dir, err := os.Open(folder)
	if err != nil {
		return
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		random := strings.TrimSuffix(strings.TrimPrefix(name, tempPrefix), tempSuffix)
		if len(random) != 16 || name != tempPrefix+random+tempSuffix || strings.Trim(random, "0123456789abcdef") != "" {
			continue
		}
		removeUnlocked(filepath.Join(folder, name))
	}
}

// removeUnlocked removes a temporary file of this user that nobody is at work on.
func removeUnlocked(path string) {
	// Not a link, and not waiting for the other end of a pipe.
	file, err := os.OpenFile(path, os.O_WRONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); !ok || int(owner.Uid) != os.Geteuid() {
		return
	}
	if unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return
	}
	_ = os.Remove(path)
}
