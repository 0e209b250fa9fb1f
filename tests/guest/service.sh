# SPDX-License-Identifier: LGPL-2.1-or-later
# In the guest, under systemd (systemd.sh): the steps of vdsd(8), "RUNNING IT AS A SERVICE", and
# what an administrator does with a service afterwards: reload, a pool elsewhere, SIGKILL, stop,
# start; and what the journal has of it.
. "${0%/*}/functions.sh"
failed() {
	systemctl status --no-pager -l vdsd
	journalctl --no-pager -n 40
}
of() { systemctl show -P "$1" vdsd; }
journal() { # the lines of vdsd itself, as the arguments choose them
	journalctl -q --no-pager -o cat _COMM=vdsd "$@"
}
has() { # text, arguments of journalctl
	text=$1
	shift
	journal "$@" | grep -qF "$text"
}
luns() { vdsctl -o json lun list | grep -c '"serial"'; }

say "the steps of the manual"
systemd-sysusers > /tmp/told 2>&1 || die "systemd-sysusers: $(cat /tmp/told)"
systemd-tmpfiles --create vdsd.conf > /tmp/told 2>&1 || die "systemd-tmpfiles: $(cat /tmp/told)"
systemctl daemon-reload || die daemon-reload
systemctl enable --now vdsd 2> /tmp/told || die "enable --now: $(cat /tmp/told)"
[ "$(of ActiveState)" = active ] || die "not active"
[ "$(systemctl is-enabled vdsd)" = enabled ] || die "not enabled"
first=$(of MainPID)
grep -q "^Uid:.$(id -u vdsd).$(id -u vdsd).$(id -u vdsd)" "/proc/$first/status" ||
	die "runs as another user than vdsd"
grep -q '^CapEff:.0000000000000000$' "/proc/$first/status" || die "has capabilities"
grep -q '^NoNewPrivs:.1$' "/proc/$first/status" || die "may gain privileges"
grep -q '^Seccomp:.2$' "/proc/$first/status" || die "has no filter of system calls"
[ "$(stat -c '%U %a' /var/lib/vdsd)" = 'vdsd 700' ] ||
	die "its directory: $(stat -c '%U %a' /var/lib/vdsd)"
[ "$(stat -c '%U %G %a' /run/vdsd/vdsd.sock)" = 'vdsd vdsd 660' ] ||
	die "its socket: $(stat -c '%U %G %a' /run/vdsd/vdsd.sock)"

say "who may manage it"
for user in alice:2001 bob:2002; do
	echo "${user%:*}:x:${user#*:}:${user#*:}::/:/bin/sh" >> /etc/passwd
	echo "${user%:*}:x:${user#*:}:" >> /etc/group
done
sed -i '/^vdsd:/{s/[^:]$/&,/;s/$/alice/}' /etc/group # usermod -aG vdsd alice
su alice -c '/usr/local/bin/vdsctl lun create vol --size 64M' > /tmp/told 2>&1 ||
	die "a member of the group: $(cat /tmp/told)"
if su bob -c '/usr/local/bin/vdsctl lun list' > /tmp/told 2>&1; then
	die "somebody else may manage the array"
fi
grep -q vdsd /tmp/told || die "the refusal does not name the group: $(cat /tmp/told)"
vdsctl target create web > /dev/null || die "target create"
vdsctl lun associate vol web > /dev/null || die associate

say "the journal: priorities, and one time only"
vdsctl portal create 192.0.2.1 > /dev/null 2>&1 # it does not listen, which is a warning
wait_for 300 has portal.not-ready -p warning || die "no warning of a portal that does not listen"
if has vdsd.ready -p warning; then die "vdsd.ready is a warning"; fi
wait_for 300 has vdsd.ready -p info || die "vdsd.ready is not there"
if journal | grep -E '[0-9]{4}-[0-9]{2}-[0-9]{2}T|<[0-9]>'; then
	die "lines with a time or a priority of their own"
fi
wait_for 300 has 'lun "vol": created' || die "no line of the change"
journal | grep -F 'lun "vol": created' | grep -q 'by alice (uid' || die "the change is not alice's"

say reload
mkdir -p /etc/vds
echo 'log-level = warning' > /etc/vds/vdsd.conf
systemctl reload vdsd || die reload
wait_for 300 has 'vdsd.reload level=warning' || die "no reload in the journal"
vdsctl lun create quiet --size 1M > /dev/null || die "create after the reload"
echo 'log-level = info' > /etc/vds/vdsd.conf
systemctl reload vdsd || die reload
wait_for 300 has 'vdsd.reload level=info' || die "no second reload in the journal"
if has 'lun "quiet"'; then die "info is logged at level warning"; fi
[ "$(of MainPID)" = "$first" ] || die "a reload started another process"

say "a pool in another directory"
install -d -o vdsd -g vdsd -m 0700 /srv/pool || die install
if vdsctl pool create big /srv/pool > /tmp/told 2>&1; then
	die "the unit lets vdsd write to /srv/pool"
fi
mkdir -p /etc/systemd/system/vdsd.service.d
printf '[Service]\nReadWritePaths=/srv/pool\n' > /etc/systemd/system/vdsd.service.d/override.conf
systemctl daemon-reload && systemctl restart vdsd || die restart
vdsctl pool create big /srv/pool > /tmp/told 2>&1 || die "with ReadWritePaths: $(cat /tmp/told)"
vdsctl lun create there --size 1M --pool big > /dev/null || die "a LUN there"

say "what systemctl status says"
[ "$(of StatusText)" = 'Serving: 2 LUNs, 1 of 2 portals listening, 0 sessions' ] ||
	die "status: $(of StatusText)"
[ "$(of WatchdogUSec)" = 1min ] || die "watchdog: $(of WatchdogUSec)"

say SIGKILL
second=$(of MainPID)
restarts=$(of NRestarts)
systemctl kill -s KILL vdsd || die kill
again() {
	[ "$(of NRestarts)" -gt "$restarts" ] && [ "$(of ActiveState)" = active ] &&
		[ "$(of MainPID)" != "$second" ]
}
wait_for 300 again || die "not started again after SIGKILL"
[ "$(luns)" = 3 ] || die "LUNs after SIGKILL: $(vdsctl lun list)"
vdsctl check > /tmp/told 2>&1 || die "check: $(cat /tmp/told)"

say "stop, start"
systemctl stop vdsd || die stop
[ "$(of ActiveState) $(of Result) $(of ExecMainStatus)" = 'inactive success 0' ] ||
	die "after stop: $(of ActiveState) $(of Result) $(of ExecMainStatus)"
say "the socket starts it"
[ -S /run/vdsd/vdsd.sock ] || die "the socket has gone with the service"
[ "$(luns)" = 3 ] || die "LUNs after the socket has started it: $(vdsctl lun list)"
[ "$(of ActiveState)" = active ] || die "not active"

say "a restart under those who ask"
{ n=0; while [ ! -e /tmp/enough ]; do vdsctl lun list > /dev/null 2> /tmp/failed || break; n=$((n + 1)); done; echo "$n" > /tmp/asked; } &
systemctl restart vdsd || die restart
systemctl restart vdsd || die restart
: > /tmp/enough
wait
[ ! -s /tmp/failed ] || die "a command failed during a restart: $(cat /tmp/failed)"
say "$(cat /tmp/asked) commands meanwhile"

say "stop for good, start"
systemctl stop vdsd.socket vdsd || die "stop both"
if vdsctl lun list > /tmp/told 2>&1; then die "somebody answers"; fi
systemctl start vdsd || die start
[ "$(luns)" = 3 ] || die "LUNs after start: $(vdsctl lun list)"
[ "$(of NRestarts)" = 0 ] || die "a stop counts as a failure"
if journalctl -q --no-pager -p err _SYSTEMD_UNIT=vdsd.service | grep .; then
	die "errors in the journal"
fi
say PASSED
