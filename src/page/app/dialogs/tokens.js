// SPDX-License-Identifier: LGPL-2.1-or-later
// Dialogs for API tokens.
import * as plans from '../plans.js';
import { openDialog } from '../dialog.jsx';
import { select, text } from '../fields.jsx';
import { store } from '../store.js';
import { confirm } from './common.js';

const ROLES = [
	['reader', 'reader: looks, and changes nothing'],
	['operator', 'operator: creates and changes'],
	['admin', 'admin: everything'],
];

/** tokens: those that there are; after: called when there is one more. */
export function createToken(tokens, after) {
	const now = Date.now();
	openDialog({
		input: { name: '', role: 'reader', expires: '90d' },
		verb: 'Create',
		secretLabel: 'The token',
		plan: (r, input) => plans.createToken(tokens, input, now),
		fields: () => [
			text('Name', 'name', 'Who or what uses it, such as backup or alice'),
			[
				select('Role', 'role', ROLES),
				text('Valid for', 'expires', 'Such as 12h, 90d or 52w; empty: until it is revoked'),
			],
		],
		after,
	});
}

export const revokeToken = (token, after) =>
	confirm('Revoke', () => plans.revokeToken(token, store.me), after);
