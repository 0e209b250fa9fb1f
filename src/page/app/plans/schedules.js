// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for schedules of snapshots.
import * as m from '../model.js';
import { listed, plural } from '../format.js';
import { change, names, nameProblem, plan, quoted } from './common.js';

const MOST_LUNS = 64;
const DAYS = {
	mon: 'Monday',
	tue: 'Tuesday',
	wed: 'Wednesday',
	thu: 'Thursday',
	fri: 'Friday',
	sat: 'Saturday',
	sun: 'Sunday',
};
const KEEPS = ['last', 'hourly', 'daily', 'weekly'];

const keepOf = (input) =>
	KEEPS.filter((name) => Number(input[name]) > 0)
		.map((name) => `${name}=${Number(input[name])}`)
		.join(',');

function scheduleProblems(r, input, own) {
	const problems = [];
	if (!input.name) problems.push('Give a name.');
	else if (input.name.includes('@')) problems.push('The name of a schedule has no @.');
	problems.push(...nameProblem(r, 'snapshot_schedule', 'schedule', input.name, own));
	if (input.luns.length === 0) problems.push('Choose the LUNs.');
	if (input.luns.length > MOST_LUNS)
		problems.push(`At most ${MOST_LUNS} LUNs can be taken at one moment.`);
	if (!/^[1-9]\d*[mhdw]$/.test(input.every.trim()))
		problems.push('Say how often: a time such as 15m, 4h, 1d or 1w.');
	if (!/^((mon|tue|wed|thu|fri|sat|sun)-)?([01]\d|2[0-3]):[0-5]\d$|^$/.test(input.at.trim()))
		problems.push('Say when: a time of the day such as 02:30, or sat-02:30 once a week.');
	if (KEEPS.some((name) => !/^\d*$/.test(input[name].trim())))
		problems.push('How many are kept are numbers.');
	else if (keepOf(input) === '') problems.push('Say how many snapshots are kept.');
	return problems;
}

/** "every day at 02:30 UTC", from the texts of a schedule. */
export const whenWords = ({ every, at }) => {
	const text = m.spanText(every).replace(/^1 /, ''),
		[time, day] = at.split('-').reverse();
	return `every ${text}${day ? ` on ${DAYS[day]}` : ''}${time ? ` at ${time} UTC` : ''}`;
};

/** "the last 3, 24 hourly and 7 daily" */
export const keepWords = (keep) => {
	const parts = keep.split(',').map((part) => part.split('='));
	return listed(parts.map(([name, n]) => (name === 'last' ? `the last ${n}` : `${n} ${name}`)));
};

const bodyOf = (input) => ({
	name: input.name,
	luns: input.luns,
	every: input.every.trim(),
	at: input.at.trim(),
	keep: keepOf(input),
});

const lunNames = (r, ids) => names(ids.map((id) => r.get('lun', id)).filter(Boolean), m.lunName);

/** input: { name, luns: [id], every, at, last, hourly, daily, weekly }: texts */
export function createSchedule(r, input) {
	const body = bodyOf(input);
	return plan(
		'Create a schedule',
		`Schedule ${quoted(input.name)} is created.`,
		[
			{
				as: 'schedule',
				operation: 'snapshotScheduleCreate',
				body,
				text:
					`Take snapshots of ${lunNames(r, input.luns) || '…'} ${whenWords(body)}, ` +
					(input.luns.length > 1 ? 'of all at one moment, ' : '') +
					`and keep ${keepWords(body.keep)}.`,
			},
		],
		{
			problems: scheduleProblems(r, input),
			warnings: ['Each snapshot takes the space of what is overwritten since.'],
		},
	);
}

/** input: as of createSchedule. */
export function changeSchedule(r, schedule, input) {
	const wanted = bodyOf(input);
	const had = { ...schedule, luns: schedule.lun_ids.split(';').filter(Boolean) };
	const same = (name) =>
		name === 'luns'
			? [...wanted.luns].sort().join() === [...had.luns].sort().join()
			: wanted[name] === had[name];
	const body = Object.fromEntries(Object.entries(wanted).filter(([name]) => !same(name)));
	const texts = [
		body.name && `Call the schedule ${quoted(body.name)}.`,
		body.luns && `Take snapshots of ${lunNames(r, body.luns)}.`,
		(body.every || body.at !== undefined) && `Take them ${whenWords(wanted)}.`,
		body.keep && `Keep ${keepWords(body.keep)}.`,
	].filter(Boolean);
	return plan(
		`Change ${quoted(schedule.name)}`,
		`Schedule ${quoted(wanted.name)} is changed.`,
		texts.length > 0 ? change('snapshotScheduleChange', schedule, body, texts) : [],
		{
			problems: scheduleProblems(r, input, schedule.id),
			warnings: body.keep
				? ['What is not kept any more is removed at the end of the next run.']
				: [],
		},
	);
}

/** on: whether it runs from now on. */
export const enableSchedule = (schedule, on) =>
	plan(
		`${on ? 'Resume' : 'Pause'} ${quoted(schedule.name)}`,
		`Schedule ${quoted(schedule.name)} is ${on ? 'resumed' : 'paused'}.`,
		change('snapshotScheduleChange', schedule, { enabled: on }, [
			on
				? `Take snapshots ${whenWords(schedule)} again; what was missed is not made up for.`
				: 'Take no snapshots, and remove none, until it is resumed.',
		]),
	);

export const runSchedule = (r, schedule) =>
	plan(
		`Run ${quoted(schedule.name)} now`,
		`Schedule ${quoted(schedule.name)} has run.`,
		[
			{
				operation: 'snapshotScheduleRun',
				ids: [schedule.id],
				text:
					`Take snapshots of ${names(m.scheduleLuns(r, schedule), m.lunName)} now, and ` +
					`keep ${keepWords(schedule.keep)} of the schedule’s own.`,
			},
		],
		{
			problems: m.scheduleLuns(r, schedule).length === 0 ? ['Its LUNs are deleted.'] : [],
		},
	);

export function deleteSchedule(r, schedule) {
	const left = m.scheduleSnapshots(r, schedule.id);
	return plan(
		`Delete ${quoted(schedule.name)}`,
		`Schedule ${quoted(schedule.name)} is deleted.`,
		[
			{
				operation: 'snapshotScheduleDelete',
				ids: [schedule.id],
				text: `Delete the schedule ${quoted(schedule.name)}: it takes no snapshots any more.`,
			},
		],
		{
			danger: true,
			warnings:
				left.length > 0
					? [`Its ${plural(left.length, 'snapshot')} stay until somebody deletes them.`]
					: [],
		},
	);
}
