# SPDX-License-Identifier: LGPL-2.1-or-later
# In a guest with Debian (debian.sh), under its systemd: an administrator installs the packages of the former build
# (/job/old), serves a LUN, upgrades (/job/new) while an initiator writes, restarts, backs up and restores by the guide,
# installs the managers (managers.sh), removes, installs again, and purges.  Then nothing is left.
. "${0%/*}/functions.sh"
failed() {
	cat /tmp/said 2> /dev/null
	systemctl status --no-pager -l vdsd vdsd.socket vds-redfish vds-truenas
	journalctl --no-pager -n 60
}
of() { systemctl show -P "$1" vdsd; }
version() { dpkg-query -W -f '${Version}' vdsd; }
# What is on the disk but the notes of dpkg, systemd and the log about it.
inventory() {
	find / -xdev \( -path /job -o -path /tmp -o -path /var/tmp -o -path /var/lib/dpkg -o -path /var/log -o \
		-path /var/cache -o -path /var/lib/apt -o -path /var/lib/systemd -o -path /root -o \
		-path /etc/iscsi -o -path /var/lib/iscsi \) -prune -o -print | sort
}

say "install"
inventory > /root/before
run apt-get install -y --no-install-recommends /job/old/*.deb
old=$(version)
[ "$(of ActiveState)" = active ] || die "not active"
[ "$(systemctl is-enabled vdsd) $(systemctl is-enabled vdsd.socket)" = 'enabled enabled' ] || die "not enabled"
[ "$(stat -c '%U %a' /var/lib/vdsd)" = 'vdsd 700' ] || die "the directory"
[ "$(stat -c '%U %G %a' /run/vdsd/vdsd.sock)" = 'vdsd vdsd 660' ] || die "the socket"
grep -q '^Seccomp:.2$' "/proc/$(of MainPID)/status" || die "has no filter of system calls"
systemd-analyze security --no-pager vdsd.service | tail -1 > /tmp/said
say "$(cat /tmp/said)"
grep -qE ': [01]\.[0-9] |: 2\.0 ' /tmp/said || die "exposure"

say "serve a LUN to this machine's initiator"
name=iqn.2026-11.org.example:web
run vdsctl lun create vol --size 32M --unmask '*'
run vdsctl target create web --iscsi-name $name
run vdsctl lun associate vol web
modules iscsi_tcp sd_mod
run iscsiadm -m discovery -t sendtargets -p 127.0.0.1
run iscsiadm -m node -T $name -p 127.0.0.1 --login
disk() { ls /dev/disk/by-path/*$name* 2> /dev/null | head -1; }
there() { [ -n "$(disk)" ]; }
wait_for 300 there || die "no disk"
disk=$(disk)

# Writes and reads again until /tmp/enough is there; leaves the number of rounds, or why it failed.
load() {
	n=0
	while [ ! -e /tmp/enough ]; do
		head -c 1048576 /dev/urandom > /tmp/pattern
		at=$((n % 32))
		dd if=/tmp/pattern of="$disk" bs=64k seek=$((at * 16)) oflag=direct conv=notrunc 2> /tmp/failed || return
		dd if="$disk" of=/tmp/back bs=64k skip=$((at * 16)) count=16 iflag=direct 2> /tmp/failed || return
		cmp /tmp/pattern /tmp/back > /tmp/failed 2>&1 || return
		n=$((n + 1))
		echo $n > /tmp/rounds
	done
	: > /tmp/failed
	echo done > /tmp/load-ended
}
rounds() { [ "$(cat /tmp/rounds 2> /dev/null || echo 0)" -gt "$1" ]; }
more_rounds() { # after this, the load has gone on
	wait_for 1200 rounds $(($(cat /tmp/rounds) + 1)) || die "the load does not go on: $(cat /tmp/failed)"
}

say "upgrade and restart under load"
echo 'threads = 1' >> /etc/vds/vdsd.conf
load &
wait_for 600 rounds 0 || die "no load"
pid=$(of MainPID)
run apt-get install -y --no-install-recommends /job/new/*.deb
[ "$(version)" != "$old" ] || die "still $old"
[ "$(of ActiveState)" = active ] && [ "$(of MainPID)" != "$pid" ] || die "not restarted"
grep -q '^threads = 1$' /etc/vds/vdsd.conf || die "the configuration was lost"
more_rounds
for i in 1 2; do
	run systemctl restart vdsd
	more_rounds
done
run systemctl kill -s KILL vdsd
more_rounds
: > /tmp/enough
wait
[ -e /tmp/load-ended ] || die "the load failed: $(cat /tmp/failed)"
if dmesg | grep -E 'I/O error|rejecting I/O'; then die "the initiator saw an error"; fi
say "$(cat /tmp/rounds) rounds of 1 MiB, no error"
sum=$(sha256sum < "$disk")

say "back up and restore, by the guide"
run iscsiadm -m node -T $name -p 127.0.0.1 --logout
run vdsctl backup /root/array.vds
run vdsctl lun create later --size 1M
run systemctl stop vdsd.socket vdsd
run install -o vdsd -g vdsd -m 0600 /root/array.vds /var/lib/vdsd/backup.vds
run runuser -u vdsd -- vdsd --restore /var/lib/vdsd/backup.vds --force
run systemctl start vdsd
[ "$(vdsctl -q lun list | wc -l)" = 1 ] || [ "$(vdsctl -o json lun list | grep -c '"serial"')" = 1 ] || die "LUNs"
run vdsctl check
run iscsiadm -m node -T $name -p 127.0.0.1 --login
wait_for 300 there || die "no disk after the restore"
[ "$(sha256sum < "$(disk)")" = "$sum" ] || die "other data after the restore"
run iscsiadm -m node -T $name -p 127.0.0.1 --logout

. /job/managers.sh

say "remove, install again"
run apt-get remove -y vdsd
[ ! -e /usr/sbin/vdsd ] && [ -e /var/lib/vdsd/catalog.db ] && [ -e /etc/vds/vdsd.conf ] || die "after remove"
[ "$(of ActiveState)" = inactive ] || die "it runs without its program"
run apt-get install -y --no-install-recommends /job/new/*.deb
[ "$(vdsctl -o json lun list | grep -c '"serial"')" = 1 ] || die "the LUN is gone"

say "purge"
install -d -o vdsd -g vdsd -m 700 /srv/pool
mkdir -p /etc/systemd/system/vdsd.service.d
printf '[Service]\nReadWritePaths=/srv/pool\n' > /etc/systemd/system/vdsd.service.d/pool.conf
run systemctl daemon-reload
run systemctl restart vdsd
run vdsctl pool create big /srv/pool
run vdsctl lun create elsewhere --size 1M --pool big
elsewhere=$(ls /srv/pool/*.img)
rm -r /etc/systemd/system/vdsd.service.d
run apt-get purge -y vdsd vdsctl libvds1
[ -f "$elsewhere" ] || die "a pool elsewhere was touched"
rm -r /srv/pool
for user in /etc/passwd /etc/group; do grep -q ^vdsd: $user || die "the user is gone, and its number with it"; done
inventory > /root/after
diff /root/before /root/after | grep -vE '^[^<>]|/etc/(passwd|group|shadow|gshadow)-$|/lib/modules|/etc/systemd/system/' > /tmp/said &&
	die "left behind, or taken along"
run systemctl daemon-reload
if systemctl cat vdsd.service > /dev/null 2>&1; then die "a unit is left"; fi
say PASSED
