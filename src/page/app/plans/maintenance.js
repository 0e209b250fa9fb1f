// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for maintenance: a sign by which a person finds an object.
import { plan, quoted } from './common.js';

const WORDS = {
	blink: 'blinking',
	beep: 'beeping',
	ping: 'answering pings',
	'spin-up': 'spinning up',
};

/** What goes on, in one word or two. */
export const maintenanceWords = (operation) => WORDS[operation] ?? operation;

/** of: { id, name } of a controller, a port, a drive or a LUN. */
export const blink = (of) =>
	plan(`Blink ${quoted(of.name)}`, `${quoted(of.name)} blinks.`, [
		{
			operation: 'maintenanceAsk',
			body: { object_id: of.id, operation: 'blink', action: 'start' },
			text:
				`Let ${quoted(of.name)} blink until somebody stops it: everybody who looks at the array sees ` +
				'it, and a line is written to the log. The array has no lamps of its own.',
		},
	]);

export const stopMaintenance = (of, operation) =>
	plan(
		`Stop ${maintenanceWords(operation)}`,
		`${quoted(of.name)} has stopped ${maintenanceWords(operation)}.`,
		[
			{
				operation: 'maintenanceAsk',
				body: { object_id: of.id, operation, action: 'stop' },
				text: `Let ${quoted(of.name)} stop ${maintenanceWords(operation)}.`,
			},
		],
	);
