// SPDX-License-Identifier: LGPL-2.1-or-later
// Dialogs for schedules of snapshots.
import * as plans from '../plans.js';
import { openDialog } from '../dialog.jsx';
import { heading, mono, text } from '../fields.jsx';
import { go } from '../router.js';
import { confirm, fresh, lunChoice } from './common.js';

const number = (label, name) => text(label, name, undefined, { inputmode: 'numeric' });

const scheduleFields = (input, r) => [
	text('Name', 'name', 'Its snapshots are called by it and their time'),
	lunChoice(r),
	[
		text('Every', 'every', 'Such as 15m, 4h, 1d or 1w'),
		mono('At', 'at', 'In UTC: 02:30, or sat-02:30 for once a week; empty: at its beginning'),
	],
	heading('How many are kept'),
	[number('The last', 'last'), number('Hourly', 'hourly')],
	[number('Daily', 'daily'), number('Weekly', 'weekly')],
];

const keeps = (keep) => ({
	last: '',
	hourly: '',
	daily: '',
	weekly: '',
	...Object.fromEntries(keep.split(',').map((part) => part.split('='))),
});

/** luns: ids of those that are chosen at first. */
export const createSchedule = (luns = []) =>
	openDialog({
		input: { name: '', luns, every: '1d', at: '02:30', ...keeps('daily=7,weekly=4') },
		verb: 'Create',
		two: true,
		plan: plans.createSchedule,
		fields: scheduleFields,
		after: (made) => go('schedules', made.schedule),
	});

export const changeSchedule = (schedule) =>
	openDialog({
		input: {
			name: schedule.name,
			luns: schedule.lun_ids.split(';').filter(Boolean),
			every: schedule.every,
			at: schedule.at,
			...keeps(schedule.keep),
		},
		two: true,
		plan: (r, input) => plans.changeSchedule(r, fresh(r, 'snapshot_schedule', schedule), input),
		fields: scheduleFields,
	});

export const enableSchedule = (schedule, on) =>
	confirm(on ? 'Resume' : 'Pause', () => plans.enableSchedule(schedule, on));

export const runSchedule = (schedule) =>
	confirm('Run now', (r) => plans.runSchedule(r, schedule));

export const deleteSchedule = (schedule) =>
	confirm(
		'Delete',
		(r) => plans.deleteSchedule(r, schedule),
		() => go('schedules'),
	);
