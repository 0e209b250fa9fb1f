# SPDX-License-Identifier: LGPL-2.1-or-later
# In the guest: Linux's own initiator, which does what the test asks for.  Each connection to CONTROL takes the outcome
# of the last command to the test ("STATUS n", the output, "END") and brings the next command; "exit" ends the guest.
#	CONTROL=PORT
. "${0%/*}/functions.sh"
failed() { tail -20 /tmp/iscsid.log; }
modules iscsi_tcp sd_mod
start_iscsid
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
die 'the test has gone'
