#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# tools/install-deps on several imitated machines: this test replaces dpkg-query, apt-get, sudo and id by scripts.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/functions.sh"
tool=$(cd "$here/../.." && pwd)/tools/install-deps

mkdir "$top/bin" "$top/bare"
for name in sh env sed cat rm mktemp fold grep; do
	ln -s "$(command -v $name)" "$top/bare/$name"
done

fake() {	# NAME BODY
	printf '#!/bin/sh\n%s\n' "$2" >"$top/bin/$1"
	chmod +x "$top/bin/$1"
}

# A machine: what is installed, who we are, whether apt-get works.
machine() {	# PACKAGES USER_ID APT_STATUS
	fake dpkg-query "status=0; shift 3
for p; do case ' $1 ' in *\" \$p \"*) echo \"installed \$p\" ;; *) echo \"no packages found matching \$p\" >&2; status=1 ;; esac; done
exit \$status"
	fake id "echo $2"
	fake apt-get "echo \"apt-get \$*\" >>'$top/calls'; echo 'E: broken' >&2; exit $3"
	fake npm 'exit 0'
	rm -f "$top/bin/sudo" "$top/calls"
	: >"$top/calls"
}

# What it prints, its exit status, and what was called.
install_deps() {
	local status=0
	PATH="$top/bin:$top/bare" "$tool" "$@" 2>&1 || status=$?
	echo "status $status"
	cat "$top/calls"
}

every='gcc g++ pkg-config meson ninja-build python3 libsqlite3-dev libjansson-dev
liburing-dev libisal-dev libssl-dev libedit-dev libsystemd-dev systemtap-sdt-dev esbuild qemu-utils qemu-block-extra'
every=$(echo $every)
apt='apt-get -qq -o DPkg::Lock::Timeout=300'

machine "$every" 0 0
it "is silent and calls nothing when all is there" is 'status 0' install_deps build run

machine "${every/liburing-dev /}" 0 0
it "installs only what is missing" is \
	$'Installing: liburing-dev\nstatus 0\n'"$apt update"$'\n'"$apt install -y --no-install-recommends liburing-dev" \
	install_deps build run

machine "$every" 0 0
rm "$top/bin/npm"
it "installs Debian's npm only where there is none" is \
	$'Installing: npm\nstatus 0\n'"$apt update"$'\n'"$apt install -y --no-install-recommends npm" \
	install_deps build run

machine '' 0 0
names_each_once() {
	local printed
	printed=$(install_deps run run)
	grep -qx 'Installing: qemu-utils qemu-block-extra' <<<"$printed" || { echo "$printed"; return 1; }
}
it "names a package once" names_each_once

machine "${every/meson /}" 1000 0
fake sudo "echo sudo >>'$top/calls'; exec \"\$@\""
it "asks sudo when not root" is \
	$'Installing: meson\nstatus 0\nsudo\n'"$apt update"$'\nsudo\n'"$apt install -y --no-install-recommends meson" \
	install_deps build

machine "${every/meson /}" 1000 0
it "says what to do without root and sudo" is \
	$'install-deps: these packages are missing, and there is neither root nor sudo to install them:
    apt-get install --no-install-recommends meson\nstatus 1' install_deps build

machine "${every/meson /}" 0 100
it "shows why apt-get failed" is \
	$'Installing: meson\nE: broken\ninstall-deps: apt-get update failed\nstatus 1\n'"$apt update" install_deps build

machine "$every" 0 0
it "refuses a group it does not know" is $'usage: install-deps [build] [run] [deb] [test] [bench] [ceph]\nstatus 2' install_deps all

machine '' 0 0
rm "$top/bin/dpkg-query"
says_what_it_wants() {
	local printed
	printed=$(install_deps build)
	[[ $printed == *'this is not Debian'*libsqlite3-dev*'status 0' ]] || { echo "$printed"; return 1; }
}
it "names the packages where there is no dpkg" says_what_it_wants
finish
