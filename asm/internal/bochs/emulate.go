package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Each line of the guest's begins with guestPrefix; its last is one of the others.
const (
	guestPrefix = "guest: "
	guestPassed = "all passed"
	guestFailed = "failed: "
)

// bootLoader starts the kernel. Without clearcpuid=321,323 (XSAVEC, XSAVES) and noxsaves
// the sizes of XSAVE disagree, and Linux turns AVX off. A serial line of 9600 baud, the
// default, is what everything would wait for.
const bootLoader = `DEFAULT linux
PROMPT 0
LABEL linux
 KERNEL /vmlinuz
 INITRD /initrd
 APPEND console=ttyS0,115200 quiet loglevel=3 clearcpuid=321,323 noxsaves nopku nopti nosmp mitigations=off nokaslr lsm= apparmor=0 selinux=0 random.trust_cpu=on tsc=reliable lpj=4000000 no_timer_check panic=1 rdinit=/init -- -guest
`

// machine is the emulated one: %s is the address that its serial line connects to.
const machine = `plugin_ctrl: speaker=0
config_interface: textconfig
display_library: rfb, options="timeout=0"
cpu: model=corei7_skylake_x, count=1, ips=50000000, reset_on_triple_fault=0
clock: sync=none
memory: host=512, guest=512
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
boot: cdrom
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path=boot.iso, status=inserted
com1: enabled=1, mode=socket-client, dev=%s
log: bochs.log
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
`

// image makes boot.iso in work: the kernel, and work/root as all that it mounts.
func image(ctx context.Context, work, boot string) error {
	loader := filepath.Join(work, "iso", "isolinux")
	if err := os.CopyFS(loader, os.DirFS(boot)); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(loader, "isolinux.cfg"), []byte(bootLoader), 0o644); err != nil {
		return err
	}
	_, err := command(ctx, work, nil, "sh", "-ec", `
		mv iso/isolinux/vmlinuz iso
		(cd root && find . | cpio -o -H newc --quiet) | gzip -1 >iso/initrd
		xorriso -as mkisofs -quiet -o boot.iso -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table iso`)
	return err
}

// emulated boots boot.iso of work, and returns bochs's version and what went wrong.
func emulated(ctx context.Context, work string, limit time.Duration) (version string, err error) {
	serial, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer serial.Close()
	// Debian's bochs is built with its debugger, which the file tells to continue.
	for name, text := range map[string]string{"bochsrc": fmt.Sprintf(machine, serial.Addr()), "continue": "c\n"} {
		if err := os.WriteFile(filepath.Join(work, name), []byte(text), 0o644); err != nil {
			return "", err
		}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("still running after %v", limit))
	defer cancel()
	bochs := exec.CommandContext(ctx, "bochs", "-q", "-f", "bochsrc", "-rc", "continue")
	var out bytes.Buffer
	bochs.Dir, bochs.Stdout, bochs.Stderr = work, &out, &out
	say("power on")
	if err := bochs.Start(); err != nil {
		return "", err
	}
	// By itself bochs ends with the guest's power-off, and the serial line with it.
	ended := make(chan error, 1)
	go func() {
		ended <- bochs.Wait()
		serial.Close()
	}()
	var last []string
	var verdict string
	if conn, err := serial.Accept(); err == nil {
		last, verdict = follow(conn, say, func() { time.AfterFunc(10*time.Second, cancel) })
		conn.Close()
	}
	end := <-ended
	say(fmt.Sprintf("bochs ended after %.0f s of CPU time", bochs.ProcessState.UserTime().Seconds()))
	if m := regexp.MustCompile(`Bochs x86 Emulator (\S+)`).FindSubmatch(out.Bytes()); m != nil {
		version = string(m[1])
	}
	switch {
	case verdict == guestPassed:
		return version, nil
	case verdict != "":
		return version, errors.New(strings.TrimPrefix(verdict, guestFailed))
	case ctx.Err() != nil:
		end = context.Cause(ctx)
	}
	log, _ := os.ReadFile(filepath.Join(work, "bochs.log"))
	return version, fmt.Errorf("the guest did not come to its end: %v\nthe last of the serial line:\n%s\nof bochs:\n%s%s",
		end, strings.Join(last, "\n"), tail(out.Bytes()), tail(log))
}

// follow says what the guest says until its serial line ends, and returns the last lines
// and the verdict. It calls end when nothing is to come but a power-off.
func follow(serial io.Reader, say func(string), end func()) (last []string, verdict string) {
	for lines := bufio.NewScanner(serial); lines.Scan(); {
		line := strings.TrimRight(lines.Text(), "\r")
		if last = append(last, line); len(last) > 20 {
			last = slices.Delete(last, 0, 1)
		}
		said, isGuest := strings.CutPrefix(line, guestPrefix)
		switch {
		case isGuest && (said == guestPassed || strings.HasPrefix(said, guestFailed)):
			verdict = said
			end()
		case isGuest:
			say(said)
		case strings.Contains(line, "Kernel panic"):
			end()
		}
	}
	return last, verdict
}

// tail returns the last lines of a text.
func tail(text []byte) []byte {
	const most = 2000
	return text[max(0, len(text)-most):]
}
