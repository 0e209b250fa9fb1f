#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `make run-cluster`: three gateways of this build on a Ceph cluster, in a directory of its own.
# MESON_BUILD and MESON_SOURCE say which build.
set -eu
. "$(dirname "$0")/../lib/functions.sh"
PATH=$PATH:/usr/sbin
requires qemu-io python3 ceph-mon ceph-mgr ceph-osd ceph

run_cluster=("$MESON_SOURCE/tools/run-cluster" --build "$MESON_BUILD" --dir "$top/c" --once)

kills_the_owner() {
	local printed
	printed=$("${run_cluster[@]}") || { echo "$printed"; return 1; }
	[[ $printed == *'the owner'*'All eight blocks read as they were written'*'after the planned move'* ]] ||
		{ echo "$printed"; return 1; }
}

leaves_no_process() {
	! pgrep -f "$top/c/" >"$top/left" || { cat "$top/left"; return 1; }
}

it "shows the LUN while the gateway that owns it dies" kills_the_owner
it "leaves no process behind" leaves_no_process
it "does so again on what it made" kills_the_owner
finish
