// SPDX-License-Identifier: LGPL-2.1-or-later
// Carrying the plan of a dialog out: which step is being done, what came of the others, and what to
// do after a failure.
import { useState } from 'preact/hooks';
import { call } from './api.js';
import { apply } from './plans.js';
import { capital } from './plans/common.js';
import { notice } from './store.js';

const IDLE = {
	plan: null, // the plan that is carried out; null = not begun
	states: [],
	made: {},
	at: 0, // the first step that is not done
	busy: false,
	failure: null,
	jobs: [],
	ids: [], // of the requests
	secret: undefined, // what an answer has told once: a text, or null where it had told it before
};

const before = (at) =>
	at === 0
		? ' Nothing was changed.'
		: at === 1
			? ' The first step is done and stays.'
			: ` The first ${at} steps are done and stay.`;

/**
 * finish(made, plan) is called when all is done, no job goes on and there is no secret to show.
 * Returns { work, run, reset }.
 */
export function useWork(finish) {
	const [work, setWork] = useState(IDLE);

	const run = async (plan) => {
		const now = { ...work, plan, busy: true, failure: null };
		now.states = [...work.states];
		now.jobs = [...work.jobs];
		now.made = { ...work.made };
		now.ids = work.ids.length > 0 ? work.ids : plan.steps.map(() => crypto.randomUUID());
		const show = () => setWork({ ...now });
		show();
		try {
			await apply(
				plan.steps,
				(step, i) => call(step.operation, { ...step, requestId: now.ids[i] }),
				(i, word, answer) => {
					now.states[i] = word;
					now.at = i + (word === 'done' ? 1 : 0);
					if (answer?.job) now.jobs.push(answer.job);
					if (answer?.token !== undefined) now.secret = answer.token;
					if (answer?.ready === false)
						notice('warn', `It does not listen yet: ${answer.reason}`);
					show();
				},
				now.made,
				now.at,
			);
			now.busy = false;
			show();
			if (now.jobs.length === 0 && now.secret === undefined) finish(now.made, plan);
		} catch (error) {
			now.busy = false;
			now.states[now.at] = 'failed';
			now.failure = `${capital(String(error.message ?? error))}.${before(now.at)}`.replace(
				'..',
				'.',
			);
			// a new attempt is a new request, unless no answer came: then the same one is repeated
			if (error.status !== 0) now.ids[now.at] = crypto.randomUUID();
			show();
		}
	};
	return { work, run, reset: () => setWork(IDLE) };
}
