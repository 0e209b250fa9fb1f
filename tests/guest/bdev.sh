# SPDX-License-Identifier: LGPL-2.1-or-later
# In the guest: vdsd with a pool on a whole disk (the virtio disk vda), and this machine's initiator.
# A disk with a file system is refused, and one with a pool cannot be mounted or formatted.  ext4 on a
# LUN keeps its files through a kill of vdsd and through the disk's going and coming back.  The archive
# of the test has vdsd and vdsctl.
. "${0%/*}/functions.sh"
failed() {
	cat /tmp/said
	tail -30 /tmp/vdsd.log
	dmesg | tail -20
}
refused() { # word of the message, command…
	word=$1
	shift
	"$@" > /tmp/said 2>&1 && die "$*: not refused"
	grep -q "$word" /tmp/said || die "$*: the refusal does not say $word"
}
disk_of() { basename "$(ls -d /sys/class/scsi_device/*:"$1"/device/block/sd* 2> /dev/null)"; } # LUN number
there() { [ -n "$(disk_of "$1")" ]; }

modules virtio_blk ext4 iscsi_tcp sd_mod
mkdir -p /mnt/a /tmp/array /dev/disk/by-id
disk=/dev/disk/by-id/virtio-test # as udev would do
ln -s /dev/vda $disk
start() {
	rm -f /tmp/ready
	vdsd --dir /tmp/array --socket /tmp/s --listen 127.0.0.1:3260 --ready-file /tmp/ready >> /tmp/vdsd.log 2>&1 &
	vdsd=$!
	wait_for 600 [ -e /tmp/ready ] || die "vdsd is not ready"
}
start
export VDS_URL=unix:/tmp/s
name=iqn.2026-11.org.example:web

say "what is refused"
run mkfs.ext4 -q /dev/vda
refused ext4 vdsctl pool create disk /dev/vda
run mount -t ext4 /dev/vda /mnt/a
refused "in use" vdsctl pool create disk $disk --force
run umount /mnt/a
run vdsctl pool create disk $disk --force
vdsctl pool show disk | grep -q "bdev:$disk" || die "the pool has another place"
refused "busy\|in use\|apparently" mkfs.ext4 -q /dev/vda
vdsctl drive list > /tmp/said 2>&1
grep -q vda /tmp/said || die "the pool lies on no drive"

say "a file system on a LUN"
run vdsctl target create web --iscsi-name $name
run vdsctl lun create data --size 64M --pool disk --unmask '*'
run vdsctl lun associate data web
iscsid -f > /tmp/iscsid.log 2>&1 &
login() {
	iscsiadm -m node -T $name -p 127.0.0.1:3260 -o new > /tmp/said 2>&1
	iscsiadm -m node -T $name -p 127.0.0.1:3260 --login > /tmp/said 2>&1
}
wait_for 100 login || die login
wait_for 300 there 0 || die "no disk"
lun=/dev/$(disk_of 0)
dd if="$lun" bs=1M 2> /dev/null | tr -d '\000' | head -c 1 | grep -q . && die "a new LUN is not empty"
run mkfs.ext4 -q "$lun"
run mount -t ext4 "$lun" /mnt/a
i=0
while [ $i -lt 20 ]; do
	dd if=/dev/urandom of=/mnt/a/f$i bs=64k count=4 conv=fsync 2> /dev/null || die "file $i"
	i=$((i + 1))
done
sha256sum /mnt/a/f* > /tmp/sums

say "a kill"
kill -9 $vdsd
start
run sha256sum -c /tmp/sums
echo 3 > /proc/sys/vm/drop_caches
run sha256sum -c /tmp/sums

say "the disk goes away and comes back"
run umount /mnt/a
device=$(basename "$(readlink -f /sys/block/vda/device)")
echo "$device" > /sys/bus/virtio/drivers/virtio_blk/unbind
not_ready() { vdsctl pool show disk | grep -qi "gone\|not ready\|No such"; }
ready() { ! not_ready; }
wait_for 600 not_ready || die "the pool is ready without its disk"
echo "$device" > /sys/bus/virtio/drivers/virtio_blk/bind
# It has another name, since the LUN has the old one open still.
back=$(basename "$(ls -d /sys/bus/virtio/devices/"$device"/block/vd*)")
[ -b "/dev/$back" ] || mdev -s
[ -b "/dev/$back" ] || die "the disk is not back"
ln -sfn "/dev/$back" $disk
wait_for 600 ready || die "the pool is not ready with its disk"
run vdsctl lun online data
wait_for 100 mount -t ext4 "$lun" /mnt/a || die "the file system cannot be mounted"
run sha256sum -c /tmp/sums
run umount /mnt/a
iscsiadm -m node -u > /tmp/said 2>&1
run vdsctl lun delete data --force
deleted() { vdsctl pool delete disk > /tmp/said 2>&1; }
wait_for 100 deleted || die "the pool is not deleted"
run mkfs.ext4 -q "/dev/$back"
say "done"
exit 0
