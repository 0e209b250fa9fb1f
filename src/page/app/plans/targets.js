// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for targets.
import * as m from '../model.js';
import { listed, plural } from '../format.js';
import { quoted, names, plan } from './common.js';

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

/** The target and its associations, in one change. */
export function deleteTarget(r, target) {
	const luns = m.targetLuns(r, target.id),
		sessions = m.targetSessions(r, target.id);
	const warnings = [];
	if (sessions.length > 0)
		warnings.push(
			`${plural(sessions.length, 'session')} of ` +
				`${listed([...new Set(sessions.map((s) => s.initiator))])} will end.`,
		);
	const alone = luns.filter((lun) => m.lunTargets(r, lun.id).length === 1);
	if (alone.length > 0)
		warnings.push(`Nobody can reach ${names(alone, m.lunName)} afterwards. The data stays.`);
	return plan(
		`Delete ${quoted(m.targetName(target))}`,
		`Target ${quoted(m.targetName(target))} is deleted.`,
		[],
		{
			danger: true,
			warnings,
			needs: ['targetDelete'],
			document: {
				format: 1,
				targets: [{ id: target.id, absent: true }],
				associations: luns.map((lun) => ({
					lun: lun.id,
					target: target.iscsi_name,
					absent: true,
				})),
			},
		},
	);
}
