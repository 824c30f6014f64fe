//go:build purego

package main

// purego tells that this build was asked to hold no assembly.
const purego = true
