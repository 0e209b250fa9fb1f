# SPDX-License-Identifier: LGPL-2.1-or-later
# In the guest: Linux's own initiator as two hosts of a cluster, by two initiator names, and what
# fence_scsi does with sg_persist.  "## DO restart" asks the test for a kill -9 of vdsd and a start.
#	PORTAL=10.0.2.2:PORT ONE=iqn… CONTROL=PORT
. "${0%/*}/functions.sh"
failed() {
	tail -20 /tmp/iscsid.log
	cat /tmp/said
	dmesg | tail -20
}
modules iscsi_tcp sd_mod sg
start_iscsid

disks() { for d in /sys/block/sd*; do [ -e "$d" ] && [ "$(cat "$d/size")" -gt 0 ] && echo "/dev/${d##*/}"; done; }
disk_count() { [ "$(disks | wc -l)" = "$1" ]; }
log_in() { # host
	iscsiadm -m iface -I "$1" -o new > /dev/null || die "iface $1"
	iscsiadm -m iface -I "$1" -o update -n iface.initiatorname -v "iqn.2026-11.org.example:$1" > /dev/null || die "name of $1"
	iscsiadm -m node -T "$ONE" -p "$PORTAL" -I "$1" -o new > /dev/null || die "node record of $1"
	iscsiadm -m node -T "$ONE" -p "$PORTAL" -I "$1" --login > /dev/null || die "login of $1"
}
say "two hosts log in"
log_in node1
wait_for 100 disk_count 1 || die "no disk came"
a=$(disks)
log_in node2
wait_for 100 disk_count 2 || die "no second disk came"
b=$(disks | grep -v "^$a$")
say "disks $a $b"

# A unit attention is no failure: the kernel passes it on once.
persist() { # status, words…
	wanted=$1
	shift
	for try in 1 2 3; do
		sg_persist "$@" > /tmp/said 2>&1
		status=$?
		[ "$status" = 6 ] || break
	done
	[ "$status" = "$wanted" ] || die "sg_persist $*: $status, expected $wanted"
}
keys() { # disk: "0xa1 0xb2"
	persist 0 --in --read-keys "$1"
	grep -o '^ *0x[0-9a-f]*$' /tmp/said | sort | tr -d ' ' | tr '\n' ' '
}
write_block() { dd if=/dev/zero of="$1" bs=512 count=1 oflag=direct > /tmp/said 2>&1; }

say "register and reserve"
persist 0 --out --register-ignore --param-sark=0xa1 --param-aptpl "$a"
persist 0 --out --register-ignore --param-sark=0xb2 --param-aptpl "$b"
persist 0 --out --reserve --param-rk=0xa1 --prout-type=5 "$a"
persist 24 --out --reserve --param-rk=0xb2 --prout-type=5 "$b"
[ "$(keys "$b")" = "0xa1 0xb2 " ] || die "keys: $(cat /tmp/said)"
persist 0 --in --read-full-status "$a"
grep -q "iqn.2026-11.org.example:node2,i,0x" /tmp/said || die "full status"
persist 0 --in --report-capabilities "$a"
grep -q "(PTPL_A): 1" /tmp/said || die capabilities
write_block "$a" || die "a write of node1"
write_block "$b" || die "a write of node2, which has registered"

say "node1 fences node2"
persist 0 --out --preempt-abort --param-rk=0xa1 --param-sark=0xb2 --prout-type=5 "$a"
[ "$(keys "$a")" = "0xa1 " ] || die "keys: $(cat /tmp/said)"
write_block "$b" && die "node2 can write although it is fenced"
write_block "$b" && die "node2 can write although it is fenced"
write_block "$a" || die "a write of node1"

say "vdsd is killed"
echo "## DO restart"
[ "$(nc 10.0.2.2 "$CONTROL" < /dev/null)" = yes ] || die "the test says no"
wait_for 600 write_block "$a" || die "node1 after the restart"
[ "$(keys "$a")" = "0xa1 " ] || die "keys after the restart: $(cat /tmp/said)"
write_block "$b" && die "node2 can write after the restart"

say "node2 comes back, and the cluster ends"
persist 0 --out --register-ignore --param-sark=0xb2 "$b"
write_block "$b" || die "a write of node2, which has registered again"
persist 0 --out --release --param-rk=0xa1 --prout-type=5 "$a"
persist 0 --out --clear --param-rk=0xb2 "$b"
[ "$(keys "$a")" = "" ] || die "keys: $(cat /tmp/said)"
say "done"
