# SPDX-License-Identifier: LGPL-2.1-or-later
# A part of packages.sh: vds-redfish and vds-truenas as services, by the guide (docs/managers.md).  They are installed,
# refuse a wrong start, answer, survive a restart of vdsd and a kill, serve TLS, stop before vdsd, and are purged.
redfish=127.0.0.1:8444 truenas=127.0.0.1:8085
service() { systemctl show -P "$2" "$1"; } # service, property
# An answer from its status on.  Plain emulation takes seconds to start Python with urllib.
http() { # method, URL, header Authorization, [body]
	python3 -I -S -c '
import socket, sys
method, url, who, *body = sys.argv[1:]
scheme, _, place, path = url.split("/", 3)
host, port = place.split(":")
wire = socket.create_connection((host, int(port)), 60)
if scheme == "https:":
    import ssl
    wire = ssl.create_default_context(cafile="/job/tls.pem").wrap_socket(wire, server_hostname=host)
text = body[0] if body else ""
wire.sendall((f"{method} /{path} HTTP/1.1\r\nHost: {place}\r\nAuthorization: {who}\r\nConnection: close\r\n"
              f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}").encode())
print(b"".join(iter(lambda: wire.recv(65536), b"")).decode().partition(" ")[2])' "$@"
}
answers() { # status, text of the body, arguments of http
	status=$1 text=$2
	shift 2
	http "$@" > /tmp/said 2>&1
	grep -q "^$status " /tmp/said && grep -qF -e "$text" /tmp/said
}
both_answer() {
	answers 200 '"vol"' GET "http://$redfish/redfish/v1/Storage/array/Volumes/$volume" "$monitor" &&
		answers 200 'default/k8s/pvc-1' GET "http://$truenas/api/v2.0/pool/dataset" "$key"
}
# What the units promise: no right that root has, a filter of system calls, the group of vdsd.
confined() { # service
	of="/proc/$(service "$1" MainPID)/status"
	grep -q '^Uid:.0' "$of" && die "$1 runs as root"
	for line in CapEff:.0000000000000000 CapBnd:.0000000000000000 NoNewPrivs:.1 Seccomp:.2; do
		grep -q "^$line\$" "$of" || die "$1: not $line"
	done
	grep -qE "^Groups:(.* |.)$(getent group vdsd | cut -d: -f3) " "$of" || die "$1 is not in the group vdsd"
	systemd-analyze security --no-pager "$1.service" | tail -1 > /tmp/said
	say "$1: $(cat /tmp/said)"
	grep -qE ': [01]\.[0-9] ' /tmp/said || die "$1: exposure"
}
has_journal() { # service, text
	journalctl -q --no-pager -o cat -u "$1" | grep -qF -e "$2"
}

say "managers: install"
run apt-get install -y --no-install-recommends /job/managers/*.deb
for name in vds-redfish vds-truenas; do
	[ "$(systemctl is-enabled $name) $(service $name ActiveState)" = 'disabled inactive' ] || die "$name is started unasked"
done
monitor="Basic $(printf 'monitor:%s' "$(vdsctl -q token create monitor --role reader)" | base64 -w 0)"
volume=$(vdsctl -o json lun list | tr -d ' \n' | sed 's/.*"id":"\([0-9a-f-]*\)".*/\1/')

say "managers: settings that are wrong are said once, and not tried again"
systemctl start vds-truenas > /dev/null 2>&1
has_failed() { [ "$(service vds-truenas ActiveState)" = failed ]; }
wait_for 600 has_failed || die "it starts without its settings"
[ "$(service vds-truenas ExecMainStatus) $(service vds-truenas NRestarts)" = '2 0' ] || die "its end"
wait_for 100 has_journal vds-truenas '--dataset is missing' || die "the journal does not say why"

say "managers: enable and ask"
python3 -c 'import secrets; print(secrets.token_hex(32))' > /etc/vds/truenas.key
key="Bearer $(cat /etc/vds/truenas.key)"
run chown vds-truenas /etc/vds/truenas.key
run chmod 600 /etc/vds/truenas.key
printf 'dataset = default/k8s\nkey-file = /etc/vds/truenas.key\n' >> /etc/vds/truenas.conf
for name in vds-redfish vds-truenas; do run systemctl enable --now $name; done
wait_for 600 answers 200 'RootService' GET "http://$redfish/redfish/v1/" "$monitor" || die "vds-redfish"
wait_for 600 answers 200 '[]' GET "http://$truenas/api/v2.0/pool/dataset?id=none" "$key" || die "vds-truenas"
answers 401 '' GET "http://$redfish/redfish/v1/Storage/array" 'Basic bW9uaXRvcjpub25l' || die "another token"
answers 401 '' GET "http://$truenas/api/v2.0/pool/dataset" 'Bearer none' || die "another key"
wait_for 100 has_journal vds-truenas GET || die "the journal does not have the refusal"
answers 200 'default/k8s/pvc-1' POST "http://$truenas/api/v2.0/pool/dataset" "$key" \
	'{"name": "default/k8s/pvc-1", "type": "VOLUME", "volsize": 1048576, "sparse": true}' || die "no zvol"
both_answer || die "not both answer"
confined vds-redfish
confined vds-truenas
[ "$(stat -c '%U %a' /var/lib/vds-truenas)" = 'vds-truenas 700' ] || die "the directory of vds-truenas"

say "managers: vdsd restarts, is away, and is killed"
pids="$(service vds-redfish MainPID) $(service vds-truenas MainPID)"
run systemctl restart vdsd
wait_for 600 both_answer || die "after a restart of vdsd"
run systemctl stop vdsd.socket vdsd
answers 503 '' GET "http://$redfish/redfish/v1/Storage/array/Volumes/$volume" "$monitor" || die "vds-redfish without vdsd"
answers 503 '' GET "http://$truenas/api/v2.0/pool/dataset" "$key" || die "vds-truenas without vdsd"
run systemctl start vdsd
wait_for 600 both_answer || die "after a stop of vdsd"
run systemctl kill -s KILL vdsd
wait_for 600 both_answer || die "after a kill of vdsd"
[ "$(service vds-redfish MainPID) $(service vds-truenas MainPID)" = "$pids" ] || die "they were restarted with vdsd"

say "managers: killed, and with TLS"
for name in vds-redfish vds-truenas; do run systemctl kill -s KILL $name; done
wait_for 600 both_answer || die "after a kill of both"
[ "$(service vds-redfish NRestarts) $(service vds-truenas NRestarts)" = '1 1' ] || die "restarts"
install -m 600 /job/tls.pem /etc/vds/redfish.pem
mkdir -p /etc/systemd/system/vds-redfish.service.d
cat > /etc/systemd/system/vds-redfish.service.d/tls.conf <<'UNIT'
[Service]
LoadCredential=tls.pem:/etc/vds/redfish.pem
ExecStart=
ExecStart=/usr/bin/vds-redfish --listen 127.0.0.1:8444 --tls-cert %d/tls.pem
UNIT
run systemctl daemon-reload
run systemctl restart vds-redfish
wait_for 600 answers 200 '"vol"' GET "https://$redfish/redfish/v1/Storage/array/Volumes/$volume" "$monitor" || die TLS
rm -r /etc/systemd/system/vds-redfish.service.d /etc/vds/redfish.pem
run systemctl daemon-reload
run systemctl restart vds-redfish
wait_for 600 both_answer || die "without TLS again"

say "managers: everything stops, the managers before vdsd"
run systemctl stop vds-redfish vds-truenas vdsd.socket vdsd # without an order of the units vdsd is faster
for name in vds-redfish vds-truenas; do
	[ "$(service $name ActiveState) $(service $name Result)" = 'inactive success' ] || die "how $name ended"
	[ "$(service $name InactiveEnterTimestampMonotonic)" -le "$(service vdsd ActiveExitTimestampMonotonic)" ] ||
		die "$name ended after vdsd"
done
run systemctl start vds-truenas vds-redfish vdsd
wait_for 600 both_answer || die "after a start of all"

say "managers: purge"
answers 200 true DELETE "http://$truenas/api/v2.0/pool/dataset/id/default%2Fk8s%2Fpvc-1" "$key" || die "the zvol stays"
run vdsctl token revoke monitor
run apt-get purge -y vds-redfish vds-truenas python3-vds
rm /etc/vds/truenas.key
[ ! -e /var/lib/vds-truenas ] || die "the state of vds-truenas is left"
grep -q ^vds-truenas: /etc/passwd || die "the user is gone, and its number with it"
