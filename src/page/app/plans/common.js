// SPDX-License-Identifier: LGPL-2.1-or-later
// What the plans share: their form, and words.
import * as m from '../model.js';
import { listed, plural } from '../format.js';

export const quoted = (name) => `“${name}”`;
export const capital = (text) => text[0].toUpperCase() + text.slice(1);
export const names = (rows, name) => listed(rows.map((row) => quoted(name(row))));

export const plan = (title, done, steps, more = {}) => ({
	title,
	done,
	steps,
	warnings: [],
	problems: [],
	danger: false,
	...more,
});

/** Words → entries of a list that are not in another one. */
export const without = (list, other) => list.filter((item) => !other.includes(item));

export const splitNames = (text) => text.split(/[\s,;]+/).filter(Boolean);

export const nameProblem = (r, family, what, name, own) =>
	r.list(family).some((row) => row.name === name && row.id !== own)
		? [`There is a ${what} called ${quoted(name)} already.`]
		: [];

export const initiatorProblems = (r, wanted, own) =>
	wanted.flatMap((name) => {
		if (!/^(iqn\.|naa\.|eui\.)/i.test(name))
			return [`${quoted(name)} is no iSCSI name: those begin with iqn., eui. or naa.`];
		const host = m.initiatorHost(r, name);
		return host && host.id !== own
			? [`${name} belongs to the host ${quoted(host.name)} already.`]
			: [];
	});

/** The one step that changes an object: a PATCH with `body`, in the sentences of `texts`. */
export const change = (operation, row, body, texts) => [
	{ operation, ids: [row.id], body, text: texts.join(' ') },
];

/** "3 sessions will end.", or nothing when there is none. */
export const sessionsEnd = (sessions) =>
	sessions.length > 0 ? [`${plural(sessions.length, 'session')} will end.`] : [];
