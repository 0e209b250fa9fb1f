// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for portals.
import * as m from '../model.js';
import { change, plan, sessionsEnd } from './common.js';

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

export const portalStatus = (r, portal, status) =>
	plan(
		`Set ${m.portalName(portal)} ${status}`,
		`Portal ${m.portalName(portal)} is ${status}.`,
		change('portalChange', portal, { status }, [
			status === 'offline'
				? 'Listen there no longer, until the portal is set online again.'
				: 'Listen there again.',
		]),
		{
			danger: status === 'offline',
			warnings: status === 'offline' ? sessionsEnd(m.portalSessions(r, portal.id)) : [],
		},
	);

/** The portal, and its place in the groups of targets, in one change. */
export const deletePortal = (r, portal) =>
	plan(`Delete ${m.portalName(portal)}`, `Portal ${m.portalName(portal)} is deleted.`, [], {
		danger: true,
		needs: ['portalDelete'],
		warnings: sessionsEnd(m.portalSessions(r, portal.id)),
		document: {
			format: 1,
			portals: [{ address: portal.address, port: portal.port, absent: true }],
			targets: m.portalTargets(r, portal.id).map((target) => ({
				id: target.id,
				portal_groups: m.targetGroups(r, target.id).map((group) => ({
					tag: group.tag,
					portals: m
						.groupPortals(r, group.id)
						.filter((other) => other.id !== portal.id)
						.map(m.portalName),
				})),
			})),
		},
	});
