# SPDX-License-Identifier: LGPL-2.1-or-later
# In the guest: dm-multipath, with docs/multipath.conf, on one LUN through the portals of several gateways.  A file system
# is written, synced and read back while the LUN gets another owner, and gateways drain, are killed, and are stopped and
# woken.  The priority groups follow the owner, nothing is lost, and a reservation holds for the whole host.
#	GATEWAYS="a:PORT b:PORT c:PORT" TARGET=iqn… OWNER=a ROUNDS=1 CONTROL=PORT CONF=text of docs/multipath.conf
. "${0%/*}/functions.sh"
failed() {
	multipath -ll 2>&1 | tail -20
	cat /tmp/writer* /tmp/said
	tail -30 /tmp/multipathd.log
	dmesg | tail -40
}
modules iscsi_tcp sd_mod sg scsi_dh_alua dm_multipath dm_service_time ext4
mkdir -p /run/udev /etc/multipath
systemd-udevd --daemon || die udevd
printf '%s\n' "$CONF" > /etc/multipath.conf
printf 'defaults {\n\tfind_multipaths no\n\tpolling_interval 1\n\tverbosity 2\n\treservation_key file\n}\n' >> /etc/multipath.conf
printf 'overrides {\n\tno_path_retry queue\n}\n' >> /etc/multipath.conf
# The disk of the other host, which logs in last, is no path of this one.
printf 'blacklist {\n\tdevnode "^sdd$"\n}\n' >> /etc/multipath.conf
start_iscsid
multipathd -d -v 3 > /tmp/multipathd.log 2>&1 &
wait_for 60 multipathd show daemon > /dev/null 2>&1 || die "multipathd does not answer"

# As wait_for, by the clock, for commands that take long themselves.
within() { # seconds, command…
	read -r end _ < /proc/uptime
	end=$((${end%.*} + $1))
	shift
	while ! "$@"; do
		read -r now _ < /proc/uptime
		[ "${now%.*}" -lt $end ] || return 1
		sleep 0.1
	done
}

say login
log_in() { # interface, gateway
	port=${2#*:}
	node="iscsiadm -m node -T $TARGET -p 10.0.2.2:$port -I $1"
	$node -o new > /dev/null || die "node record of $2"
	$node -o update -n 'node.conn[0].timeo.noop_out_interval' -v 2
	$node -o update -n 'node.conn[0].timeo.noop_out_timeout' -v 5
	$node --login > /dev/null || die "login at $2"
}
for gateway in $GATEWAYS; do log_in default "$gateway"; done
# The disk that leads through a gateway; the first of them, since the other host has one, too.
disk_of() { # name
	for gateway in $GATEWAYS; do [ "${gateway%:*}" != "$1" ] || port=${gateway#*:}; done
	for disk in sda sdb sdc; do
		session=$(readlink -f /sys/block/$disk/device 2> /dev/null | grep -o 'session[0-9]*')
		[ "$(cat "/sys/class/iscsi_connection/connection${session#session}:0/persistent_port" 2> /dev/null)" != "$port" ] ||
			{ echo $disk; return; }
	done
	return 1
}
# What multipathd says of each path: disk, priority of its group, state of the group, state of the path.
paths() {
	multipathd show topology 2> /dev/null | tr -d '|`' | awk '
		/policy=/ { for (i = 1; i <= NF; i++) { split($i, v, "="); if (v[1] == "prio") p = v[2]; if (v[1] == "status") s = v[2] } }
		/[0-9]+:[0-9]+:[0-9]+:[0-9]+ / { for (i = 1; i <= NF; i++) if ($i ~ /^sd/) print $i, p, s, $(i + 2), $(i + 3) }'
}
# One group, used by the last read, of the path through the owner; another, for later, of the paths through the gateways that run.
# The kernel knows that, too.
state_is() { [ "$(cat "/sys/block/$(disk_of "$1")/device/access_state")" = "$2" ]; }
shows() { # owner, others…
	dd "if=$disk" of=/dev/null bs=4096 count=1 iflag=direct 2> /tmp/said || die "a read"
	owns=$1
	shift
	{
		echo "$(disk_of "$owns") 50 active active ready"
		for other in "$@"; do echo "$(disk_of "$other") 10 enabled active ready"; done
	} | sort > /tmp/wanted
	paths | grep ' active ready' | sort > /tmp/seen
	cmp -s /tmp/wanted /tmp/seen || return 1
	state_is "$owns" active/optimized || return 1
	for other in "$@"; do state_is "$other" active/non-optimized || return 1; done
}
names=$(for gateway in $GATEWAYS; do echo "${gateway%:*}"; done)
except() { echo "$names" | grep -vx "$1" | { [ -z "$2" ] && cat || grep -vx "$2"; }; }
groups_are() { # owner, [the gateway that is away]
	# shellcheck disable=SC2046 # a list
	within 60 shows "$1" $(except "$1" "$2") || { head /tmp/wanted /tmp/seen /sys/block/sd?/device/access_state; die "groups: the owner is $1, away is ${2:-none}"; }
	say "the groups follow: $1 $(disk_of "$1")${2:+, without $2}"
}
three() { [ "$(paths | wc -l)" = 3 ]; }
within 60 three || die "three paths did not come: $(paths)"
map=$(dmsetup ls --target multipath | awk '{ print $1; exit }')
disk=/dev/mapper/$map
[ -e "$disk" ] || disk=/dev/$(dmsetup info -c --noheadings -o blkdevname "$map")
for name in $names; do
	say "$name: $(disk_of "$name"), $(cat "/sys/block/$(disk_of "$name")/device/access_state")"
done
groups_are "$OWNER"
multipath -ll | sed 's/^/## /'

say "ext4"
mkfs.ext4 -q -F -E nodiscard "$disk" > /tmp/said 2>&1 || die mkfs
mount -t ext4 "$disk" /mnt || die mount
# Overwrites files in their places with new data, syncs each, and reads others back past the page cache; data-FILE is what
# FILE must have.  In hundredths of a second: the longest time that one such turn took.
work() { # name
	n=0 longest=0
	read -r before _ < /proc/uptime
	while [ ! -e /tmp/enough ]; do
		file=$1-$((n % 8)) other=$1-$(((n + 3) % 8))
		dd if=/dev/urandom of=/tmp/new-$1 bs=32768 count=1 2> "/tmp/writer-$1"
		dd "if=/tmp/new-$1" "of=/mnt/$file" bs=32768 conv=notrunc,fsync 2> "/tmp/writer-$1" || { echo "a write of $file failed" > /tmp/bad; return; }
		mv "/tmp/new-$1" "/tmp/data-$file"
		if [ -e "/tmp/data-$other" ]; then
			dd "if=/mnt/$other" "of=/tmp/back-$1" bs=32768 iflag=direct 2> "/tmp/writer-$1" || { echo "a read of $other failed" > /tmp/bad; return; }
			cmp -s "/tmp/back-$1" "/tmp/data-$other" || { echo "other data in $other" > /tmp/bad; return; }
		fi
		n=$((n + 1))
		echo $n > "/tmp/count-$1"
		read -r now _ < /proc/uptime
		took=$((${now%.*}${now#*.} - ${before%.*}${before#*.}))
		before=$now
		[ $took -le $longest ] || longest=$took
		echo $longest > "/tmp/longest-$1"
		usleep 20000
	done
}
WORKERS="x y"
start_work() {
	rm -f /tmp/enough /tmp/longest-* /tmp/count-*
	for worker in $WORKERS; do work $worker & pids="$pids $!"; done
	go_on "at first"
}
counted() { cat "/tmp/count-$1" 2> /dev/null || echo 0; }
ahead() {
	[ ! -e /tmp/bad ] || die "$(cat /tmp/bad)"
	for worker in $WORKERS; do [ "$(counted $worker)" -ge "$(cat /tmp/goal-$worker)" ] || return 1; done
}
go_on() { # when
	for worker in $WORKERS; do echo $(($(counted $worker) + 3)) > /tmp/goal-$worker; done
	within 120 ahead || die "the files are not written: $1"
}
took() { # when
	most=$(sort -n /tmp/longest-* | tail -1)
	say "$1: no turn took longer than $((most / 100)).$(printf %02d $((most % 100))) s"
}
end_work() { # when
	go_on "$1"
	: > /tmp/enough
	# shellcheck disable=SC2086 # a list
	wait $pids
	pids=
	[ ! -e /tmp/bad ] || die "$(cat /tmp/bad)"
	took "$1"
}
ask_who() { # words…
	echo "## DO $*" >&2
	nc 10.0.2.2 "$CONTROL" < /dev/null
}
# A step that an array of this kind must take without the loss of one command.
no_complaints() { # when
	dmesg -c > /tmp/dmesg
	grep -iE 'i/o error|error, dev |failing path|medium error|rtpg failed|call trace' /tmp/dmesg > /tmp/complaints
	[ ! -s /tmp/complaints ] || { sed 's/^/## /' /tmp/complaints; die "the kernel complains: $1"; }
}
# After a fault: commands of a path may have failed, but none of the disk or the file system.
no_loss() { # when
	dmesg -c > /tmp/dmesg
	grep -iE 'error, dev dm-|dev dm-[0-9]+, logical block|ext4-fs (error|warning)|medium error|call trace' /tmp/dmesg > /tmp/complaints
	[ ! -s /tmp/complaints ] || { sed 's/^/## /' /tmp/complaints; die "an error came to the disk: $1"; }
}
persist() { # status, program, words…: a unit attention (status 6) is no failure, it comes once for each path
	wanted=$1
	shift
	for try in 1 2 3 4; do
		"$@" > /tmp/said 2>&1
		status=$?
		[ "$status" = 6 ] || break
	done
	[ "$status" = "$wanted" ] || die "$*: $status, expected $wanted"
}
keys() {
	persist 0 mpathpersist --in --read-keys "$disk"
	grep -o '^ *0x[0-9a-f]*$' /tmp/said | sort | tr -d ' ' | tr '\n' ' '
}
all_registered() { [ "$(keys)" = "0xa1 0xa1 0xa1 0xb2 " ]; }
reserved() { # when
	persist 0 mpathpersist --in --read-reservation "$disk"
	grep -q 'Key *= *0xa1' /tmp/said || die "reservation $1"
	all_registered || die "keys $1: $(cat /tmp/said)"
}
read_other() { dd if=/dev/sdd of=/dev/null bs=4096 count=1 iflag=direct 2> /tmp/said; }
write_other() { dd if=/dev/zero of=/dev/sdd bs=4096 seek=1000 count=1 oflag=direct 2> /tmp/said; }

# The array has told of the change on every path; without that, multipathd finds it when it asks, as it does each second.
told() {
	for told in sda sdb sdc; do
		dmesg | grep -q "$(basename "$(readlink -f /sys/block/$told/device)"): Asymmetric access state changed" || return 1
	done
}

dmesg -c > /dev/null
start_work
for round in $(seq "$ROUNDS"); do
	say "the owner changes"
	for name in $(except "$OWNER"); do
		ask owner "$name"
		go_on "$name is the owner"
		groups_are "$name"
		within 60 told || die "not every path had the unit attention"
		no_complaints "$name became the owner"
	done
	end_work "moves"
	start_work

	say "the owner drains, restarts, and serves again"
	owner=$(ask_who drain)
	[ "$owner" != no ] || die "the test did not drain"
	groups_are "$owner"
	no_complaints "drain"
	left=$(ask_who restart)
	go_on "a gateway has restarted"
	ask undrain
	groups_are "$owner"
	say "$left is back"
	end_work "drain and restart"
	no_loss "restart"
	start_work

	if [ "$round" = 1 ]; then
		say "reservations: this host and another one register"
		persist 0 mpathpersist --out --register --param-sark=0xa1 "$disk"
		iscsiadm -m iface -I node2 -o new > /dev/null || die "iface node2"
		iscsiadm -m iface -I node2 -o update -n iface.initiatorname -v iqn.2026-11.org.example:node2 > /dev/null || die "name of node2"
		# through a gateway that is not the owner now
		for gateway in $GATEWAYS; do [ "${gateway%:*}" = "$owner" ] || other=$gateway; done
		log_in node2 "$other"
		other_is_there() { [ "$(cat /sys/block/sdd/size 2> /dev/null || echo 0)" -gt 0 ]; }
		wait_for 300 other_is_there || die "no disk of node2"
		persist 0 sg_persist --out --register-ignore --param-sark=0xb2 /dev/sdd
		all_registered || die "keys: $(cat /tmp/said)"
		persist 0 mpathpersist --out --reserve --param-rk=0xa1 --prout-type=5 "$disk"
		persist 24 sg_persist --out --reserve --param-rk=0xb2 --prout-type=5 /dev/sdd
		write_other || write_other || die "node2 cannot write although it has registered"
		reserved "before a kill"
	fi

	say "the owner is killed"
	killed=$owner
	owner=$(ask_who kill)
	[ "$owner" != no ] || die "the test did not kill"
	go_on "a gateway was killed"
	groups_are "$owner" "$killed"
	reserved "after a kill"
	took "kill"
	ask start
	groups_are "$owner"
	end_work "kill and start"
	no_loss "kill"
	reserved "after the start"
	start_work

	say "the owner is stopped, and wakes"
	stopped=$owner
	owner=$(ask_who stop)
	[ "$owner" != no ] || die "the test did not stop"
	go_on "a gateway was stopped"
	groups_are "$owner" "$stopped"
	took "stop"
	ask wake
	groups_are "$owner"
	end_work "stop and wake"
	no_loss "stop"
	reserved "after the stop"
	OWNER=$owner
	start_work
done
end_work "the end"

say "the other host is fenced, and lets go"
persist 0 mpathpersist --out --preempt --param-rk=0xa1 --param-sark=0xb2 --prout-type=5 "$disk"
write_other; write_other; write_other && die "node2 can write although it was preempted"
read_other || die "node2 cannot read"
persist 0 mpathpersist --out --release --param-rk=0xa1 --prout-type=5 "$disk"
persist 0 mpathpersist --out --clear --param-rk=0xa1 "$disk"
[ "$(keys)" = "" ] || die "keys: $(cat /tmp/said)"

say "fsck, and the same through every gateway"
umount /mnt || die umount
e2fsck -f -n "$disk" > /tmp/said 2>&1 || die fsck
echo 3 > /proc/sys/vm/drop_caches
for other in sdb sdc; do
	cmp "/dev/$other" /dev/sda > /tmp/said 2>&1 || die "the gateways have different data"
done
mount -t ext4 -o ro "$disk" /mnt || die "mount at the end"
for data in /tmp/data-*; do
	cmp -s "$data" "/mnt/${data#/tmp/data-}" || die "other data in ${data#/tmp/data-} at the end"
done
umount /mnt || die umount
no_loss "the end"
multipath -f "$map" 2> /dev/null
iscsiadm -m node --logout > /dev/null || die logout
say "all done"
