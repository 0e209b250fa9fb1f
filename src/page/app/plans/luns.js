// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for LUNs: create, expose, grow, associate, mask, rename, set offline, delete.
import * as m from '../model.js';
import { bytes, listed, plural } from '../format.js';
import {
	quoted,
	capital,
	names,
	plan,
	without,
	splitNames,
	nameProblem,
	initiatorProblems,
} from './common.js';

const poolOf = (r, input) => r.get('pool', input.pool) ?? r.list('pool')[0];

function lunSizeChecks(r, input) {
	const problems = [],
		warnings = [];
	const pool = poolOf(r, input),
		live = pool && r.get('live_pool', pool.id);
	if (input.size === null) problems.push('Give a size such as 100G or 1.5T.');
	if (!pool) problems.push('The array has no pool: create one first.');
	if (live && input.size > live.free_bytes)
		(input.thick ? problems : warnings).push(
			`The pool ${quoted(pool.name)} has only ${bytes(live.free_bytes)} free` +
				(input.thick ? '.' : ': a thin LUN of this size cannot be filled.'),
		);
	return { problems, warnings };
}

function createLunStep(r, input, mask) {
	const pool = poolOf(r, input);
	const body = { size_bytes: input.size };
	if (input.name) body.name = input.name;
	if (input.pool) body.pool_id = input.pool;
	if (input.thick) body.thick = true;
	if (input.block === 4096) body.block_bytes = 4096;
	if (mask) body.mask = mask;
	return {
		as: 'lun',
		operation: 'lunCreate',
		body,
		text:
			`Create the ${input.thick ? 'thick' : 'thin'} LUN ${quoted(input.name || 'without a name')} ` +
			`of ${input.size ? bytes(input.size) : '…'} in the pool ${quoted(pool?.name ?? '?')}.`,
	};
}

/** input: { name, size (bytes or null), pool, thick, block } */
export function createLun(r, input) {
	const { problems, warnings } = lunSizeChecks(r, input);
	problems.push(...nameProblem(r, 'lun', 'LUN', input.name));
	return plan(
		'Create a LUN',
		`LUN ${quoted(input.name)} is created.`,
		[createLunStep(r, input, '')],
		{
			problems,
			warnings: [...warnings, 'No initiator may use a new LUN until it is exposed.'],
		},
	);
}

/**
 * A LUN, the targets through which it is reached, and the hosts that may use it, in one step.
 * input: { lun (id, or '' for a new one: name, size, pool, thick), targets: [id], newTarget,
 * hosts: [id], newHost, newInitiators }
 */
export function expose(r, input) {
	const steps = [],
		problems = [],
		warnings = [];
	const lun = input.lun && r.get('lun', input.lun);
	const targets = [...input.targets],
		hosts = input.hosts.map((id) => `host:${id}`);

	if (input.newTarget) {
		if (r.list('target').some((t) => t.alias === input.newTarget))
			problems.push(`There is a target called ${quoted(input.newTarget)} already.`);
		steps.push({
			as: 'target',
			operation: 'targetCreate',
			body: { alias: input.newTarget, with_group: true },
			text: `Create the target ${quoted(input.newTarget)}, reachable through every portal.`,
		});
		targets.push('${target}');
	}
	if (input.newHost) {
		const wanted = splitNames(input.newInitiators);
		problems.push(
			...nameProblem(r, 'host', 'host', input.newHost),
			...initiatorProblems(r, wanted),
		);
		if (wanted.length === 0)
			warnings.push(
				`The host ${quoted(input.newHost)} has no initiator name yet, so it cannot log in.`,
			);
		steps.push({
			as: 'host',
			operation: 'hostCreate',
			body: {
				name: input.newHost,
				...(wanted.length > 0 && { initiators: wanted.join(';') }),
			},
			text:
				`Create the host ${quoted(input.newHost)}` +
				(wanted.length > 0 ? ` with ${listed(wanted)}.` : ' without a name.'),
		});
		hosts.push('host:${host}');
	}
	if (targets.length === 0)
		problems.push('Choose a target, or name a new one: a LUN is reached through targets.');
	if (hosts.length === 0) warnings.push('No host is chosen, so nobody may use the LUN yet.');
	if (!lun) {
		const checks = lunSizeChecks(r, input);
		problems.push(...checks.problems, ...nameProblem(r, 'lun', 'LUN', input.name));
		warnings.push(...checks.warnings);
		steps.push(createLunStep(r, input, hosts.join(';')));
		if (hosts.length > 0)
			steps.at(-1).text =
				`${steps.at(-1).text.slice(0, -1)}, usable by ${hostNames(r, input)}.`;
	} else if (hosts.length > 0 && lun.mask !== '*') {
		steps.push({
			operation: 'lunChange',
			ids: [lun.id],
			body: { mask_add: hosts.join(';') },
			text: `Let ${hostNames(r, input)} use the LUN ${quoted(m.lunName(lun))}.`,
		});
	}
	const had = lun ? m.lunAssociations(r, lun.id).map((a) => a.target_id) : [];
	const added = without(targets, had);
	if (added.length > 0)
		steps.push({
			operation: 'lunTargetsChange',
			ids: [lun ? lun.id : '${lun}'],
			body: { add: added },
			text: `Make the LUN reachable through ${targetNames(r, added, input)}.`,
		});
	warnings.push(...noPortals(r, targets));
	return plan(
		'Expose a LUN',
		`LUN ${quoted(lun ? m.lunName(lun) : input.name)} is exposed.`,
		steps,
		{ problems, warnings },
	);
}

const hostNames = (r, input) =>
	listed([
		...input.hosts.map((id) => quoted(r.get('host', id)?.name)),
		...(input.newHost ? [quoted(input.newHost)] : []),
	]);
const targetNames = (r, ids, input) =>
	listed(
		ids.map((id) =>
			id === '${target}'
				? quoted(input.newTarget)
				: quoted(m.targetName(r.get('target', id))),
		),
	);
const noPortals = (r, ids) =>
	ids
		.filter((id) => r.get('target', id) && m.targetPortals(r, id).length === 0)
		.map(
			(id) =>
				`The target ${quoted(m.targetName(r.get('target', id)))} has no portal: nobody can reach it.`,
		);

/** input: { size (bytes or null) } */
export function growLun(r, lun, input) {
	const problems = [],
		warnings = [];
	const add = (input.size ?? 0) - lun.size_bytes;
	const live = r.get('live_pool', lun.pool_id);
	if (input.size === null) problems.push('Give the new size, such as 200G.');
	else if (add <= 0)
		problems.push(
			`The new size must be more than ${bytes(lun.size_bytes)}, which the LUN has.`,
		);
	else if (live && add > live.free_bytes)
		(lun.thin ? warnings : problems).push(`The pool has only ${bytes(live.free_bytes)} free.`);
	if (m.lunTargets(r, lun.id).length > 0)
		warnings.push('Hosts see the new size after a rescan; their file systems are grown there.');
	return plan(
		`Grow ${quoted(m.lunName(lun))}`,
		`LUN ${quoted(m.lunName(lun))} is grown.`,
		[
			{
				operation: 'lunExtend',
				ids: [lun.id],
				body: { add_bytes: Math.max(add, 0) },
				text:
					`Grow the LUN from ${bytes(lun.size_bytes)} to ${bytes(Math.max(input.size ?? 0, 0))}; ` +
					'the new space reads as zeros.',
			},
		],
		{ problems, warnings },
	);
}

const lunSessions = (r, lun) => {
	const allowed = m.maskInitiators(r, lun.mask);
	return m
		.lunTargets(r, lun.id)
		.flatMap((t) => m.targetSessions(r, t.id))
		.filter((s) => allowed === null || allowed.includes(s.initiator));
};

/** input: { targets: [id] } – the complete new set. */
export function associate(r, lun, input) {
	const had = m.lunAssociations(r, lun.id).map((a) => a.target_id);
	const add = without(input.targets, had),
		remove = without(had, input.targets);
	const named = (ids) =>
		names(
			ids.map((id) => r.get('target', id)),
			m.targetName,
		);
	const steps = [],
		warnings = noPortals(r, add);
	const using = lunSessions(r, lun).filter((s) => remove.includes(s.target_id));

	// what is added comes first, so that the LUN is never without a path
	if (add.length > 0)
		steps.push({
			operation: 'lunTargetsChange',
			ids: [lun.id],
			body: { add },
			text: `Make the LUN reachable through ${named(add)}.`,
		});
	if (remove.length > 0)
		steps.push({
			operation: 'lunTargetsChange',
			ids: [lun.id],
			body: { remove },
			text: `Take the LUN away from ${named(remove)}.`,
		});
	if (using.length > 0)
		warnings.push(
			`${plural(using.length, 'session')} of ` +
				`${listed([...new Set(using.map((s) => s.initiator))])} will lose the LUN.`,
		);
	if (input.targets.length === 0 && had.length > 0)
		warnings.push('Nobody can reach the LUN without a target.');
	return plan(
		`Targets of ${quoted(m.lunName(lun))}`,
		`The targets of ${quoted(m.lunName(lun))} are set.`,
		steps,
		{ warnings, danger: remove.length > 0 },
	);
}

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

export function renameLun(r, lun, input) {
	return plan(
		`Rename ${quoted(m.lunName(lun))}`,
		`The LUN is now called ${quoted(input.name)}.`,
		input.name === lun.name
			? []
			: [
					{
						operation: 'lunChange',
						ids: [lun.id],
						body: { name: input.name },
						text: `Call the LUN ${quoted(input.name)} instead of ${quoted(lun.name)}.`,
					},
				],
		{
			problems: input.name
				? nameProblem(r, 'lun', 'LUN', input.name, lun.id)
				: ['Give a name.'],
		},
	);
}

export function lunStatus(r, lun, status) {
	const using = status === 'offline' ? lunSessions(r, lun) : [];
	return plan(
		`Set ${quoted(m.lunName(lun))} ${status}`,
		`LUN ${quoted(m.lunName(lun))} is ${status}.`,
		[
			{
				operation: 'lunChange',
				ids: [lun.id],
				body: { status },
				text:
					status === 'offline'
						? 'Refuse the commands of initiators, until the LUN is set online again.'
						: 'Serve the LUN to initiators again.',
			},
		],
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

/** input: { force } */
export function deleteLun(r, lun, input) {
	const targets = m.lunTargets(r, lun.id),
		using = lunSessions(r, lun);
	const problems = [],
		warnings = [`The data of ${bytes(lun.size_bytes)} is gone for good.`];
	if (targets.length > 0) {
		const text =
			`It is behind ${names(targets, m.targetName)}` +
			(using.length > 0 ? `, and ${plural(using.length, 'session')} can use it.` : '.');
		(input.force ? warnings : problems).push(text);
	}
	return plan(
		`Delete ${quoted(m.lunName(lun))}`,
		`LUN ${quoted(m.lunName(lun))} is deleted.`,
		[
			{
				operation: 'lunDelete',
				ids: [lun.id],
				query: input.force ? { force: 1 } : {},
				text:
					`Delete the LUN ${quoted(m.lunName(lun))} with its data` +
					(targets.length > 0 ? ', and its associations with targets.' : '.'),
			},
		],
		{ danger: true, problems, warnings, forced: targets.length > 0 },
	);
}
