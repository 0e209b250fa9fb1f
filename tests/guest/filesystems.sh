# SPDX-License-Identifier: LGPL-2.1-or-later
# In the guest: ext4 on LUN 0 and XFS on LUN 1, with discard, which are written to all the time.
# STAGE=first makes the file systems, reserves both LUNs, grows them under the mounts, and is powered
# off in mid-write.  STAGE=second finds the file systems sound and every file that was synced, and
# writes over a kill -9 and a planned restart of vdsd.  A line "++ SYNCED FILE SHA256" says that a
# file is durable, and "++ GONE FILE" that it may be away from now on.  "## DO ..." asks the test for
# a step; its answer comes through a connection to CONTROL.
#	PORTAL=10.0.2.2:PORT CONTROL=PORT TARGET=iqn… STAGE=first SIZES='SECTORS SECTORS'
#	PORTAL=10.0.2.2:PORT CONTROL=PORT TARGET=iqn… STAGE=second SYNCED='FILE:SHA256…'
. "${0%/*}/functions.sh"
failed() {
	tail -20 /tmp/iscsid.log
	cat /tmp/said /tmp/ext4.error /tmp/xfs.error
	dmesg | tail -40
}
there() { [ "$(ls -d /sys/block/sd* 2> /dev/null | wc -l)" = 2 ]; }
disk_of() { # file system
	if [ "$1" = ext4 ]; then number=0; else number=1; fi
	basename "$(ls -d /sys/class/scsi_device/*:$number/device/block/sd*)"
}
size_is() { [ "$(cat "/sys/block/$1/size")" = "$2" ]; }

modules iscsi_tcp sd_mod sg ext4 xfs
start_iscsid
node="iscsiadm -m node -T $TARGET -p $PORTAL"
$node -o new > /dev/null || die "node record"
$node --login > /dev/null || die login
wait_for 300 there || die "two disks did not come"
mkdir -p /mnt/ext4 /mnt/xfs /tmp/sums
dd if=/dev/urandom of=/tmp/pool bs=64k count=64 2> /dev/null

mount_all() {
	for fs in ext4 xfs; do run mount -t $fs -o discard "/dev/$(disk_of $fs)" /mnt/$fs; done
}
umount_all() { run umount /mnt/ext4 /mnt/xfs; }
fsck_all() {
	run e2fsck -f -n "/dev/$(disk_of ext4)"
	run xfs_repair -n "/dev/$(disk_of xfs)"
}

# Writes COUNT pieces of 64 KiB to a file, from the piece FIRST of the pool on, and syncs the file.
write_file() { # file, first, count
	dd if=/tmp/pool of="/mnt/$1" bs=64k skip="$2" count="$3" conv=fsync 2> "/tmp/${1%/*}.error" || return 1
	sum=$(dd if=/tmp/pool bs=64k skip="$2" count="$3" 2> /dev/null | sha256sum | cut -d' ' -f1)
	echo "$sum  /mnt/$1" > "/tmp/sums/${1%/*}.${1#*/}"
	echo "++ SYNCED $1 $sum"
}
# Writes until it is told to stop: a file that is not synced and replaces an older one, and one that
# is synced.  The last 24 of the latter stay.
writer() { # file system, first number
	i=$2
	while [ ! -e /tmp/stop ]; do
		rm -f /mnt/$1/junk$((i % 3))
		dd if=/tmp/pool of=/mnt/$1/junk$((i % 3)) bs=64k count=8 2> /tmp/$1.error || break
		write_file $1/f$i $((i % 32)) $((1 + i % 4)) || break
		if [ -e /tmp/sums/$1.f$((i - 24)) ]; then
			echo "++ GONE $1/f$((i - 24))"
			rm /tmp/sums/$1.f$((i - 24)) /mnt/$1/f$((i - 24))
		fi
		i=$((i + 1))
		echo "$i" > /tmp/$1.count.new
		mv /tmp/$1.count.new /tmp/$1.count
	done
	[ -e /tmp/stop ] || touch /tmp/$1.failed
}
count_is() { [ -e "/tmp/$1.failed" ] || [ "$(cat "/tmp/$1.count" 2> /dev/null || echo 0)" -ge "$2" ]; }
# Waits until both writers have synced as many files more.
writers_go_on() { # files, when
	for fs in ext4 xfs; do
		goal=$(($(cat /tmp/$fs.count 2> /dev/null || echo "$begin") + $1))
		wait_for 1200 count_is $fs $goal || die "the writer of $fs does not get on: $2"
		[ ! -e /tmp/$fs.failed ] || die "a write of $fs failed: $2"
	done
}
start_writers() { # first number
	begin=$1
	writer ext4 "$1" &
	ext4_writer=$!
	writer xfs "$1" &
	xfs_writer=$!
	writers_go_on 3 'at first'
}
verify() { # when, [files]: the writers go on to take their own ones away
	echo 3 > /proc/sys/vm/drop_caches
	cat /tmp/sums/${2:-*} > /tmp/all
	sha256sum -c /tmp/all > /tmp/check 2>&1 || die "$1: $(grep -v ': OK' /tmp/check)"
	say "$1: $(grep -c ': OK' /tmp/check) files have the right checksums"
}

# A unit attention is no failure: the kernel passes it on once.
persist() { # words…
	for try in 1 2 3; do
		sg_persist "$@" > /tmp/said 2>&1
		status=$?
		[ "$status" = 6 ] || break
	done
	[ "$status" = 0 ] || die "sg_persist $*: $status"
}
reserved() { # when
	for fs in ext4 xfs; do
		persist --in --read-keys "/dev/$(disk_of $fs)"
		grep -q '^ *0xf5$' /tmp/said || die "$1: the registration of $fs is away"
		persist --in --read-reservation "/dev/$(disk_of $fs)"
		grep -q 'Key=0xf5' /tmp/said && grep -q 'type: Write Exclusive, registrants only' /tmp/said ||
			die "$1: the reservation of $fs is away"
	done
}
no_complaint() { # when
	dmesg | grep -iE 'I/O error|EXT4-fs (error|warning)|aborting journal|XFS.*(error|corrupt|shut)|call trace' > /tmp/complaints || :
	[ ! -s /tmp/complaints ] || die "the kernel complained $1: $(head -n 3 /tmp/complaints)"
}

if [ "$STAGE" = first ]; then
	say "make the file systems and reserve the LUNs"
	run mkfs.ext4 -q -F "/dev/$(disk_of ext4)"
	run mkfs.xfs -q -f "/dev/$(disk_of xfs)"
	for fs in ext4 xfs; do
		d=/dev/$(disk_of $fs)
		persist --out --register-ignore --param-sark=0xf5 --param-aptpl "$d"
		persist --out --reserve --param-rk=0xf5 --prout-type=5 "$d"
	done
	mount_all
	for fs in ext4 xfs; do # all but 3 MiB of the room that there is
		free=$(df -k /mnt/$fs | awk 'END { print $(NF - 2) }')
		run fallocate -l $(((free - 3072) * 1024)) /mnt/$fs/filler
	done
	writers_room=$(df -k /mnt/ext4 | awk 'END { print $(NF - 2) }')
	say "$writers_room KiB are free in ext4; grow under the mounts"
	write_file ext4/small 0 8 && write_file xfs/small 8 8 || die "a write before growing"
	ask grow
	set -- $SIZES
	for fs in ext4 xfs; do
		d=$(disk_of $fs)
		echo 1 > "/sys/block/$d/device/rescan"
		wait_for 100 size_is "$d" "$1" || die "$fs has $(cat "/sys/block/$d/size") sectors"
		shift
		start=$(df -k /mnt/$fs | awk 'END { print $(NF - 4) }')
		if [ $fs = ext4 ]; then run resize2fs "/dev/$d"; else run xfs_growfs /mnt/xfs; fi
		now=$(df -k /mnt/$fs | awk 'END { print $(NF - 4) }')
		[ "$now" -gt $((start + 32768)) ] || die "$fs has grown from $start to $now KiB"
	done
	start_writers 100
	for i in 0 1 2 3 4 5; do
		for fs in ext4 xfs; do write_file $fs/big$i $((i * 4)) 32 || die "a write to grown $fs"; done
	done
	verify "after growing" '*.big*'
	verify "from before growing" '*.small'
	reserved "after growing"
	no_complaint "in the first stage"
	writers_go_on 4 'after growing'
	echo "## DO power-off"
	wait_for 3000 false
	die "nobody has pulled the plug"
fi

say "mount after the power-off"
reserved "after the power-off"
mount_all
umount_all
fsck_all
mount_all
for file in $SYNCED; do
	name=${file%:*}
	echo "${file#*:}  /mnt/$name" > "/tmp/sums/${name%/*}.${name#*/}"
done
verify "after the power-off"
rm -f /mnt/*/filler /mnt/*/f* /tmp/sums/*.f*
start_writers 1000
for how in kill restart; do
	say "$how vdsd in mid-write"
	ask $how
	writers_go_on 5 "after $how"
	reserved "after $how"
done
touch /tmp/stop
wait $ext4_writer $xfs_writer
for fs in ext4 xfs; do [ ! -e /tmp/$fs.failed ] || die "a write of $fs failed"; done
verify "in the end"
umount_all
fsck_all
no_complaint "in the second stage"
for fs in ext4 xfs; do persist --out --clear --param-rk=0xf5 "/dev/$(disk_of $fs)"; done
$node --logout > /dev/null || die logout
say PASSED
