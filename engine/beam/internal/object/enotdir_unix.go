//go:build unix

package object

import (
	"errors"
	"syscall"
)

// notFolder tells that what should be a folder is none.
func notFolder(err error) bool { return errors.Is(err, syscall.ENOTDIR) }
