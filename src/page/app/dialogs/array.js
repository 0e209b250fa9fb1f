// SPDX-License-Identifier: LGPL-2.1-or-later
// Dialogs for pools, controllers, maintenance, sessions, jobs and changes.
import * as plans from '../plans.js';
import { call } from '../api.js';
import { openDialog } from '../dialog.jsx';
import { check, heading, mono, text } from '../fields.jsx';
import { go } from '../router.js';
import { notice } from '../store.js';
import { blockSize, confirm, forceable, fresh, hostChoice, setStatus } from './common.js';

export const createPool = () =>
	openDialog({
		input: { name: '', path: '', force: false },
		verb: 'Add',
		plan: plans.createPool,
		fields: (input) => [
			text('Name', 'name'),
			mono(
				'Place',
				'path',
				'A directory on the array, such as /srv/luns; a disk, such as /dev/disk/by-id/…, or ' +
					'raw:/dev/… to keep what it holds; or memory, such as ram:2G',
			),
			plans.isDevice(input.path) &&
				check(
					'Take the disk although it holds something',
					'force',
					'Without it a disk is taken only when it is empty',
				),
		],
		after: (made) => go('pools', made.pool),
	});

export const poolSettings = (pool) =>
	openDialog({
		input: {
			low: pool.low,
			full: pool.full,
			overcommit: pool.overcommit,
			trash: pool.trash,
			yields: pool.trash_yields,
		},
		plan: (r, input) => plans.poolSettings(r, fresh(r, 'pool', pool), input),
		fields: (input) => [
			heading('When space gets short'),
			[
				text('Low below', 'low', 'Such as 10% or 50G; empty: 10%'),
				text('Full below', 'full', 'Such as 1% or 5G; empty: 1%'),
			],
			text(
				'LUNs may have together',
				'overcommit',
				'Such as 200% of the capacity; empty: no limit',
			),
			heading('When a LUN is deleted'),
			text('Keep it in the trash for', 'trash', 'Such as 12h, 7d or 4w; empty: not at all'),
			input.trash.trim() !== '' &&
				check(
					'Give way when the pool gets full',
					'yields',
					'Remove LUNs from the trash before their time then, the oldest first',
				),
		],
	});

export const adoptFile = (pool) =>
	openDialog({
		input: { path: plans.rawDevice(pool), name: '', block: '512', hosts: [] },
		verb: 'Adopt',
		plan: (r, input) => plans.adoptFile(r, pool, input),
		fields: (input, r) => [
			!plans.rawDevice(pool) &&
				mono(
					'File',
					'path',
					'A raw image on the file system of the pool: /srv/luns/old.img',
				),
			[text('Name of the LUN', 'name'), blockSize],
			hostChoice(r),
		],
		after: (made) => go('luns', made.lun),
	});

export const deletePool = (pool) =>
	confirm(
		'Delete',
		(r) => plans.deletePool(r, pool),
		() => go('pools'),
	);

export const controllerStatus = setStatus(plans.controllerStatus);
export const resetController = (controller) =>
	confirm('Reset', (r) => plans.resetController(r, controller));
export const drainGateway = (gateway, drains) =>
	confirm(drains ? 'Drain' : 'Let it take LUNs', (r) => plans.drainGateway(r, gateway, drains));
const gatewayAddress = mono(
	'Address',
	'address',
	'Where other gateways reach it, not initiators: 192.0.2.2:3261',
);
export const addGateway = () =>
	openDialog({
		input: { name: '', address: '' },
		verb: 'Add',
		plan: plans.addGateway,
		fields: () => [
			text('Name', 'name', 'With that name vdsd is started there: --gateway NAME'),
			gatewayAddress,
		],
	});
export const changeGateway = (gateway) =>
	openDialog({
		input: { address: gateway.address },
		plan: (r, input) => plans.gatewayAddress(r, fresh(r, 'controller', gateway), input),
		fields: () => [gatewayAddress],
	});
export const removeGateway = (gateway) =>
	forceable({
		verb: 'Remove',
		label: 'Shut out the vdsd that runs as it, or may run',
		plan: (r, input) => plans.removeGateway(r, fresh(r, 'controller', gateway), input),
	});
export const flushController = (controller) =>
	confirm('Flush', () => plans.flushController(controller));

/** of: { id, name } of a controller, a port, a drive or a LUN. */
export const blink = (of) => confirm('Blink', () => plans.blink(of));
export const stopMaintenance = (of, operation) =>
	confirm('Stop', () => plans.stopMaintenance(of, operation));

export const endSession = (session) => confirm('End it', (r) => plans.endSession(r, session));
export const pauseJob = (job) => confirm('Pause it', (r) => plans.pauseJob(r, job));
export const resumeJob = (job) => confirm('Resume it', (r) => plans.resumeJob(r, job));
export const cancelJob = (job) => confirm('Cancel it', (r) => plans.cancelJob(r, job));

/** Looks for drives that came or went; that changes nothing, so there is no plan. */
export async function rescanDrives() {
	try {
		await call('driveRescan');
		notice('ok', 'The drives are looked through.');
	} catch (error) {
		notice('bad', error.message);
	}
}

/** Asks vdsd what taking back a change would do, and shows that.  change: its sequence. */
export async function undoChange(change) {
	try {
		const undo = await call('undoPlan', { query: { change } });
		confirm('Undo', () => plans.undoChange(undo));
	} catch (error) {
		notice('bad', error.message);
	}
}
