# SPDX-License-Identifier: LGPL-2.1-or-later
# In the guest: dm-multipath on two targets that lead to one LUN, with docs/multipath.conf.  Paths are grouped by their
# ALUA states; a state that changes in the middle of a write, and one that changes back, lose nothing.
#	PORTAL=10.0.2.2:PORT ONE=iqn… OTHER=iqn… CONTROL=PORT CONF=text of docs/multipath.conf
say() { echo "## $(cut -d' ' -f1 /proc/uptime) $*"; }
die() {
	say "FAILED: $*"
	multipathd show paths raw format "%d %t %o %T %p %n" 2> /dev/null
	multipath -ll 2>&1 | tail -20
	tail -30 /tmp/multipathd.log
	dmesg | tail -30
	exit 1
}
wait_for() { # deciseconds, command…
	n=$1
	shift
	while ! "$@"; do
		n=$((n - 1))
		[ "$n" -gt 0 ] || return 1
		usleep 100000
	done
}
# The host does what the line says, and answers when it is done.
ask() {
	echo "## DO $*"
	[ "$(nc 10.0.2.2 "$CONTROL" < /dev/null)" = yes ] || die "the host did not: $*"
}
for module in iscsi_tcp sd_mod sg scsi_dh_alua dm_multipath dm_service_time; do modprobe "$module" || die "modprobe $module"; done
mkdir -p /run/udev /etc/multipath
systemd-udevd --daemon || die udevd
printf '%s\n' "$CONF" > /etc/multipath.conf
printf 'defaults {\n\tfind_multipaths no\n\tpolling_interval 1\n\tverbosity 3\n}\n' >> /etc/multipath.conf
iscsid -f -d 3 > /tmp/iscsid.log 2>&1 &
multipathd -d > /tmp/multipathd.log 2>&1 &
wait_for 300 grep -q . /tmp/iscsid.log
wait_for 60 multipathd show daemon > /dev/null 2>&1 || die "multipathd does not answer"

say login
for target in $ONE $OTHER; do
	n="iscsiadm -m node -T $target -p $PORTAL"
	$n -o new > /dev/null || die "node record"
	$n -o update -n node.session.timeo.replacement_timeout -v 5
	$n --login > /dev/null || die "login to $target"
done
# One line of the map's state for each path: priority group, path, priority.
paths() { multipathd show paths raw format "%d %t %p" 2> /dev/null | grep '^sd'; }
active() { paths | grep -c ' active '; }
two_active() { [ "$(active)" = 2 ]; }
groups() { dmsetup table "$map" 2> /dev/null | awk '{ for (i = 1; i <= NF; i++) if ($i == "alua") print $(i + 1) }'; }
groups_are() { [ "$(groups)" = "$1" ]; }
wait_for 600 two_active || die "two paths did not come"
map=$(dmsetup ls --target multipath | awk '{ print $1; exit }')
[ -n "$map" ] || die "there is no map"
disk=/dev/mapper/$map
[ -e "$disk" ] || disk=/dev/$(dmsetup info -c --noheadings -o blkdevname "$map")
for d in $(paths | cut -d' ' -f1); do
	[ "$(cat "/sys/block/$d/device/dh_state")" = alua ] || die "$d has no handler alua"
	say "$d: $(cat "/sys/block/$d/device/access_state"), preferred $(cat "/sys/block/$d/device/preferred_path")"
done
wait_for 100 groups_are 1 || die "equal paths are in $(groups) groups"

# Writes numbered blocks of 1 MiB and says when it has ended; the checksum is of what was meant to be written.
write_all() {
	i=0
	while [ $i -lt 24 ]; do
		yes "$1 $i" | head -c 1048576 > /tmp/block
		cat /tmp/block >> /tmp/meant
		dd if=/tmp/block of="$disk" bs=1048576 seek=$i oflag=direct conv=notrunc 2> /tmp/dd || { cat /tmp/dd; return 1; }
		i=$((i + 1))
		echo $i > /tmp/progress
	done
	echo done > /tmp/progress
}
progress_is() { [ "$(cat /tmp/progress 2> /dev/null)" = done ] || [ "$(cat /tmp/progress 2> /dev/null || echo 0)" -ge "$1" ]; }
verify() {
	echo 3 > /proc/sys/vm/drop_caches
	dd if="$disk" bs=1048576 count=24 iflag=direct 2> /dev/null | sha256sum | cut -c1-64 > /tmp/read
	sha256sum < /tmp/meant | cut -c1-64 > /tmp/wanted
	cmp -s /tmp/read /tmp/wanted || die "other data: $1"
}

say "failover and failback in the middle of writes"
for round in standby offline; do
	: > /tmp/meant
	rm -f /tmp/progress
	write_all "$round" &
	writer=$!
	wait_for 600 progress_is 4 || die "the writer does not get on"
	ask state 1 $round
	wait_for 900 progress_is 12 || die "the writer hangs after $round"
	ask state 1 active-optimized
	wait "$writer" || die "a write failed with $round"
	verify $round
	wait_for 300 two_active || die "$round: the path did not come back"
	say "$round: $(groups) groups, the same data"
done

say "paths are grouped by their states"
ask state 1 active-non-optimized
turs() { for d in $(paths | cut -d' ' -f1); do sg_turs "/dev/$d" > /dev/null 2>&1; done; true; }
grouped() { turs; groups_are "$1"; }
wait_for 300 grouped 2 || die "paths of two states are in $(groups) groups"
ask state 1 active-optimized
wait_for 300 grouped 1 || die "equal paths are in $(groups) groups again"

say "what the array says on every path"
for d in $(paths | cut -d' ' -f1); do sg_rtpg "/dev/$d" 2> /dev/null | grep -v '^ *$' | sha256sum; done | sort -u > /tmp/says
[ "$(wc -l < /tmp/says)" = 1 ] || die "the paths say different things"

# A command that is under way when its path is taken away fails there, which the kernel says of that path; the map
# must not fail, and the handler must understand the array.
say "dmesg: $(dmesg | grep -c 'I/O error, dev sd') commands failed on a path and went to the other one"
dmesg | grep -iE 'buffer i/o error|dev dm-|rtpg failed|stpg failed|medium error|call trace' > /tmp/complaints
[ ! -s /tmp/complaints ] || { sed 's/^/## /' /tmp/complaints; die "the kernel complains"; }
multipath -f "$map" 2> /dev/null
for target in $ONE $OTHER; do iscsiadm -m node -T $target -p $PORTAL --logout > /dev/null || die logout; done
say "all done"
