//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package outfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPermissions: a replaced file's pass on, whatever the umask; a new file's are up to
// the umask.
func TestPermissions(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	dir := t.TempDir()
	for _, perm := range []fs.FileMode{0o666, 0o664, 0o600, 0o200, 0o755} {
		path := filepath.Join(dir, fmt.Sprintf("%o", perm))
		old(t, path, perm)
		if err := Write(path, []byte("new")); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != perm {
			t.Errorf("%v became %v, %v", perm, info.Mode(), err)
		}
	}
	path := filepath.Join(dir, "new")
	if err := Write(path, nil); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
		t.Errorf("a new file has %v, %v", info.Mode(), err)
	}
}

// TestNoFiles: what a rename would replace but the user means to be written to.
func TestNoFiles(t *testing.T) {
	dir, err := os.MkdirTemp("", "o") // a short name, for the socket
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := unix.Mkfifo(at("pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", at("socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	old(t, at("real"), 0o600)
	for link, to := range map[string]string{"null": os.DevNull, "folder": dir, "dangling": "none", "loop": "loop"} {
		if err := os.Symlink(to, at(link)); err != nil {
			t.Fatal(err)
		}
	}
	open := "a name of what is open already: want the name of a file"
	for path, want := range map[string]string{
		at("pipe"):     "a pipe: want the name of a file",
		at("socket"):   "a socket: want the name of a file",
		at("null"):     "a device: want the name of a file",
		at("folder"):   "a folder: want the name of a file",
		at("dangling"): "a symbolic link to nothing: want the name of a file",
		at("loop"):     unix.ELOOP.Error() + ": want a file name that can be written to",
		os.DevNull:     "a device: want the name of a file",
		"/dev/stdout":  open, "/dev/stderr": open, "/dev/stdin": open, "/dev/fd/1": open, "//dev/./fd/63": open,
		"/proc/self/fd/1": open, "/proc/1/task/1/fd/2": open,
	} {
		wantRefused(t, path, want, dir)
	}
	wantNames(t, dir, "dangling", "folder", "loop", "null", "pipe", "real", "socket")
}

// TestLink: the file that a symbolic link names is replaced, and the link stays.
func TestLink(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real"), filepath.Join(dir, "link")
	old(t, real, 0o600)
	if err := os.Symlink("real", link); err != nil {
		t.Fatal(err)
	}
	if err := Write(link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	wantContent(t, real, "new")
	if to, err := os.Readlink(link); to != "real" || err != nil {
		t.Errorf("the link became %q, %v", to, err)
	}
	if err := os.Chmod(real, 0o400); err != nil {
		t.Fatal(err)
	}
	wantRefused(t, link, "a read-only file: want another name, or permission to write to it (chmod u+w)", dir)
}

// TestDiskFull: the error says where room is wanted, and how much if that is known.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		err  error
		size int64
		want string
	}{
		{unix.ENOSPC, 0, "want more free in " + dir},
		{unix.ENOSPC, 4096, "want 4096 bytes free in " + dir},
		{unix.EDQUOT, 0, "want more free in " + dir},
		{unix.EFBIG, 0, "want larger files to be allowed (ulimit -f)"},
		{unix.EFBIG, 7, "want files of 7 bytes to be allowed (ulimit -f)"},
		{unix.EACCES, 7, "want permission to write to the folder " + dir},
		{unix.EIO, 7, "want a file name that can be written to"},
	} {
		f, err := Create(filepath.Join(dir, "a"))
		if err != nil {
			t.Fatal(err)
		}
		f.size = c.size
		err = f.fail(&fs.PathError{Op: "write", Path: "temporary", Err: c.err})
		if want := c.err.Error() + ": " + c.want; !errors.Is(err, c.err) || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
		wantNames(t, dir)
	}
	if runtime.GOOS != "linux" {
		return
	}
	f, err := Create(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	full, err := unix.Open("/dev/full", unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	temp := f.temp
	defer temp.Close()
	f.temp = os.NewFile(uintptr(full), temp.Name()) // the device by another name, since that is removed
	_, err = f.Write([]byte("x"))
	if want := unix.ENOSPC.Error() + ": want more free in " + dir; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if again := f.Commit(); again != err {
		t.Errorf("then %v, want %v", again, err)
	}
	wantNames(t, dir)
	// What no file system holds is refused before it is written, if that is known.
	if f, err = Create(filepath.Join(dir, "a")); err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	if err := f.Reserve(1 << 62); err != nil && err.Error() != unix.EFBIG.Error()+": want files of 4611686018427387904 bytes to be allowed (ulimit -f)" {
		t.Error(err)
	} else if err != nil {
		wantNames(t, dir)
	}
}

// TestKilled: the next process removes what one that was killed left behind, and nothing
// that another is at work on.
func TestKilled(t *testing.T) {
	if path := os.Getenv("OUTFILE_TEST_CREATE"); path != "" {
		f, err := Create(path)
		if err == nil {
			_, err = f.Write([]byte("half"))
		}
		if os.Getenv("OUTFILE_TEST_FINISH") != "" {
			err = errors.Join(err, f.Finish())
		}
		fmt.Println(err)
		_, _ = io.Copy(io.Discard, os.Stdin) // until killed, or alone
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "a")
	child := func(finish string) *exec.Cmd {
		again := append(strings.Fields(os.Getenv("FLENGINE_EMULATOR")), os.Args[0], "-test.run=^TestKilled$")
		c := exec.Command(again[0], again[1:]...)
		c.Env = append(os.Environ(), "OUTFILE_TEST_CREATE="+path, "OUTFILE_TEST_FINISH="+finish)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.StdinPipe(); err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Process.Kill() })
		if line, err := bufio.NewReader(out).ReadString('\n'); line != "<nil>\n" {
			t.Fatalf("the child says %q, %v", line, err)
		}
		return c
	}
	kill := func(c *exec.Cmd) {
		_ = c.Process.Kill()
		_ = c.Wait()
	}
	for _, finish := range []string{"", "1"} {
		c := child(finish)
		left := names(t, dir)
		if len(left) != 1 || !strings.HasPrefix(left[0], tempPrefix) {
			t.Fatalf("the child at work has %q", left)
		}
		swept.Clear()
		if err := Write(path, []byte("new")); err != nil {
			t.Fatal(err)
		}
		if got := names(t, dir); !slices.Contains(got, left[0]) {
			t.Errorf("what a process is at work on is removed: %q", got)
		}
		kill(c)
		if got := names(t, dir); !slices.Contains(got, left[0]) {
			t.Fatalf("the child was killed, and left %q", got)
		}
		swept.Clear()
		if err := Check(path); err != nil {
			t.Fatal(err)
		}
		wantNames(t, dir, "a")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// TestSweep: nothing but stale temporary files is removed, once in each folder.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	hex := func(i int) string { return fmt.Sprintf("%s%016x%s", tempPrefix, i, tempSuffix) }
	keep := []string{
		".flbench-0123456789abcde.tmp", ".flbench-0123456789ABCDEF.tmp", ".flbench-0123456789abcdef0.tmp",
		".flbench-0123456789abcdef.npy", "flbench-0123456789abcdef.tmp", ".flbench-.tmp", ".flbench-", "0123456789abcdef",
	}
	for _, name := range append(keep, hex(1), hex(2), hex(6)) {
		old(t, at(name), 0o600)
	}
	outside := filepath.Join(t.TempDir(), "outside")
	old(t, outside, 0o600)
	if err := os.Symlink(outside, at(hex(3))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(at(hex(4)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mkfifo(at(hex(5)), 0o600); err != nil {
		t.Fatal(err)
	}
	keep = append(keep, hex(3), hex(4), hex(5))
	if os.Chown(at(hex(6)), 12345, -1) == nil { // of another user, which only the superuser can make
		keep = append(keep, hex(6))
	}
	at2, err := Create(at("b")) // sweeps, and is at work then
	if err != nil {
		t.Fatal(err)
	}
	keep = append(keep, filepath.Base(at2.temp.Name()))
	slices.Sort(keep)
	wantNames(t, dir, keep...)
	swept.Clear()
	removeStale(dir)
	wantNames(t, dir, keep...)
	at2.Abort()
	wantContent(t, outside, "old")

	old(t, at(hex(7)), 0o600)
	if err := Check(at("b")); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(names(t, dir), hex(7)) {
		t.Error("a folder is looked through for each file that is made there")
	}
}

// TestTakenForStale: who is swept away before the lock is there makes another file.
func TestTakenForStale(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	sweeper, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(sweeper.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if lock(file) {
		t.Error("the sweeper has the lock, too")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	sweeper.Close()
	if lock(file) {
		t.Error("the file is gone")
	}
	old(t, path, 0o600)
	if lock(file) {
		t.Error("another file has the name")
	}
	if file, err = os.OpenFile(path, os.O_WRONLY, 0); err != nil || !lock(file) {
		t.Errorf("%v, or no lock", err)
	}
	file.Close()
}
