# SPDX-License-Identifier: LGPL-2.1-or-later
# In the guest: open-iscsi proves itself by CHAP, and lets the array prove itself: with each hash that it has, at a
# target and for discovery; and what must be refused.  At last a session that the array ends comes back by itself.
# "## DO …" asks the test for a step; its answer comes through a connection to CONTROL.
#	PORTAL=10.0.2.2:PORT CONTROL=PORT TARGET=iqn… SECTORS=N SECRET=… ARRAY=… FINDER=… FOUND=…
. "${0%/*}/functions.sh"
failed() {
	tail -20 /tmp/iscsid.log
	dmesg | tail -20
}
there() { [ "$(cat /sys/block/sd*/size 2> /dev/null)" = "$SECTORS" ]; }
none() { ! ls -d /sys/block/sd* > /dev/null 2>&1; }
logged_in() { [ "$(cat /sys/class/iscsi_session/session*/state)" = LOGGED_IN ]; }
node="iscsiadm -m node -T $TARGET -p $PORTAL"
finder="iscsiadm -m discoverydb -t sendtargets -p $PORTAL"
set_up() { # NAME=VALUE…: a new node record with these under node.session.auth
	$node -o delete > /dev/null 2>&1
	$node -o new > /dev/null || die "node record"
	for pair in "$@"; do
		$node -o update -n "node.session.auth.${pair%%=*}" -v "${pair#*=}" || die "update $pair"
	done
}
log_in() { # what, NAME=VALUE…
	what=$1
	shift
	set_up "$@"
	$node --login > /tmp/told 2>&1 || die "$what: $(cat /tmp/told)"
	wait_for 300 there || die "$what: the disk did not come"
	say "$what: logged in"
}
log_out() {
	$node --logout > /dev/null || die logout
	wait_for 300 none || die "the disk stays"
}
refused() { # what, the status of iscsiadm, NAME=VALUE…
	what=$1 wanted=$2
	shift 2
	set_up "$@"
	$node --login > /tmp/told 2>&1
	status=$?
	[ $status = "$wanted" ] || die "$what: ended with $status: $(cat /tmp/told)"
	none || die "$what: there is a disk"
	say "$what: refused"
}
discover() { # what, the status of iscsiadm, NAME=VALUE…
	what=$1 wanted=$2
	shift 2
	$finder -o delete > /dev/null 2>&1
	$finder -o new > /dev/null || die "discovery record"
	for pair in "$@"; do
		$finder -o update -n "discovery.sendtargets.auth.${pair%%=*}" -v "${pair#*=}" || die "update $pair"
	done
	$finder --discover > /tmp/found 2>&1
	status=$?
	[ $status = "$wanted" ] || die "$what: ended with $status: $(cat /tmp/found)"
	if grep -q "$TARGET" /tmp/found; then status=found; fi
	case $status in found) [ "$wanted" = 0 ] ;; *) [ "$wanted" != 0 ] ;; esac || die "$what: $(cat /tmp/found)"
	iscsiadm -m node -o delete > /dev/null 2>&1 # it names an address that only the host has
	say "$what: as it should be ($status)"
}

modules iscsi_tcp sd_mod
start_iscsid
echo # the console's first line begins with what the firmware left there

one_way="authmethod=CHAP username=alice password=$SECRET"
mutual="$one_way username_in=$TARGET password_in=$ARRAY"
# shellcheck disable=SC2086 # lists
{
	for hash in MD5 SHA1 SHA256 SHA3-256; do
		log_in "$hash" $one_way chap_algs=$hash
		log_out
		log_in "$hash, mutual" $mutual chap_algs=$hash
		log_out
	done
	log_in 'every hash' $mutual chap_algs=MD5,SHA1,SHA256,SHA3-256
	ask end
	wait_for 300 logged_in || die "the session does not come back"
	dd if=/dev/sda of=/dev/null bs=4k count=1 iflag=direct 2> /tmp/dd || die "read: $(cat /tmp/dd)"
	log_out

	# 24: the array refuses (ISCSI_ERR_LOGIN_AUTH_FAILED); 19: open-iscsi gives up (ISCSI_ERR_FATAL_LOGIN).
	refused 'without CHAP' 24
	refused 'a wrong secret' 24 $one_way password=not-the-right-one
	refused 'another name' 24 $one_way username=bob
	refused 'the array has another secret' 19 $mutual password_in=not-the-right-one
	refused 'the array has another name' 19 $mutual username_in=bob

	one_way="authmethod=CHAP username=finder password=$FINDER"
	discover 'discovery without CHAP' 24
	discover 'discovery with a wrong secret' 24 $one_way password="$SECRET"
	discover 'discovery' 0 $one_way
	discover 'mutual discovery' 0 $one_way username_in=array password_in="$FOUND"
	discover 'mutual discovery, another secret' 19 $one_way username_in=array password_in=not-the-right-one
}
say PASSED
