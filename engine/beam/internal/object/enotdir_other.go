//go:build !unix

package object

// notFolder tells that what should be a folder is none, which other systems call missing.
func notFolder(error) bool { return false }
