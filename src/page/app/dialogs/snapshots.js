// SPDX-License-Identifier: LGPL-2.1-or-later
// Dialogs for snapshots, clones and the trash.
import * as m from '../model.js';
import * as plans from '../plans.js';
import { openDialog } from '../dialog.jsx';
import { check, note, text } from '../fields.jsx';
import { go } from '../router.js';
import { confirm, forceable, fresh, hostChoice, live, lunChoice } from './common.js';

const NAME = 'Unique among the snapshots of a LUN';

export const snapshotLun = (lun) =>
	openDialog({
		input: { name: plans.momentName(), luns: [lun.id] },
		verb: 'Take it',
		plan: plans.createSnapshot,
		fields: () => [text('Name', 'name', NAME)],
	});

export const createSnapshot = () =>
	openDialog({
		input: { name: plans.momentName(), luns: [] },
		verb: 'Take it',
		plan: plans.createSnapshot,
		fields: (input, r) => [
			text('Name', 'name', NAME),
			lunChoice(r),
			note(
				'Several LUNs are taken at one and the same moment, as a database with its log needs.',
			),
		],
	});

/** of(r): what is cloned, as it is now: { lun } or { snapshot }. */
const clone = (of, name, copy = false) =>
	openDialog({
		input: { name, hosts: [], copy },
		verb: 'Clone',
		plan: (r, input) => plans.clone(r, of(r), input),
		fields: (input, r) => [
			text('Name of the new LUN', 'name'),
			hostChoice(r),
			check(
				'Copy the data',
				'copy',
				'In a job, instead of sharing space: for pools that cannot share it',
			),
		],
		after: (made) => go('luns', made.lun),
	});
export const cloneLun = (lun) =>
	clone(
		(r) => ({ lun: fresh(r, 'lun', lun) }),
		`${m.lunName(lun)}-clone`,
		!plans.sharesSpace(live().get('pool', lun.pool_id)),
	);
export const cloneSnapshot = (r, snapshot) =>
	clone(() => ({ snapshot }), `${m.snapshotLunName(r, snapshot)}-${snapshot.name}`);

export const rollback = (snapshot) =>
	forceable({
		verb: 'Roll back',
		label: 'Roll back although sessions can use the LUN',
		plan: (r, input) => plans.rollback(r, snapshot, input),
	});

export const deleteSnapshot = (snapshot) =>
	openDialog({
		input: { group: true },
		verb: 'Delete',
		eager: true,
		plan: (r, input) => plans.deleteSnapshot(r, snapshot, input),
		fields: (input, r) => [
			m.groupSnapshots(r, snapshot).length > 1 &&
				check(
					'All of its group',
					'group',
					'The snapshots of other LUNs of the same moment',
				),
		],
	});

/** lun: a row of the trash. */
export const restoreLun = (lun) =>
	openDialog({
		input: { name: lun.name, unassociated: false },
		verb: 'Restore',
		eager: true,
		plan: (r, input) => plans.restoreLun(r, lun, input),
		fields: () => [
			text('Name', 'name'),
			lun.targets &&
				check(
					'Behind no target',
					'unassociated',
					'Bring only the data back; nobody can reach them at first',
				),
		],
		after: (made) => go('luns', lun.id ?? made.lun),
	});

export const purge = (lun) => confirm('Delete for good', (r) => plans.purge(r, [lun]));
export const emptyTrash = (luns) => confirm('Empty the trash', (r) => plans.purge(r, luns));
