#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# An archive that turns the guest of build.sh into a machine with this machine's systemd as PID 1
# and a finished build of this project installed, as `make install` installs it.
#	systemd.sh GUESTDIR BUILDDIR ARCHIVE
# run.sh then gets GUEST_ARCHIVE=ARCHIVE and GUEST_INIT=/boot-systemd; the job runs as a service,
# when all else is up.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
guest=${1:?usage: systemd.sh GUESTDIR BUILDDIR ARCHIVE} build=${2:?usage} archive=${3:?usage}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

UNITS="basic.target multi-user.target network-online.target network.target paths.target
  poweroff.target shutdown.target slices.target sockets.target sysinit.target timers.target
  umount.target final.target local-fs.target systemd-journald.service systemd-journald.socket
  systemd-journald-dev-log.socket systemd-poweroff.service"
PROGRAMS="/lib/systemd/systemd /lib/systemd/systemd-journald /lib/systemd/systemd-shutdown
  /bin/systemctl /bin/journalctl /bin/systemd-sysusers /bin/systemd-tmpfiles /usr/bin/install /bin/dash"

add_libraries() { # program
	ldd "$1" | grep -oE '/[^ ]+\.so[^ ]*' | while read -r library; do
		install -D -m 755 "$(readlink -f "$library")" \
			"$root/lib/x86_64-linux-gnu/$(basename "$library")"
	done
}
for program in $PROGRAMS; do
	install -D -m 755 "$(readlink -f "$program")" "$root$program"
	add_libraries "$program"
done
ln -sf dash "$root/bin/sh" # as Debian has it; the unit reloads by it
mkdir -p "$root"/{etc/systemd/system,lib/systemd/system,var/log/journal,var/lib,usr/local,srv}
for unit in $UNITS; do cp "/lib/systemd/system/$unit" "$root/lib/systemd/system/"; done
for unit in systemd-journald.socket systemd-journald-dev-log.socket; do
	mkdir -p "$root/lib/systemd/system/sockets.target.wants"
	ln -s "../$unit" "$root/lib/systemd/system/sockets.target.wants/$unit"
done
ln -s multi-user.target "$root/lib/systemd/system/default.target"
: > "$root/etc/machine-id"
: > "$root/etc/fstab"
printf '[Journal]\nStorage=persistent\nForwardToConsole=no\n' > "$root/etc/systemd/journald.conf"

meson install -C "$build" --no-rebuild --quiet --destdir "$root/installed"
cp -a "$root/installed/." "$root/"
rm -rf "$root/installed" "$root"/usr/local/share "$root"/usr/local/include
for program in "$root"/usr/local/{sbin/vdsd,bin/vdsctl}; do
	add_libraries "$program"
	strip "$program"
done

cat > "$root/lib/systemd/system/job.service" <<'UNIT'
[Unit]
Description=The job of this guest
After=multi-user.target
[Service]
Type=oneshot
Environment=SYSTEMD_COLORS=0
Environment=PATH=/usr/local/sbin:/usr/local/bin:/bin:/sbin:/usr/bin:/usr/sbin
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
ExecStart=/bin/sh -c '[ ! -f /job.env ] || . /job.env; sh /job.sh; echo "JOB-EXIT $?"; systemctl poweroff -f'
TimeoutStartSec=infinity
[Install]
WantedBy=default.target
UNIT
mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
ln -s /lib/systemd/system/job.service "$root/etc/systemd/system/multi-user.target.wants/job.service"
# systemd gives services mount namespaces, for which the root must not be the kernel's first one.
cat > "$root/boot-systemd" <<'BOOT'
#!/bin/busybox sh
export PATH=/bin:/sbin
mount -t proc proc /proc
mkdir -p /newroot
mount -t tmpfs -o size=75%,mode=755 root /newroot
for entry in /*; do
	case $entry in
	/proc | /sys | /dev | /run | /tmp | /newroot) mkdir -p "/newroot$entry" ;;
	*) cp -a "$entry" /newroot/ ;;
	esac
done
chmod 1777 /newroot/tmp
umount /proc
exec switch_root /newroot /lib/systemd/systemd
BOOT
chmod 755 "$root/boot-systemd"
(cd "$root" && find . | cpio -o -H newc --quiet) | gzip -1 > "$archive"
