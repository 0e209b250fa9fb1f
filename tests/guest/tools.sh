# SPDX-License-Identifier: LGPL-2.1-or-later
# In the guest: the tools of sg3-utils and ddpt on two thin LUNs behind one target.  What they ask for is
# decoded by them, and says what was done before; what the array does not do is refused.  LUN 0 has
# SECTORS sectors, LUN 1 half as many.
#	PORTAL=10.0.2.2:PORT TARGET=iqn… SECTORS=N
. "${0%/*}/functions.sh"
failed() {
	cat /tmp/said
	tail -20 /tmp/iscsid.log
	dmesg | tail -20
}
there() { [ "$(ls -d /sys/class/scsi_device/*/device/block/sd* 2> /dev/null | wc -l)" = 2 ]; }
disk_of() { basename "$(ls -d /sys/class/scsi_device/*:"$1"/device/block/sd*)"; }
# Runs a tool that must end with this status: 5 is ILLEGAL REQUEST, 6 UNIT ATTENTION, 9 INVALID
# OPERATION CODE, 10 COPY ABORTED, 22 LBA OUT OF RANGE.  What it says must be decoded.
ends() { # status, command…
	wanted=$1
	shift
	"$@" > /tmp/said 2>&1
	status=$?
	[ "$status" = "$wanted" ] || die "$*: ended with $status, not with $wanted"
	if grep -qiE 'unable to|malformed|badly formed|too short|truncated|unexpected|unrecogni' /tmp/said; then
		die "$*: not decoded"
	fi
}
run() { ends 0 "$@"; }
# Each of the regular expressions matches a line of what the last tool said.
has() {
	for pattern in "$@"; do grep -qE -e "$pattern" /tmp/said || die "nothing is '$pattern'"; done
}
number() { sed -n "s/^ *$1 *\([0-9]*\).*/\1/p" /tmp/said | head -1; }
fill() { # disk, sector, sectors, letter
	head -c $(($3 * 512)) /dev/zero | tr '\0' "$4" |
		dd of="/dev/$1" bs=64k iflag=fullblock seek=$(($2 / 128)) oflag=direct 2> /tmp/said || die "write of $1"
}
letters() { # disk, sector, sectors: one letter for each run of the same, 0 for zeros
	dd if="/dev/$1" bs=512 skip="$2" count="$3" iflag=direct 2> /dev/null | tr '\0' 0 | tr -s 0A-Z
}

modules iscsi_tcp sd_mod sg
start_iscsid
node="iscsiadm -m node -T $TARGET -p $PORTAL"
$node -o new > /dev/null || die "node record"
$node --login > /dev/null || die login
wait_for 300 there || die "two disks did not come"
one=$(disk_of 0) other=$(disk_of 1)
a=/dev/$(basename "$(ls -d /sys/block/"$one"/device/scsi_generic/sg*)")
b=/dev/$(basename "$(ls -d /sys/block/"$other"/device/scsi_generic/sg*)")

say "what it is"
run sg_inq "$a"
has 'Vendor identification: VDSLINUX' 'TPGS=1  3PC=1' 'CmdQue=1' 'MultiP=1' 'Resp_data_format=2'
serial=$(number 'Unit serial number:')
run sg_inq --page=sn --vpd "$a"
run sg_vpd --long "$a"
has 0x00 0x80 0x83 0x86 0x87 0x88 0x8f 0xb0 0xb1 0xb2
pages=$(grep -oE '0x[0-9a-f]{2}' /tmp/said)
for page in $pages; do
	run sg_vpd --page="$page" "$a"
	[ "$(wc -l < /tmp/said)" -gt 1 ] || die "page $page says nothing"
	if grep -qE '^ *00     [0-9a-f]{2} ' /tmp/said; then die "page $page is not decoded"; fi
done
run sg_vpd --all "$a"
has "Unit serial number: $serial" '0x3[0-9a-f]{15}' "$TARGET,t,0x0001" 'Extended copy\(LID1\)' \
	'Receive copy operating parameters' 'block -> block' 'Maximum segment length: 33554432' \
	'\(LBPU\): 1' '\(LBPWS\): 1' '\(LBPRZ\): 1' 'Provisioning type: 2' 'Non-rotating' 'V_SUP=1' \
	'Maximum compare and write length: 255 blocks' 'Optimal transfer length granularity: 8 blocks'
run sg_readcap --long "$a"
has "Number of logical blocks=$SECTORS" 'lbpme=1, lbprz=1' 'physical block length=4096'
run sg_luns "$a"
has 'imples? 2 lun' '^ *0000000000000000$' '^ *0001000000000000$'
run sg_rtpg --decode "$a"
has 'group id : 0x1 , Pref=0' 'active/optimized' 'U_SUP : 1, S_SUP : 1, AN_SUP : 1, AO_SUP : 1' \
	'target port count : 01' '^ *0x01$'
head -c 8 /dev/zero > /tmp/group # SET TARGET PORT GROUPS: the administrator sets states, not the host
ends 5 sg_raw --send=8 --infile=/tmp/group "$a" a4 0a 00 00 00 00 00 00 00 08 00 00
run sg_modes --all "$a"
has 'error recovery' Caching 'Control, page' 'Informational exceptions' 'WP=0, DpoFua=1'

say "what it can"
run sg_opcodes --unsorted "$a"
if grep -iE 'unknown|vendor|reserved' /tmp/said; then die "commands without a name"; fi
for name in 'Extended copy\(LID1\)' 'Compare and write' Unmap 'Write buffer' 'Log sense' 'Write atomic' \
	'Receive copy failure details' 'Report target port groups'; do has "0,0 +$name"; done
run sg_opcodes --opcode=0x83,0 "$a"
has 'Command is supported \[conforming' 'Usage data: 83 00 00 00 00 00 00 00 00 00 ff ff ff ff 00 04'
run sg_opcodes --opcode=0x83,2 "$a"
has 'NOT supported'
run sg_opcodes --tmf "$a"
has 'Abort task$' 'Abort task set' 'Clear task set' 'Logical unit reset'

say "the log"
read_log() { # before or after
	run sg_logs --page=we "$a"
	eval "$1_written=$(number 'Total bytes processed =')"
	run sg_logs --page=gsp "$a"
	has 'read command processing intervals = [1-9]' 'negative exponent = 6' 'interval integer = 1' 'idle time intervals = [1-9]'
	eval "$1_commands=$(number 'number of write commands =') $1_blocks=$(number 'number of logical blocks received =')"
}
read_log before
fill "$one" 0 256 A
read_log after
[ $((after_written - before_written)) = 131072 ] || die "bytes: $before_written, $after_written"
[ $((after_blocks - before_blocks)) = 256 ] || die "blocks: $before_blocks, $after_blocks"
[ "$after_commands" -gt "$before_commands" ] || die "commands: $before_commands, $after_commands"
has 'write command processing intervals = [1-9]'
run sg_logs --all "$a"
has '^Write error counter' '^Read error counter' 'threshold resource count: [1-9]' 'Scope: not dedicated to lu' \
	'Total uncorrected errors = 0' 'IE asc = 0x0, ascq = 0x0' 'Threshold temperature = <not available>'
run sg_logs --reset --page=we "$a"
ends 5 sg_logs --page=0x31 "$a"

say "buffers"
for mode in 03 0b; do
	run sg_raw --outfile=/tmp/out --request=4 "$a" 3c $mode 00 00 00 00 00 00 04 00
	run hexdump -v -e '1/1 "%02x"' /tmp/out
	has '^0[01]001000$' # 4096 bytes
done
head -c 4096 /dev/urandom > /tmp/buffer
head -c 252 /tmp/buffer > /tmp/echo
run sg_write_buffer --mode=echo --in=/tmp/echo "$a"
run sg_write_buffer --mode=data --in=/tmp/buffer "$a"
run sg_raw --outfile=/tmp/out --request=252 "$a" 3c 0a 00 00 00 00 00 00 fc 00
run cmp /tmp/out /tmp/echo
run sg_raw --outfile=/tmp/out --request=4096 "$a" 3c 02 00 00 00 00 00 10 00 00
run cmp /tmp/out /tmp/buffer
ends 5 sg_write_buffer --mode=dmc_offs_defer --in=/tmp/echo "$a" # no firmware

say "what is mapped"
status_is() { # descriptors: "LBA blocks state"
	run sg_get_lba_status --lba=0 --maxlen=512 "$a"
	sed -n 's/^\[[0-9]*\] LBA: 0x0*\([0-9a-f][0-9a-f]*\)  blocks: *\([0-9]*\)  \([a-z]*\).*/\1 \2 \3/p' /tmp/said > /tmp/ranges
	printf '%s\n' "$@" | cmp -s - /tmp/ranges || die "mapped: $(cat /tmp/ranges)"
}
fill "$one" 512 256 C
status_is "0 256 mapped" "100 256 deallocated" "200 256 mapped" "300 $((SECTORS - 768)) deallocated"
run sg_unmap --lba=512 --num=128 --force "$a"
run sg_write_same --16 --unmap --lba=128 --num=128 --xferlen=512 "$a"
status_is "0 128 mapped" "80 512 deallocated" "280 128 mapped" "300 $((SECTORS - 768)) deallocated"
[ "$(letters "$one" 0 1024)" = A0C0 ] || die "other data: $(letters "$one" 0 1024)"
[ "$(letters "$one" 127 514)" = A0C ] || die "UNMAP took other blocks"
ends 22 sg_get_lba_status --lba="$SECTORS" "$a" # beyond the end

say "copies"
run sg_copy_results --params "$a"
has 'SNLID\): yes' 'segment descriptor count: 16' 'length: 704 bytes' 'segment length: 33554432' \
	'granularity: 512 bytes' 'Copy from block device to block device' 'Identification descriptor'
fill "$one" 0 256 A
run sg_xcopy if="$a" of="$b" count=768 bs=512
[ "$(letters "$other" 0 768)" = A0C ] || die "other data"
run sg_get_lba_status --lba=256 "$b"
has 'blocks: *384  deallocated' # zeros stay without space
run sg_xcopy if="$a" of="$a" skip=100 seek=9001 count=99 bs=512 bpt=7
[ "$(letters "$one" 9000 101)$(letters "$one" 9001 99)" = 0A0A ] || die "a copy within the LUN"
run sg_xcopy if="$a" of="$b" count=64 bs=512 --on_src id_usage=hold list_id=9
run sg_copy_results --status --list_id=9 "$a"
has 'Operation completed without errors' 'Segments processed: 1$' 'Transfer count: 32768$'
ends 10 sg_xcopy if="$a" of="$b" skip=$((SECTORS - 100)) count=200 bs=512 --on_src id_usage=hold list_id=9
run sg_copy_results --failed --list_id=9 "$a"
has 'command status: 2' 'Sense key: Copy Aborted' 'segment descriptor, byte 12'
ends 5 sg_copy_results --failed --list_id=9 "$a"
ends 5 sg_copy_results --status --list_id=9 "$a"

# ddpt 0.97 puts the descriptors of blocks one byte before their place (SBC-4: behind the header of
# 16 or 536 bytes), so a number of blocks arrives as 256 times that, and so does an LBA: 3 is 768.
# Its full copy goes by its own numbers and cannot work; what ddptctl does one by one can.
say "copies with tokens, by ddptctl"
run ddptctl --info "$a"
has 'Populate token$' 'Write using token$' 'change vulnerable \[0x800001\]' 'Report all ROD tokens$'
run ddptctl --pt=0,3 --rtf=/tmp/rod "$a"
has 'transfer count of 768 '
run ddptctl --info --rtf=/tmp/rod
has 'change vulnerable \[0x800001\]' 'bytes represented: 393216 ' 'block size: 512 ' 'lbpme=1, lbprz=1' \
	"^ *$TARGET"
run ddptctl --all_toks "$a"
has 'headers returned: 1$' 'bytes represented: 393216 '
run ddptctl --wut=16,3 --rtf=/tmp/rod "$b"
has 'transfer count of 768 '
[ "$(letters "$other" 4095 770)" = 0A0C0 ] || die "other data: $(letters "$other" 4095 770)"
run ddptctl --wut=32,1 --oir=512 --rtf=/tmp/rod "$b" # from the middle of what the token stands for
[ "$(letters "$other" 8191 258)" = 0C0 ] || die "other data: $(letters "$other" 8191 258)"
fill "$one" 0 256 B
ends 118 ddptctl --wut=40,3 --rtf=/tmp/rod "$b"
has 'token cancelled'
run ddptctl --receive --prefer_rcs "$b"
has 'Write using token: Operation completed with errors' 'token cancelled'
run ddptctl --immed --pt=0,3 --list_id=300 "$a"
rm /tmp/rod
run ddptctl --poll --rtf=/tmp/rod --list_id=300 "$a"
has 'Populate token: Operation completed without errors' 'transfer count of 768 '
run ddptctl --immed --wut=48,3 --rtf=/tmp/rod --list_id=301 "$b"
run ddptctl --poll --list_id=301 "$b"
has 'Write using token: Operation completed without errors' 'transfer count of 768 '
[ "$(letters "$other" 12287 770)" = 0B0C0 ] || die "other data: $(letters "$other" 12287 770)"
ends 5 ddptctl --abort --list_id=301 "$b" # it has ended
run ddptctl --del_tkn --wut=0,0 --rtf=/tmp/rod "$b"
ends 119 ddptctl --wut=48,3 --rtf=/tmp/rod "$b"
has 'token deleted'
ends 22 ddptctl --pt=512,1 --rtf=/tmp/rod "$a" # beyond the end
fill "$one" 0 256 A
run ddpt if="$a" of="$b" bs=512 count=768 seek=16384 iflag=xcopy # EXTENDED COPY(LID1)
[ "$(letters "$other" 16384 769)" = A0C0 ] || die "other data: $(letters "$other" 16384 769)"

say "reservations"
persist() { run sg_persist "$@" "/dev/$one"; }
persist --out --register --param-sark=0xa1
for type in 1 3 5 6 7 8; do
	persist --out --reserve --param-rk=0xa1 --prout-type=$type
	persist --in --read-reservation
	has "scope: LU_SCOPE,  type: "
	persist --out --release --param-rk=0xa1 --prout-type=$type
	persist --in --read-reservation
	has 'there is NO reservation held'
done
persist --in --report-capabilities
has '\(CRH\): 1' '\(SIP_C\): 1' '\(ATP_C\): 1' '\(PTPL_C\): 1' '\(PTPL_A\): 0' 'Exclusive Access, all registrants: 1'
ends 24 sg_persist --out --reserve --param-rk=0xbad --prout-type=1 "/dev/$one"
persist --out --reserve --param-rk=0xa1 --prout-type=1
persist --out --register-move --param-rk=0xa1 --param-sark=0xb2 --relative-target-port=1 \
	--transport-id=iqn.2026-11.org.example:elsewhere,i,0x00023d000077
persist --in --read-full-status
has 'Key=0xa1$' 'Key=0xb2$' '^ *not reservation holder' '^ *<< Reservation holder' \
	'iqn.2026-11.org.example:elsewhere,i,0x00023d000077' 'iqn.2026-11.org.example:guest,i,0x'
ends 24 sg_write_same --16 --lba=0 --num=8 "$a"
persist --out --preempt --param-rk=0xa1 --param-sark=0xb2 --prout-type=3
persist --in --read-reservation
has 'Key=0xa1$' 'type: Exclusive Access$'

say "CDBs of 32 bytes"
head -c 512 /dev/urandom > /tmp/block
long() { echo "7f 00 00 00 00 00 00 18 00 $1 $2 00 00 00 00 00 00 00 00 $3 00 00 00 00 00 00 00 00 00 00 00 $4"; }
# shellcheck disable=SC2046
run sg_raw --send=512 --infile=/tmp/block "$b" $(long 0b 00 05 01)
# shellcheck disable=SC2046
run sg_raw --outfile=/tmp/out --request=512 "$b" $(long 09 00 05 01)
run cmp /tmp/out /tmp/block
run sg_write_same --32 --lba=6 --num=2 --xferlen=512 --in=/tmp/block "$b"
# shellcheck disable=SC2046
run sg_raw --send=512 --infile=/tmp/block "$b" $(long 0a 06 05 03) # VERIFY, each block
# shellcheck disable=SC2046
ends 14 sg_raw --send=512 --infile=/tmp/block "$b" $(long 0a 06 05 04) # MISCOMPARE

say "what it tells"
run sg_rmsn "$a"
has "$serial"
printf 'A disk of ours\0' > /tmp/name
run sg_ident --set --itype=2 "$a" < /tmp/name
run sg_ident --ascii --itype=2 "$a"
has 'A disk of ours'
run sg_timestamp --milliseconds=1234567890123 "$a"
run sg_timestamp "$a"
has '^1234567890[0-9]{3}$'
run sg_senddiag --test "$a"
run sg_senddiag --self=1 "$a"
tested() { run sg_logs --page=str "$a" && grep -q 'completed without error' /tmp/said; }
wait_for 100 tested || die "a self-test in the background"
run sg_senddiag --list "$a"
ends 5 sg_senddiag --self=6 "$a" # extended, in the foreground

say "erasing"
run sg_sanitize --overwrite --zero --quick --wait "$b"
[ "$(letters "$other" 0 4096)" = 0 ] || die "what an overwrite has left: $(letters "$other" 0 4096)"
fill "$other" 0 256 A
run sg_sanitize --block --quick --early "$b"
ready() { sg_turs "$b" > /tmp/said 2>&1; }
wait_for 100 ready || die "a block erase"
[ "$(letters "$other" 0 4096)" = 0 ] || die "what a block erase has left"
run sg_get_lba_status --lba=0 "$b"
has 'deallocated'
ends 5 sg_sanitize --crypto --quick --wait "$b"
run sg_sanitize --fail --quick --wait "$b"
fill "$other" 0 256 A
run sg_format --format --quick --early "$b"
wait_for 100 ready || die "a format"
[ "$(letters "$other" 0 4096)" = 0 ] || die "what a format has left"

say "resets"
run sg_reset --device "$a"
ends 6 sg_turs "$a"
has 'Bus device reset function occurred'
run sg_turs "$a"
run sg_turs "$b"
persist --in --read-keys # a reset changes nothing of reservations
has '0xa1$'
run sg_reset --target "$a"
for d in "$a" "$b"; do
	ends 6 sg_turs "$d"
	run sg_turs "$d"
done
run sg_requests "$a"
has 'No Sense'
persist --out --clear --param-rk=0xa1
persist --in --read-keys
has 'NO registered reservation keys'
[ "$(letters "$one" 0 1024)" = A0C0 ] || die "other data in the end"
dmesg | grep -iE 'I/O error|detected conn error|iscsi.*(reject|timeout)' > /tmp/complaints || :
[ ! -s /tmp/complaints ] || die "the kernel complained: $(head -n 3 /tmp/complaints)"
$node --logout > /dev/null || die logout
say PASSED
