// SPDX-License-Identifier: LGPL-2.1-or-later
// The plan that clears what hosts have registered and reserved of a LUN.
import * as m from '../model.js';
import { listed, plural } from '../format.js';
import { plan, quoted } from './common.js';

/** got: the answer to GET /v1/luns/{id}/reservations, or null where it could not be read. */
export function clearReservations(r, lun, got) {
	const count = got?.registrations.length ?? 0,
		held = got && got.reservation !== 'none';
	const name = quoted(m.lunName(lun));
	const what = [
		count > 0 && plural(count, 'registration'),
		held && 'the reservation',
		got?.reserve && 'the RESERVE of a host',
	].filter(Boolean);
	return plan(
		`Clear the reservations of ${name}`,
		`The reservations of ${name} are cleared.`,
		[
			{
				operation: 'lunReservationsClear',
				ids: [lun.id],
				text: `Remove ${listed(what) || 'what is registered and reserved'} of ${name}.`,
			},
		],
		{
			danger: true,
			warnings: [
				'Nothing keeps a host out afterwards that the cluster has fenced: do this only when the ' +
					'hosts of the cluster are stopped or gone for good.',
				'Hosts that are there are told; their cluster software may have to register again.',
			],
		},
	);
}
