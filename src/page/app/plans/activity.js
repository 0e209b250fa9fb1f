// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for what goes on: ending sessions, cancelling jobs, taking changes back.
import * as m from '../model.js';
import { quoted, plan } from './common.js';

export const endSession = (r, session) =>
	plan(
		'End a session',
		'The session is ended.',
		[
			{
				operation: 'sessionEnd',
				ids: [session.id],
				text:
					`End the session of ${session.initiator} with ` +
					`${quoted(m.targetName(r.get('target', session.target_id)))}.`,
			},
		],
		{
			danger: true,
			warnings: [
				'Most initiators log in again at once. To keep a host out, change who may use the LUN.',
			],
		},
	);

export const cancelJob = (r, job) =>
	plan(
		'Cancel a job',
		'The job is asked to stop.',
		[
			{
				operation: 'jobCancel',
				ids: [job.id],
				text: `Stop the job for the LUN ${quoted(job.lun_name)}, and undo what it did.`,
			},
		],
		{ danger: true },
	);

export const pauseJob = (r, job) =>
	plan(
		'Pause a job',
		'The job is paused.',
		[
			{
				operation: 'jobPause',
				ids: [job.id],
				text: `Let the job for the LUN ${quoted(job.lun_name)} do nothing until it is resumed.`,
			},
		],
		{
			warnings: [
				'Until the job has ended, the LUN can hardly be changed, also while the job is paused.',
			],
		},
	);

export const resumeJob = (r, job) =>
	plan('Resume a job', 'The job goes on.', [
		{
			operation: 'jobResume',
			ids: [job.id],
			text: `Let the job for the LUN ${quoted(job.lun_name)} go on.`,
		},
	]);

/**
 * Taking a change back.  undo: the answer to GET /v1/undo, which vdsd has made; what is applied is
 * refused when the array has gone on since.
 */
export function undoChange(undo) {
	const parts = undo.steps.filter((step) => step.text);
	return plan(`Undo change ${undo.undoes}`, `Change ${undo.undoes} is undone.`, [
		{
			operation: 'undo',
			body: { change: undo.undoes, revision: undo.revision },
			text:
				`Take back change ${undo.undoes}` +
				(parts.length > 1 ? ` with its ${parts.length} parts.` : '.'),
			parts,
		},
	]);
}
