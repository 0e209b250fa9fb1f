// SPDX-License-Identifier: LGPL-2.1-or-later
// Jobs: what takes long, with its progress.
import { duration, time } from '../format.js';
import * as m from '../model.js';
import { useStore } from '../store.js';
import { Table } from '../table.jsx';
import { Action, Badge, Empty, Head, Link, Progress } from '../ui.jsx';
import { cancelJob } from '../dialogs.jsx';

const columns = (r) => [
	{
		name: 'begun',
		title: 'Begun',
		value: (j) => j.created_ms,
		find: (j) => time(j.created_ms),
		cell: (j) => time(j.created_ms),
	},
	{ name: 'kind', title: 'Job', value: (j) => j.kind.replace('-', ' ') },
	{
		name: 'lun',
		title: 'LUN',
		wide: true,
		value: (j) => j.lun_name,
		cell: (j) =>
			r.get('lun', j.lun_id) ? (
				<Link view="luns" id={j.lun_id}>
					{j.lun_name}
				</Link>
			) : (
				j.lun_name
			),
	},
	{
		name: 'state',
		title: 'State',
		value: (j) => j.state,
		cell: (j) =>
			j.state === 'running' ? (
				<Progress
					value={r.get('live_job', j.id)?.percent ?? 0}
					label={`Progress: ${j.kind} ${j.lun_name}`}
				/>
			) : (
				<Badge {...m.jobState(j)} />
			),
	},
	{
		name: 'took',
		title: 'Took',
		num: true,
		least: 2,
		find: () => '',
		value: (j) => (j.ended_ms ? j.ended_ms - j.created_ms : 0),
		cell: (j) => (j.ended_ms ? duration((j.ended_ms - j.created_ms) * 1e6) : ''),
	},
	{ name: 'message', title: 'Message', least: 3, wide: true, value: (j) => j.message },
	{
		name: 'cancel',
		title: 'Cancel',
		value: () => '',
		cell: (j) =>
			j.state === 'running' && (
				<Action operation="jobCancel" kind="small" onClick={() => cancelJob(j)}>
					Cancel
					<span class="away">
						{' '}
						{j.kind} {j.lun_name}
					</span>
				</Action>
			),
	},
];

export function Jobs({ query }) {
	const { replica: r } = useStore();
	return (
		<>
			<Head title="Jobs" sub="What takes long: thick LUNs, growing them, deleting data" />
			<Table
				depends={['live_job']}
				label="Jobs"
				rows={r.list('job')}
				columns={columns(r)}
				word="job"
				query={query}
				sort="-begun"
				empty={
					<Empty icon="job" title="No job has run lately">
						<p>
							Changes that take long become jobs, and are shown here with their
							progress.
						</p>
					</Empty>
				}
			/>
		</>
	);
}
