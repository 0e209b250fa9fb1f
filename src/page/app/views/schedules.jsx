// SPDX-License-Identifier: LGPL-2.1-or-later
// Schedules of snapshots: all of them, and one.
import { ago, plural, time } from '../format.js';
import * as m from '../model.js';
import { keepWords, whenWords } from '../plans.js';
import { countColumn, nameColumn, stateColumn, tableOf } from '../columns.jsx';
import { ListView, Why } from '../listview.jsx';
import { useStore } from '../store.js';
import { Action, Badge, Card, Facts, Gone, Head, Link, Mono } from '../ui.jsx';
import { changeSchedule, createSchedule, deleteSchedule, enableSchedule, runSchedule } from '../dialogs.js';
import { SnapshotTable } from './snapshots.jsx';

const When = ({ ms, none }) => (ms ? <span title={time(ms)}>{ago(ms)}</span> : none);
const liveOf = (r, schedule) => r.get('live_snapshot_schedule', schedule.id);

const ScheduleTable = tableOf({
	word: 'schedule',
	depends: ['live_snapshot_schedule', 'snapshot', 'lun'],
	columns: (r) => [
		nameColumn('schedules', (s) => s.name),
		stateColumn((s) => m.scheduleState(r, s)),
		{ name: 'when', title: 'When', least: 2, wide: true, value: whenWords },
		{
			name: 'next',
			title: 'Next',
			find: () => '',
			value: (s) => liveOf(r, s)?.next_ms ?? 0,
			cell: (s) => <When ms={liveOf(r, s)?.next_ms} none="–" />,
		},
		countColumn('luns', 'LUNs', (s) => m.scheduleLuns(r, s).length, { least: 2 }),
		countColumn('kept', 'Snapshots', (s) => m.scheduleSnapshots(r, s.id).length, { least: 2 }),
	],
});

export function Schedules({ query }) {
	const { replica: r } = useStore();
	const create = (
		<Action
			operation="snapshotScheduleCreate"
			icon="plus"
			kind="main"
			onClick={() => createSchedule()}
		>
			Create
		</Action>
	);
	return (
		<ListView
			title="Schedules"
			sub="Snapshots that are taken by themselves, and how many of them are kept"
			actions={create}
			table={ScheduleTable}
			rows={r.list('snapshot_schedule')}
			query={query}
			empty={{
				icon: 'schedule',
				title: 'There is no schedule',
				text:
					'A schedule takes snapshots of its LUNs every so often, all at one moment, and ' +
					'removes its old ones. “Create” makes one.',
			}}
		/>
	);
}

const Actions = ({ schedule }) => (
	<>
		<Action operation="snapshotScheduleChange" onClick={() => changeSchedule(schedule)}>
			Change
		</Action>
		<Action
			operation="snapshotScheduleChange"
			onClick={() => enableSchedule(schedule, !schedule.enabled)}
		>
			{schedule.enabled ? 'Pause' : 'Resume'}
		</Action>
		<Action operation="snapshotScheduleRun" onClick={() => runSchedule(schedule)}>
			Run now
		</Action>
		<Action
			operation="snapshotScheduleDelete"
			kind="danger-text"
			onClick={() => deleteSchedule(schedule)}
		>
			Delete
		</Action>
	</>
);

export function Schedule({ id }) {
	const { replica: r } = useStore();
	const schedule = r.get('snapshot_schedule', id);
	if (!schedule) return <Gone what="schedule" view="schedules" name="Schedules" />;
	const live = liveOf(r, schedule),
		state = m.scheduleState(r, schedule),
		luns = m.scheduleLuns(r, schedule),
		snapshots = m.scheduleSnapshots(r, id);
	return (
		<>
			<Head
				parent={['schedules', 'Schedules']}
				title={schedule.name}
				badge={<Badge {...state} />}
				sub={`${plural(luns.length, 'LUN')}, ${whenWords(schedule)}`}
			>
				<Actions schedule={schedule} />
			</Head>
			<Why state={state} />
			<div class="columns">
				<Card title="Facts">
					<Facts
						rows={[
							['Keeps', keepWords(schedule.keep)],
							['Next', <When ms={live?.next_ms} none="not while it is paused" />],
							['Last', <When ms={live?.last_ms} none="never yet" />],
							['ID', <Mono>{schedule.id}</Mono>],
						]}
					/>
				</Card>
				<Card title="LUNs">
					<ul class="lines">
						{luns.map((lun) => (
							<li key={lun.id}>
								<Link view="luns" id={lun.id}>
									{m.lunName(lun)}
								</Link>
							</li>
						))}
					</ul>
					{luns.length === 0 && <p class="soft">Its LUNs are deleted.</p>}
				</Card>
			</div>
			<Card title="Snapshots that it has taken">
				<SnapshotTable
					rows={snapshots}
					label="Snapshots of the schedule"
					short
					empty={<p class="soft">None yet.</p>}
				/>
			</Card>
		</>
	);
}
