//go:build purego

package info

// purego tells that this build was asked to hold no assembly.
const purego = true
