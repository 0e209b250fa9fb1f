// SPDX-License-Identifier: LGPL-2.1-or-later
// Jobs: what takes long, with its progress.
import { duration } from '../format.js';
import * as m from '../model.js';
import { actionsColumn, otherColumn, tableOf, timeColumn } from '../columns.jsx';
import { ListView } from '../listview.jsx';
import { useStore } from '../store.js';
import { Action, Badge, Progress } from '../ui.jsx';
import { cancelJob, pauseJob, resumeJob } from '../dialogs.js';

const KINDS = {
	'create-lun': 'Create a LUN',
	'extend-lun': 'Grow a LUN',
	'delete-lun': 'Delete a LUN',
	'move-lun': 'Move a LUN',
};
/** What a job does, in words. */
export const jobKind = (job) => KINDS[job.kind] ?? job.kind.replaceAll('-', ' ');

const jobProgress = (r, job) => (
	<>
		<Progress
			value={r.get('live_job', job.id)?.percent ?? 0}
			label={`Progress: ${jobKind(job)} ${job.lun_name}`}
		/>{' '}
		{job.paused && <Badge {...m.jobState(job)} />}
	</>
);

/** A button on a row, whose full name says which job it is about. */
const JobAction = ({ operation, word, job, onClick }) => (
	<Action operation={operation} kind="small" onClick={() => onClick(job)}>
		{word}
		<span class="away">
			: {jobKind(job)} {job.lun_name}
		</span>
	</Action>
);

const JobTable = tableOf({
	word: 'job',
	sort: '-begun',
	depends: ['live_job'],
	columns: (r) => [
		timeColumn('begun', 'Begun', (j) => j.created_ms, { least: 2 }),
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
			value: (j) => m.jobState(j).word,
			cell: (j) =>
				j.state === 'running' ? jobProgress(r, j) : <Badge {...m.jobState(j)} />,
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
					<>
						{j.paused ? (
							<JobAction operation="jobResume" word="Resume" job={j} onClick={resumeJob} />
						) : (
							<JobAction operation="jobPause" word="Pause" job={j} onClick={pauseJob} />
						)}
						<JobAction operation="jobCancel" word="Cancel" job={j} onClick={cancelJob} />
					</>
				),
		),
	],
});

export function Jobs({ query }) {
	const { replica: r } = useStore();
	return (
		<ListView
			title="Jobs"
			sub="What takes long: thick LUNs, growing them, moves, copies"
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
