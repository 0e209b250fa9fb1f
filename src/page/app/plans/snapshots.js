// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for snapshots and clones, and for the trash.
import * as m from '../model.js';
import { ago, bytes, plural, time } from '../format.js';
import { sorted } from '../search.js';
import { quoted, names, plan, nameProblem } from './common.js';
import { lunSessions } from './luns.js';
import { rawDevice, sharesSpace } from './pools.js';

const MOST_LUNS = 64; // of one moment

/** A name that the next snapshot could have: the moment. */
export const momentName = (now = Date.now()) => time(now).slice(0, 16).replace(' ', '_');

// LUNs on disks and in memory have no snapshots.
function sharingProblems(r, luns) {
	const alone = luns.filter((lun) => !sharesSpace(r.get('pool', lun.pool_id)));
	return alone.length > 0
		? [
				`${names(alone, m.lunName)} cannot have snapshots: only pools in directories can share ` +
					'space between LUNs. “Clone” with “Copy the data” copies a LUN.',
			]
		: [];
}

/** input: { name, luns: [id] } */
export function createSnapshot(r, input) {
	const luns = input.luns.map((id) => r.get('lun', id)).filter(Boolean);
	const problems = [];
	if (luns.length === 0) problems.push('Choose the LUNs.');
	if (luns.length > MOST_LUNS)
		problems.push(`At most ${MOST_LUNS} LUNs can be taken at one moment.`);
	if (!input.name) problems.push('Give a name.');
	if (input.name.includes('@')) problems.push('The name of a snapshot has no @.');
	const taken = luns.filter((lun) =>
		m.lunSnapshots(r, lun.id).some((s) => s.name === input.name),
	);
	if (taken.length > 0)
		problems.push(`${names(taken, m.lunName)} has a snapshot ${quoted(input.name)} already.`);
	problems.push(...sharingProblems(r, luns));
	const size = luns.reduce((sum, lun) => sum + lun.size_bytes, 0);
	return plan(
		luns.length > 1 ? 'Take a group snapshot' : 'Take a snapshot',
		`Snapshot ${quoted(input.name)} is taken.`,
		luns.length === 0
			? []
			: [
					{
						as: 'snapshot',
						operation: 'snapshotCreate',
						body: { name: input.name, luns: luns.map((lun) => lun.id) },
						text:
							`Keep what ${names(luns, m.lunName)} (${bytes(size)}) ` +
							(luns.length > 1
								? 'have at one and the same moment, '
								: 'has at this moment, ') +
							`as ${quoted(input.name)}. Initiators wait for some milliseconds.`,
					},
				],
		{
			problems,
			warnings: luns.some((lun) => lunSessions(r, lun).length > 0)
				? [
						'It is what the disk would have after a power failure: what hosts have not written ' +
							'yet is not in it. To have that too, freeze the file system there meanwhile.',
					]
				: [],
		},
	);
}

/**
 * of: { lun } for the present data, or { snapshot }.  input: { name, hosts: [id], copy: do not share
 * space }
 */
export function clone(r, of, input) {
	const { lun, snapshot } = of;
	const from = snapshot
		? `the snapshot ${quoted(m.snapshotName(r, snapshot))}`
		: `the LUN ${quoted(m.lunName(lun))}${input.copy ? '' : ' at this moment'}`;
	const hosts = input.hosts.map((id) => r.get('host', id)).filter(Boolean);
	const pool = r.get('pool', (snapshot ?? lun).pool_id);
	return plan(
		`Clone ${quoted(snapshot ? m.snapshotName(r, snapshot) : m.lunName(lun))}`,
		`LUN ${quoted(input.name)} is made.`,
		[
			{
				as: 'lun',
				operation: snapshot ? 'snapshotClone' : 'lunClone',
				ids: [(snapshot ?? lun).id],
				body: {
					name: input.name,
					...(input.copy && { copy: true }),
					...(hosts.length > 0 && { mask: hosts.map((h) => `host:${h.id}`).join(';') }),
				},
				text:
					`Make the LUN ${quoted(input.name)} of ${bytes((snapshot ?? lun).size_bytes)}, ` +
					`with ${input.copy ? 'a copy of ' : ''}the data of ${from}` +
					(hosts.length > 0 ? `, usable by ${names(hosts, (h) => h.name)}.` : '.'),
			},
		],
		{
			problems: [
				...(input.name ? nameProblem(r, 'lun', 'LUN', input.name) : ['Give a name.']),
				...(rawDevice(pool)
					? [`The pool ${quoted(pool.name)} has room for one LUN: move it first.`]
					: !input.copy && !sharesSpace(pool)
						? [
								`The pool ${quoted(pool?.name)} cannot share space between LUNs: copy the ` +
									'data instead.',
							]
						: []),
			],
			warnings: [
				...(input.copy && lun && lunSessions(r, lun).length > 0
					? [
							'Hosts go on writing meanwhile. The copy is what the disk would have after a power ' +
								'failure at one moment near the end of the job.',
						]
					: []),
				'The clone is a LUN of its own, and is behind no target until it is exposed. ' +
					'Its file system has the same UUID as the first one.',
			],
		},
	);
}

/** input: { force } */
export function rollback(r, snapshot, input) {
	const lun = r.get('lun', snapshot.lun_id),
		name = quoted(lun ? m.lunName(lun) : snapshot.lun_name);
	const using = lun ? lunSessions(r, lun) : [];
	const problems = [],
		warnings = [
			`What was written to ${name} since ${time(snapshot.created_ms)} ` +
				`(${ago(snapshot.created_ms)}) is lost. Take a snapshot first when in doubt.`,
		];
	if (!lun) problems.push('The LUN is deleted: clone the snapshot instead.');
	else if (lun.size_bytes < snapshot.size_bytes)
		problems.push(
			`The LUN has ${bytes(lun.size_bytes)}, and had ${bytes(snapshot.size_bytes)} then: grow it first.`,
		);
	if (using.length > 0) {
		const text =
			`${plural(using.length, 'session')} can use the LUN now. Unmount it on the hosts, or set it ` +
			'offline: file systems that are mounted break when their data change.';
		(input.force ? warnings : problems).push(text);
	}
	return plan(
		`Roll back to ${quoted(snapshot.name)}`,
		`LUN ${name} has the data of ${quoted(snapshot.name)} again.`,
		[
			{
				operation: 'lunRollback',
				ids: [snapshot.lun_id],
				body: { snapshot_id: snapshot.id, ...(input.force && { force: true }) },
				text:
					`Give the LUN ${name} the data again that it had at ${quoted(snapshot.name)}. ` +
					'It keeps its size, its name and its paths.',
			},
		],
		{ danger: true, problems, warnings, forced: using.length > 0 },
	);
}

/** Of the whole group, where there is one and input.group is set.  input: { group } */
export function deleteSnapshot(r, snapshot, input) {
	const group = m.groupSnapshots(r, snapshot),
		all = input.group && group.length > 1;
	const name = quoted(all ? snapshot.name : m.snapshotName(r, snapshot));
	const luns = names(
		sorted(group, (s) => m.snapshotLunName(r, s)),
		(s) => m.snapshotLunName(r, s),
	);
	return plan(
		`Delete the snapshot ${name}`,
		`Snapshot ${name} is deleted.`,
		[
			{
				operation: 'snapshotDelete',
				ids: [all ? snapshot.group_id : snapshot.id],
				text: all
					? `Delete the snapshots ${name} of ${luns}.`
					: `Delete the snapshot ${name}.`,
			},
		],
		{
			danger: true,
			warnings: ['What only it holds is gone for good. The LUN and clones stay as they are.'],
		},
	);
}

// ---- the trash ----

/** lun: a row of the trash.  input: { name, unassociated } */
export function restoreLun(r, lun, input) {
	const targets = lun.targets ? lun.targets.split(';').length : 0;
	const alone = input.unassociated || targets === 0;
	return plan(
		`Restore ${quoted(m.lunName(lun))}`,
		`LUN ${quoted(input.name)} is restored.`,
		[
			{
				operation: 'trashRestore',
				ids: [lun.id],
				body: {
					...(input.name !== lun.name && { name: input.name }),
					...(input.unassociated && { unassociated: true }),
				},
				text:
					`Bring the LUN ${quoted(input.name)} of ${bytes(lun.size_bytes)} back, with its data` +
					(alone
						? ', behind no target.'
						: ` and its place behind ${plural(targets, 'target')}.`),
			},
		],
		{
			problems: input.name ? nameProblem(r, 'lun', 'LUN', input.name) : ['Give a name.'],
			warnings:
				!alone && lun.mask ? ['Who was allowed to use it may use it again, at once.'] : [],
		},
	);
}

const purgeText = (r, lun) => {
	const device = rawDevice(r.get('pool', lun.pool_id)),
		name = quoted(m.lunName(lun));
	return device
		? `Forget the LUN ${name}; the disk ${device} keeps its data.`
		: `Remove the LUN ${name} and its data, ${bytes(lun.allocated_bytes)}.`;
};

/** luns: rows of the trash, when the dialog was opened; those that are gone since are left out. */
export function purge(r, luns) {
	const left = luns.filter((lun) => r.get('trashed_lun', lun.id));
	const size = left.reduce((sum, lun) => sum + lun.allocated_bytes, 0);
	return plan(
		luns.length === 1 ? `Delete ${quoted(m.lunName(luns[0]))} for good` : 'Empty the trash',
		luns.length === 1
			? `LUN ${quoted(m.lunName(luns[0]))} is gone.`
			: `${plural(left.length, 'LUN')} of the trash are gone.`,
		left.map((lun) => ({
			operation: 'trashEmpty',
			ids: [lun.id],
			text: purgeText(r, lun),
		})),
		{
			danger: true,
			problems: left.length > 0 ? [] : ['It is not in the trash any more.'],
			warnings: [
				'Nothing brings the data back afterwards.' +
					(size > 0 ? ` ${bytes(size)} become free.` : ''),
			],
		},
	);
}
