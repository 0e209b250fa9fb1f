#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# vds.h in the tree is what widl makes of vds.idl, byte by byte.  Without widl this cannot be
# known: skipped, but a failure where CI is set.
#   regenerate.sh SOURCE_ROOT
set -eu

top=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

status=0
"$top/tools/gen-vds-header" -o "$tmp/vds.h" || status=$?
if [ "$status" -eq 77 ] && [ -z "${CI:-}" ]; then
	exit 77
fi
[ "$status" -eq 0 ] || exit 1
if ! diff -u "$top/include/vds/vds.h" "$tmp/vds.h" | head -n 40 || ! cmp "$top/include/vds/vds.h" "$tmp/vds.h"; then
	echo "include/vds/vds.h is not what idl/vds.idl says: run tools/gen-vds-header"
	exit 1
fi
