#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# `make run`: the demo of this build, on a directory of its own.  MESON_BUILD and MESON_SOURCE say which.
set -eu
. "$(dirname "$0")/../lib/functions.sh"
requires qemu-io qemu-img python3 curl jq

run_demo=("$MESON_SOURCE/tools/run-demo" --build "$MESON_BUILD" --dir "$top/demo")

# The demo in the background, until its array is up and all was shown.
demo_is_up() {
	kill -0 "$demo_pid" 2>/dev/null || { cat "$top/printed"; echo "Bail out! the demo ended"; exit 1; }
	grep -q 'Ctrl-C stops it' "$top/printed"
}

start_demo() {
	"${run_demo[@]}" >"$top/printed" 2>&1 &
	demo_pid=$!
	cleanup_fn end_demo
	wait_for "the demo is up" demo_is_up
}

says_it_runs() {
	local printed
	printed=$("${run_demo[@]}")
	[[ $printed == *'It was running already.'*'The web page of the array:  http://'*vol1*'What to try next'* ]] || { echo "$printed"; return 1; }
}

# What the demo prints of the page is enough to get in.
shows_the_page() {
	local url token
	url=$(grep -o 'http://127.0.0.1:[0-9]*/' "$top/printed" | head -n 1)
	token=$(grep -om 1 '^vds_[0-9A-Za-z_-]*' "$top/printed")
	curl -fsS -H "Authorization: Bearer $token" "${url}v1/luns" | jq -e '.items | length == 2' >/dev/null &&
		[[ $(curl -sS -o /dev/null -w '%{http_code}' "${url}v1/luns") == 401 ]] &&
		curl -fsS "$url" | grep -qi '<!doctype html>'
}

end_demo() {
	[[ -z ${demo_pid-} ]] || kill "$demo_pid" 2>/dev/null || :
}

stops_the_daemon() {
	local pid
	pid=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["pid"])' "$top/demo/ready.json")
	kill -TERM "$demo_pid"
	wait "$demo_pid" || { echo "the demo ended with $?"; return 1; }
	demo_pid=
	! kill -0 "$pid" 2>/dev/null || { echo "vdsd ($pid) is still there"; return 1; }
}

# What it stopped, it must not advertise.
stops_without_advertising() {
	local printed
	printed=$("${run_demo[@]}" --once)
	[[ $printed == *'The array is stopped.'* && $printed != *'What to try next'* && $printed != *VDS_URL* ]] ||
		{ echo "$printed"; return 1; }
}

it "shows the array working and stops" "${run_demo[@]}" --once
it "does not say how to use the array that it stopped" stops_without_advertising
it "does so again on what it made" "${run_demo[@]}" --once
start_demo
it "shows the web page and how to log in" shows_the_page
it "says when the array is up already" says_it_runs
it "ends the daemon with it" stops_the_daemon
it "goes on after that" "${run_demo[@]}" --once
finish
