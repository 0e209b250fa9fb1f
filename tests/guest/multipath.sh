# SPDX-License-Identifier: LGPL-2.1-or-later
# In the guest: dm-multipath on two targets that lead to one LUN, with docs/multipath.conf.  Paths are grouped by their
# ALUA states; a state that changes in the middle of reads and writes, and one that changes back, lose nothing, and the
# kernel does not complain.  mpathpersist registers the map, as one host of a cluster, against a second host.
#	PORTAL=10.0.2.2:PORT ONE=iqn… OTHER=iqn… CONTROL=PORT CONF=text of docs/multipath.conf
. "${0%/*}/functions.sh"
failed() {
	multipathd show paths raw format "%d %t %o %T %p %n" 2> /dev/null
	multipath -ll 2>&1 | tail -20
	tail -30 /tmp/multipathd.log
	dmesg | tail -30
}
modules iscsi_tcp sd_mod sg scsi_dh_alua dm_multipath dm_service_time
mkdir -p /run/udev /etc/multipath
systemd-udevd --daemon || die udevd
printf '%s\n' "$CONF" > /etc/multipath.conf
printf 'defaults {\n\tfind_multipaths no\n\tpolling_interval 1\n\tverbosity 3\n\treservation_key file\n}\n' >> /etc/multipath.conf
# The disk of the other host, which logs in last, is no path of this one.
printf 'blacklist {\n\tdevnode "^sdc$"\n}\n' >> /etc/multipath.conf
start_iscsid
multipathd -d > /tmp/multipathd.log 2>&1 &
wait_for 60 multipathd show daemon > /dev/null 2>&1 || die "multipathd does not answer"

say login
for target in $ONE $OTHER; do
	n="iscsiadm -m node -T $target -p $PORTAL -I default"
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
	while [ $i -lt 16 ]; do
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
	dd if="$disk" bs=1048576 count=16 iflag=direct 2> /dev/null | sha256sum | cut -c1-64 > /tmp/read
	sha256sum < /tmp/meant | cut -c1-64 > /tmp/wanted
	cmp -s /tmp/read /tmp/wanted || die "other data: $1"
}

# Reads all the time, so that several commands are under way when a state changes.
read_all() {
	while [ ! -e /tmp/enough ]; do
		dd if="$disk" of=/dev/null bs=65536 count=32 skip=512 iflag=direct 2> /tmp/read-dd || { cat /tmp/read-dd; return 1; }
	done
}
say "failover and failback in the middle of reads and writes"
for round in standby offline; do
	: > /tmp/meant
	rm -f /tmp/progress
	write_all "$round" &
	writer=$!
	rm -f /tmp/enough
	read_all &
	reader=$!
	wait_for 600 progress_is 4 || die "the writer does not get on"
	ask state 1 $round
	wait_for 900 progress_is 10 || die "the writer hangs after $round"
	ask state 1 active-optimized
	wait "$writer" || die "a write failed with $round"
	: > /tmp/enough
	wait "$reader" || die "a read failed with $round"
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

say "a path that is idle when its state is taken away"
ask state 1 standby
dd if=/dev/zero of="$disk" bs=4096 count=8 oflag=direct 2> /tmp/dd || die "a write after the change: $(cat /tmp/dd)"
ask state 1 active-optimized
wait_for 300 two_active || die "the path did not come back"

say "what the kernel says"
dmesg | grep -iE 'i/o error|error, dev |dev dm-|rtpg failed|stpg failed|medium error|call trace' > /tmp/complaints
[ ! -s /tmp/complaints ] || { sed 's/^/## /' /tmp/complaints; die "the kernel complains"; }

say "mpathpersist: another host registers"
iscsiadm -m iface -I node2 -o new > /dev/null || die "iface node2"
iscsiadm -m iface -I node2 -o update -n iface.initiatorname -v iqn.2026-11.org.example:node2 > /dev/null || die "name of node2"
node2="iscsiadm -m node -T $ONE -p $PORTAL -I node2"
$node2 -o new > /dev/null || die "node record of node2"
$node2 --login > /dev/null || die "login of node2"
disk_is_there() { [ "$(cat /sys/block/sdc/size 2> /dev/null || echo 0)" -gt 0 ]; }
wait_for 300 disk_is_there || die "no disk of node2"
[ "$(paths | wc -l)" = 2 ] || die "the disk of node2 is a path of this host"
# Exit status, program, words…: a unit attention (status 6) is no failure, it comes once.
persist() {
	wanted=$1
	shift
	for try in 1 2 3; do
		"$@" > /tmp/said 2>&1
		status=$?
		[ "$status" = 6 ] || break
	done
	[ "$status" = "$wanted" ] || { cat /tmp/said; die "$*: $status, expected $wanted"; }
}
keys() { # "0xa1 0xa1 0xb2"
	persist 0 mpathpersist --in --read-keys "$disk"
	grep -o '^ *0x[0-9a-f]*$' /tmp/said | sort | tr -d ' ' | tr '\n' ' '
}
has_keys() { [ "$(keys)" = "$1" ] || die "keys: $(cat /tmp/said)"; }
write_to() { dd if=/dev/zero of="$1" bs=4096 count=1 oflag=direct 2> /tmp/said; }
other_writes() { write_to /dev/sdc || write_to /dev/sdc; }

persist 0 mpathpersist --out --register --param-sark=0xa1 "$disk"
has_keys "0xa1 0xa1 " # one registration for each path
say "multipathd registers a path that is added"
persist 0 sg_persist --out --register --param-rk=0xa1 --param-sark=0 /dev/sda
has_keys "0xa1 "
multipathd del path sda > /tmp/said || die "del path: $(cat /tmp/said)"
multipathd add path sda > /tmp/said || die "add path: $(cat /tmp/said)"
both_registered() { [ "$(keys)" = "0xa1 0xa1 " ]; }
wait_for 300 both_registered || die "keys: $(cat /tmp/said)"
wait_for 300 two_active || die "sda did not come back"
say "mpathpersist: reserve"
persist 0 sg_persist --out --register-ignore --param-sark=0xb2 /dev/sdc
has_keys "0xa1 0xa1 0xb2 "
persist 0 mpathpersist --out --reserve --param-rk=0xa1 --prout-type=5 "$disk"
persist 0 mpathpersist --in --read-reservation "$disk"
grep -q 'Key *= *0xa1' /tmp/said || die "reservation: $(cat /tmp/said)"
persist 0 mpathpersist --in --read-full-status "$disk"
[ "$(grep -ciE 'key *= *0xa1' /tmp/said)" = 2 ] || die "full status: $(cat /tmp/said)"
persist 24 sg_persist --out --reserve --param-rk=0xb2 --prout-type=5 /dev/sdc
other_writes || die "a write of node2, which has registered"
for path in $(paths | cut -d' ' -f1); do write_to "/dev/$path" || die "a write on the path $path"; done
say "mpathpersist: preempt, release, clear"
persist 0 mpathpersist --out --preempt --param-rk=0xa1 --param-sark=0xb2 --prout-type=5 "$disk"
has_keys "0xa1 0xa1 "
other_writes && die "node2 can write although it was preempted"
write_to "$disk" || die "a write through the map"
persist 0 mpathpersist --out --release --param-rk=0xa1 --prout-type=5 "$disk"
persist 0 mpathpersist --in --read-reservation "$disk"
grep -qi 'there is NO reservation' /tmp/said || die "reservation: $(cat /tmp/said)"
other_writes || die "node2 cannot write after the release"
persist 0 sg_persist --out --register-ignore --param-sark=0xb2 /dev/sdc
has_keys "0xa1 0xa1 0xb2 "
persist 0 mpathpersist --out --clear --param-rk=0xa1 "$disk"
has_keys ""
$node2 --logout > /dev/null || die "logout of node2"
multipath -f "$map" 2> /dev/null
for target in $ONE $OTHER; do iscsiadm -m node -T $target -p $PORTAL --logout > /dev/null || die logout; done
say "all done"
