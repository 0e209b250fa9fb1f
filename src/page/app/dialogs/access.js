// SPDX-License-Identifier: LGPL-2.1-or-later
// Dialogs for who reaches the array, and where: targets, portals, hosts, host groups, secrets.
import * as m from '../model.js';
import * as plans from '../plans.js';
import { openDialog } from '../dialog.jsx';
import { area, check, mono, secret, select, text } from '../fields.jsx';
import { capital } from '../plans/common.js';
import { go } from '../router.js';
import { confirm, forceable, fresh, hostChoice, INITIATORS, live, setStatus } from './common.js';

// ---- targets and portals ----

export const createTarget = () =>
	openDialog({
		input: { alias: '', iscsiName: '' },
		verb: 'Create',
		plan: plans.createTarget,
		fields: () => [
			text('Name', 'alias'),
			mono(
				'iSCSI name',
				'iscsiName',
				'Leave empty, and vdsd makes one. Such as iqn.2026-11.org.example:disks',
			),
		],
		after: (made) => go('targets', made.target),
	});

export const deleteTarget = (target) =>
	confirm(
		'Delete',
		(r) => plans.deleteTarget(r, target),
		() => go('targets'),
	);

export const createPortal = () =>
	openDialog({
		input: { address: '', port: '3260', allTargets: true },
		verb: 'Add',
		plan: plans.createPortal,
		fields: () => [
			[
				mono('Address', 'address', 'An address of the array; 0.0.0.0 for each of them'),
				text('Port', 'port', undefined, { inputmode: 'numeric' }),
			],
			check('For every target', 'allTargets', 'Put it into a portal group of each target'),
		],
	});

export const portalStatus = setStatus(plans.portalStatus);

export const deletePortal = (portal) =>
	confirm(
		'Delete',
		(r) => plans.deletePortal(r, portal),
		() => go('portals'),
	);

/** group: a portal group. */
export const groupAccess = (group) =>
	openDialog({
		input: {
			state: group.access_state,
			preferred: group.preferred,
			explicit: group.explicit_allowed,
		},
		plan: (r, input) => plans.setAccess(r, fresh(r, 'portal_group', group), input),
		fields: (input) => [
			select(
				'State',
				'state',
				plans.ACCESS.map(([value, words]) => [value, words]),
				capital(`${plans.accessState(input.state)[2]}.`),
			),
			check('Preferred', 'preferred', 'To other paths in the same state'),
			check(
				'Initiators may set the state',
				'explicit',
				'By SET TARGET PORT GROUPS, as some cluster software does',
			),
		],
	});

// ---- hosts and their groups ----

export const createHost = () =>
	openDialog({
		input: { name: '', initiators: '' },
		verb: 'Add',
		plan: plans.createHost,
		fields: () => [text('Name', 'name'), area('Initiator names', 'initiators', INITIATORS)],
		after: (made) => go('hosts', made.host),
	});

export const hostInitiators = (host) =>
	openDialog({
		input: { initiators: m.initiatorNames(live(), host.id).join('\n') },
		plan: (r, input) => plans.hostInitiators(r, host, input),
		fields: () => [area('Initiator names', 'initiators', INITIATORS)],
	});

export const deleteHost = (host) =>
	forceable({
		label: 'Delete it although it may use LUNs',
		plan: (r, input) => plans.deleteHost(r, host, input),
		after: () => go('hosts'),
	});

export const createGroup = () =>
	openDialog({
		input: { name: '', hosts: [] },
		verb: 'Create',
		plan: plans.createGroup,
		fields: (input, r) => [text('Name', 'name'), hostChoice(r)],
		after: (made) => go('groups', made.group),
	});

export const groupHosts = (group) =>
	openDialog({
		input: { hosts: m.groupHosts(live(), group.id).map((host) => host.id) },
		plan: (r, input) => plans.groupHosts(r, group, input),
		fields: (input, r) => [hostChoice(r)],
	});

export const renameGroup = (group) =>
	openDialog({
		input: { name: group.name },
		verb: 'Rename',
		plan: (r, input) => plans.renameGroup(r, fresh(r, 'host_group', group), input),
		fields: () => [text('Name', 'name')],
	});

export const deleteGroup = (group) =>
	forceable({
		label: 'Delete it although it may use LUNs',
		plan: (r, input) => plans.deleteGroup(r, group, input),
		after: () => go('groups'),
	});

// ---- CHAP ----

const SIDES = [
	['initiator', 'Initiators must know it to log in'],
	['target', 'The array proves itself by it (mutual CHAP)'],
];

/** owner: as of model.js.  before: the secret that is replaced, or nothing. */
export const setSecret = (owner, before) =>
	openDialog({
		input: {
			side: before?.side ?? 'initiator',
			secret: '',
			again: '',
			user: before?.user ?? '',
			initiator: before?.initiator ?? '',
			keep: '',
		},
		verb: before ? 'Replace' : 'Set',
		plan: (r, input) => plans.setSecret(r, owner, input),
		fields: (input) => [
			!before && select('What the secret is for', 'side', SIDES),
			[
				secret('Secret', 'secret', '12 to 255 bytes, or hexadecimal digits behind 0x'),
				secret('Secret again', 'again'),
			],
			!before && [
				mono(
					'CHAP name',
					'user',
					input.side === 'initiator'
						? 'Leave empty to accept any'
						: 'Leave empty for the iSCSI name of the target',
				),
				owner.family !== 'discovery' &&
					mono('Only for the initiator', 'initiator', 'Leave empty for all'),
			],
			before &&
				text(
					'Keep the old one for',
					'keep',
					'Hours in which both are accepted, such as 24',
					{
						inputmode: 'numeric',
					},
				),
		],
	});

export const removeSecret = (owner, credential) =>
	confirm('Remove', (r) => plans.removeSecret(r, owner, credential));
