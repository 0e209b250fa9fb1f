#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The hook of vds-conformance for our own array: brings it into the states that no program can
bring about by COM.

usage: conform_hook.py WHAT [KIND [ID]]
test_conform.py sets CONFORM_TOP, the directory of the test's daemon, and CONFORM_ARGV, its command
line. The file "pid" there holds its process. Exit status 77 says that the hook cannot do this.
"""
import difflib
import json
import os
import pathlib
import signal
import subprocess
import sys

import conform
import vdstest

TOP = pathlib.Path(os.environ['CONFORM_TOP'])
MIB = 1 << 20


def rest():
    return vdstest.Rest(TOP / 's')


def disk_state(state):
    """Sets what the kernel says of the disk that conform.make_host makes up."""
    (TOP / 'inject' / 'host' / conform.DISK / 'device/state').write_text(state)


def fail(kind, lun):
    """Takes the LUN's file away; the array notices when it opens the store anew."""
    if kind == 'drive':
        disk_state('offline')
        return
    path = TOP / 'array' / 'luns' / f'{lun}.img'
    path.rename(TOP / f'{lun}.away')
    (TOP / 'inject' / f'{lun}.open').write_text('ENOENT')
    for status in ('offline', 'online'):
        try:
            rest().call('PATCH', f'/v1/luns/{lun}', {'status': status})
        except vdstest.RestError:
            pass


def heal(kind, lun):
    if kind == 'drive':
        disk_state('running')
        return
    (TOP / f'{lun}.away').rename(TOP / 'array' / 'luns' / f'{lun}.img')
    (TOP / 'inject' / f'{lun}.open').unlink()


def hold(*_):
    """Creates a thick LUN whose allocation does not end, and prints its id."""
    (TOP / 'inject' / 'all.allocate').write_text('hold')
    made = rest().call('POST', '/v1/luns', {'name': 'held', 'size_bytes': 16 * MIB, 'thick': True})
    print(made['id'])


def slow(*_):
    (TOP / 'inject' / 'all.allocate').write_text('hold')


def release(*_):
    (TOP / 'inject' / 'all.allocate').unlink()


def cut(*_):
    os.kill(int((TOP / 'pid').read_text()), signal.SIGKILL)


def join(*_):
    """Starts the daemon again; the test ends it by the file "pid"."""
    ready = TOP / 'ready'
    ready.unlink(missing_ok=True)
    with (TOP / 'log').open('ab') as log:
        process = subprocess.Popen(json.loads(os.environ['CONFORM_ARGV']), start_new_session=True,
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    (TOP / 'pid').write_text(str(process.pid))
    vdstest.eventually('vdsd is ready again', ready.exists)


def token_give(role):
    """Gives the program a token of this role instead of the one that it has, and waits until the
    program has used it: its event stream has ended, and it has opened another.
    """
    tokens = {token['name']: token['id'] for token in rest().call('GET', '/v1/tokens')['items']}
    new = conform.give_token(rest(), os.environ['VDS_TOKEN_FILE'], f'{role}-{len(tokens)}', role)
    for old in tokens.values():
        rest().call('DELETE', f'/v1/tokens/{old}')
    vdstest.eventually('the new token is used', lambda: any(
        token['id'] == new and token['used_ms'] for token in
        rest().call('GET', '/v1/tokens')['items']))


def array_text():
    """All that is stored; what an operation does meanwhile is not the program's doing."""
    lists = {plural: rest().list(plural) for plural in (
        'pools', 'luns', 'targets', 'portals', 'portal-groups', 'hosts', 'host-groups',
        'credentials', 'associations', 'controllers', 'maintenance')}
    for item in sum(lists.values(), []):
        item.pop('live', None)      # space, traffic
    return json.dumps([rest().call('GET', '/v1/array'), lists], sort_keys=True, indent=1)


def restrict(*_):
    if 'VDS_TOKEN_FILE' not in os.environ:
        sys.exit(77)
    (TOP / 'before').write_text(array_text())
    token_give('reader')


def permit(*_):
    token_give('admin')


def same(*_):
    before, after = (TOP / 'before').read_text(), array_text()
    changes = list(difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm=''))
    vdstest.equal(changes, [], 'what has changed')


def make_pool(path):
    path.mkdir()
    return rest().call('POST', '/v1/pools', {'name': path.name, 'path': str(path)})['id']


def make_drive():
    """A drive comes with the first pool on it: one in memory, which no other pool is on."""
    path = pathlib.Path('/dev/shm') / f'vds-{TOP.name}'
    pool = make_pool(path)
    for drive in rest().call('GET', '/v1/drives')['items']:
        if [pair['pool_id'] for pair in drive['pools']] == [pool]:
            return drive['id']
    rest().call('DELETE', f'/v1/pools/{pool}')
    path.rmdir()
    sys.exit(77)


def make(kind):
    if kind == 'portal':
        print(rest().call('POST', '/v1/portals', {'address': '127.0.0.1', 'port': 0})['id'])
    elif kind == 'pool':
        print(make_pool(TOP / 'pool'))
    elif kind == 'drive':
        print(make_drive())
    else:
        sys.exit(77)


def delete(kind, object_id):
    if kind != 'drive':
        rest().call('DELETE', f'/v1/{kind}s/{object_id}')
        return
    for pair in rest().call('GET', f'/v1/drives/{object_id}')['pools']:
        path = pathlib.Path(rest().call('GET', f'/v1/pools/{pair["pool_id"]}')['path'])
        rest().call('DELETE', f'/v1/pools/{pair["pool_id"]}')
        path.rmdir()


def main():
    what, kind, object_id = (sys.argv[1:] + ['', ''])[:3]
    if what == 'make':
        make(kind)
    elif what == 'delete':
        delete(kind, object_id)
    else:
        {'fail': fail, 'heal': heal, 'hold': hold, 'release': release, 'slow': slow, 'cut': cut,
         'join': join, 'restrict': restrict, 'permit': permit,
         'same': same}[what](kind, object_id)


if __name__ == '__main__':
    main()
