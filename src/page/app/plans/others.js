// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for portals, pools, sessions and jobs, and to take a change back.
import * as m from '../model.js';
import { bytes, listed, parseBytes, plural } from '../format.js';
import { quoted, capital, names, plan, nameProblem } from './common.js';

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
				...(/^(\/|ram:)/.test(input.path)
					? []
					: [
							'Give the whole path of a directory on the array, such as /srv/luns, ' +
								'or an amount of memory, such as ram:2G.',
						]),
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
