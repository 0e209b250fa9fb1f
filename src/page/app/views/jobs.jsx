// SPDX-License-Identifier: LGPL-2.1-or-later
// Jobs: what takes long, with its progress.
import { duration } from '../format.js';
import * as m from '../model.js';
import { actionsColumn, otherColumn, tableOf, timeColumn } from '../columns.jsx';
import { ListView } from '../listview.jsx';
import { useStore } from '../store.js';
import { Action, Badge, Progress } from '../ui.jsx';
import { cancelJob } from '../dialogs.js';

const KINDS = {
	'create-lun': 'Create a LUN',
	'extend-lun': 'Grow a LUN',
	'delete-lun': 'Delete a LUN',
	'move-lun': 'Move a LUN',
};
/** What a job does, in words. */
export const jobKind = (job) => KINDS[job.kind] ?? job.kind.replaceAll('-', ' ');

const JobTable = tableOf({
	word: 'job',
	sort: '-begun',
	depends: ['live_job'],
	columns: (r) => [
		timeColumn('begun', 'Begun', (j) => j.created_ms),
		{ name: 'kind', title: 'Job', value: jobKind },
		otherColumn(
			'lun',
			'LUN',
			(j) => ({
				view: 'luns',
				id: r.get('lun', j.lun_id)?.id,
				name: j.lun_name,
			}),
			{ wide: true },
		),
		{
			name: 'state',
			title: 'State',
			value: (j) => j.state,
			cell: (j) =>
				j.state === 'running' ? (
					<Progress
						value={r.get('live_job', j.id)?.percent ?? 0}
						label={`Progress: ${jobKind(j)} ${j.lun_name}`}
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
		actionsColumn(
			(j) =>
				j.state === 'running' && (
					<Action operation="jobCancel" kind="small" onClick={() => cancelJob(j)}>
						Cancel
						<span class="away">
							: {jobKind(j)} {j.lun_name}
						</span>
					</Action>
				),
			'Cancel',
		),
	],
});

export function Jobs({ query }) {
	const { replica: r } = useStore();
	return (
		<ListView
			title="Jobs"
			sub="What takes long: thick LUNs, growing them, deleting data"
			table={JobTable}
			rows={r.list('job')}
			query={query}
			empty={{
				icon: 'job',
				title: 'No job has run lately',
				text: 'Changes that take long become jobs, and are shown here with their progress.',
			}}
		/>
	);
}
