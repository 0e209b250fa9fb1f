# SPDX-License-Identifier: LGPL-2.1-or-later
# In the guest: a disk whose LUN was taken from the target while the initiator was away.  For each case the guest logs
# in to a target of that name and writes to its disk; the test breaks the session, gives the target another LUN and
# lets the initiator log in again by itself.  Then the old disk, which was not looked at again, writes 64 KiB: they must
# be refused.  At last a rescan shows the other LUN as a disk of its own.  "## DO …" asks the test for a step; its
# answer, "yes" when it went well, comes through a connection to CONTROL.
#	PORTAL=10.0.2.2:PORT CONTROL=PORT PREFIX=iqn…: CASES='…' OLD=SECTORS OTHER=SECTORS
. "${0%/*}/functions.sh"
failed() {
	tail -20 /tmp/iscsid.log
	dmesg | tail -40
}
disk_of() { # sectors
	for d in /sys/block/sd*; do [ -e "$d" ] && [ "$(cat "$d/size")" = "$1" ] && echo "${d##*/}"; done | grep .
}
there() { disk_of "$1" > /dev/null; }
none() { ! ls -d /sys/block/sd* > /dev/null 2>&1; }
logged_in() { [ "$(cat /sys/class/iscsi_session/session*/state)" = LOGGED_IN ]; }
fill() { # letter, disk
	head -c 65536 /dev/zero | tr '\0' "$1" > /tmp/letters
	dd if=/tmp/letters of="/dev/$2" bs=64k count=1 oflag=direct conv=notrunc 2> /tmp/dd
}

modules iscsi_tcp sd_mod sg
start_iscsid

echo # the console's first line begins with what the firmware left there
for case in $CASES; do
	say "$case"
	node="iscsiadm -m node -T $PREFIX$case -p $PORTAL"
	$node -o new > /dev/null || die "node record"
	# How soon the initiator finds out that nothing comes back any more.
	$node -o update -n 'node.conn[0].timeo.noop_out_interval' -v 2
	$node -o update -n 'node.conn[0].timeo.noop_out_timeout' -v 3
	$node --login > /dev/null || die "$case: login"
	wait_for 300 there "$OLD" || die "$case: the disk did not come"
	disk=$(disk_of "$OLD")
	where=$(readlink "/sys/block/$disk")
	fill O "$disk" || die "$case: write to the LUN: $(cat /tmp/dd)"
	connection=$(cat /sys/class/iscsi_connection/*/local_port)
	ask break "$case"
	wait_for 600 logged_in || die "$case: not logged in"
	dmesg -c > /tmp/dmesg
	[ "$(cat /sys/class/iscsi_connection/*/local_port)" != "$connection" ] || die "$case: the session was not lost"
	[ "$(readlink "/sys/block/$disk")" = "$where" ] || die "$case: the old disk is gone"
	if there "$OTHER"; then die "$case: the initiator looked again"; fi
	if fill S "$disk"; then refused=no; else refused=yes; fi
	ask compare "$case"
	[ "$refused" = yes ] || die "$case: a disk without a LUN was written to"
	dmesg | grep -q 'Logical unit not supported' || die "$case: the array did not refuse the write"
	$node --rescan > /dev/null || die "$case: rescan"
	wait_for 300 there "$OTHER" || die "$case: the other LUN is no disk of its own"
	fill N "$(disk_of "$OTHER")" || die "$case: write to the other LUN: $(cat /tmp/dd)"
	ask finish "$case"
	$node --logout > /dev/null || die "$case: logout"
	wait_for 300 none || die "$case: the disks stay"
	say "$case: the old disk ($where) was refused"
done
say PASSED
