# SPDX-License-Identifier: LGPL-2.1-or-later
"""iscsi: targets are targets, an extent is a LUN that is meant to be served, and a targetextent is
the association of the two.

The targets whose names begin with the base name and a colon are shown, and no others.  The
initiators of a target's groups are the unmasking list of the LUNs behind it.
"""
from __future__ import annotations

import errno
import re
from typing import Any

from vds import types

from . import query
from .context import WAIT_S, Call
from .errors import Refused, failed, invalid, missing, translated
from .fields import Fields
from .store import Extent
from .zvols import Zvol, all_zvols, find_zvol, zvol_of_lun

Value = dict[str, Any]
_TARGET_NAME = re.compile(r'[a-z0-9.:-]{1,120}')
_EXTENT_NAME_MAX = 64
_EVERYBODY = '*'
_LUNID_MAX = 16383


def _number(text: str, kind: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise missing(kind, text)
    return int(text)


# Settings: what the administrator has given numbers

def global_config(call: Call) -> Any:
    return {'id': 1, 'basename': call.basename, 'isns_servers': [], 'listen_port': 3260,
            'pool_avail_threshold': None, 'alua': True}


def _portals_of(call: Call, number: int) -> list[types.Portal]:
    """The portals of the array that a number stands for."""
    wanted = call.config.portals[number]
    have = {(f'[{portal["address"]}]' if ':' in portal['address'] else portal['address'])
            + f':{portal["port"]}': portal for portal in call.array.portal_all()}
    if not wanted:
        return list(have.values())
    for place in wanted:
        if place not in have:
            raise failed(f'the array has no portal {place}, which --portal {number} of vds-truenas '
                         'names (vdsctl portal list)')
    return [have[place] for place in wanted]


def portals(call: Call) -> Any:
    values = []
    with translated('Failed to list the portals'):
        for number in sorted(call.config.portals):
            listen = [{'ip': portal['address'], 'port': portal['port']}
                      for portal in _portals_of(call, number)]
            values.append({'id': number, 'tag': number, 'listen': listen,
                           'comment': ' '.join(call.config.portals[number]) or 'all portals',
                           'discovery_authmethod': 'NONE', 'discovery_authgroup': None})
    return query.chosen(values, call.query)


def initiators(call: Call) -> Any:
    return query.chosen([
        {'id': number, 'comment': mask,
         'initiators': [] if mask == _EVERYBODY else mask.split(';')}
        for number, mask in sorted(call.config.initiators.items())], call.query)


def auths(call: Call) -> Any:
    """None: CHAP secrets belong to the hosts of vdsd."""
    return query.chosen([], call.query)


# Targets

def _targets(call: Call) -> dict[str, types.Target]:
    prefix = f'{call.basename}:'
    return {target['id']: target for target in call.array.target_all()
            if target['iscsi_name'].startswith(prefix)}


def _target_value(call: Call, target: types.Target, reachable: bool) -> Value:
    """reachable: it has its portals; without them its groups are shown as missing."""
    return {'id': call.store.target_number(target['id']),
            'name': target['iscsi_name'].removeprefix(f'{call.basename}:'),
            'alias': target['alias'] or None, 'mode': 'ISCSI', 'auth_networks': [],
            'groups': call.store.groups(target['id']) if reachable else []}


def targets(call: Call) -> Any:
    with translated('Failed to list the targets'):
        reachable = {group['target_id'] for group in call.array.group_all() if group['portals']}
        values = [_target_value(call, target, ident in reachable)
                  for ident, target in _targets(call).items()]
    return query.chosen(sorted(values, key=lambda value: int(value['id'])), call.query)


def _target(call: Call) -> types.Target:
    text, = call.names
    ident = call.store.target_id(_number(text, 'Target'))
    with translated('Failed to look for the target'):
        target = _targets(call).get(ident) if ident is not None else None
    if target is None:
        raise missing('Target', text)
    return target


def _one_target(call: Call, target: types.Target) -> Value:
    groups = call.array.group_all(target_id=target['id'])
    return _target_value(call, target, any(group['portals'] for group in groups))


def target(call: Call) -> Any:
    return _one_target(call, _target(call))


def _groups_of(call: Call, fields: Fields) -> list[Value]:
    """The groups of a target, checked, in the form in which they are kept."""
    field, found = fields.field('groups'), fields.take('groups', [])
    if not isinstance(found, list) or not all(isinstance(group, dict) for group in found):
        raise invalid(field, 'it is no list of objects')
    groups: list[Value] = []
    for entry in found:
        group = Fields(entry, field)
        portal, initiator = group.take('portal'), group.take('initiator')
        group.only('authmethod', ('NONE',), 'the hosts of vdsd have their own '
                                            'secrets (vdsctl host secret); write '
                                            'targetGroupAuthType: None')
        group.only('auth', (None,), 'write no targetGroupAuthGroup')
        group.end()
        if type(portal) is not int or portal not in call.config.portals:
            raise invalid(f'{field}.portal', f'there is no portal group {portal!r}: start '
                                             f'vds-truenas with --portal N=ADDRESS:PORT')
        if type(initiator) is not int or initiator not in call.config.initiators:
            raise invalid(f'{field}.initiator', f'there is no initiator group {initiator!r}: start '
                                                'vds-truenas with --initiators N=host-group:NAME')
        groups.append({'portal': portal, 'initiator': initiator, 'auth': None,
                       'authmethod': 'NONE'})
    if len({group['initiator'] for group in groups}) > 1:
        raise invalid(field, 'the groups of a target must have the same initiators: vdsd unmasks a '
                             'LUN to a list, whichever portal the initiator uses')
    if len({group['portal'] for group in groups}) < len(groups):
        raise invalid(field, 'a portal cannot be duplicated on a target')
    return groups


def _set_portals(call: Call, target_id: str, groups: list[Value]) -> None:
    """Makes the portal groups of a target those of its groups, one with all the portals."""
    wanted = {portal['id'] for group in groups for portal in _portals_of(call, group['portal'])}
    have = list(call.array.group_all(target_id=target_id))
    group_id = have[0]['id'] if have else call.array.group_create(target_id=target_id)['id']
    present = {portal for group in have for portal in group['portals']}
    for portal in sorted(wanted - present):
        call.array.group_add_portal(group_id, portal)
    for group in have:
        for portal in set(group['portals']) - wanted:
            call.array.group_remove_portal(group['id'], portal)


def create_target(call: Call) -> Any:
    fields = call.fields('iscsi_target_create')
    name, alias = fields.text('name'), fields.take('alias')
    fields.only('mode', ('ISCSI',), 'vdsd has no Fibre Channel')
    fields.only('auth_networks', ([],), 'limit those of the hosts: vdsctl host sources')
    groups = _groups_of(call, fields)
    fields.end()
    if alias is not None and not isinstance(alias, str):
        raise invalid(fields.field('alias'), 'it is no text')
    if not _TARGET_NAME.fullmatch(name):
        raise invalid(fields.field('name'), f'{name!r} must have 1 to 120 lower-case letters, '
                                            'digits, and . : -')
    iscsi_name = f'{call.basename}:{name}'
    with translated(f'Failed to create the target {name}'):
        if any(True for _ in call.array.target_all(name=iscsi_name)):
            raise invalid(fields.field('name'), 'Target name already exists', errno.EEXIST)
        made = call.array.target_create(iscsi_name=iscsi_name, alias=alias or None,
                                        duplicate=True)
        # Last, so that a target without all its portals has no groups, and gets them by update.
        _set_portals(call, made['id'], groups)
        call.store.set_groups(made['id'], groups)
        return _one_target(call, call.array.target_get(made['id']))


def update_target(call: Call) -> Any:
    found = _target(call)
    fields = call.fields('iscsi_target_update')
    groups = _groups_of(call, fields) if 'groups' in fields else None
    name = fields.text('name', found['iscsi_name'].removeprefix(f'{call.basename}:'))
    if f'{call.basename}:{name}' != found['iscsi_name']:
        raise invalid(fields.field('name'), 'a target keeps its name')
    fields.only('mode', ('ISCSI',), 'vdsd has no Fibre Channel')
    fields.take('alias')
    fields.end()
    if groups is not None:
        with translated(f'Failed to change the target {name}'):
            _set_portals(call, found['id'], groups)
            call.store.set_groups(found['id'], groups)
            for lun_id in _luns_behind(call, found['id']):
                _unmask(call, lun_id)
    return _one_target(call, found)


def delete_target(call: Call) -> Any:
    """Deletes a target; the LUNs stay, behind it no longer."""
    found = _target(call)
    if next(call.array.session_all(target_id=found['id']), None) is not None:
        name = found['iscsi_name'].removeprefix(f'{call.basename}:')
        raise failed(f'Target {name} is in use.')
    with translated(f'Failed to delete the target {found["iscsi_name"]}'):
        for lun_id in _luns_behind(call, found['id']):
            _separate(call, found['id'], lun_id)
        call.array.wait(call.when_free(lambda: call.array.target_delete(found['id'])),
                        timeout=WAIT_S)
    call.store.gone(found['id'])
    return True


# Extents

def _extent_value(extent: Extent, zvol: Zvol) -> Value:
    lun = zvol.lun
    return {'id': extent.number, 'name': extent.name, 'type': 'DISK', 'disk': f'zvol/{zvol.name}',
            'path': f'zvol/{zvol.name}', 'serial': lun['serial'], 'naa': f'0x{lun["naa"].lower()}',
            'blocksize': lun['block_bytes'], 'filesize': '0', 'vendor': None, 'enabled': True,
            'ro': lun['access'] == 'read-only', 'locked': False, **extent.settings}


def _extents(call: Call) -> list[tuple[Extent, Zvol]]:
    zvols = {zvol.id: zvol for zvol in all_zvols(call)}
    return [(extent, zvols[extent.lun_id]) for extent in call.store.extents()
            if extent.lun_id in zvols]


def extents(call: Call) -> Any:
    return query.chosen([_extent_value(*found) for found in _extents(call)], call.query)


def _extent_of_number(call: Call, number: int) -> tuple[Extent, Zvol] | None:
    extent = call.store.extent('number', number)
    zvol = zvol_of_lun(call, extent.lun_id) if extent is not None else None
    return (extent, zvol) if extent is not None and zvol is not None else None


def _extent(call: Call) -> tuple[Extent, Zvol]:
    text, = call.names
    found = _extent_of_number(call, _number(text, 'Extent'))
    if found is None:
        raise missing('Extent', text)
    return found


def extent(call: Call) -> Any:
    return _extent_value(*_extent(call))


def _extent_settings(fields: Fields) -> Value:
    """What is only shown again: nothing of vdsd corresponds."""
    settings = {'comment': fields.text('comment', ''), 'rpm': fields.take('rpm', 'SSD'),
                'insecure_tpc': fields.boolean('insecure_tpc', True),
                'xen': fields.boolean('xen'), 'pblocksize': fields.boolean('pblocksize'),
                'avail_threshold': fields.take('avail_threshold')}
    if not isinstance(settings['rpm'], str):
        raise invalid(fields.field('rpm'), 'it is no text')
    if settings['avail_threshold'] is not None and not isinstance(settings['avail_threshold'], int):
        raise invalid(fields.field('avail_threshold'), 'it is no number')
    return settings


def create_extent(call: Call) -> Any:
    fields = call.fields('iscsi_extent_create')
    fields.only('type', ('DISK',), 'LUNs are volumes')
    name, disk, ro = fields.text('name'), fields.text('disk'), fields.boolean('ro')
    blocksize = fields.integer('blocksize', 512)
    settings = _extent_settings(fields)
    fields.end()
    zvol = find_zvol(call, disk.removeprefix('zvol/')) if disk.startswith('zvol/') else None
    if zvol is None:
        raise invalid(fields.field('disk'), f'{disk!r} is no zvol of this array')
    if not 0 < len(name) <= _EXTENT_NAME_MAX:
        raise invalid(fields.field('name'), f'it must have 1 to {_EXTENT_NAME_MAX} characters')
    if blocksize != zvol.lun['block_bytes']:
        raise invalid(fields.field('blocksize'),
                      f'the LUN was made with blocks of {zvol.lun["block_bytes"]} bytes: set '
                      'extentBlocksize to that, or --block-size of vds-truenas for new volumes')
    other = call.store.extent('name', name)
    if other is not None and zvol_of_lun(call, other.lun_id) is not None:
        raise invalid(fields.field('name'), 'Extent name must be unique', errno.EEXIST)
    if other is not None:                       # of a LUN that is gone
        call.store.delete_extent(other.number)
    other = call.store.extent('lun_id', zvol.id)
    if other is not None:
        raise invalid(fields.field('disk'), f'the extent {other.name} has this zvol already',
                      errno.EEXIST)
    lun_id = zvol.id
    if ro != (zvol.lun['access'] == 'read-only'):
        with translated(f'Failed to create the extent {name}'):
            call.when_free(lambda: call.array.lun_change(
                lun_id, access='read-only' if ro else 'read-write'))
    number = call.store.make_extent(lun_id, name, settings)
    return extent(_with_name(call, number))


def _with_name(call: Call, number: int) -> Call:
    return Call(call.array, call.store, call.config, (str(number),))


def delete_extent(call: Call) -> Any:
    """Deletes an extent; the zvol stays, behind no target of ours."""
    found, zvol = _extent(call)
    check_unused(call, zvol.id, failed(f'Extent {found.name} is in use.'))
    with translated(f'Failed to delete the extent {found.name}'):
        ours = _targets(call)
        for pair in call.array.association_all(lun_id=zvol.id):
            if pair['target_id'] in ours:
                _separate(call, pair['target_id'], zvol.id)
    call.store.delete_extent(found.number)
    return True


# Which extent is behind which target

def check_unused(call: Call, lun_id: str, refusal: Refused) -> None:
    """Raises the refusal when there is a session of a target that the LUN is behind."""
    with translated('Failed to look for sessions'):
        behind = [pair['target_id'] for pair in call.array.association_all(lun_id=lun_id)]
        for target_id in behind:
            if next(call.array.session_all(target_id=target_id), None) is not None:
                raise refusal


def _luns_behind(call: Call, target_id: str) -> list[str]:
    return [pair['lun_id'] for pair in call.array.association_all(target_id=target_id)]


def _unmask(call: Call, lun_id: str, soon: tuple[str, ...] = ()) -> None:
    """Makes the unmasking list that of the groups of the targets that the LUN is behind.

    soon: the ids of targets behind which it will be.
    """
    behind = [pair['target_id'] for pair in call.array.association_all(lun_id=lun_id)]
    masks = {call.config.initiators[group['initiator']]
             for target_id in (*behind, *soon) for group in call.store.groups(target_id)
             if group['initiator'] in call.config.initiators}
    mask = _EVERYBODY if _EVERYBODY in masks else ';'.join(sorted(masks))
    call.when_free(lambda: call.array.lun_change(lun_id, mask=mask))


def _separate(call: Call, target_id: str, lun_id: str) -> None:
    """Takes a LUN from behind a target, and masks it from who came through that."""
    call.array.wait(call.when_free(
        lambda: call.array.lun_targets_change(lun_id, remove=[target_id])), timeout=WAIT_S)
    _unmask(call, lun_id)


def _links(call: Call) -> list[Value]:
    with translated('Failed to list the associations'):
        ours, found = _targets(call), []
        numbers = {extent.lun_id: extent.number for extent, _ in _extents(call)}
        for pair in call.array.association_all():
            if pair['target_id'] in ours and pair['lun_id'] in numbers:
                found.append({'id': call.store.link_number(pair['target_id'], pair['lun_id']),
                              'target': call.store.target_number(pair['target_id']),
                              'extent': numbers[pair['lun_id']], 'lunid': pair['lun_number']})
    return sorted(found, key=lambda link: int(link['id']))


def links(call: Call) -> Any:
    return query.chosen(_links(call), call.query)


def link(call: Call) -> Any:
    text, = call.names
    for found in _links(call):
        if found['id'] == _number(text, 'Targetextent'):
            return found
    raise missing('Targetextent', text)


def _target_of(call: Call, fields: Fields) -> types.Target:
    number = fields.integer('target')
    ident = call.store.target_id(number)
    found = _targets(call).get(ident) if ident is not None else None
    if found is None:
        raise invalid(fields.field('target'), f'there is no target {number}', errno.ENOENT)
    return found


def _lun_of(call: Call, fields: Fields) -> str:
    number = fields.integer('extent')
    found = _extent_of_number(call, number)
    if found is None:
        raise invalid(fields.field('extent'), f'there is no extent {number}', errno.ENOENT)
    return found[1].id


def create_link(call: Call) -> Any:
    fields = call.fields('iscsi_targetextent_create')
    with translated('Failed to look for the target'):
        target, lun_id = _target_of(call, fields), _lun_of(call, fields)
    lunid = fields.take('lunid')
    if lunid is not None and (not isinstance(lunid, int) or isinstance(lunid, bool)):
        raise invalid(fields.field('lunid'), f'{lunid!r} is no number')
    if lunid is not None and not 0 <= lunid <= _LUNID_MAX:
        raise invalid(fields.field('lunid'), f'{lunid} is not between 0 and {_LUNID_MAX}')
    fields.end()
    return _associate(call, fields, target, lun_id, lunid)


def _put_behind(call: Call, target: types.Target, lun_id: str, lunid: int | None) -> None:
    """Puts a LUN behind a target, with a number that the client has chosen, or with any.

    The array itself does not give a number of a target again, and by this name the target may have
    had LUNs before; democratic-csi always wants 0.  A plan may say which number it is to be.
    """
    target_id = target['id']
    if lunid is None:
        call.array.wait(call.when_free(
            lambda: call.array.lun_targets_change(lun_id, add=[target_id])), timeout=WAIT_S)
        return
    pair = {'lun': lun_id, 'target': target['iscsi_name'], 'number': lunid}
    call.when_free(lambda: call.array.apply(document={'format': 1, 'associations': [pair]}))


def _associate(call: Call, fields: Fields, target: types.Target, lun_id: str,
               lunid: int | None) -> Value:
    target_id = target['id']
    with translated('Failed to put the LUN behind the target'):
        for pair in call.array.association_all(target_id=target_id):
            if pair['lun_id'] == lun_id:
                raise invalid(fields.field('extent'), 'Extent is already in this target.',
                              errno.EEXIST)
            if pair['lun_number'] == lunid:
                raise invalid(fields.field('lunid'),
                              'LUN ID is already being used for this target.', errno.EEXIST)
        _unmask(call, lun_id, (target_id,))     # first: who finds the link finds it complete
        _put_behind(call, target, lun_id, lunid)
        got = next(pair['lun_number'] for pair in call.array.association_all(target_id=target_id)
                   if pair['lun_id'] == lun_id)
    extent = call.store.extent('lun_id', lun_id)
    return {'id': call.store.link_number(target_id, lun_id),
            'target': call.store.target_number(target_id),
            'extent': extent.number if extent is not None else None, 'lunid': got}


def delete_link(call: Call) -> Any:
    found = link(call)
    target_id = call.store.target_id(found['target'])
    extent = call.store.extent('number', found['extent'])
    assert target_id is not None and extent is not None
    lun_id = extent.lun_id
    check_unused(call, lun_id, failed(f'Targetextent {found["id"]} is in use.'))
    with translated('Failed to take the LUN from the target'):
        _separate(call, target_id, lun_id)
    call.store.delete_link(found['id'])
    return True
