#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The systemd unit and its user, as vdsd(8) has an administrator install them, in a root directory
# of this test.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/functions.sh"
docs=$(cd "$here/../.." && pwd)/docs
requires systemd-sysusers systemd-tmpfiles systemd-analyze

mkdir -p "$top/root/etc" "$top/root/usr/lib/sysusers.d" "$top/root/usr/lib/tmpfiles.d"
cp "$docs/systemd/vdsd.sysusers" "$top/root/usr/lib/sysusers.d/vdsd.conf"
cp "$docs/systemd/vdsd.tmpfiles" "$top/root/usr/lib/tmpfiles.d/vdsd.conf"
cp "$docs/systemd/vdsd.socket" "$top/"
sed "s,@SBINDIR@/vdsd,$(command -v true)," "$docs/systemd/vdsd.service.in" >"$top/vdsd.service"
sed "s,@BINDIR@/vds-redfish,$(command -v true)," "$docs/systemd/vds-redfish.service.in" >"$top/vds-redfish.service"

makes_the_user_and_its_group() {
	systemd-sysusers --root="$top/root" 2>"$top/said" || { cat "$top/said"; return 1; }
	grep -q '^vdsd:.*:/var/lib/vdsd:.*nologin$' "$top/root/etc/passwd" && grep -q '^vdsd:' "$top/root/etc/group"
}
# It also looks for the manual pages, which are not installed here.
unit_is_valid() {
	systemd-analyze verify "$top/vdsd.service" "$top/vdsd.socket" 2>"$top/said" || :
	! grep 'vdsd\.s' "$top/said" | grep -v "Command 'man "
}
makes_the_directory_of_the_socket() {
	systemd-tmpfiles --create --root="$top/root" vdsd.conf 2>"$top/said" || { cat "$top/said"; return 1; }
	is "750 $(sed -n 's/^vdsd:[^:]*:\([0-9]*\):\([0-9]*\):.*/\1 \2/p' "$top/root/etc/passwd")" \
		stat -c '%a %u %g' "$top/root/run/vdsd"
}
redfish_is_valid_and_confined() {
	systemd-analyze verify "$top/vds-redfish.service" 2>"$top/said" || :
	! grep 'vds-redfish\.s' "$top/said" | grep -v "Command 'man " || return 1
	systemd-analyze security --offline=true --no-pager --threshold=16 "$top/vds-redfish.service" >"$top/said" ||
		{ grep '✗' "$top/said"; tail -n 1 "$top/said"; return 1; }
}
runs_as_that_user() {
	grep -qx 'User=vdsd' "$top/vdsd.service" && grep -qx 'Group=vdsd' "$top/vdsd.service"
}
# systemd's own measure, from 0 (confined) to 10; the second unit, with the section for it cut
# out, must not pass.
is_confined() {
	systemd-analyze security --offline=true --no-pager --threshold=16 "$top/vdsd.service" >"$top/said" ||
		{ grep '✗' "$top/said"; tail -n 1 "$top/said"; return 1; }
	mkdir -p "$top/open"
	sed '/^NoNewPrivileges=/,/^UMask=/d' "$top/vdsd.service" >"$top/open/vdsd.service"
	! systemd-analyze security --offline=true --no-pager --threshold=16 "$top/open/vdsd.service" >"$top/said"
}
it "makes the user and its group" makes_the_user_and_its_group
[[ $(id -u) != 0 ]] || it "makes the directory of the socket" makes_the_directory_of_the_socket
it "has a unit that systemd accepts" unit_is_valid
it "runs as that user" runs_as_that_user
it "is confined as far as it can be" is_confined
it "has a unit of vds-redfish that is confined, too" redfish_is_valid_and_confined
finish
