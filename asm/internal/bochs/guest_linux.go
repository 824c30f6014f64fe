package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"syscall"
	"time"
)

// beGuest is the life of the emulated machine: it runs the suites, says over the serial
// line how that went, and powers off.
func beGuest() {
	if os.Getpid() != 1 {
		log.Fatal("-guest: not the first process")
	}
	for dir, fs := range map[string]string{"/proc": "proc", "/sys": "sysfs", "/dev": "devtmpfs", "/tmp": "tmpfs"} {
		os.MkdirAll(dir, 0o777)
		syscall.Mount(fs, dir, fs, 0, "")
	}
	serial, err := os.OpenFile("/dev/ttyS0", os.O_WRONLY, 0)
	if err != nil {
		log.Fatal(err)
	}
	tell := func(line string) { fmt.Fprintln(serial, guestPrefix+line) }
	if err := run(context.Background(), "/", tell); err != nil {
		tell(guestFailed + err.Error())
	} else {
		tell(guestPassed)
	}
	time.Sleep(time.Second) // of the guest's: the line empties
	syscall.Reboot(syscall.LINUX_REBOOT_CMD_POWER_OFF)
}
