# SPDX-License-Identifier: LGPL-2.1-or-later
# What the jobs in guests share; run.sh puts it beside the job, which begins with
#	. "${0%/*}/functions.sh"
# and may define failed(), to print what helps to understand why it ends.
say() { echo "## $(cut -d' ' -f1 /proc/uptime) $*"; }
failed() { :; }
die() {
	say "FAILED: $*"
	failed
	exit 1
}
wait_for() { # deciseconds, command…
	left=$1
	shift
	while ! "$@"; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || return 1
		sleep 0.1
	done
}
# Runs a command that must end well; what it says is in /tmp/said.
run() { "$@" > /tmp/said 2>&1 || die "$*: ended with $?"; }
# Lets the test take a step: it reads the line, and answers through a connection to CONTROL.
ask() {
	echo "## DO $*"
	[ "$(nc 10.0.2.2 "$CONTROL" < /dev/null)" = yes ] || die "the test did not do: $*"
}
modules() {
	for module in "$@"; do modprobe "$module" || die "modprobe $module"; done
}
start_iscsid() {
	iscsid -f -d 3 > /tmp/iscsid.log 2>&1 &
	wait_for 100 grep -q . /tmp/iscsid.log || die "iscsid does not start"
}
