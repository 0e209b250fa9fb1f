# SPDX-License-Identifier: LGPL-2.1-or-later
# In the guest: vdsd with its pool on XFS or btrfs (the disk vda), and this machine's initiator.  A log
# is written to a LUN all the time; each snapshot of it holds the records that were answered before, in
# a row.  A clone of a mounted ext4 is mounted beside it.  A rollback brings the old data back.
# Snapshots take no space.  The archive of the test has vdsd and vdsctl.
#	FS=xfs|btrfs
. "${0%/*}/functions.sh"
failed() {
	cat /tmp/said
	tail -30 /tmp/vdsd.log
	dmesg | tail -20
}
refused() { # exit status, word of the message, command…
	wanted=$1 word=$2
	shift 2
	"$@" > /tmp/said 2>&1
	[ $? = "$wanted" ] || die "$*: not refused with $wanted"
	grep -q "$word" /tmp/said || die "$*: the refusal does not say $word"
}
disk_of() { basename "$(ls -d /sys/class/scsi_device/*:"$1"/device/block/sd* 2> /dev/null)"; } # LUN number
there() { [ -n "$(disk_of "$1")" ]; }
used() { df -k /mnt/pool | awk 'END { print $3 }'; }

modules virtio_blk "$FS" ext4 iscsi_tcp sd_mod
mkdir -p /mnt/pool /mnt/a /mnt/b
run "mkfs.$FS" -q /dev/vda
run mount -t "$FS" /dev/vda /mnt/pool
mkdir /mnt/pool/array
start() {
	rm -f /tmp/ready
	vdsd --dir /mnt/pool/array --socket /tmp/s --listen 127.0.0.1:3260 --ready-file /tmp/ready >> /tmp/vdsd.log 2>&1 &
	vdsd=$!
	wait_for 600 [ -e /tmp/ready ] || die "vdsd is not ready"
}
start
export VDS_URL=unix:/tmp/s
name=iqn.2026-11.org.example:web
run vdsctl target create web --iscsi-name $name
for lun in log data; do
	run vdsctl lun create $lun --size 64M --unmask '*'
	run vdsctl lun associate $lun web
done
iscsid -f > /tmp/iscsid.log 2>&1 &
login() {
	iscsiadm -m node -T $name -p 127.0.0.1:3260 -o new > /tmp/said 2>&1
	iscsiadm -m node -T $name -p 127.0.0.1:3260 --login > /tmp/said 2>&1
}
wait_for 100 login || die login
wait_for 300 there 0 && wait_for 300 there 1 || die "no disks"
log=/dev/$(disk_of 0) data=/dev/$(disk_of 1)

# Each record has a block of its own; the next one is begun after the one before it was answered.
echo 0 > /tmp/answered
writer() {
	i=0
	while [ ! -e /tmp/stop ]; do
		printf 'record %d of the log\n' $i > /tmp/record
		dd if=/tmp/record of="$log" bs=4096 seek=$i count=1 conv=sync,notrunc,fsync 2> /tmp/writer || return
		i=$((i + 1))
		echo $i > /tmp/answered.new
		mv /tmp/answered.new /tmp/answered
	done
	echo done > /tmp/writer-ended
}
beyond() { [ "$(cat /tmp/answered)" -gt "$1" ]; }
image() { echo "/mnt/pool/array/luns/$1.img"; }
# The records of a volume, which must be the first ones of the log.
records() { # id
	tr -d '\000' < "$(image "$1")" > /tmp/records
	awk '$0 != "record " NR - 1 " of the log" { exit 1 }' /tmp/records || die "volume $1 has no beginning of the log"
	wc -l < /tmp/records
}

say "snapshots under load"
writer &
for s in 1 2 3 4 5 6; do
	wait_for 600 beyond $(($(cat /tmp/answered) + 3)) || die "the log does not go on: $(cat /tmp/writer)"
	before=$(cat /tmp/answered)
	id=$(vdsctl -q snapshot create s$s log) || die "snapshot s$s"
	after=$(cat /tmp/answered)
	[ -e "$(image "$id")" ] || die "no file of s$s"
	echo "$id $before $after" >> /tmp/points
done
: > /tmp/stop
wait_for 300 [ -e /tmp/writer-ended ] || die "the writer failed: $(cat /tmp/writer)"
while read -r id before after; do
	count=$(records "$id")
	[ "$count" -ge "$before" ] && [ "$count" -le $((after + 1)) ] || die "$id has $count records, not $before to $after"
done < /tmp/points
say "6 snapshots, $(cat /tmp/answered) records, commands waited $(sed -n 's/.*clone.moment.*held_us=//p' /tmp/vdsd.log | tr '\n' ' ')µs"

say "space is shared"
dd if=/dev/urandom of="$log" bs=1M seek=16 count=32 conv=notrunc,fsync 2> /tmp/said || die fill
sync
first=$(used)
for s in a b c d; do run vdsctl snapshot create $s log; done
sync
[ $(($(used) - first)) -lt 4096 ] || die "four snapshots of 32 MiB took $(($(used) - first)) KiB"
# vdsd says so, too: they share what they have with their LUN and one another, until that is written to
bytes_of() { vdsctl -o json snapshot show "$1" | tr -d ' \n' | sed "s/.*\"$2\":\([0-9]*\).*/\1/"; }
is_shared() { [ "$(bytes_of log@a used_bytes)" -ge 33554432 ] && [ "$(bytes_of log@a own_bytes)" -lt 1048576 ]; }
wait_for 600 is_shared || die "the space of a: $(bytes_of log@a used_bytes), $(bytes_of log@a own_bytes)"
for s in b c d; do run vdsctl snapshot delete log@$s; done
dd if=/dev/urandom of="$log" bs=1M seek=16 count=32 conv=notrunc,fsync 2> /tmp/said || die fill
is_own() { [ "$(bytes_of log@a own_bytes)" -ge 33554432 ]; }
wait_for 600 is_own || die "the space of a: $(bytes_of log@a used_bytes), $(bytes_of log@a own_bytes)"

say "a clone of a mounted file system"
run mkfs.ext4 -q -F "$data"
run mount -t ext4 "$data" /mnt/a
dd if=/dev/urandom of=/mnt/a/file bs=64k count=32 conv=fsync 2> /tmp/said || die write
sum=$(sha256sum < /mnt/a/file)
run vdsctl snapshot create kept data log
echo later > /mnt/a/later
rm /mnt/a/file
sync
run vdsctl lun clone data@kept copy --unmask '*'
run vdsctl lun associate copy web
run iscsiadm -m session -R
wait_for 300 there 2 || die "no disk of the clone"
run mount -t ext4 "/dev/$(disk_of 2)" /mnt/b
[ "$(sha256sum < /mnt/b/file)" = "$sum" ] && [ ! -e /mnt/b/later ] || die "the clone has other data"
echo clone > /mnt/b/own
run umount /mnt/b
[ ! -e /mnt/a/own ] || die "the origin has what was written to the clone"

say "rollback"
refused 6 session vdsctl lun rollback data kept
run umount /mnt/a
run iscsiadm -m node -T $name -p 127.0.0.1:3260 --logout
run vdsctl lun rollback data kept
run vdsctl lun delete copy --force
kill -9 $vdsd
wait $vdsd
start
run vdsctl check
wait_for 100 login || die "login after the restart"
wait_for 300 there 1 || die "no disk after the restart"
run mount -t ext4 "/dev/$(disk_of 1)" /mnt/a
[ "$(sha256sum < /mnt/a/file)" = "$sum" ] && [ ! -e /mnt/a/later ] || die "other data after the rollback"
run umount /mnt/a
run iscsiadm -m node -T $name -p 127.0.0.1:3260 --logout

say "space comes back"
for s in s1 s2 s3 s4 s5 s6 a; do run vdsctl snapshot delete log@$s; done
run vdsctl lun delete log --force
run vdsctl snapshot delete log@kept
few() { sync; [ "$(used)" -lt $((first - 24576)) ]; }
wait_for 300 few || die "$(used) KiB are used, $first before"
kill $vdsd
wait $vdsd || die "vdsd ended with $?"
say "done"
