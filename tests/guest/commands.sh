# SPDX-License-Identifier: LGPL-2.1-or-later
# In the guest: Linux's own initiator, which does what the test asks for.  Each connection to CONTROL takes the outcome
# of the last command to the test ("STATUS n", the output, "END") and brings the next command; "exit" ends the guest.
#	CONTROL=PORT
say() { echo "## $(cut -d' ' -f1 /proc/uptime) $*"; }
for module in iscsi_tcp sd_mod; do modprobe "$module" || { say "FAILED: modprobe $module"; exit 1; }; done
iscsid -f -d 3 > /tmp/iscsid.log 2>&1 &
n=100
while ! grep -q . /tmp/iscsid.log; do
	n=$((n - 1))
	[ "$n" -gt 0 ] || { say 'FAILED: no iscsid'; exit 1; }
	usleep 100000
done
printf 'STATUS 0\nEND\n' > /tmp/outcome
while nc 10.0.2.2 "$CONTROL" < /tmp/outcome > /tmp/command && [ -s /tmp/command ]; do
	command=$(cat /tmp/command)
	[ "$command" != exit ] || { say PASSED; exit 0; }
	say "$command"
	sh -c "$command" > /tmp/output 2>&1
	echo "STATUS $?" > /tmp/outcome
	cat /tmp/output >> /tmp/outcome
	printf 'END\n' >> /tmp/outcome
done
say 'FAILED: the test has gone'
exit 1
