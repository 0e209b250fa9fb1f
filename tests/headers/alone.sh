#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every installed header compiles alone, with every compiler that is there, in every language a
# program may use, for 64 and 32 bits, without a warning.
#   alone.sh INCLUDE_DIR HEADER...
set -eu

include=$1
shift
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
warnings='-Wall -Wextra -Wpedantic -Wshadow -Wundef -Wredundant-decls -Wcast-qual -Werror'
runs=0
failed=0

# try COMPILER SUFFIX HEADER ARGS...
try()
{
	compiler=$1 suffix=$2 header=$3
	shift 3
	command -v "$compiler" >/dev/null 2>&1 || return 0
	printf '#include <vds/%s>\nextern int dummy;\nint dummy;\n' "$header" >"$tmp/alone.$suffix"
	runs=$((runs + 1))
	# shellcheck disable=SC2086
	if ! "$compiler" "$@" $warnings "-I$include" -fsyntax-only "$tmp/alone.$suffix"; then
		echo "not clean: $header with $compiler $*"
		failed=$((failed + 1))
	fi
}

# compat COMPILER SUFFIX HEADER ARGS...
compat()
{
	compiler=$1 suffix=$2 header=$3
	shift 3
	command -v "$compiler" >/dev/null 2>&1 || return 0
	for short in -fshort-wchar ''; do
		runs=$((runs + 1))
		# shellcheck disable=SC2086
		if ! "$compiler" "$@" -Wall -Wextra -Wshadow -Wundef -Werror $short "-I$include/vds/compat" \
			-fsyntax-only "$tmp/alone.$suffix"; then
			echo "not clean: compat/$header with $compiler $* $short"
			failed=$((failed + 1))
		fi
	done
}

for header in "$@"; do
	for compiler in gcc clang; do
		try $compiler c "$header" -std=c11 -Wstrict-prototypes -Wmissing-prototypes
		try $compiler c "$header" -std=gnu17 -Wstrict-prototypes -Wmissing-prototypes
		try $compiler c "$header" -std=c11 -m32 -ffreestanding
		try $compiler c "$header" -std=c11 -DINITGUID
	done
	for compiler in g++ clang++; do
		for std in c++11 c++17 c++20; do
			try $compiler cc "$header" -std=$std
		done
		try $compiler cc "$header" -std=c++17 -m32 -ffreestanding
		try $compiler cc "$header" -std=c++17 -DINITGUID
		try $compiler cc "$header" -std=c++17 -DCINTERFACE
	done
done

# The headers with the names of Windows: with L"text" as WCHAR, and included under these names alone.
# Of those that only include others one compilation for each language is enough.
for path in "$include"/vds/compat/*.h; do
	header=$(basename "$path")
	c_compilers='gcc clang' cxx_compilers='g++ clang++'
	if ! grep -v '^#define VDS_COMPAT_' "$path" | grep -qE '^(#define|#pragma|#undef|static|typedef)'; then
		c_compilers=gcc cxx_compilers=g++
	fi
	for compiler in $c_compilers; do
		printf '#include <%s>\nextern int dummy;\nint dummy;\n' "$header" >"$tmp/alone.c"
		compat "$compiler" c "$header" -std=gnu17
	done
	for compiler in $cxx_compilers; do
		printf '#include <%s>\nextern int dummy;\nint dummy;\n' "$header" >"$tmp/alone.cc"
		compat "$compiler" cc "$header" -std=gnu++17
	done
done

# 4 headers, one C and one C++ compiler at the least.
if [ "$runs" -lt 40 ]; then
	echo "only $runs compilations: too few"
	exit 1
fi
echo "$runs compilations, $failed failed"
[ "$failed" -eq 0 ]
