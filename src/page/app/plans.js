// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans: what a change will do, before it is done.  A plan is a list of steps; each step is one
// REST call (an operation of docs/openapi.json with its ids, query and body) and a sentence that
// says what it changes.  Plans are made of the replica and the input alone, so they are always of
// the state that is shown.
//
//	{ title, done, danger, steps: [{ text, operation, ids, query, body, as }], warnings: [text],
//	  problems: [text] }
//
// A step may use the id that an earlier step has made: `as: 'lun'` names it, '${lun}' uses it.  A
// plan with problems cannot be applied; warnings only say what to know.
import * as m from './model.js';
import { bytes, listed, parseBytes, plural } from './format.js';

const quoted = (name) => `“${name}”`;
const capital = (text) => text[0].toUpperCase() + text.slice(1);
const names = (rows, name) => listed(rows.map((row) => quoted(name(row))));

const plan = (title, done, steps, more = {}) => ({
	title,
	done,
	steps,
	warnings: [],
	problems: [],
	danger: false,
	...more,
});

/** Words → entries of a list that are not in another one. */
const without = (list, other) => list.filter((item) => !other.includes(item));

export const splitNames = (text) => text.split(/[\s,;]+/).filter(Boolean);

const nameProblem = (r, family, what, name, own) =>
	r.list(family).some((row) => row.name === name && row.id !== own)
		? [`There is a ${what} called ${quoted(name)} already.`]
		: [];

const initiatorProblems = (r, wanted, own) =>
	wanted.flatMap((name) => {
		if (!/^(iqn\.|naa\.|eui\.)/i.test(name))
			return [`${quoted(name)} is no iSCSI name: those begin with iqn., eui. or naa.`];
		const host = m.initiatorHost(r, name);
		return host && host.id !== own
			? [`${name} belongs to the host ${quoted(host.name)} already.`]
			: [];
	});

// ---- LUNs ----

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

// ---- targets ----

/** input: { alias, iscsiName } */
export function createTarget(r, input) {
	const problems = [];
	if (!input.alias && !input.iscsiName) problems.push('Give a name.');
	if (input.alias && r.list('target').some((t) => t.alias === input.alias))
		problems.push(`There is a target called ${quoted(input.alias)} already.`);
	if (input.iscsiName && r.list('target').some((t) => t.iscsi_name === input.iscsiName))
		problems.push(`There is a target with the iSCSI name ${input.iscsiName} already.`);
	const body = { with_group: true };
	if (input.alias) body.alias = input.alias;
	if (input.iscsiName) body.iscsi_name = input.iscsiName;
	return plan(
		'Create a target',
		`Target ${quoted(input.alias || input.iscsiName)} is created.`,
		[
			{
				as: 'target',
				operation: 'targetCreate',
				body,
				text:
					`Create the target ${quoted(input.alias || input.iscsiName)}, reachable through every ` +
					`portal${input.iscsiName ? '' : '; vdsd makes its iSCSI name'}.`,
			},
		],
		{ problems },
	);
}

export function deleteTarget(r, target) {
	const luns = m.targetLuns(r, target.id),
		sessions = m.targetSessions(r, target.id);
	const steps = [],
		warnings = [];
	if (sessions.length > 0)
		warnings.push(
			`${plural(sessions.length, 'session')} of ` +
				`${listed([...new Set(sessions.map((s) => s.initiator))])} will end.`,
		);
	const alone = luns.filter((lun) => m.lunTargets(r, lun.id).length === 1);
	if (alone.length > 0)
		warnings.push(`Nobody can reach ${names(alone, m.lunName)} afterwards. The data stays.`);
	for (const lun of luns.slice(0, 200))
		steps.push({
			operation: 'lunTargetsChange',
			ids: [lun.id],
			body: { remove: [target.id] },
			text: `Take the LUN ${quoted(m.lunName(lun))} away from the target.`,
		});
	steps.push({
		operation: 'targetDelete',
		ids: [target.id],
		text: `Delete the target ${quoted(m.targetName(target))} with its portal groups.`,
	});
	return plan(
		`Delete ${quoted(m.targetName(target))}`,
		`Target ${quoted(m.targetName(target))} is deleted.`,
		steps,
		{ danger: true, warnings },
	);
}

// ---- hosts ----

/** input: { name, initiators: text } */
export function createHost(r, input) {
	const wanted = splitNames(input.initiators);
	const problems = [
		...(input.name ? [] : ['Give a name.']),
		...nameProblem(r, 'host', 'host', input.name),
		...initiatorProblems(r, wanted),
	];
	return plan(
		'Add a host',
		`Host ${quoted(input.name)} is added.`,
		[
			{
				as: 'host',
				operation: 'hostCreate',
				body: {
					name: input.name,
					...(wanted.length > 0 && { initiators: wanted.join(';') }),
				},
				text:
					`Add the host ${quoted(input.name)}` +
					(wanted.length > 0
						? ` with ${listed(wanted)}.`
						: ' without an initiator name.'),
			},
		],
		{
			problems,
			warnings:
				wanted.length > 0
					? []
					: [
							'Without an initiator name the host cannot log in; you can add names later.',
						],
		},
	);
}

/** input: { initiators: text } – the complete new list. */
export function hostInitiators(r, host, input) {
	const wanted = splitNames(input.initiators);
	const had = m.hostInitiators(r, host.id).map((i) => i.iscsi_name);
	const add = without(wanted, had),
		remove = without(had, wanted);
	const using = m.hostSessions(r, host.id).filter((s) => remove.includes(s.initiator));
	const words = [
		add.length > 0 && `add ${listed(add)}`,
		remove.length > 0 && `remove ${listed(remove)}`,
	]
		.filter(Boolean)
		.join(', and ');
	return plan(
		`Initiator names of ${quoted(host.name)}`,
		`The names of ${quoted(host.name)} are set.`,
		words
			? [
					{
						operation: 'hostChange',
						ids: [host.id],
						body: { initiators: wanted.join(';') },
						text: `${capital(words)}.`,
					},
				]
			: [],
		{
			problems: initiatorProblems(r, add, host.id),
			danger: using.length > 0,
			warnings:
				using.length > 0
					? [`${plural(using.length, 'session')} will lose the LUNs of the host.`]
					: [],
		},
	);
}

/** input: { force } */
export function deleteHost(r, host, input) {
	const luns = r.list('lun').filter((lun) => lun.mask.split(';').includes(`host:${host.id}`));
	const text = `It may use ${names(luns, m.lunName)}, and loses that.`;
	return plan(
		`Delete ${quoted(host.name)}`,
		`Host ${quoted(host.name)} is deleted.`,
		[
			{
				operation: 'hostDelete',
				ids: [host.id],
				query: input.force ? { force: 1 } : {},
				text: `Delete the host ${quoted(host.name)} and its initiator names.`,
			},
		],
		{
			danger: true,
			forced: luns.length > 0,
			problems: luns.length > 0 && !input.force ? [text] : [],
			warnings: luns.length > 0 && input.force ? [text] : [],
		},
	);
}

// ---- portals, pools, sessions, jobs ----

/** input: { address, port, allTargets } */
export function createPortal(r, input) {
	const problems = [];
	const port = Number(input.port);
	if (!/^[0-9a-f.:]+$/i.test(input.address))
		problems.push(
			'Give a numeric address of this array, such as 192.0.2.10, or 0.0.0.0 for all.',
		);
	if (!Number.isInteger(port) || port < 1 || port > 65535)
		problems.push('The port is a number from 1 to 65535; iSCSI uses 3260.');
	const open = !/^(127\.|::1$)/.test(input.address);
	return plan(
		'Add a portal',
		`Portal ${input.address}:${input.port} is added.`,
		[
			{
				as: 'portal',
				operation: 'portalCreate',
				body: {
					address: input.address,
					port,
					...(input.allTargets && { all_targets: true }),
				},
				text:
					`Listen at ${input.address} port ${input.port}` +
					(input.allTargets ? ', and let every target be reached there.' : '.'),
			},
		],
		{
			problems,
			warnings: open
				? [
						'Other machines can log in there. iSCSI is not encrypted: use a private network.',
					]
				: [],
		},
	);
}

export function portalStatus(r, portal, status) {
	const sessions = m.portalSessions(r, portal.id);
	return plan(
		`Set ${m.portalName(portal)} ${status}`,
		`Portal ${m.portalName(portal)} is ${status}.`,
		[
			{
				operation: 'portalChange',
				ids: [portal.id],
				body: { status },
				text:
					status === 'offline'
						? 'Listen there no longer, until the portal is set online again.'
						: 'Listen there again.',
			},
		],
		{
			danger: status === 'offline',
			warnings:
				status === 'offline' && sessions.length > 0
					? [`${plural(sessions.length, 'session')} will end.`]
					: [],
		},
	);
}

export function deletePortal(r, portal) {
	const sessions = m.portalSessions(r, portal.id),
		groups = m.portalGroups(r, portal.id);
	return plan(
		`Delete ${m.portalName(portal)}`,
		`Portal ${m.portalName(portal)} is deleted.`,
		[
			...groups.map((g) => ({
				operation: 'groupRemovePortal',
				ids: [g.id, portal.id],
				text: `Let ${quoted(m.targetName(r.get('target', g.target_id)))} be reached there no longer.`,
			})),
			{
				operation: 'portalDelete',
				ids: [portal.id],
				text: `Listen at ${m.portalName(portal)} no longer.`,
			},
		],
		{
			danger: true,
			warnings:
				sessions.length > 0 ? [`${plural(sessions.length, 'session')} will end.`] : [],
		},
	);
}

/** input: { name, path } */
export const createPool = (r, input) =>
	plan(
		'Add a pool',
		`Pool ${quoted(input.name)} is added.`,
		[
			{
				as: 'pool',
				operation: 'poolCreate',
				body: { name: input.name, path: input.path },
				text: `Keep LUNs in ${input.path || '…'} too, as the pool ${quoted(input.name)}.`,
			},
		],
		{
			problems: [
				...(input.name ? nameProblem(r, 'pool', 'pool', input.name) : ['Give a name.']),
				...(input.path.startsWith('/')
					? []
					: ['Give the whole path of a directory on the array, such as /srv/luns.']),
			],
		},
	);

export function deletePool(r, pool) {
	const luns = m.poolLuns(r, pool.id);
	return plan(
		`Delete ${quoted(pool.name)}`,
		`Pool ${quoted(pool.name)} is deleted.`,
		[
			{
				operation: 'poolDelete',
				ids: [pool.id],
				text: `Forget the pool ${quoted(pool.name)}; its directory stays.`,
			},
		],
		{
			danger: true,
			problems:
				luns.length > 0
					? [
							`${plural(luns.length, 'LUN')} (${names(luns, m.lunName)}) must be deleted first.`,
						]
					: [],
		},
	);
}

export const endSession = (r, session) =>
	plan(
		'End a session',
		'The session is ended.',
		[
			{
				operation: 'sessionEnd',
				ids: [session.id],
				text:
					`End the session of ${session.initiator} with ` +
					`${quoted(m.targetName(r.get('target', session.target_id)))}.`,
			},
		],
		{
			danger: true,
			warnings: [
				'Most initiators log in again at once. To keep a host out, change who may use the LUN.',
			],
		},
	);

export const cancelJob = (r, job) =>
	plan(
		'Cancel a job',
		'The job is asked to stop.',
		[
			{
				operation: 'jobCancel',
				ids: [job.id],
				text: `Stop the job for the LUN ${quoted(job.lun_name)}, and undo what it did.`,
			},
		],
		{ danger: true },
	);

/**
 * Taking a change back.  undo: the answer to GET /v1/undo, which vdsd has made; what is applied is
 * refused when the array has gone on since.
 */
export function undoChange(undo) {
	return plan('Undo a change', 'The change is undone.', [
		{
			operation: 'undo',
			body: { change: undo.undoes, revision: undo.revision },
			text: `Take back change ${undo.undoes}.`,
			details: undo.steps.map((step) => step.text).filter(Boolean),
		},
	]);
}

// "10%" and "" stay as they are, "5G" becomes its bytes; null = it is neither.
const shareOf = (text) =>
	/^(\d{1,2}%)?$/.test(text) ? text : (parseBytes(text, 1)?.toString() ?? null);

/** input: { low, full, overcommit }: texts; '' is the default, of overcommit: no limit. */
export function poolThresholds(r, pool, input) {
	const problems = [];
	const wanted = {
		low: shareOf(input.low.trim()),
		full: shareOf(input.full.trim()),
		overcommit: input.overcommit.trim().replace(/^off$/, ''),
	};
	for (const name of ['low', 'full'])
		if (wanted[name] === null)
			problems.push(
				`${quoted(input[name])} is no threshold: give a percentage such as 10%, or a size.`,
			);
	if (!/^(\d+%)?$/.test(wanted.overcommit))
		problems.push(`${quoted(wanted.overcommit)} is no limit: give a percentage such as 200%.`);
	const shown = (value) => (/^\d+$/.test(value) ? bytes(Number(value)) : value);
	const words = {
		low: `warn below ${shown(wanted.low ?? '') || '10%'} of free space`,
		full: `call the pool full below ${shown(wanted.full ?? '') || '1%'}`,
		overcommit: wanted.overcommit
			? `let the LUNs be at most ${wanted.overcommit} of the capacity together`
			: 'set no limit to the LUNs together',
	};
	const names = Object.keys(words).filter((name) => wanted[name] !== pool[name]);
	const text = listed(names.map((name) => words[name]));
	const body = Object.fromEntries(names.map((name) => [name, wanted[name]]));
	if (body.overcommit === '') body.overcommit = 'off';
	return plan(
		`Thresholds of ${quoted(pool.name)}`,
		`The thresholds of ${quoted(pool.name)} are set.`,
		text ? [{ operation: 'poolChange', ids: [pool.id], body, text: `${capital(text)}.` }] : [],
		{ problems },
	);
}

// ---- doing it ----

const fill = (value, made) =>
	typeof value === 'string'
		? value.replace(/\$\{(\w+)\}/g, (text, name) => made[name] ?? text)
		: Array.isArray(value)
			? value.map((v) => fill(v, made))
			: value && typeof value === 'object'
				? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, fill(v, made)]))
				: value;

/** A step with the ids that earlier steps have made. */
export const resolve = (step, made) => ({
	...step,
	ids: fill(step.ids ?? [], made),
	body: fill(step.body, made),
});

/**
 * Carries out the steps one after the other, from number `from` on.  send(step) makes the call and
 * returns its answer; step(i, state, answer) is told about 'doing' and 'done'.  What earlier steps
 * made is kept in `made`.  The first error ends it: what was done before stays, and the error says
 * at which step (error.step).
 */
export async function apply(steps, send, step, made = {}, from = 0) {
	for (let i = from; i < steps.length; i++) {
		step(i, 'doing');
		try {
			const answer = await send(resolve(steps[i], made), i);
			if (steps[i].as) made[steps[i].as] = answer.id;
			step(i, 'done', answer);
		} catch (error) {
			error.step = i;
			throw error;
		}
	}
	return made;
}
