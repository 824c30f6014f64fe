package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// installed are a file of each package that emulation takes. Bochs depends on some display
// package, of which bochs-term is the smallest; the display in use is one of its own.
var installed = []struct {
	file     string
	packages []string
}{
	{"/usr/bin/bochs", []string{"bochs", "bochs-term"}},
	{"/usr/share/bochs/BIOS-bochs-latest", []string{"bochsbios"}},
	{"/usr/share/bochs/VGABIOS-lgpl-latest", []string{"vgabios"}},
	{"/bin/cpio", []string{"cpio"}},
	{"/usr/bin/xorriso", []string{"xorriso"}},
}

// packages installs what is missing, and returns the folder of what the guest boots,
// which the user's cache keeps.
func packages(ctx context.Context) (boot string, err error) {
	if _, err := exec.LookPath("apt-get"); err != nil || runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return "", errors.New("emulation is for Debian on amd64: it takes the packages bochs and linux-image-cloud-amd64")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	cache = filepath.Join(cache, "flengine")
	boot = filepath.Join(cache, "avx512-boot")
	_, uncached := os.Stat(boot)
	var missing []string
	for _, p := range installed {
		if _, err := os.Stat(p.file); err != nil {
			missing = append(missing, p.packages...)
		}
	}
	if uncached == nil && missing == nil {
		return boot, nil
	}
	apt := []string{"env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"}
	if os.Getuid() != 0 {
		apt = append([]string{"sudo"}, apt...)
	}
	say("apt-get update")
	if _, err := command(ctx, "", nil, append(apt, "update")...); err != nil {
		return "", err
	}
	if missing != nil {
		say("apt-get install " + strings.Join(missing, " "))
		if _, err := command(ctx, "", nil, append(append(apt, "install", "-y", "--no-install-recommends"), missing...)...); err != nil {
			return "", err
		}
	}
	if uncached == nil {
		return boot, nil
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(cache, "download-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	return boot, download(ctx, dir, boot)
}

// download fetches the kernel and its boot loader, with dir as scratch, into boot. Their
// packages are only unpacked: nothing of them is to become this machine's.
func download(ctx context.Context, dir, boot string) error {
	// The package of this name is empty, and depends on the one that holds the kernel.
	const kernel = "linux-image-cloud-amd64"
	depends, err := command(ctx, "", nil, "apt-cache", "depends", kernel)
	if err != nil {
		return err
	}
	m := regexp.MustCompile(`Depends: (linux-image-[0-9]\S+)`).FindStringSubmatch(depends)
	if m == nil {
		return errors.New("this distribution has no package " + kernel + " with a kernel: emulation is for Debian")
	}
	say("apt-get download " + m[1])
	if _, err := command(ctx, dir, nil, "apt-get", "-qq", "download", m[1], "isolinux", "syslinux-common"); err != nil {
		return err
	}
	if _, err := command(ctx, dir, nil, "sh", "-ec", `
		mkdir boot
		for p in *.deb; do dpkg -x "$p" x; done
		cp x/boot/vmlinuz-* boot/vmlinuz
		cp x/usr/lib/ISOLINUX/isolinux.bin x/usr/lib/syslinux/modules/bios/ldlinux.c32 boot`); err != nil {
		return err
	}
	err = os.Rename(filepath.Join(dir, "boot"), boot)
	if _, other := os.Stat(boot); other == nil {
		return nil // if not ours, then of one who was faster
	}
	return err
}
