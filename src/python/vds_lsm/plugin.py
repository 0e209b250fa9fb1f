# SPDX-License-Identifier: LGPL-2.1-or-later
"""The methods of libStorageMgmt's plug-in interface, over the REST API of one array.

Volumes are LUNs, access groups are hosts, target ports are the portals of targets, disks are
drives.  docs/managers.md says what each method means here.
"""
from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any, Literal, TypeVar

import vds
from vds import types

from . import masking, values
from .errors import code_of, translated
from .uri import connect, parse_uri
from .values import Value
from .version import VERSION
from .wire import Code, LsmError

T = TypeVar('T')
_DESCRIPTION = 'vdsd iSCSI array'
_SECRET_MIN_BYTES, _SECRET_MAX_BYTES = 12, 255
_BUSY_FIRST_WAIT_S, _BUSY_LONGEST_WAIT_S = 0.05, 1.0

# What each kind of argument is called when there is none of its id.
_NO_VOLUME = {'NOT_FOUND': Code.NOT_FOUND_VOLUME}
_NO_POOL = {'NOT_FOUND': Code.NOT_FOUND_POOL}
_NO_GROUP = {'NOT_FOUND': Code.NOT_FOUND_ACCESS_GROUP}
_NO_JOB = {'NOT_FOUND': Code.NOT_FOUND_JOB}
_MASKED = {'IN_USE': Code.IS_MASKED}


def _found(items: Iterable[Value], key: str | None, value: Any,
           keys: tuple[str, ...]) -> list[Value]:
    """Those of the items whose property `key` is `value`; all when key is None."""
    if key is None:
        return list(items)
    if key not in keys:
        raise LsmError(Code.UNSUPPORTED_SEARCH_KEY,
                       f'{key!r} cannot be searched for: search for one of {", ".join(keys)}')
    return [item for item in items if item[key] == value]


def _id_of(value: Any, kind: str) -> str:
    """The id in an argument that is an object of libStorageMgmt."""
    if not isinstance(value, dict) or not isinstance(value.get('id'), str) or not value['id']:
        raise LsmError(Code.INVALID_ARGUMENT, f'the {kind} has no id')
    return str(value['id'])


def _size_of(size_bytes: Any) -> int:
    if not isinstance(size_bytes, int) or isinstance(size_bytes, bool) or size_bytes <= 0:
        raise LsmError(Code.INVALID_ARGUMENT, f'the size {size_bytes!r} is no number of bytes')
    return size_bytes


def _check_user(client: vds.Client, user: str | None) -> None:
    """Refuses a user of the URI who is not the one as whom the requests come."""
    if user is None:
        return
    principal = client.principal_get()
    name = principal.get('name', '')
    if name != user:
        raise LsmError(Code.PLUGIN_AUTH_FAILED,
                       f'the URI names the user {user!r}, but the requests come as '
                       f'{principal["kind"]} {name!r}: write the name of the token, or no user')


class Plugin:
    """What one client of libStorageMgmt manages.  One thread uses it."""

    def __init__(self) -> None:
        self._client: vds.Client | None = None
        self._targets: tuple[str, ...] = ()
        self._system_id = ''
        self._timeout_ms = 0

    def methods(self) -> dict[str, Callable[..., Any]]:
        """The methods that a client may call, by name."""
        names = ('plugin_register', 'plugin_unregister', 'plugin_info', 'time_out_set',
                 'time_out_get', 'job_status', 'job_free', 'capabilities', 'systems', 'pools',
                 'pool_member_info', 'volumes', 'volume_create', 'volume_delete', 'volume_resize',
                 'volume_enable', 'volume_disable', 'volume_ident_led_on', 'volume_ident_led_off',
                 'volume_cache_info', 'volume_write_cache_policy_update',
                 'disks', 'access_groups', 'access_group_create', 'access_group_delete',
                 'access_group_initiator_add', 'access_group_initiator_delete', 'volume_mask',
                 'volume_unmask', 'volumes_accessible_by_access_group',
                 'access_groups_granted_to_volume', 'iscsi_chap_auth', 'target_ports')
        return {name: getattr(self, name) for name in names}

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None

    # The connection

    def plugin_register(self, uri: str, password: str | None, timeout: int, flags: int = 0) -> None:
        """Connects to the array of the URI; a client with a wrong token learns of it now."""
        self.close()
        where = parse_uri(uri)
        if not isinstance(timeout, int) or timeout <= 0:
            raise LsmError(Code.INVALID_ARGUMENT, f'{timeout!r} is no number of milliseconds')
        with translated():
            client = connect(where, password, timeout / 1000)
            try:
                array = client.array_get()
                _check_user(client, where.user)
            except BaseException:
                client.close()
                raise
        self._client, self._targets = client, where.targets
        self._system_id, self._timeout_ms = array['id'], timeout
        try:
            self._wanted_targets()
        except LsmError:
            self.close()
            raise

    def plugin_unregister(self, flags: int = 0) -> None:
        self.close()

    def plugin_info(self, flags: int = 0) -> list[str]:
        return [_DESCRIPTION, VERSION]

    def time_out_set(self, ms: int, flags: int = 0) -> None:
        if not isinstance(ms, int) or ms <= 0:
            raise LsmError(Code.INVALID_ARGUMENT, f'{ms!r} is no number of milliseconds')
        self._array.timeout = ms / 1000
        self._array.close()             # the next request connects with the new value
        self._timeout_ms = ms

    def time_out_get(self, flags: int = 0) -> int:
        return self._timeout_ms

    @property
    def _array(self) -> vds.Client:
        if self._client is None:
            raise LsmError(Code.INVALID_ARGUMENT, 'plugin_register must be called first')
        return self._client

    def _when_free(self, change: Callable[[], T]) -> T:
        """Makes a change; waits while another operation holds the object, for the time-out at most.
        """
        end = time.monotonic() + self._timeout_ms / 1000
        wait_s = _BUSY_FIRST_WAIT_S
        while True:
            try:
                return change()
            except vds.ApiError as error:
                if error.code != 'BUSY' or time.monotonic() + wait_s > end:
                    raise
            time.sleep(wait_s)
            wait_s = min(wait_s * 2, _BUSY_LONGEST_WAIT_S)

    # Jobs

    def job_status(self, job_id: str, flags: int = 0) -> list[Any]:
        """[state, percent, the volume or None].  The error of a job that failed is the answer's."""
        with translated(_NO_JOB):
            job = self._array.job_get(job_id)
        if job['state'] == 'running':
            return [values.JOB_INPROGRESS, job['live']['percent'] if job['live'] else 0, None]
        if job['state'] == 'cancelled':
            return [values.JOB_ERROR, 0, None]
        if job['state'] != 'done':
            raise LsmError(code_of(job['error']), job['message'])
        return [values.JOB_COMPLETE, 100, self._volume_if_any(job['lun_id'])]

    def job_free(self, job_id: str, flags: int = 0) -> None:
        """Checks the job only: the array forgets ended jobs by itself."""
        with translated(_NO_JOB):
            job = self._array.job_get(job_id)
        if job['state'] == 'running':
            raise LsmError(Code.INVALID_ARGUMENT, f'the job {job_id} still runs')

    def _volume_if_any(self, lun_id: str) -> Value | None:
        with translated():
            try:
                return values.volume(self._array.lun_get(lun_id), self._system_id)
            except vds.ApiError as error:
                if error.code != 'NOT_FOUND':
                    raise
        return None

    # The system and what it is made of

    def _check_system(self, system: Any) -> None:
        system_id = _id_of(system, 'system')
        if system_id != self._system_id:
            raise LsmError(Code.NOT_FOUND_SYSTEM,
                           f'the array is {self._system_id}, not {system_id}')

    def capabilities(self, system: Value, flags: int = 0) -> Value:
        self._check_system(system)
        return values.capabilities()

    def systems(self, flags: int = 0) -> list[Value]:
        with translated():
            return [values.system(self._array.array_get(), self._array.health())]

    def pools(self, search_key: str | None = None, search_value: Any = None,
              flags: int = 0) -> list[Value]:
        with translated():
            pools = [values.pool(row, self._system_id) for row in self._array.pool_all()]
        return _found(pools, search_key, search_value, ('id', 'system_id'))

    def pool_member_info(self, pool: Value, flags: int = 0) -> list[Any]:
        """[kind of RAID, kind of members, ids of the disks on which the pool lies]."""
        pool_id = _id_of(pool, 'pool')
        with translated(_NO_POOL):
            self._array.pool_get(pool_id)
            disks = [drive['id'] for drive in self._array.drive_all()
                     if any(row['pool_id'] == pool_id for row in drive['pools'])]
        kind = values.MEMBER_TYPE_DISK if disks else values.MEMBER_TYPE_UNKNOWN
        return [values.RAID_TYPE_UNKNOWN, kind, disks]

    def disks(self, search_key: str | None = None, search_value: Any = None,
              flags: int = 0) -> list[Value]:
        with translated():
            disks = [values.disk(drive, self._system_id) for drive in self._array.drive_all()]
        return _found(disks, search_key, search_value, ('id', 'system_id'))

    def target_ports(self, search_key: str | None = None, search_value: Any = None,
                     flags: int = 0) -> list[Value]:
        with translated():
            targets = {target['id']: target for target in self._array.target_all()}
            portals = {portal['id']: portal for portal in self._array.portal_all()}
            interfaces = {address: port for port in self._array.port_all()
                          for address in port['addresses'].split()}
            ports = [values.target_port(targets[group['target_id']], group, portals[portal],
                                        interfaces.get(portals[portal]['address']),
                                        self._system_id)
                     for group in self._array.group_all() for portal in group['portals']
                     # What was made or deleted between these requests is left out.
                     if group['target_id'] in targets and portal in portals]
        return _found(ports, search_key, search_value, ('id', 'system_id'))

    # Volumes

    def _lun(self, volume: Any) -> types.Lun:
        with translated(_NO_VOLUME):
            return self._array.lun_get(_id_of(volume, 'volume'))

    def volumes(self, search_key: str | None = None, search_value: Any = None,
                flags: int = 0) -> list[Value]:
        with translated():
            volumes = [values.volume(lun, self._system_id) for lun in self._array.lun_all()]
        return _found(volumes, search_key, search_value, ('id', 'system_id', 'pool_id'))

    def _job_or_volume(self, answer: types.Answer) -> list[Any]:
        if answer['job'] is not None:
            return [answer['job'], None]
        with translated(_NO_VOLUME):
            return [None, values.volume(self._array.lun_get(answer['id']), self._system_id)]

    def volume_create(self, pool: Value, volume_name: str, size_bytes: int, provisioning: int,
                      flags: int = 0) -> list[Any]:
        pool_id = _id_of(pool, 'pool')
        if provisioning not in (values.PROVISION_THIN, values.PROVISION_FULL,
                                values.PROVISION_DEFAULT):
            raise LsmError(Code.INVALID_ARGUMENT, f'the provisioning {provisioning!r} is unknown: '
                                                  'it is thin (1), full (2) or default (3)')
        with translated(_NO_POOL):
            answer = self._array.lun_create(name=volume_name, pool_id=pool_id,
                                            size_bytes=_size_of(size_bytes),
                                            thick=provisioning == values.PROVISION_FULL)
        if answer['existed']:
            raise LsmError(Code.NAME_CONFLICT, f'there is a volume {volume_name!r} already')
        return self._job_or_volume(answer)

    def volume_delete(self, volume: Value, flags: int = 0) -> str | None:
        lun_id = _id_of(volume, 'volume')
        with translated(_NO_VOLUME):
            try:
                return self._when_free(lambda: self._array.lun_delete(lun_id))['job']
            except vds.ApiError as error:
                if error.code != 'IN_USE':
                    raise
        raise LsmError(Code.IS_MASKED, 'the volume is behind a target: unmask it from all access '
                                       'groups, or change its targets with `vdsctl lun associate`')

    def volume_resize(self, volume: Value, new_size_bytes: int, flags: int = 0) -> list[Any]:
        lun, size = self._lun(volume), _size_of(new_size_bytes)
        size = -(-size // lun['block_bytes']) * lun['block_bytes']
        more = size - lun['size_bytes']
        if more == 0:
            raise LsmError(Code.NO_STATE_CHANGE, f'the volume has {size} bytes already')
        with translated(_NO_VOLUME):
            if more > 0:
                answer = self._when_free(lambda: self._array.lun_extend(lun['id'], add_bytes=more))
            else:
                answer = self._when_free(lambda: self._array.lun_shrink(lun['id'], size_bytes=size))
        return self._job_or_volume(answer)

    def volume_enable(self, volume: Value, flags: int = 0) -> None:
        self._set_status(volume, 'online')

    def volume_disable(self, volume: Value, flags: int = 0) -> None:
        self._set_status(volume, 'offline')

    def _set_status(self, volume: Value, status: Literal['online', 'offline']) -> None:
        lun = self._lun(volume)
        if lun['status'] == status:
            raise LsmError(Code.NO_STATE_CHANGE, f'the volume is {status} already')
        with translated(_NO_VOLUME):
            self._array.wait(self._when_free(
                lambda: self._array.lun_change(lun['id'], status=status)))

    def volume_ident_led_on(self, volume: Value, flags: int = 0) -> None:
        self._blink(volume, 'start')

    def volume_ident_led_off(self, volume: Value, flags: int = 0) -> None:
        self._blink(volume, 'stop')

    def _blink(self, volume: Value, action: str) -> None:
        lun = self._lun(volume)
        with translated(_NO_VOLUME):
            self._array.maintenance_ask(object_id=lun['id'], operation='blink', action=action)

    def volume_cache_info(self, volume: Value, flags: int = 0) -> list[int]:
        return values.cache_info(self._lun(volume))

    def volume_write_cache_policy_update(self, volume: Value, wcp: int, flags: int = 0) -> None:
        """Writes the policy into the hints of the LUN and keeps its other hints."""
        if wcp not in (values.WRITE_BACK_POLICY, values.WRITE_THROUGH_POLICY):
            raise LsmError(Code.NO_SUPPORT, f'the write cache policy {wcp!r} is not supported: it '
                                            'is write back (2) or write through (4)')
        lun = self._lun(volume)
        hints = values.hints_with_policy(lun['hints'], wcp)
        with translated(_NO_VOLUME):
            self._when_free(lambda: self._array.lun_change(lun['id'], hints=hints))

    # Access groups

    def _host(self, access_group: Any) -> types.Host:
        with translated(_NO_GROUP):
            return self._array.host_get(_id_of(access_group, 'access group'))

    def _access_group(self, host_id: str) -> Value:
        with translated(_NO_GROUP):
            return values.access_group(self._array.host_get(host_id), self._system_id)

    def access_groups(self, search_key: str | None = None, search_value: Any = None,
                      flags: int = 0) -> list[Value]:
        with translated():
            groups = [values.access_group(host, self._system_id) for host in self._array.host_all()]
        return _found(groups, search_key, search_value, ('id', 'system_id'))

    def _check_initiator(self, init_id: str, init_type: int | None) -> None:
        """Refuses initiators of other kinds than iSCSI, and lists of names."""
        if init_type not in (None, values.INIT_TYPE_ISCSI_IQN):
            raise LsmError(Code.NO_SUPPORT, f'the initiator {init_id} has the type {init_type}: '
                                            'this array has only iSCSI initiators')
        if ';' in init_id:
            raise LsmError(Code.INVALID_ARGUMENT, f'{init_id!r} is no name of an iSCSI initiator')

    def _owner(self, init_id: str) -> types.Host | None:
        """The host of an initiator."""
        wanted = init_id.lower()                # the array keeps iSCSI names in lower case
        with translated():
            return next((host for host in self._array.host_all()
                         if wanted in host['initiators']), None)

    def _refuse_owned(self, init_id: str) -> None:
        owner = self._owner(init_id)
        if owner is not None:
            raise LsmError(Code.EXISTS_INITIATOR,
                           f'the initiator {init_id} is in the access group {owner["name"]!r}')

    def access_group_create(self, name: str, init_id: str, init_type: int, system: Value,
                            flags: int = 0) -> Value:
        self._check_system(system)
        self._check_initiator(init_id, init_type)
        with translated():
            if next(iter(self._array.host_all(name=name)), None) is not None:
                raise LsmError(Code.NAME_CONFLICT, f'there is an access group {name!r} already')
        self._refuse_owned(init_id)
        with translated():
            return self._access_group(self._array.host_create(name=name, initiators=init_id)['id'])

    def access_group_delete(self, access_group: Value, flags: int = 0) -> None:
        host = self._host(access_group)
        with translated({**_NO_GROUP, **_MASKED}):
            self._array.host_delete(host['id'])

    def access_group_initiator_add(self, access_group: Value, init_id: str, init_type: int,
                                   flags: int = 0) -> Value:
        host = self._host(access_group)
        self._check_initiator(init_id, init_type)
        if init_id.lower() in host['initiators']:
            raise LsmError(Code.NO_STATE_CHANGE, f'{init_id} is in {host["name"]!r} already')
        self._refuse_owned(init_id)
        with translated(_NO_GROUP):
            self._array.host_change(host['id'], initiators_add=init_id)
        return self._access_group(host['id'])

    def access_group_initiator_delete(self, access_group: Value, init_id: str,
                                      init_type: int | None = None, flags: int = 0) -> Value:
        host = self._host(access_group)
        self._check_initiator(init_id, init_type)
        if init_id.lower() not in host['initiators']:
            raise LsmError(Code.NO_STATE_CHANGE, f'{init_id} is not in {host["name"]!r}')
        with translated(_NO_GROUP):
            self._array.host_change(host['id'], initiators_remove=init_id)
        return self._access_group(host['id'])

    # Masking

    def _wanted_targets(self) -> set[str]:
        """The ids of the targets of the URI; of all targets when it names none."""
        with translated():
            targets = list(self._array.target_all())
        if not self._targets:
            return {target['id'] for target in targets}
        found = set()
        for word in self._targets:
            those = {target['id'] for target in targets
                     if word in (target['id'], target['iscsi_name'], target['alias'])}
            if len(those) != 1:
                raise LsmError(Code.INVALID_ARGUMENT,
                               f'target={word} in the URI is the name of {len(those)} targets: '
                               '`vdsctl target list` names all of them')
            found |= those
        return found

    def _targets_of(self, lun_id: str) -> set[str]:
        """The targets behind which a LUN is, as far as the URI is about them."""
        with translated(_NO_VOLUME):
            behind = {row['target_id'] for row in self._array.lun_targets(lun_id)['items']}
        return behind & self._wanted_targets() if self._targets else behind

    def volume_mask(self, access_group: Value, volume: Value, flags: int = 0) -> None:
        """Puts the LUN behind the targets, and the host on its unmasking list."""
        host, lun = self._host(access_group), self._lun(volume)
        if not host['initiators']:
            raise LsmError(Code.EMPTY_ACCESS_GROUP,
                           f'the access group {host["name"]!r} has no initiator: add one first')
        behind, granted = self._targets_of(lun['id']), masking.is_granted(lun, host)
        # Without targets in the URI, a LUN that is behind a target stays where it is.
        add = sorted(self._wanted_targets() - behind) if self._targets or not behind else []
        if granted and not add and behind:
            raise LsmError(Code.NO_STATE_CHANGE, f'{host["name"]!r} has access to {lun["name"]!r}')
        if not behind and not add:
            raise LsmError(Code.NOT_FOUND_GENERIC,
                           'the array has no target behind which the volume could be: '
                           '`vdsctl target create` makes one')
        with translated(_NO_VOLUME):
            if add:
                self._when_free(lambda: self._array.lun_targets_change(lun['id'], add=add))
            try:
                if not granted:
                    self._array.lun_change(lun['id'], mask_add=f'host:{host["id"]}')
            except vds.VdsError:
                if add:
                    self._array.lun_targets_change(lun['id'], remove=add)
                raise

    def volume_unmask(self, access_group: Value, volume: Value, flags: int = 0) -> None:
        """Takes the host off the LUN's unmasking list, and the LUN from its targets when nobody
        is left on the list.
        """
        host, lun = self._host(access_group), self._lun(volume)
        own, shared = masking.own_entries(lun, host), masking.shared_entries(lun, host)
        if shared:
            raise LsmError(Code.NO_SUPPORT,
                           f'{host["name"]!r} has access to {lun["name"]!r} by '
                           f'"{"; ".join(sorted(shared))}", as others have, too: change that with '
                           '`vdsctl lun mask`')
        if not own:
            raise LsmError(Code.NO_STATE_CHANGE,
                           f'{host["name"]!r} has no access to {lun["name"]!r}')
        words = ';'.join(sorted(own))
        with translated(_NO_VOLUME):
            self._array.lun_change(lun['id'], mask_remove=words)
            behind = sorted(self._targets_of(lun['id']))
            if masking.entries_of(self._array.lun_get(lun['id'])) or not behind:
                return
            try:
                self._when_free(lambda: self._array.lun_targets_change(lun['id'], remove=behind))
            except vds.VdsError:
                self._array.lun_change(lun['id'], mask_add=words)
                raise

    def volumes_accessible_by_access_group(self, access_group: Value,
                                           flags: int = 0) -> list[Value]:
        host = self._host(access_group)
        with translated():
            targets = self._wanted_targets()
            exposed = {row['lun_id'] for row in self._array.association_all()
                       if row['target_id'] in targets}
            return [values.volume(lun, self._system_id) for lun in self._array.lun_all()
                    if lun['id'] in exposed and masking.is_granted(lun, host)]

    def access_groups_granted_to_volume(self, volume: Value, flags: int = 0) -> list[Value]:
        lun = self._lun(volume)
        if not self._targets_of(lun['id']):
            return []
        with translated():
            return [values.access_group(host, self._system_id) for host in self._array.host_all()
                    if masking.is_granted(lun, host)]

    # CHAP

    def iscsi_chap_auth(self, init_id: str, in_user: str | None, in_password: str | None,
                        out_user: str | None, out_password: str | None, flags: int = 0) -> None:
        """Sets the secrets of an initiator; without passwords, removes them.

        in: by which the initiator proves itself; out: by which targets prove themselves to it.
        """
        owner = self._owner(init_id)
        if owner is None:
            raise LsmError(Code.NOT_FOUND_ACCESS_GROUP,
                           f'the initiator {init_id} is in no access group: create one with it')
        for side, user, password in (('in', in_user, in_password), ('out', out_user, out_password)):
            if user and not password:
                raise LsmError(Code.INVALID_ARGUMENT, f'the {side} user {user!r} has no password')
        if out_password and not in_password:
            raise LsmError(Code.INVALID_ARGUMENT, 'an out password needs an in password: targets '
                                                  'prove themselves only to who proved himself')
        _check_secrets(in_password, out_password)
        self._set_secrets(owner['id'], init_id.lower(), {'initiator': (in_user, in_password),
                                                         'target': (out_user, out_password)})

    def _set_secrets(self, owner_id: str, initiator: str,
                     wanted: dict[str, tuple[str | None, str | None]]) -> None:
        """Makes these the only secrets of an initiator; wanted: user and password for each side."""
        made: list[types.Answer] = []
        with translated():
            for side, (user, password) in wanted.items():
                if not password:
                    continue
                try:
                    made.append(self._array.credential_set(
                        owner_id=owner_id, side=side, secret=password, user=user or None,
                        initiator=initiator))
                except vds.ApiError as error:
                    self._take_back(made, error)
                    raise
            kept = {answer['id'] for answer in made}
            for row in list(self._array.credential_all(owner_id=owner_id)):
                if row['initiator'] == initiator and row['id'] not in kept:
                    self._array.credential_delete(row['id'])

    def _take_back(self, made: list[types.Answer], error: vds.ApiError) -> None:
        """Deletes the secrets that were new; says so in the error when one was replaced."""
        for answer in made:
            if answer['existed']:
                error.message += '; the in password was replaced before this was refused'
            else:
                self._array.credential_delete(answer['id'])


def _check_secrets(*passwords: str | None) -> None:
    """Refuses, before anything is changed, what the array would refuse of each or of both."""
    given = [password for password in passwords if password]
    for password in given:
        count = len(password.encode())
        if password[:2].lower() == '0x':
            count = count // 2 - 1
        if not _SECRET_MIN_BYTES <= count <= _SECRET_MAX_BYTES:
            raise LsmError(Code.INVALID_ARGUMENT,
                           f'a password has {count} bytes: it needs {_SECRET_MIN_BYTES} to '
                           f'{_SECRET_MAX_BYTES}, since a shorter one can be guessed from one '
                           'login that somebody records (RFC 7143 §9.2.1)')
    if len(given) != len(set(given)):
        raise LsmError(Code.INVALID_ARGUMENT, 'the in and the out password are the same: the two '
                                              'sides prove themselves by different ones')
