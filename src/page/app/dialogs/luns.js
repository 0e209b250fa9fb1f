// SPDX-License-Identifier: LGPL-2.1-or-later
// Dialogs that change LUNs.
import * as m from '../model.js';
import * as plans from '../plans.js';
import { openDialog } from '../dialog.jsx';
import { area, check, choose, heading, mono, select, text } from '../fields.jsx';
import { bytes, parseBytes } from '../format.js';
import { go } from '../router.js';
import {
	blockSize,
	confirm,
	forceable,
	fresh,
	hostChoice,
	live,
	setStatus,
	targetChoice,
} from './common.js';

const sizeOf = (words, block) => (words.trim() === '' ? null : parseBytes(words, block));

const newLun = () => ({
	name: '',
	size: '',
	pool: plans.makingPools(live())[0]?.id ?? '',
	block: '512',
	thick: false,
});
const lunInput = (input) => ({
	...input,
	block: Number(input.block),
	size: sizeOf(input.size, Number(input.block)),
});

const poolOptions = (r) =>
	plans.makingPools(r).map((pool) => {
		const state = r.get('live_pool', pool.id);
		return [pool.id, state ? `${pool.name} (${bytes(state.free_bytes)} free)` : pool.name];
	});

const lunFields = (r) => [
	[text('Name', 'name'), text('Size', 'size', 'Such as 100G or 1.5T (powers of 1024)')],
	[select('Pool', 'pool', poolOptions(r)), blockSize],
	check('Thick', 'thick', 'Reserve all of the space now'),
];

export const createLun = () =>
	openDialog({
		input: newLun(),
		verb: 'Create',
		plan: (r, input) => plans.createLun(r, lunInput(input)),
		fields: (input, r) => lunFields(r),
		after: (made) => go('luns', made.lun),
	});

/** lun: an existing one, or nothing for a new one. */
export const expose = (lun) =>
	openDialog({
		input: {
			...newLun(),
			lun: lun?.id ?? '',
			targets: [],
			newTarget: '',
			hosts: [],
			newHost: '',
			newInitiators: '',
		},
		verb: 'Expose',
		two: true,
		plan: (r, input) => plans.expose(r, lunInput(input)),
		fields: (input, r) => [
			...(lun ? [] : [heading('The LUN'), ...lunFields(r)]),
			targetChoice(r, {
				label: 'Through which targets',
				none: 'There is no target yet: name one here.',
			}),
			text('New target', 'newTarget', 'Leave empty for none'),
			hostChoice(r, {
				label: 'For which hosts',
				none: 'No host is known yet: name one here.',
			}),
			[
				text('New host', 'newHost', 'Leave empty for none'),
				mono(
					'Its initiator name',
					'newInitiators',
					'On Linux: /etc/iscsi/initiatorname.iscsi',
				),
			],
		],
		after: (made) => go('luns', lun?.id ?? made.lun),
	});

export const growLun = (lun) =>
	openDialog({
		input: { size: '' },
		verb: 'Grow',
		eager: plans.rawDevice(live().get('pool', lun.pool_id)) !== '',
		plan: (r, input) =>
			plans.growLun(r, fresh(r, 'lun', lun), { size: sizeOf(input.size, lun.block_bytes) }),
		fields: (input, r) => [
			text(
				'New size',
				'size',
				`It has ${bytes(fresh(r, 'lun', lun).size_bytes)}. Such as 200G or 1.5T.`,
			),
		],
	});

export const associate = (lun) =>
	openDialog({
		input: { targets: m.lunTargets(live(), lun.id).map((target) => target.id) },
		plan: (r, input) => plans.associate(r, lun, input),
		fields: (input, r) => [targetChoice(r)],
	});

function maskInput(lun) {
	const entries = m.maskEntries(live(), lun.mask);
	const of = (kind) => entries.filter((entry) => entry.kind === kind);
	return {
		everybody: of('everybody').length > 0,
		hosts: of('host').map((entry) => entry.id),
		groups: of('host-group').map((entry) => entry.id),
		initiators: of('initiator')
			.map((entry) => entry.text)
			.join('\n'),
	};
}

export const maskLun = (lun) =>
	openDialog({
		input: maskInput(lun),
		plan: (r, input) => plans.maskLun(r, fresh(r, 'lun', lun), input),
		fields: (input, r) => [
			check('Everybody', 'everybody', 'Every initiator that can log in'),
			...(input.everybody
				? []
				: [
						hostChoice(r),
						r.list('host_group').length > 0 &&
							choose('Host groups', 'groups', r.list('host_group'), {
								text: (group) => group.name,
							}),
						area('Initiator names', 'initiators', 'One a line, beside the hosts'),
					]),
		],
	});

export const renameLun = (lun) =>
	openDialog({
		input: { name: lun.name },
		verb: 'Rename',
		plan: (r, input) => plans.renameLun(r, fresh(r, 'lun', lun), input),
		fields: () => [text('Name', 'name')],
	});

export const moveLun = (lun) => {
	const others = (r) => poolOptions(r).filter(([id]) => id !== fresh(r, 'lun', lun).pool_id);
	openDialog({
		input: { pool: others(live())[0]?.[0] ?? '', force: false },
		verb: 'Move',
		eager: true,
		plan: (r, input) => plans.moveLun(r, fresh(r, 'lun', lun), input),
		fields: (input, r) => [
			select('To the pool', 'pool', others(r)),
			plans.moveLun(r, fresh(r, 'lun', lun), input).forced &&
				check('Move it although the pool is in memory', 'force'),
		],
	});
};

export const moveOwner = (lun) => {
	const others = (r) =>
		r
			.list('controller')
			.filter((c) => m.gatewayRuns(c) && c.id !== m.lunOwner(r, lun.id)?.id)
			.map((c) => [c.id, c.name]);
	openDialog({
		input: { gateway: others(live())[0]?.[0] ?? '' },
		verb: 'Move',
		eager: true,
		plan: (r, input) => plans.moveOwner(r, fresh(r, 'lun', lun), input),
		fields: (input, r) => [select('To the gateway', 'gateway', others(r))],
	});
};

export const lunStatus = setStatus(plans.lunStatus);

export const lunAccess = (lun, access) =>
	confirm(access === 'read-only' ? 'Protect' : 'Allow writing', (r) =>
		plans.lunAccess(r, lun, access),
	);

export const deleteLun = (lun) =>
	forceable({
		label: 'Delete it although it is in use',
		plan: (r, input) => plans.deleteLun(r, lun, input),
		after: () => go('luns'),
		more: {
			input: { now: false },
			fields: (plan) => [
				plan.hasTrash &&
					check('Delete the data now', 'now', 'Without it the LUN goes into the trash'),
			],
		},
	});

/** got: what is registered and reserved; after: called when it is not any more. */
export const clearReservations = (lun, got, after) =>
	confirm('Clear', (r) => plans.clearReservations(r, fresh(r, 'lun', lun), got), after);
