// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for a LUN that is there: who may use it, its name, its status, its protection, its end.
import * as m from '../model.js';
import { bytes, listed, plural } from '../format.js';
import {
	quoted,
	capital,
	change,
	names,
	plan,
	without,
	splitNames,
	nameProblem,
} from './common.js';
import { lunSessions } from './luns.js';
import { rawDevice } from './pools.js';

/** input: { everybody, hosts: [id], groups: [id], initiators: text } – the complete new list. */
export function maskLun(r, lun, input) {
	const problems = [],
		warnings = [];
	const typed = splitNames(input.initiators);
	const wanted = input.everybody
		? ['*']
		: [
				...input.hosts.map((id) => `host:${id}`),
				...input.groups.map((id) => `host-group:${id}`),
				...typed,
			];
	const had = m.maskEntries(r, lun.mask).map((e) => e.text);
	const add = without(wanted, had),
		remove = without(had, wanted);
	const mask = wanted.join(';');
	const named = (list) => listed(m.maskEntries(r, list.join(';')).map((e) => quoted(e.name)));

	typed
		.filter((name) => !/^(iqn\.|naa\.|eui\.)/i.test(name))
		.forEach((name) =>
			problems.push(`${quoted(name)} is no iSCSI name: those begin with iqn., eui. or naa.`),
		);
	const words = [
		add.length > 0 && `let ${named(add)} use the LUN`,
		remove.length > 0 && `take it from ${named(remove)}`,
	]
		.filter(Boolean)
		.join(', and ');
	const allowed = input.everybody ? null : m.maskInitiators(r, mask);
	const losing =
		allowed === null ? [] : lunSessions(r, lun).filter((s) => !allowed.includes(s.initiator));
	if (losing.length > 0)
		warnings.push(
			`${listed([...new Set(losing.map((s) => s.initiator))])} will lose the LUN while in use.`,
		);
	if (input.everybody)
		warnings.push(
			'Every initiator that can log in to one of its targets may read and write the LUN.',
		);
	const change =
		remove.length === 0 && add.length > 0 && !input.everybody
			? { mask_add: add.join(';') }
			: add.length === 0 && remove.length > 0 && wanted.length > 0 && !had.includes('*')
				? { mask_remove: remove.join(';') }
				: { mask };
	return plan(
		`Who may use ${quoted(m.lunName(lun))}`,
		`The list of ${quoted(m.lunName(lun))} is set.`,
		words
			? [
					{
						operation: 'lunChange',
						ids: [lun.id],
						body: change,
						text: `${capital(words)}.`,
					},
				]
			: [],
		{ problems, warnings, danger: losing.length > 0 },
	);
}

/** input: { name } */
export const renameLun = (r, lun, input) =>
	plan(
		`Rename ${quoted(m.lunName(lun))}`,
		`The LUN is now called ${quoted(input.name)}.`,
		input.name === lun.name
			? []
			: change('lunChange', lun, { name: input.name }, [
					`Call the LUN ${quoted(input.name)} instead of ${quoted(m.lunName(lun))}.`,
				]),
		{
			problems: input.name
				? nameProblem(r, 'lun', 'LUN', input.name, lun.id)
				: ['Give a name.'],
		},
	);

/** input: { pool: id, force } */
/** input: { gateway: id } */
export function moveOwner(r, lun, input) {
	const gateway = r.get('controller', input.gateway);
	return plan(
		`Move ${quoted(m.lunName(lun))} to another gateway`,
		`LUN ${quoted(m.lunName(lun))} has another owner.`,
		gateway
			? [
					{
						operation: 'lunMoveOwner',
						ids: [lun.id],
						body: { controller_id: gateway.id },
						text:
							`Let gateway ${quoted(gateway.name)} carry out the commands of the LUN. They ` +
							'wait for a moment, and none is lost.',
					},
				]
			: [],
		{ problems: gateway ? [] : ['No other gateway runs.'] },
	);
}

export function moveLun(r, lun, input) {
	const pool = r.get('pool', input.pool),
		live = pool && r.get('live_pool', pool.id),
		takes = r.get('live_lun', lun.id)?.allocated_bytes ?? 0,
		memory = pool?.path.startsWith('ram:');
	const problems = [];
	if (!pool) problems.push('There is no other pool: add one first.');
	if (live && takes > live.free_bytes)
		problems.push(
			`The pool ${quoted(pool.name)} has only ${bytes(live.free_bytes)} free, and the LUN takes ` +
				`${bytes(takes)}.`,
		);
	const lost = `The data are gone when vdsd is restarted: ${quoted(pool?.name)} is in memory.`;
	if (memory && !input.force) problems.push(lost);
	return plan(
		`Move ${quoted(m.lunName(lun))}`,
		`LUN ${quoted(m.lunName(lun))} is moved.`,
		pool
			? [
					{
						operation: 'lunMove',
						ids: [lun.id],
						body: { pool_id: pool.id, ...(memory && input.force && { force: true }) },
						text:
							`Copy the LUN to the pool ${quoted(pool.name)} while it is in use, and go on ` +
							'there. It keeps its identity and its paths.',
					},
				]
			: [],
		{
			problems,
			forced: memory,
			warnings: [
				...(memory && input.force ? [lost] : []),
				...(m.lunSnapshots(r, lun.id).length > 0
					? ['Its snapshots stay where they are.']
					: []),
			],
		},
	);
}

export function lunStatus(r, lun, status) {
	const using = status === 'offline' ? lunSessions(r, lun) : [];
	return plan(
		`Set ${quoted(m.lunName(lun))} ${status}`,
		`LUN ${quoted(m.lunName(lun))} is ${status}.`,
		change('lunChange', lun, { status }, [
			status === 'offline'
				? 'Refuse the commands of initiators, until the LUN is set online again.'
				: 'Serve the LUN to initiators again.',
		]),
		{
			danger: status === 'offline',
			warnings:
				using.length > 0
					? [
							`${plural(using.length, 'session')} can use the LUN now, and will get errors.`,
						]
					: [],
		},
	);
}

/** access: 'read-only' or 'read-write' */
export function lunAccess(r, lun, access) {
	const using = lunSessions(r, lun),
		closed = access === 'read-only';
	return plan(
		closed
			? `Protect ${quoted(m.lunName(lun))} from writing`
			: `Let ${quoted(m.lunName(lun))} be written`,
		closed
			? `LUN ${quoted(m.lunName(lun))} is write-protected.`
			: `LUN ${quoted(m.lunName(lun))} may be written.`,
		change('lunChange', lun, { access }, [
			closed
				? 'Refuse every write of initiators; reading goes on.'
				: 'Let the initiators that may use the LUN write to it.',
		]),
		{
			warnings:
				using.length > 0
					? [
							`${plural(using.length, 'session')} can use the LUN now` +
								(closed
									? ': unmount it there, or mount it read only, before you protect it.'
									: '; hosts that have mounted it read only must mount it anew to write.'),
						]
					: [],
		},
	);
}

/** input: { force, now } – now: not into the trash. */
export function deleteLun(r, lun, input) {
	const targets = m.lunTargets(r, lun.id),
		using = lunSessions(r, lun),
		pool = r.get('pool', lun.pool_id);
	const kept = Boolean(pool?.trash) && !input.now,
		device = rawDevice(pool);
	const problems = [],
		warnings = [
			kept
				? `Until it is removed from the trash, its ${bytes(lun.size_bytes)} can be restored.`
				: device
					? `The disk ${device} keeps its data.`
					: `The data of ${bytes(lun.size_bytes)} is gone for good; an adopted file stays.`,
		];
	if (targets.length > 0) {
		const text =
			`It is behind ${names(targets, m.targetName)}` +
			(using.length > 0 ? `, and ${plural(using.length, 'session')} can use it.` : '.');
		(input.force ? warnings : problems).push(text);
	}
	const behind = targets.length > 0 ? ', and its associations with targets' : '';
	return plan(
		`Delete ${quoted(m.lunName(lun))}`,
		kept
			? `LUN ${quoted(m.lunName(lun))} is in the trash.`
			: `LUN ${quoted(m.lunName(lun))} is deleted.`,
		[
			{
				operation: 'lunDelete',
				ids: [lun.id],
				query: {
					...(input.force && { force: 1 }),
					...(pool?.trash && input.now && { now: 1 }),
				},
				text: kept
					? `Put the LUN ${quoted(m.lunName(lun))} into the trash of the pool ` +
						`${quoted(pool.name)} for ${m.spanText(pool.trash)}${behind && ', and end its associations with targets'}.`
					: `Delete the LUN ${quoted(m.lunName(lun))}${device ? '' : ' with its data'}${behind}.`,
			},
		],
		{ danger: true, problems, warnings, forced: targets.length > 0, hasTrash: pool?.trash },
	);
}
