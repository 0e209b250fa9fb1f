#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Boots the guest of build.sh, runs one job in it, prints its console, exits as the job did (125: it never ended).
#	[GUEST_ARCHIVE=FILE.gz] [GUEST_INIT=/PROGRAM] [GUEST_DISK=IMAGE] [GUEST_LIMIT=SECONDS] [GUEST_PIDFILE=FILE]
#		run.sh GUESTDIR JOB.sh [NAME=VALUE]...
# Plain emulation: it runs everywhere, and no speed seen in it means anything.  10.0.2.2 is this machine's loopback.
set -euo pipefail
dir=${1:?usage: run.sh GUESTDIR JOB.sh [NAME=VALUE]...} job=${2:?usage}
shift 2
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/x"
cp "$job" "$tmp/x/job.sh"
cp "$(dirname "$0")/functions.sh" "$tmp/x/"
for value in "$@"; do printf 'export %s=%q\n' "${value%%=*}" "${value#*=}" >> "$tmp/x/job.env"; done
# The kernel unpacks archives that follow one another one over the other.
(cd "$tmp/x" && find . | cpio -o -H newc --quiet | gzip -1) > "$tmp/job.gz"
cat "$dir/initramfs.gz" ${GUEST_ARCHIVE:+"$GUEST_ARCHIVE"} "$tmp/job.gz" > "$tmp/initrd"
timeout "${GUEST_LIMIT:-400}" qemu-system-x86_64 -accel tcg,thread=multi -cpu max -smp 1 -m 768 -nographic -no-reboot \
	${GUEST_PIDFILE:+-pidfile "$GUEST_PIDFILE"} \
	${GUEST_DISK:+-drive "file=$GUEST_DISK,format=raw,if=virtio,snapshot=on"} \
	-nodefaults -serial stdio -display none -netdev user,id=n0 -device virtio-net-pci,netdev=n0,romfile= \
	-kernel "$dir/vmlinuz" -initrd "$tmp/initrd" -append "console=ttyS0 quiet panic=-1 mitigations=off no_timer_check rdinit=${GUEST_INIT:-/init}" \
	< /dev/null | sed -u 's/\r//g' | tee "$tmp/console"
code=$(sed -n 's/^JOB-EXIT \([0-9]*\)$/\1/p' "$tmp/console" | tail -1)
exit "${code:-125}"
