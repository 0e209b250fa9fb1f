#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A disk image with a small Debian of this machine's suite: systemd, apt, open-iscsi, and the libraries that our packages
# depend on, so that they install without a network.  For tests that install packages; run.sh boots it (GUEST_DISK).
#	debian.sh OUTDIR		-> OUTDIR/debian.img
# Nothing is made twice.  Needs mmdebstrap, mke2fs and this machine's sources of packages.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: debian.sh OUTDIR}
mkdir -p "$out"
cd "$out"
stamp=$(sha256sum < "$here/debian.sh")
[[ ! -e debian.img || $(cat debian.stamp 2>/dev/null) != "$stamp" ]] || exit 0

suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
sources=()
for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
	[[ ! -s $file ]] || { sources=("$file"); break; }
done
packages=systemd-sysv,dbus,udev,open-iscsi,kmod,iproute2,passwd
packages+=,python3,libisal2,libjansson4,libsqlite3-0,libssl3,liburing2,libedit2,libsystemd0
top=$(mktemp -d "$PWD/debian.XXXXXX")
trap 'rm -rf "$top"' EXIT
mmdebstrap --quiet --variant=apt --include="$packages" --aptopt='APT::Install-Recommends "false"' \
	--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' "$suite" "$top/root.tar" "${sources[@]}" > debian.log 2>&1 ||
	{ tail -20 debian.log; exit 1; }
mkdir "$top/root"
tar -x --numeric-owner -f "$top/root.tar" -C "$top/root"
rm "$top/root.tar"
truncate -s 600M "$top/debian.img"
mke2fs -q -F -t ext4 -d "$top/root" "$top/debian.img"
mv "$top/debian.img" debian.img
echo "$stamp" > debian.stamp
