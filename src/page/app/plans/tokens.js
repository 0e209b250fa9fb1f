// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for API tokens.  The text of a new token is in the answer to its request, and in no plan.
import { time } from '../format.js';
import { spanText } from '../model.js';
import { plan, quoted } from './common.js';

const NAME = /^[A-Za-z0-9._@][A-Za-z0-9._@-]{0,62}$/;
const SPANS_MS = { m: 60e3, h: 3600e3, d: 86400e3, w: 7 * 86400e3 };
const LATEST_MS = 253402300799999; // the end of the year 9999

const MAY = {
	reader: 'look at everything, but change nothing',
	operator:
		'create and change LUNs, snapshots and sessions, but neither delete them nor say who may log in',
	admin: 'do everything, also make and revoke tokens',
};

/** "30d" → milliseconds; null = it is no time. */
function spanMs(text) {
	const [, n, unit] = /^([1-9]\d{0,5})([mhdw])$/.exec(text) ?? [];
	return unit ? Number(n) * SPANS_MS[unit] : null;
}

/** input: { name, role, expires: "30d", or '' for never }; now: when the dialog was opened. */
export function createToken(tokens, input, now) {
	const name = input.name.trim(),
		text = input.expires.trim(),
		span = text === '' ? 0 : spanMs(text);
	const until = span ? Math.ceil((now + span) / 60e3) * 60e3 : 0;
	const problems = [];
	if (!NAME.test(name))
		problems.push(
			name === ''
				? 'Give a name that says who or what uses the token, such as backup or alice.'
				: `${quoted(name)} is no name for a token: give 1 to 63 letters, digits or . _ @ -, ` +
						'the first one no dash.',
		);
	if (span === null || until > LATEST_MS)
		problems.push(`${quoted(text)} is no time: give one such as 12h, 30d or 52w.`);
	const same = tokens.filter((token) => token.name === name).length;
	return plan(
		'Create a token',
		`Token ${quoted(name)} is created.`,
		[
			{
				as: 'token',
				operation: 'tokenCreate',
				body: { name, role: input.role, ...(until > 0 && { expires_ms: until }) },
				text:
					`Make the token ${quoted(name || '…')}. Whoever has it may ${MAY[input.role]}` +
					(until > 0
						? `, for ${spanText(text)}: until ${time(until).slice(0, 16)}.`
						: ', until it is revoked.'),
			},
		],
		{
			problems,
			warnings: [
				'The token is shown once, when it is made. vdsd keeps only a hash of it.',
				...(same > 0
					? [
							`There is a token called ${quoted(name)} already: both will work, and the audit ` +
								'log cannot tell them apart.',
						]
					: []),
			],
		},
	);
}

/** me: the answer to GET /v1/principal. */
export const revokeToken = (token, me) =>
	plan(
		`Revoke ${quoted(token.name)}`,
		`Token ${quoted(token.name)} is revoked.`,
		[
			{
				operation: 'tokenRevoke',
				ids: [token.id],
				text: `Refuse the token ${quoted(token.name)} from now on, and end what is open with it.`,
			},
		],
		{
			danger: true,
			warnings: [
				me?.kind === 'token' && me.name === token.name
					? 'You are signed in with a token of this name: if it is this one, you are signed out ' +
						'at once, and need another token to sign in again.'
					: 'Programs and browsers that use it must get another token.',
			],
		},
	);
