#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# A throw-away Linux guest: Debian's stock kernel, which has the iSCSI initiator that this machine's may lack, and an
# initramfs of busybox, open-iscsi, e2fsprogs, xfsprogs, btrfs-progs, sg3-utils, ddpt and udev.  Nothing is installed,
# and nothing is made twice.
#	build.sh OUTDIR		-> OUTDIR/vmlinuz, OUTDIR/initramfs.gz
# Needs Debian's apt-get (with package lists), dpkg, cpio, kmod, busybox-static.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: build.sh OUTDIR}
mkdir -p "$out/debs"
cd "$out"
stamp=$(cat "$here/build.sh" "$here/init" | sha256sum)
[[ ! -e initramfs.gz || $(cat stamp 2>/dev/null) != "$stamp" ]] || exit 0

MODULES="virtio_pci virtio_net virtio_blk iscsi_tcp sd_mod sg ext4 xfs btrfs crc32c_generic crc32c_intel af_packet dm_multipath
  dm_service_time scsi_dh_alua"
PROGRAMS="/sbin/iscsid /sbin/iscsiadm /sbin/mke2fs /sbin/e2fsck /sbin/resize2fs /sbin/mkfs.xfs /sbin/xfs_repair
  /usr/sbin/xfs_growfs /sbin/mkfs.btrfs /sbin/blkdiscard /usr/bin/ddpt /usr/bin/ddptctl
  /bin/udevadm /lib/udev/scsi_id /sbin/multipath /sbin/multipathd /sbin/mpathpersist /sbin/dmsetup"
for tool in compare_and_write copy_results format get_lba_status ident inq logs luns modes opcodes persist raw read readcap \
	requests reset rmsn rtpg sanitize senddiag stpg sync timestamp turs unmap verify vpd write_buffer write_same xcopy; do PROGRAMS+=" /usr/bin/sg_$tool"; done
UDEV_RULES="55-dm 60-block 60-persistent-storage 95-dm-notify"

kernel=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image-/ { print $2; exit }')
packages="$kernel open-iscsi libopeniscsiusr libisns0 e2fsprogs libext2fs2 libss2 libcom-err2 xfsprogs libinih1 btrfs-progs liblzo2-2 libzstd1 zlib1g
  sg3-utils libsgutils2-1.46-2 ddpt util-linux udev multipath-tools dmsetup libdevmapper1.02.1 libaio1 libjson-c5 liburcu8 libkmod2 libacl1 libblkid1 libcap2 libselinux1"
if [[ $(cat root/.unpacked 2>/dev/null) != "$packages" ]]; then
	rm -rf debs root
	mkdir -p debs root
	# shellcheck disable=SC2086 # a list
	(cd debs && apt-get download -q $packages)
	for d in debs/*.deb; do dpkg -x "$d" root; done
	echo "$packages" > root/.unpacked
fi
version=$(basename root/lib/modules/*)
cp "root/boot/vmlinuz-$version" vmlinuz
/sbin/depmod -b root "$version"

rm -rf initramfs
mkdir -p initramfs/{bin,sbin,usr/bin,usr/sbin,proc,sys,dev,run/lock/iscsi,tmp,mnt,etc/iscsi,var/lib,lib/modules,lib64}
cp /bin/busybox initramfs/bin/busybox
for applet in $(/bin/busybox --list | grep -vx busybox); do ln -sf /bin/busybox "initramfs/bin/$applet"; done

# A program of the unpacked packages, or of this machine, with every library it needs.
add_program() {
	local program=$1 source=root$1 library
	[[ -e $source ]] || source=$1
	rm -f "initramfs/bin/$(basename "$program")"
	install -D -m 755 "$(readlink -f "$source")" "initramfs$program"
	LD_LIBRARY_PATH=root/lib/x86_64-linux-gnu:root/usr/lib/x86_64-linux-gnu:root/lib ldd "$source" |
		{ grep -oE '(root)?/[^ ]+\.so[^ ]*' || true; } | while read -r library; do
		install -D -m 755 "$(readlink -f "$library")" \
			"initramfs/lib/x86_64-linux-gnu/$(basename "$library")"
	done
}
for program in $PROGRAMS; do add_program "$program"; done
for plugin in checktur prioalua prioconst; do add_program "/lib/multipath/lib$plugin.so"; done
install -D -m 755 /lib/x86_64-linux-gnu/libgcc_s.so.1 -t initramfs/lib/x86_64-linux-gnu # pthread_cancel loads it
cp /lib64/ld-linux-x86-64.so.2 initramfs/lib64/
ln -sf /bin/busybox initramfs/sbin/modprobe # where the kernel looks for it
ln -sf mke2fs initramfs/sbin/mkfs.ext4
ln -sf /bin/udevadm initramfs/sbin/systemd-udevd
mkdir -p initramfs/lib/udev/rules.d initramfs/etc/udev
for rules in $UDEV_RULES; do cp "root/lib/udev/rules.d/$rules.rules" initramfs/lib/udev/rules.d/; done
sed 's/^iscsid.startup.*//' root/etc/iscsi/iscsid.conf > initramfs/etc/iscsi/iscsid.conf
echo 'InitiatorName=iqn.2026-11.org.example:guest' > initramfs/etc/iscsi/initiatorname.iscsi
printf 'root:x:0:0:root:/:/bin/sh\n' > initramfs/etc/passwd

for module in $MODULES; do
	/sbin/modprobe -d root -S "$version" --show-depends "$module" 2>/dev/null | awk '$1 == "insmod" { print $2 }'
done | sort -u | while read -r file; do
	file=root/${file##*/root/}
	install -D -m 644 "$file" "initramfs/${file#root/}"
done
cp root/lib/modules/"$version"/modules.{order,builtin} initramfs/lib/modules/"$version"/
/sbin/depmod -b initramfs "$version"
install -m 755 "$here/init" initramfs/init
(cd initramfs && find . | cpio -o -H newc --quiet) | gzip -6 > initramfs.gz.new
mv initramfs.gz.new initramfs.gz
echo "$stamp" > stamp
