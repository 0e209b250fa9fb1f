// SPDX-License-Identifier: LGPL-2.1-or-later
// The plan for the access state of a portal group (ALUA): which paths initiators take.
import * as m from '../model.js';
import { plural } from '../format.js';
import { change, names, plan, quoted } from './common.js';

/** The states: [value, words, what initiators do with such a path]. */
export const ACCESS = [
	['active-optimized', 'Active, optimized', 'initiators use it first'],
	[
		'active-non-optimized',
		'Active, not optimized',
		'initiators use it while no optimized path is there',
	],
	['standby', 'Standby', 'nothing is read or written on it until it is active again'],
	['unavailable', 'Unavailable', 'as standby, and even less is answered on it'],
	['offline', 'Offline', 'the path does not count at all'],
];
export const accessState = (state) =>
	ACCESS.find(([value]) => value === state) ?? [state, state, ''];

/** The LUNs that can be used on no other active path than those of the group. */
const left = (r, group) =>
	m.targetLuns(r, group.target_id).filter(
		(lun) =>
			!m
				.lunTargets(r, lun.id)
				.flatMap((target) => m.targetGroups(r, target.id))
				.some(
					(other) =>
						other.id !== group.id &&
						m.isActive(other) &&
						m.groupPortals(r, other.id).length > 0,
				),
	);

function losses(r, group, state) {
	if (m.isActive({ access_state: state }) || !m.isActive(group)) return [];
	const using = m.groupSessions(r, group).length,
		alone = left(r, group);
	return [
		...(using > 0
			? [
					`${plural(using, 'session')} of the group must take another path: commands on this one ` +
						'fail some seconds after the initiators were told.',
				]
			: []),
		...(alone.length > 0
			? [
					`No other path to ${names(alone, m.lunName)} is active: hosts can neither read nor ` +
						'write there meanwhile.',
				]
			: []),
	];
}

/** input: { state, preferred, explicit } */
export function setAccess(r, group, input) {
	const of = `group ${group.tag} of ${quoted(m.targetName(r.get('target', group.target_id)))}`;
	const body = {
		...(input.state !== group.access_state && { access_state: input.state }),
		...(input.preferred !== group.preferred && { preferred: input.preferred }),
		...(input.explicit !== group.explicit_allowed && { explicit_allowed: input.explicit }),
	};
	const [, words, meaning] = accessState(input.state);
	const texts = [
		body.access_state && `Tell initiators that ${of} is ${words.toLowerCase()}: ${meaning}.`,
		'preferred' in body &&
			(body.preferred
				? 'Ask them to prefer it to other paths in the same state.'
				: 'Prefer it no longer to other paths in the same state.'),
		'explicit_allowed' in body &&
			(body.explicit_allowed
				? 'Let initiators set the state themselves.'
				: 'Let initiators no longer set the state.'),
	].filter(Boolean);
	const warnings = losses(r, group, input.state);
	return plan(
		`Access of ${of}`,
		`The access of ${of} is set.`,
		texts.length > 0 ? change('groupChange', group, body, texts) : [],
		{ warnings, danger: warnings.length > 0 },
	);
}
