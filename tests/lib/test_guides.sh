#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The XML in docs/hypervisors.md is what libvirt's schemas allow.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/functions.sh"
guide=$(cd "$here/../.." && pwd)/docs/hypervisors.md
requires virt-xml-validate

block() {	# NAME: the block behind the line <!-- NAME -->
	sed -n "/^<!-- $1 -->\$/,/^\`\`\`\$/p" "$guide" | sed '1,2d;$d'
}
valid() {	# NAME SCHEMA
	block "$1" >"$top/$1.xml"
	[[ -s $top/$1.xml ]] || { echo "there is no block $1"; return 1; }
	if [[ $2 == domain ]]; then
		{ echo "<domain type='qemu'><name>a</name><memory>1048576</memory><os><type>hvm</type></os><devices>"
			cat "$top/$1.xml"
			echo "</devices></domain>"; } >"$top/whole.xml"
		mv "$top/whole.xml" "$top/$1.xml"
	fi
	virt-xml-validate "$top/$1.xml" "$2"
}
is_checked_at_all() {
	echo "<secret><usage type='nonsense'/></secret>" >"$top/wrong.xml"
	! virt-xml-validate "$top/wrong.xml" secret
}
it "has a disk that libvirt accepts" valid domain-disk domain
it "has a secret that libvirt accepts" valid secret secret
it "has a storage pool that libvirt accepts" valid storagepool storagepool
it "would be told of wrong XML" is_checked_at_all
finish
