// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for hosts.
import * as m from '../model.js';
import { listed, plural } from '../format.js';
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
