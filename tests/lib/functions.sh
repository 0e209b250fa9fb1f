# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# Helpers that shell tests share.  A test is a bash script that begins with
#
#	set -eu
#	. "$(dirname "$0")/../lib/functions.sh"
#	requires qemu-img jq
#	start_vdsd
#
# then has `it "does this" command…` for each behaviour, and `finish` at the end.  It prints TAP.  VDSD and VDSCTL
# name the programs to test (tests/system/meson.build sets them).  Nothing sleeps: each wait is for an event, with a
# deadline. However the script ends, the processes that it started are ended, and the directory $top is removed.

: "${VDS_TEST_DEADLINE:=60}"	# seconds, for each wait

tap_count=0
tap_failed=0
cleanups=()
top=$(mktemp -d "${TMPDIR:-/tmp}/vdstest.XXXXXX")

# cleanup_fn COMMAND…: run the command when the script ends; the command added last runs first.
cleanup_fn() {
	cleanups+=("$(printf '%q ' "$@")")
}

run_cleanups() {
	local status=$? i
	set +e
	trap - EXIT
	for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do
		eval "${cleanups[i]}"
	done
	if ((status != 0 && status != 77 && !tap_failed)); then
		echo "Bail out! the script ended with $status"
	fi
	exit "$status"
}
trap run_cleanups EXIT
trap 'exit 143' INT TERM
cleanup_fn rm -rf "$top"

note() {
	printf '# %s\n' "$*"
}

# End the test as skipped; as failed where CI is set.
skip_all() {
	echo "1..0 # SKIP $*"
	[[ -z ${CI-} ]] || exit 1
	exit 77
}

# requires TOOL…: skip the test unless all these tools are installed.
requires() {
	local tool
	for tool; do
		command -v "$tool" >/dev/null 2>&1 || skip_all "needs $tool"
	done
}

# it "what it does" COMMAND…: one TAP test; what the command prints is shown when it fails.
it() {
	local name=$1 status=0
	shift
	"$@" >"$top/output" 2>&1 || status=$?	# no subshell: the command may wait for what was started
	tap_count=$((tap_count + 1))
	if ((status == 0)); then
		echo "ok $tap_count - $name"
		return 0
	fi
	tap_failed=1
	sed 's/^/# /' "$top/output"
	echo "not ok $tap_count - $name"
}

# is WANTED COMMAND…: succeeds when the command succeeds and prints exactly that.
is() {
	local wanted=$1 got
	shift
	got=$("$@") || { echo "$*: ended with $?"; return 1; }
	[[ $got == "$wanted" ]] || { printf '%s\n  printed: %s\n  wanted:  %s\n' "$*" "$got" "$wanted"; return 1; }
}

# fails_with STATUS COMMAND…
fails_with() {
	local wanted=$1 status=0
	shift
	"$@" || status=$?
	((status == wanted)) || { echo "$*: ended with $status, wanted $wanted"; return 1; }
}

finish() {
	echo "1..$tap_count"
	exit "$tap_failed"
}

# Give others a moment without starting a process: reads from what never says anything.
exec {silence}<> <(:)
pause() {
	read -r -t 0.02 -u "$silence" || :
}

# wait_for "what" COMMAND…: until it succeeds; fails the test when it has not within the deadline.
wait_for() {
	local what=$1 end=$((SECONDS + VDS_TEST_DEADLINE))
	shift
	until "$@"; do
		if ((SECONDS > end)); then
			echo "# $what: not within $VDS_TEST_DEADLINE s"
			return 1
		fi
		pause
	done
}

vdsd_ready() {
	kill -0 "$vdsd_pid" 2>/dev/null || { show_log; echo "Bail out! vdsd ended"; exit 1; }
	[[ -e $top/ready ]]
}

show_log() {
	note "vdsd's log:"
	tail -n 60 "$top/log" | sed 's/^/#   /'
}

# start_vdsd [OPTION…]: a daemon on $dir; sets vdsd_pid, socket, portal (address:port) and VDS_URL.
start_vdsd() {
	dir=$top/array
	socket=$top/socket
	rm -f "$top/ready"
	"$VDSD" --dir "$dir" --socket "$socket" --listen 127.0.0.1:0 --ready-file "$top/ready" "$@" \
		</dev/null >>"$top/log" 2>&1 &
	vdsd_pid=$!
	cleanup_fn kill_vdsd
	wait_for "vdsd is ready" vdsd_ready
	portal=$(python3 -c 'import json, sys
p = json.load(open(sys.argv[1]))["portals"][0]
print("%s:%d" % (p["address"], p["port"]))' "$top/ready")
	export VDS_URL="unix:$socket"
}

vdsd_gone() {
	! kill -0 "$vdsd_pid" 2>/dev/null
}

# Asks it to stop; fails when it ends with anything but 0 or a sanitizer complained.
stop_vdsd() {
	local status=0
	kill -TERM "$vdsd_pid"
	wait_for "vdsd has stopped" vdsd_gone
	wait "$vdsd_pid" || status=$?
	vdsd_pid=
	if ((status != 0)) || grep -qE 'ERROR: |runtime error|WARNING: ThreadSanitizer' "$top/log"; then
		show_log
		echo "# vdsd ended with $status"
		return 1
	fi
}

kill_vdsd() {
	[[ -n ${vdsd_pid-} ]] || return 0
	kill -KILL "$vdsd_pid" 2>/dev/null && wait "$vdsd_pid" 2>/dev/null
	vdsd_pid=
}

vdsctl() {
	"$VDSCTL" "$@"
}
