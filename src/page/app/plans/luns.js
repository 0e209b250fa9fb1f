// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for LUNs: create, expose, grow, associate, and what LUNs share with snapshots.
import * as m from '../model.js';
import { bytes, listed, plural } from '../format.js';
import { quoted, plan, without, splitNames, nameProblem, initiatorProblems } from './common.js';
import { makingPools, rawDevice } from './pools.js';

const poolOf = (r, input) => r.get('pool', input.pool) ?? makingPools(r)[0];

function lunSizeChecks(r, input) {
	const problems = [],
		warnings = [];
	const pool = poolOf(r, input),
		live = pool && r.get('live_pool', pool.id);
	if (input.size === null) problems.push('Give a size such as 100G or 1.5T.');
	if (!pool) problems.push('The array has no pool for new LUNs: add one first.');
	if (live && input.size > live.free_bytes)
		(input.thick ? problems : warnings).push(
			`The pool ${quoted(pool.name)} has only ${bytes(live.free_bytes)} free` +
				(input.thick ? '.' : ': a thin LUN of this size cannot be filled.'),
		);
	return { problems, warnings };
}

/** input: { name, size (bytes or null), pool, thick, block } */
export function createLun(r, input) {
	const { problems, warnings } = lunSizeChecks(r, input);
	problems.push(...nameProblem(r, 'lun', 'LUN', input.name));
	const body = { size_bytes: input.size };
	if (input.name) body.name = input.name;
	if (input.pool) body.pool_id = input.pool;
	if (input.thick) body.thick = true;
	if (input.block === 4096) body.block_bytes = 4096;
	const called = input.name ? ` ${quoted(input.name)}` : '';
	return plan(
		'Create a LUN',
		`LUN${called} is created.`,
		[
			{
				as: 'lun',
				operation: 'lunCreate',
				body,
				text:
					`Create the ${input.thick ? 'thick' : 'thin'} LUN${called || ' without a name'} ` +
					`of ${input.size ? bytes(input.size) : '…'} in the pool ` +
					`${quoted(poolOf(r, input)?.name ?? '?')}.`,
			},
		],
		{
			problems,
			warnings: [...warnings, 'No initiator may use a new LUN until it is exposed.'],
		},
	);
}

// ---- documents: what is applied as one change ----

/** The entries of a mask as a document has them. */
const maskDocument = (r, mask) =>
	m
		.maskEntries(r, mask)
		.map((e) =>
			e.kind === 'host' || e.kind === 'host-group' ? `${e.kind}:${e.name}` : e.text,
		);

const pairs = (lun, targets, more) =>
	targets.map((target) => ({ lun, target: target.iscsi_name || target.alias, ...more }));

const noPortals = (r, targets) =>
	targets
		.filter((t) => t.id && m.targetPortals(r, t.id).length === 0)
		.map((t) => `The target ${quoted(m.targetName(t))} has no portal: nobody can reach it.`);

function newTargetProblems(r, name) {
	return r.list('target').some((t) => t.alias === name)
		? [`There is a target called ${quoted(name)} already.`]
		: [];
}

function newHostChecks(r, input, wanted) {
	return {
		problems: [
			...nameProblem(r, 'host', 'host', input.newHost),
			...initiatorProblems(r, wanted),
		],
		warnings:
			wanted.length > 0
				? []
				: [
						`The host ${quoted(input.newHost)} has no initiator name yet, so it cannot log in.`,
					],
	};
}

function newLunDocument(r, input, mask) {
	const pool = poolOf(r, input);
	return {
		name: input.name,
		...(pool && { pool: pool.name }),
		size: input.size,
		...(input.block === 4096 && { block_size: 4096 }),
		...(input.thick && { thin: false }),
		mask,
	};
}

/**
 * A LUN, the targets through which it is reached, and the hosts that may use it, in one change.
 * input: { lun (id, or '' for a new one: name, size, pool, thick, block), targets: [id], newTarget,
 * hosts: [id], newHost, newInitiators }
 */
export function expose(r, input) {
	const problems = [],
		warnings = [],
		needs = ['apply'],
		document = { format: 1 };
	const lun = input.lun && r.get('lun', input.lun);
	const targets = input.targets.map((id) => r.get('target', id)).filter(Boolean);
	const hosts = input.hosts.map((id) => r.get('host', id)?.name).filter(Boolean);
	const take = (checks) => {
		problems.push(...checks.problems);
		warnings.push(...checks.warnings);
	};

	if (input.newHost) {
		const initiators = splitNames(input.newInitiators);
		take(newHostChecks(r, input, initiators));
		document.hosts = [{ name: input.newHost, initiators }];
		hosts.push(input.newHost);
		needs.push('hostCreate');
	}
	if (input.newTarget) {
		problems.push(...newTargetProblems(r, input.newTarget));
		document.targets = [{ alias: input.newTarget }];
		targets.push({ alias: input.newTarget });
	}
	if (targets.length === 0)
		problems.push('Choose a target, or name a new one: a LUN is reached through targets.');
	if (hosts.length === 0 && !lun?.mask)
		warnings.push('No host is chosen, so nobody may use the LUN yet.');
	const mask = hosts.map((name) => `host:${name}`);
	if (!lun) {
		take(lunSizeChecks(r, input));
		problems.push(
			...(input.name ? nameProblem(r, 'lun', 'LUN', input.name) : ['Give the LUN a name.']),
		);
		document.luns = [newLunDocument(r, input, mask)];
	} else if (mask.length > 0 && lun.mask !== '*') {
		const had = maskDocument(r, lun.mask);
		document.luns = [{ id: lun.id, mask: [...had, ...without(mask, had)] }];
	}
	const known = lun ? m.lunTargets(r, lun.id) : [];
	document.associations = pairs(lun ? lun.id : input.name, without(targets, known));
	warnings.push(...noPortals(r, targets));
	return plan(
		'Expose a LUN',
		`LUN ${quoted(lun ? m.lunName(lun) : input.name)} is exposed.`,
		[],
		{ problems, warnings, document, needs },
	);
}

/** input: { targets: [id] } – the complete new set. */
export function associate(r, lun, input) {
	const wanted = input.targets.map((id) => r.get('target', id)).filter(Boolean),
		had = m.lunTargets(r, lun.id);
	const add = without(wanted, had),
		remove = without(had, wanted);
	const warnings = noPortals(r, add);
	const using = lunSessions(r, lun).filter((s) => remove.some((t) => t.id === s.target_id));
	if (using.length > 0)
		warnings.push(
			`${plural(using.length, 'session')} of ` +
				`${listed([...new Set(using.map((s) => s.initiator))])} will lose the LUN.`,
		);
	if (wanted.length === 0 && had.length > 0)
		warnings.push('Nobody can reach the LUN without a target.');
	const associations = [...pairs(lun.id, add), ...pairs(lun.id, remove, { absent: true })];
	return plan(
		`Targets of ${quoted(m.lunName(lun))}`,
		`The targets of ${quoted(m.lunName(lun))} are set.`,
		[],
		{
			warnings,
			danger: remove.length > 0,
			...(associations.length > 0 && { document: { format: 1, associations } }),
		},
	);
}

/** input: { size (bytes or null) } */
export function growLun(r, lun, input) {
	const problems = [],
		warnings = [];
	const add = (input.size ?? 0) - lun.size_bytes;
	const live = r.get('live_pool', lun.pool_id),
		device = rawDevice(r.get('pool', lun.pool_id));
	if (device)
		problems.push(`It is the disk ${device} as it is, and keeps its size: move it first.`);
	else if (input.size === null) problems.push('Give the new size, such as 200G.');
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

/** The sessions that see a LUN. */
export const lunSessions = (r, lun) => {
	const allowed = m.maskInitiators(r, lun.mask);
	return m
		.lunTargets(r, lun.id)
		.flatMap((t) => m.targetSessions(r, t.id))
		.filter((s) => allowed === null || allowed.includes(s.initiator));
};
