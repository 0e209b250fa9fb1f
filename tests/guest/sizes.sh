# SPDX-License-Identifier: LGPL-2.1-or-later
# In the guest, with udev: what Linux makes of CAPACITY DATA HAS CHANGED.  A LUN grows and shrinks
# while it is in use, and a LUN that was offline at login comes online.  Without a rule the kernel only says
# so and a rescan is needed; with the rule of docs/90-vds-capacity.rules udev looks again.  Then
# the tools of sg3-utils, udev's scsi_id and its links in /dev/disk. "## DO …" asks the test for a
# step; its answer comes through a connection to CONTROL.
#	PORTAL=10.0.2.2:PORT CONTROL=PORT TARGET=iqn… SIZES='SECTORS…' OFFLINE=SECTORS RULE='line'
. "${0%/*}/functions.sh"
commands() { grep . /sys/block/sd*/device/io*_cnt | tr '\n' ' '; } # timed out, done, failed
failed() {
	cat /tmp/said
	commands
	tail -20 /tmp/iscsid.log
	dmesg | tail -40
}
size_is() { [ "$(cat "/sys/block/$1/size")" = "$2" ]; }
there() { [ "$(ls -d /sys/block/sd* 2> /dev/null | wc -l)" = 2 ]; }
heard() { dmesg | grep -q 'Capacity data has changed'; }
mkdir -p /run/udev
modules iscsi_tcp sd_mod sg
/sbin/systemd-udevd --daemon || die udevd
start_iscsid
node="iscsiadm -m node -T $TARGET -p $PORTAL"
$node -o new > /dev/null || die "node record"
$node --login > /dev/null || die login
wait_for 300 there || die "two disks did not come"
udevadm settle
for disk in sda sdb; do # LUN 0 is online, LUN 1 is not
	case $(readlink -f "/sys/block/$disk/device") in *:0) used=$disk ;; *:1) away=$disk ;; esac
done
set -- $SIZES
size_is "$used" "$1" || die "the LUN has $(cat "/sys/block/$used/size") sectors"
size_is "$away" 0 || die "the offline LUN has $(cat "/sys/block/$away/size") sectors"

say "a LUN in use grows, without a rule"
ask grow
dd if="/dev/$used" of=/dev/null bs=4k count=1 iflag=direct 2> /tmp/dd ||
	die "the read that meets the unit attention: $(cat /tmp/dd)"
wait_for 100 heard || die "the kernel did not hear of it"
udevadm settle
size_is "$used" "$1" || die "the kernel looked by itself"
echo 1 > "/sys/block/$used/device/rescan"
wait_for 100 size_is "$used" "$2" || die "after a rescan: $(cat "/sys/block/$used/size") sectors"

say "a LUN in use grows, with the rule"
echo "$RULE" > /lib/udev/rules.d/90-vds-capacity.rules
udevadm control --reload || die "udevadm control"
ask grow
dd if="/dev/$used" of=/dev/null bs=4k count=1 iflag=direct 2> /tmp/dd ||
	die "the read that meets the unit attention: $(cat /tmp/dd)"
wait_for 300 size_is "$used" "$3" || die "with the rule: $(cat "/sys/block/$used/size") sectors"
dd if=/dev/zero of="/dev/$used" bs=512 count=1 seek=$(($3 - 1)) oflag=direct 2> /tmp/dd ||
	die "write to the new end: $(cat /tmp/dd)"

say "a LUN in use shrinks, and grows again"
head -c 512 /dev/zero | tr '\0' S > /tmp/block
for block in 0 $(($1 - 1)) $(($2 - 1)); do
	dd if=/tmp/block of="/dev/$used" bs=512 count=1 seek="$block" oflag=direct 2> /tmp/dd ||
		die "write of block $block: $(cat /tmp/dd)"
done
ask shrink
say "it is smaller"
# Either the kernel does not know it yet, and the array says it to whoever reads there; or udev was
# faster, and the disk ends before.
[ "$(dd if="/dev/$used" bs=512 count=1 skip=$(($2 - 1)) iflag=direct 2> /tmp/dd | wc -c)" = 0 ] ||
	die "a read beyond the new end: $(cat /tmp/dd)"
wait_for 300 size_is "$used" "$1" || die "shrunk: $(cat "/sys/block/$used/size") sectors"
for block in 0 $(($1 - 1)); do
	dd if="/dev/$used" bs=512 count=1 skip="$block" iflag=direct 2> /dev/null | cmp - /tmp/block ||
		die "block $block is not what was written"
done
ask grow
dd if="/dev/$used" of=/dev/null bs=4k count=1 iflag=direct 2> /tmp/dd ||
	die "the read that meets the unit attention: $(cat /tmp/dd)"
wait_for 300 size_is "$used" "$2" || die "grown again: $(cat "/sys/block/$used/size") sectors"
[ "$(dd if="/dev/$used" bs=512 count=1 skip=$(($2 - 1)) iflag=direct 2> /dev/null | tr -d '\0' |
	wc -c)" = 0 ] || die "what was cut off came back"

say "a LUN that was offline at login comes online"
dmesg -c > /dev/null
ask online
size_is "$away" 0 || die "Linux knew the size of the LUN before any command"
# Any command does; this one may be answered with the unit attention itself.
sg_turs "/dev/$away" > /tmp/turs 2>&1
wait_for 300 size_is "$away" "$OFFLINE" ||
	die "after a command: $(cat "/sys/block/$away/size") sectors, $(cat /tmp/turs)"
heard || die "the kernel did not hear of it"
dd if=/dev/zero of="/dev/$away" bs=4k count=1 oflag=direct 2> /tmp/dd || die "write: $(cat /tmp/dd)"

say "one name for every tool"
for disk in $used $away; do
	wwid=$(cat "/sys/block/$disk/device/wwid")
	id=$(/lib/udev/scsi_id --page=0x83 --whitelisted --device="/dev/$disk") ||
		die "scsi_id $disk"
	[ "$id" = "3${wwid#naa.}" ] || die "scsi_id says $id, the kernel $wwid"
	sg_inq --export --page=di "/dev/$disk" |
		grep -qix "SCSI_IDENT_LUN_NAA_LOCAL=${wwid#naa.}" ||
		die "sg_inq differs from $wwid"
	udevadm trigger --action=change "/sys/block/$disk" && udevadm settle ||
		die "udevadm trigger"
	link=/dev/disk/by-id/scsi-$id
	[ "$(readlink -f "$link")" = "/dev/$disk" ] ||
		die "$link is no link to $disk: $(ls -l /dev/disk/by-id)"
	say "$disk is $id, $wwid, $link"
done

say "the tools of sg3-utils"
d=/dev/$away
run sg_turs "$d"
run sg_requests "$d"
run sg_luns "$d"
run sg_inq "$d"
run sg_readcap --16 "$d"
run sg_opcodes "$d"
run sg_modes --all "$d"
for page in sv sn di bl lbpv bdc; do run sg_vpd --page="$page" "$d"; done
run sg_write_same --16 --lba=0 --num=64 "$d"
run sg_verify --lba=0 --count=64 "$d"
head -c 1024 /dev/zero > /tmp/pair # compare with zeros, write the second half
head -c 512 /dev/zero | tr '\0' N | dd of=/tmp/pair bs=512 seek=1 conv=notrunc 2> /dev/null
run sg_compare_and_write --in=/tmp/pair --lba=8 --num=1 "$d"
[ "$(dd if="$d" bs=512 skip=8 count=1 iflag=direct 2> /dev/null | tr -d '\0' | wc -c)" = 512 ] ||
	die "COMPARE AND WRITE did not write"
if sg_compare_and_write --in=/tmp/pair --lba=8 --num=1 "$d" > /tmp/said 2>&1; then
	die "COMPARE AND WRITE found zeros that are not there"
fi
run sg_get_lba_status --lba=8 "$d"
run sg_unmap --lba=0 --num=64 --force "$d"
[ "$(dd if="$d" bs=512 skip=8 count=1 iflag=direct 2> /dev/null | tr -d '\0' | wc -c)" = 0 ] ||
	die "UNMAP left data"
run sg_sync "$d"
run sg_read if="$d" bs=512 count=128
say "commands: $(commands)"
$node --logout > /dev/null || die logout
say PASSED
