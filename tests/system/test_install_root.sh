#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `make install` without DESTDIR, into a root of its own: this machine's root with a layer above
# it that is thrown away. Afterwards the loader, pkg-config, man and systemd find everything
# without any variable in the environment.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../lib/functions.sh"
requires unshare mount chroot meson ninja pkg-config cc
[[ -e /etc/debian_version ]] || skip_all 'needs Debian'
forbidden() {
	echo "1..0 # SKIP forbidden: $*"
	exit 77
}
# The mounts are made in a mount namespace and below a directory of the shell outside it, which
# removes that directory when the namespace, and with it every mount, is gone: nothing is ever
# removed through a mount.
if [[ -z ${VDS_TEST_INSTALL_ROOT-} ]]; then
	mkdir "$top/layers" "$top/root"
	unshare --mount mount -t tmpfs tmpfs "$top/layers" 2>/dev/null ||
		forbidden 'this machine lets nobody mount'
	status=0
	VDS_TEST_INSTALL_ROOT=$top unshare --mount --propagation private bash "$0" || status=$?
	tap_failed=$((status != 0))	# the shell inside has said what failed
	exit "$status"
fi
layers=$VDS_TEST_INSTALL_ROOT/layers root=$VDS_TEST_INSTALL_ROOT/root

# layer DIR TARGET: what DIR holds, at TARGET, with changes that are thrown away.
layer() {
	local upper
	upper=$(mktemp -d "$layers/XXXXXX")
	mkdir "$upper/upper" "$upper/work"
	mount -t overlay overlay -o "lowerdir=$1,upperdir=$upper/upper,workdir=$upper/work" "$2"
}
mount -t tmpfs -o size=2G tmpfs "$layers"
layer / "$root" || forbidden 'this machine has no overlay file system'
for dir in "$MESON_SOURCE" "$MESON_BUILD"; do
	mkdir -p "$root$dir"
	layer "$dir" "$root$dir"
done
mount -t tmpfs tmpfs "$root/tmp"
mount -t tmpfs tmpfs "$root/dev"	# its own, with what a compiler needs
for node in null zero urandom; do
	: >"$root/dev/$node"
	mount --bind "/dev/$node" "$root/dev/$node"
done
ln -s /proc/self/fd "$root/dev/fd"
mount -t proc proc "$root/proc"
rm -f "$root"/usr/local/lib/*/libvds* "$root"/usr/local/bin/vdsctl "$root"/usr/local/sbin/vdsd

bare() {	# in that root, with nothing in the environment
	chroot "$root" env -i PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" HOME=/root "$@"
}
cat >"$root/tmp/program.c" <<'PROGRAM'
#include <stdio.h>
#include <vds/libvds.h>

int
main(void)
{
	IUnknown *provider = NULL;
	HRESULT hr = VdsOpenHwProvider(u"unix:/nowhere", &IID_IUnknown, (void **)&provider);

	puts(VdsErrorText(hr));
	return 0;
}
PROGRAM
extra=
case $(nm -D "$MESON_BUILD/src/service/libvds.so.1" 2>/dev/null) in
*__asan_*) extra=-fsanitize=address,undefined ;;
*__tsan_*) extra=-fsanitize=thread ;;
esac

nothing_is_there() {
	! bare pkg-config --exists libvds && ! bare sh -c 'ldconfig -p | grep libvds || command -v vdsd'
}
installs() {
	bare env PATH="$PATH" sh "$MESON_SOURCE/tools/install" --build "$MESON_BUILD"
}
program_builds_and_runs() {
	bare sh -c "cc -o /tmp/program /tmp/program.c $extra \$(pkg-config --cflags --libs libvds)" || return 1
	is VDS_E_INITIALIZED_FAILED bare /tmp/program
}
library_is_the_installed_one() {
	bare ldd /tmp/program | grep 'libvds\.so\.1 => /usr/local/lib'
}
programs_are_found() {
	bare vdsctl --version | grep '^vdsctl ' && bare vdsd --version | grep '^vdsd '
}
unit_names_the_program() {
	bare sh -c 'program=$(sed -n "s/^ExecStart=//p" /usr/local/lib/systemd/system/vdsd.service); test -x "$program"'
}
manual_is_found() {
	! bare sh -c 'command -v man' >/dev/null || bare man -w vdsd libvds IVdsLun
}
it "starts where nothing is installed" nothing_is_there
it "installs without DESTDIR" installs
it "lets a program be built by pkg-config's flags and run" program_builds_and_runs
it "gives the program the library that was installed" library_is_the_installed_one
it "puts the programs into the path" programs_are_found
it "names in the unit the program that was installed" unit_names_the_program
it "lets man find the pages" manual_is_found
finish
