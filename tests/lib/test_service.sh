#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The systemd unit and its user, as vdsd(8) has an administrator install them, in a root directory of this test.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/functions.sh"
docs=$(cd "$here/../.." && pwd)/docs
requires systemd-sysusers systemd-analyze

mkdir -p "$top/root/etc" "$top/root/usr/lib/sysusers.d"
cp "$docs/systemd/vdsd.sysusers" "$top/root/usr/lib/sysusers.d/vdsd.conf"
sed "s,@SBINDIR@/vdsd,$(command -v true)," "$docs/systemd/vdsd.service.in" >"$top/vdsd.service"

makes_the_user_and_its_group() {
	systemd-sysusers --root="$top/root" 2>"$top/said" || { cat "$top/said"; return 1; }
	grep -q '^vdsd:.*:/var/lib/vdsd:.*nologin$' "$top/root/etc/passwd" && grep -q '^vdsd:' "$top/root/etc/group"
}
# It also looks for the manual pages, which are not installed here.
unit_is_valid() {
	systemd-analyze verify "$top/vdsd.service" 2>"$top/said" || :
	! grep 'vdsd\.service' "$top/said" | grep -v "Command 'man "
}
runs_as_that_user() {
	grep -qx 'User=vdsd' "$top/vdsd.service" && grep -qx 'Group=vdsd' "$top/vdsd.service"
}
it "makes the user and its group" makes_the_user_and_its_group
it "has a unit that systemd accepts" unit_is_valid
it "runs as that user" runs_as_that_user
finish
