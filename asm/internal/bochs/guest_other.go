//go:build !linux

package main

import "log"

func beGuest() { log.Fatal("-guest: the emulated machine runs Linux") }
