// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for CHAP secrets.  A plan names the secret only in the body of its request, which the page
// does not show.
import * as m from '../model.js';
import { quoted, plan } from './common.js';
import { plural } from '../format.js';

const LEAST = 12,
	MOST = 255;

/** How many bytes a secret has: pairs of hexadecimal digits behind 0x, else the text itself. */
function lengthOf(secret) {
	const hex = /^0x((?:[0-9a-f]{2})+)$/i.exec(secret);
	return hex ? hex[1].length / 2 : new TextEncoder().encode(secret).length;
}

function secretProblems(input) {
	if (!input.secret) return ['Give a secret.'];
	const length = lengthOf(input.secret);
	if (length < LEAST || length > MOST)
		return [`The secret has ${plural(length, 'byte')}: it must have ${LEAST} to ${MOST}.`];
	return input.secret === input.again ? [] : ['The two secrets are not the same.'];
}

/**
 * owner: { family: 'target' | 'host' | 'discovery', row? }.
 * input: { side, secret, again, user, initiator, keep (hours, '' = not) }
 */
export function setSecret(r, owner, input) {
	const initiator = input.initiator.trim(),
		user = input.user.trim(),
		whose = m.ownerName(owner);
	const problems = secretProblems(input);
	const before = m.credentials(r, owner).filter((c) => c.side === input.side);
	const replaced = before.some(
		(c) => c.initiator === initiator && (c.side === 'target' || c.user === user),
	);
	const keep = input.keep.trim();
	if (keep && (!/^\d+$/.test(keep) || Number(keep) < 1 || Number(keep) > 744))
		problems.push('The secret before is kept for 1 to 744 hours.');
	const who = initiator || (owner.family === 'host' ? 'the host' : 'initiators');
	return plan(
		`CHAP of ${whose}`,
		`The CHAP secret of ${whose} is set.`,
		[
			{
				operation: 'credentialSet',
				body: {
					side: input.side,
					secret: input.secret,
					...(owner.row ? { owner_id: owner.row.id } : { discovery: true }),
					...(user && { user }),
					...(initiator && { initiator }),
					...(replaced && keep && { keep_old_s: Number(keep) * 3600 }),
				},
				text:
					(replaced ? 'Replace the secret' : 'Set the secret') +
					(input.side === 'initiator'
						? ` that ${who} must know to log in.`
						: ` by which the array proves itself to ${who}.`),
			},
		],
		{
			problems,
			warnings: [
				input.side === 'initiator' && before.length === 0
					? `From now on ${who} cannot log in without the secret: set it there, too.`
					: 'New logins need the new secret. Sessions go on.',
				...(input.side === 'target' &&
				!m.credentials(r, owner).some((c) => c.side === 'initiator')
					? ['Mutual CHAP works only where initiators prove themselves, too.']
					: []),
			],
		},
	);
}

export function removeSecret(r, owner, credential) {
	const last =
		credential.side === 'initiator' &&
		m.credentials(r, owner).filter((c) => c.side === 'initiator').length === 1;
	return plan(
		`Remove a CHAP secret of ${m.ownerName(owner)}`,
		'The CHAP secret is removed.',
		[
			{
				operation: 'credentialDelete',
				ids: [credential.id],
				text:
					credential.side === 'initiator'
						? `Forget the secret for ${credential.initiator || 'every initiator'}` +
							`${credential.user ? ` with the CHAP name ${quoted(credential.user)}` : ''}.`
						: 'Forget the secret by which the array proves itself.',
			},
		],
		{
			danger: true,
			warnings: last ? ['It is the last one: afterwards a login needs no secret here.'] : [],
		},
	);
}
