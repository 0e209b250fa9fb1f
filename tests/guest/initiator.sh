# SPDX-License-Identifier: LGPL-2.1-or-later
# In the guest: Linux's own initiator on two targets that lead to the same LUN.  Discovery, login to both, one
# identity, ext4 through one path, the other path reads the same, logout, fsck, checksums after a second login.
#	PORTAL=10.0.2.2:PORT ONE=iqn… OTHER=iqn… [HDIGEST=CRC32C DDIGEST=CRC32C]
. "${0%/*}/functions.sh"
failed() {
	tail -20 /tmp/iscsid.log
	dmesg | tail -20
}
modules iscsi_tcp sd_mod sg ext4
start_iscsid

say "discovery at $PORTAL"
iscsiadm -m discovery -t sendtargets -p "$PORTAL" > /tmp/found || die discovery
grep -q "$ONE" /tmp/found || die "discovery does not name $ONE"
grep -q "$OTHER" /tmp/found || die "discovery does not name $OTHER"
# What discovery names is an address that only the host has: use PORTAL.
iscsiadm -m node -o delete > /dev/null 2>&1
for target in $ONE $OTHER; do
	n="iscsiadm -m node -T $target -p $PORTAL"
	$n -o new > /dev/null || die "node record"
	[ -z "$HDIGEST" ] || $n -o update -n 'node.conn[0].iscsi.HeaderDigest' -v "$HDIGEST"
	[ -z "$DDIGEST" ] || $n -o update -n 'node.conn[0].iscsi.DataDigest' -v "$DDIGEST"
done

log_in() {
	for target in $ONE $OTHER; do iscsiadm -m node -T $target -p $PORTAL --login > /dev/null || die "login to $target"; done
	wait_for 100 two_disks || die "two disks did not come"
}
two_disks() { [ "$(disks | wc -l)" = 2 ]; }
disks() { for d in /sys/block/sd*; do [ -e "$d" ] && [ "$(cat "$d/size")" -gt 0 ] && echo "/dev/${d##*/}"; done; }
log_out() {
	for target in $ONE $OTHER; do iscsiadm -m node -T $target -p $PORTAL --logout > /dev/null || die "logout"; done
}

say login
log_in
iscsiadm -m session -P 3 | grep -E 'HeaderDigest|DataDigest|MaxRecv|MaxXmit|FirstBurst|MaxBurst|ImmediateData|InitialR2T' | sort | uniq -c
set -- $(disks)
q=/sys/block/${1#/dev/}/queue
say "disks $*: $(cat "/sys/block/${1#/dev/}/size") sectors, logical $(cat $q/logical_block_size)," \
	"cache '$(cat $q/write_cache)', discard_max $(cat $q/discard_max_bytes), write_zeroes_max $(cat $q/write_zeroes_max_bytes)"
a=$(sg_vpd -p di "$1" 2> /dev/null | grep -E '0x3' | head -1)
b=$(sg_vpd -p di "$2" 2> /dev/null | grep -E '0x3' | head -1)
# One name for every tool: the kernel takes the NAA designator, as scsi_id does, and there is no T10 one for sg3-utils' rules.
wwid=$(cat "/sys/block/${1#/dev/}/device/wwid")
[ "${wwid#naa.3}" != "$wwid" ] || die "the kernel calls the disk $wwid"
sg_inq --export --page=di "$1" > /tmp/ident 2> /dev/null || die "sg_inq --export"
grep -qi "^SCSI_IDENT_LUN_NAA_LOCAL=${wwid#naa.}$" /tmp/ident || die "sg3-utils and the kernel differ: $wwid, $(cat /tmp/ident)"
if grep -q '^SCSI_IDENT_LUN_T10=' /tmp/ident; then die "there is a T10 designator: $(cat /tmp/ident)"; fi
[ -n "$a" ] && [ "$a" = "$b" ] || die "the two paths have different identities: '$a' '$b'"
[ "$(cat $q/write_cache)" = "write back" ] || die "write cache: $(cat $q/write_cache)"
[ "$(cat $q/discard_max_bytes)" -gt 0 ] || die "a thin LUN without discard"

say "ext4 through $1"
mkfs.ext4 -q -F "$1" || die mkfs
mount -t ext4 -o discard "$1" /mnt || die mount
for i in $(seq 24); do dd if=/dev/urandom of=/mnt/f$i bs=1M count=1 2> /dev/null || die write; done
(cd /mnt && sha256sum f* > sums) || die sums
sync
umount /mnt || die umount
say "fsck through $2"
e2fsck -f -n "$2" > /tmp/fsck || die "fsck: $(cat /tmp/fsck)"
mount -t ext4 -o ro "$2" /mnt || die "mount through the other path"
(cd /mnt && sha256sum -c sums > /tmp/check) || die "checksums differ through the other path"
umount /mnt
say "log out, log in, compare"
log_out
log_in
set -- $(disks)
mount -t ext4 "$1" /mnt || die "second mount"
(cd /mnt && sha256sum -c sums > /tmp/check) || die "checksums differ after a second login"
say "$(grep -c OK /tmp/check) files have the right checksums"
umount /mnt
blkdiscard "$1" || die blkdiscard
log_out
dmesg | grep -iE 'I/O error|detected conn error|iscsi.*(reject|timeout)' > /tmp/complaints || :
[ ! -s /tmp/complaints ] || die "the kernel complained: $(head -n 3 /tmp/complaints)"
say PASSED
