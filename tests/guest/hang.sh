# SPDX-License-Identifier: LGPL-2.1-or-later
# In the guest: two LUNs behind one target.  The store of the larger one hangs while the smaller one is read all the
# time: Linux aborts the command that hangs, the session stays, and the other LUN goes on.  Then the session is ended by
# the array: the initiator logs in again although the old command is still in the store.  Lines "## DO …" ask the
# test to hang the store, to end the session, and to let the store go on.
#	PORTAL=10.0.2.2:PORT TARGET=iqn…
. "${0%/*}/functions.sh"
failed() {
	tail -20 /tmp/iscsid.log
	dmesg | tail -40
}
now() { cut -d' ' -f1 /proc/uptime | tr -d .; } # in hundredths of a second
modules iscsi_tcp sd_mod sg
start_iscsid
n="iscsiadm -m node -T $TARGET -p $PORTAL"
$n -o new > /dev/null || die "node record"
$n --login > /dev/null || die login
disks() { for d in /sys/block/sd*; do [ -e "$d" ] && [ "$(cat "$d/size")" -gt 0 ] && echo "$(cat "$d/size") ${d##*/}"; done | sort -n; }
two_disks() { [ "$(disks | wc -l)" = 2 ]; }
wait_for 100 two_disks || die "two disks did not come"
sound=$(disks | sed -n '1s/.* //p') hung=$(disks | sed -n '2s/.* //p')
echo 3 > "/sys/block/$hung/device/timeout"

# Writes to the hung LUN until one does not come back within a second; its number is in $writer.
hang() {
	echo "## DO hang"
	while true; do
		dd if=/dev/urandom of="/dev/$hung" bs=4k count=1 oflag=direct 2> /dev/null &
		writer=$!
		wait_for 10 gone "$writer" || return
	done
}
gone() { ! kill -0 "$1" 2> /dev/null; }
# Reads the sound LUN until the command is true, at least 50 times; says how long one read took at most.
read_until() {
	longest=0 count=0
	while [ "$count" -lt 50 ] || ! "$@"; do
		from=$(now)
		dd if="/dev/$sound" of=/dev/null bs=4k count=1 skip=$((count % 1000)) iflag=direct 2> /dev/null || die "read of the sound LUN"
		took=$(($(now) - from))
		[ "$took" -le "$longest" ] || longest=$took
		count=$((count + 1))
		usleep 50000
		[ "$count" -lt 3000 ] || die "in 3000 reads: $*"
	done
	say "$count reads of the sound LUN, the longest took $longest hundredths of a second"
}
aborted() { [ "$(cat "/sys/block/$hung/device/iotmo_cnt" 2> /dev/null || echo 0x1)" != 0x0 ] && [ "$(now)" -gt "$until" ]; }
logged_in() { iscsiadm -m session -P 1 | grep -q 'iSCSI Session State: LOGGED_IN'; }

say "hang $hung, read $sound"
hang
until=$(($(now) + 1500)) # several timeouts of 3 s
read_until aborted
say "$(cat "/sys/block/$hung/device/iotmo_cnt") commands timed out, device $(cat "/sys/block/$hung/device/state")"
dmesg | grep -q 'detected conn error' && die "the session was dropped"
[ "$(cat "/sys/block/$hung/device/state")" = running ] || die "the hung LUN was taken offline"
logged_in || die "not logged in"

say "the session ends while the store hangs"
# Asked to log out, the initiator comes back by a connection of its own; dropped, too.
connection() { cat /sys/class/iscsi_connection/*/local_port 2> /dev/null; }
first=$(connection)
reconnected() { [ "$(connection)" != "$first" ]; }
echo "## DO end"
wait_for 300 reconnected || die "the session did not end"
wait_for 600 logged_in || die "no new login while the old command hangs"
read_until logged_in

echo "## DO release"
wait_for 900 gone "$writer" || die "the write did not end"
dd if=/dev/zero of="/dev/$hung" bs=4k count=1 oflag=direct 2> /dev/null || die "write after the hang"
[ "$(dd if="/dev/$hung" bs=4k count=1 iflag=direct 2> /dev/null | tr -d '\0' | wc -c)" = 0 ] || die "an old write came late"
$n --logout > /dev/null 2>&1 # it says so when the old session is still being cleaned up; this one is done
say PASSED
