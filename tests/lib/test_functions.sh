#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Tests of functions.sh: the output of its helpers for small scripts.  No daemon is needed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/functions.sh"

# run_script TEXT: a script that uses functions.sh; what it prints, then its exit status.
run_script() {
	local status=0
	env -u CI ${in_ci:+CI=1} VDS_TEST_DEADLINE=1 bash -c "set -eu; . '$here/functions.sh'; $1" 2>&1 || status=$?
	echo "status $status"
}

in_ci=
it "counts what passes and what fails" is $'ok 1 - a\n# why\nnot ok 2 - b\n1..2\nstatus 1' \
	run_script 'it a true; it b bash -c "echo why; exit 3"; finish'
it "ends well when all passed" is $'ok 1 - a\n1..1\nstatus 0' run_script 'it a true; finish'
it "says when a script broke off" is $'Bail out! the script ended with 4\nstatus 4' run_script 'exit 4'
it "skips when a tool is missing" is $'1..0 # SKIP needs no-such-tool\nstatus 77' \
	run_script 'requires sh no-such-tool; echo not reached'
in_ci=1
it "fails in CI when a tool is missing" is $'1..0 # SKIP needs no-such-tool\nBail out! the script ended with 1\nstatus 1' \
	run_script 'requires no-such-tool'
in_ci=
it "cleans up last first, also after a failure" is $'second\nfirst\nstatus 0' \
	run_script 'cleanup_fn echo first; cleanup_fn echo "second"; exit 0'
removes_its_directory() {
	local printed
	printed=$(run_script 'test -d "$top"; echo "$top"')
	[[ $printed == */vdstest.* && ! -e ${printed%%$'\n'*} ]] || { echo "$printed"; return 1; }
}
it "removes its directory" removes_its_directory
it "gives up waiting at the deadline" is $'# pigs: not within 1 s\nStatus 1\nstatus 0' \
	run_script 'wait_for pigs false || echo "Status $?"'
it "waits no longer than it must" is $'status 0' run_script 'wait_for truth true'
it "compares what a command prints" is $'differs\nstatus 0' run_script 'is abc echo abd >/dev/null || echo differs'
it "holds a command to its exit status" is $'status 0' run_script 'fails_with 3 bash -c "exit 3"'
it "sees another exit status" is $'true: ended with 0, wanted 3\nseen\nstatus 0' \
	run_script 'fails_with 3 true || echo seen'
finish
