#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `make install` puts the library where the loader and pkg-config find it, also on a Debian without dpkg-dev.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/functions.sh"
source=$(cd "$here/../.." && pwd)
requires meson pkg-config cc
[[ -e /etc/debian_version ]] || skip_all 'needs Debian'

# All programs of this machine but dpkg-architecture.
mkdir "$top/bin"
for dir in /usr/local/bin /usr/bin /bin /usr/sbin /sbin; do
	[[ -d $dir ]] && find "$dir/" -maxdepth 1 ! -type d ! -name 'dpkg-architecture' -exec ln -sf -t "$top/bin" {} +
done
bare() {
	PATH="$top/bin" "$@"
}

# The plan of `make install`: configured as tools/build and tools/install do; nothing needs to be built for it.
libdir=$(cd "$source" && bare tools/install --libdir)
bare meson setup "$top/build" "$source" -Dtests=disabled >"$top/log" 2>&1 || { note "$(cat "$top/log")"; exit 1; }
bare meson configure "$top/build" -Dprefix=/usr/local -Dlibdir="$libdir"
bare ninja -C "$top/build" build.ninja >"$top/log" 2>&1
bare meson introspect "$top/build" --installed >"$top/installed"
python3 - "$top/installed" >"$top/paths" <<'EOF'
import json, sys
print('\n'.join(sorted(json.load(open(sys.argv[1])).values())))
EOF

lacks_the_tool() {
	! bare sh -c 'command -v dpkg-architecture' >/dev/null
}
loader_finds_the_library() {
	local dir
	dir=$(dirname "$(grep '/libvds\.so' "$top/paths" | head -n 1)")
	# ldconfig -v passes over directories that do not exist yet, so its configuration is read
	grep -qx "$dir" /etc/ld.so.conf /etc/ld.so.conf.d/*.conf || { echo "the loader does not look in $dir"; return 1; }
}
pkg_config_finds_it() {
	local dir
	dir=$(dirname "$(grep '/libvds\.pc$' "$top/paths")")
	[[ :$(pkg-config --variable pc_path pkg-config): == *:$dir:* ]] || { echo "pkg-config does not look in $dir"; return 1; }
}
installs() {	# PATTERN…
	local pattern
	for pattern; do
		grep -Eq "$pattern" "$top/paths" || { echo "nothing is installed as $pattern"; cat "$top/paths"; return 1; }
	done
}
it "runs without dpkg-architecture" lacks_the_tool
it "puts the library where the loader looks" loader_finds_the_library
it "puts libvds.pc where pkg-config looks" pkg_config_finds_it
it "installs the programs, the unit and its user" installs '^/usr/local/bin/vdsctl$' '^/usr/local/libexec/vds-diskraid$' "^/usr/local/$libdir/vds1/vds-host\$" '/vdsd$' 'systemd/system/vdsd\.service$' \
	'systemd/system/vdsd\.socket$' 'sysusers\.d/vdsd\.conf$' 'tmpfiles\.d/vdsd\.conf$'
it "installs completion for every shell" installs '^/usr/local/share/bash-completion/completions/vdsctl$' \
	'^/usr/local/share/zsh/site-functions/_vdsctl$' '^/usr/local/share/fish/vendor_completions.d/vdsctl\.fish$'
finish
