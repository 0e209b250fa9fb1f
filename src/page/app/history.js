// SPDX-License-Identifier: LGPL-2.1-or-later
// Records of the audit log in words, and which changes are undone.  Pure.

/** Who asked. */
export const who = (principal) =>
	principal === null
		? 'vdsd'
		: principal.kind === 'token'
			? `token ${principal.name}`
			: principal.name ||
				(principal.kind === 'unix'
					? `uid ${principal.uid}`
					: principal.from || principal.kind);

const shown = (value) =>
	typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '–');

/** What a record changed, member by member. */
export const members = (record) =>
	record.changes.flatMap((change) =>
		Object.entries({ ...change.before, ...change.after })
			.filter(([name]) => shown(change.before?.[name]) !== shown(change.after?.[name]))
			.map(([name]) =>
				change.before && change.after
					? `${name}: ${shown(change.before[name])} → ${shown(change.after[name])}`
					: change.after
						? `${name}: ${shown(change.after[name])}`
						: `${name}: ${shown(change.before[name])} (deleted)`,
			),
	);

/** Is it a change of rows that somebody asked for?  Those can be undone, as `vdsctl history` says. */
export const isChange = (record) => record.sequence > 0 && record.verb !== '';

/** Which change took which one back: Map of sequence -> sequence of the undo that still holds. */
export function undone(records) {
	const map = new Map();
	for (const { sequence, cause, object } of records) {
		const of = /^change (\d+)$/.exec(object);
		if (sequence > 0 && cause === 'undo' && of && !map.has(sequence))
			map.set(Number(of[1]), sequence);
	}
	return map;
}
