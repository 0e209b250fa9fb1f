// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for host groups.
import * as m from '../model.js';
import { change, quoted, names, plan, without, nameProblem } from './common.js';

const hostsOf = (r, ids) =>
	names(ids.map((id) => r.get('host', id)).filter(Boolean), (host) => host.name);
const lunsOf = (r, group) =>
	r.list('lun').filter((lun) => lun.mask.split(';').includes(`host-group:${group.id}`));

/** input: { name, hosts: [id] } */
export const createGroup = (r, input) =>
	plan(
		'Create a host group',
		`Host group ${quoted(input.name)} is created.`,
		[
			{
				as: 'group',
				operation: 'hostGroupCreate',
				body: { name: input.name, ...(input.hosts.length > 0 && { hosts: input.hosts }) },
				text:
					`Create the host group ${quoted(input.name)}` +
					(input.hosts.length > 0 ? ` of ${hostsOf(r, input.hosts)}.` : ', empty yet.'),
			},
		],
		{
			problems: input.name
				? nameProblem(r, 'host_group', 'host group', input.name)
				: ['Give a name.'],
		},
	);

/** input: { hosts: [id] } – the complete new set. */
export function groupHosts(r, group, input) {
	const had = m.groupHosts(r, group.id).map((host) => host.id);
	const add = without(input.hosts, had),
		remove = without(had, input.hosts);
	const luns = lunsOf(r, group);
	// by name where that is enough, so that two people do not undo each other's changes
	const body =
		remove.length === 0 ? { add } : add.length === 0 ? { remove } : { hosts: input.hosts };
	return plan(
		`Hosts of ${quoted(group.name)}`,
		`The hosts of ${quoted(group.name)} are set.`,
		add.length + remove.length > 0
			? change('hostGroupChange', group, body, [
					...(add.length > 0 ? [`Add ${hostsOf(r, add)}.`] : []),
					...(remove.length > 0 ? [`Remove ${hostsOf(r, remove)}.`] : []),
				])
			: [],
		{
			danger: remove.length > 0 && luns.length > 0,
			warnings:
				luns.length > 0 && add.length + remove.length > 0
					? [
							`The group may use ${names(luns, m.lunName)}: ` +
								'who comes may use that from now on, and who goes may not.',
						]
					: [],
		},
	);
}

/** input: { name } */
export const renameGroup = (r, group, input) =>
	plan(
		`Rename ${quoted(group.name)}`,
		`The host group is now called ${quoted(input.name)}.`,
		input.name === group.name
			? []
			: change('hostGroupChange', group, { name: input.name }, [
					`Call the host group ${quoted(input.name)} instead of ${quoted(group.name)}.`,
				]),
		{
			problems: input.name
				? nameProblem(r, 'host_group', 'host group', input.name, group.id)
				: ['Give a name.'],
		},
	);

/** input: { force } */
export function deleteGroup(r, group, input) {
	const luns = lunsOf(r, group);
	const text = `It may use ${names(luns, m.lunName)}; its hosts lose that, unless they are named there themselves.`;
	return plan(
		`Delete ${quoted(group.name)}`,
		`Host group ${quoted(group.name)} is deleted.`,
		[
			{
				operation: 'hostGroupDelete',
				ids: [group.id],
				query: input.force ? { force: 1 } : {},
				text: `Delete the host group ${quoted(group.name)}; its hosts stay.`,
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
