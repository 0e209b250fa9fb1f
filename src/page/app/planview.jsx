// SPDX-License-Identifier: LGPL-2.1-or-later
// A plan as people read it: its steps, each with the REST call that is made, what to know, what is
// in the way, and the jobs that go on afterwards.
import { methodOf, pathOf } from './api.js';
import { Icon } from './icons.jsx';
import { useStore } from './store.js';
import { Badge, Progress, Words } from './ui.jsx';

const SIGNS = { doing: 'busy', done: 'ok', failed: 'bad' };

// What a secret is stands nowhere on the screen.
const shownBody = (body) =>
	body === undefined
		? ''
		: ` ${JSON.stringify(body, (name, value) => (name === 'secret' ? '(not shown)' : value))}`;

const Call = ({ step }) => (
	<code>
		{methodOf(step.operation)} {pathOf(step.operation, step.ids, step.query)}
		{shownBody(step.body)}
	</code>
);

// What vdsd says that one change consists of, with the signs that `vdsctl plan` has for it.
const ACTIONS = {
	create: ['create', '+', 'Create'],
	change: ['change', '~', 'Change'],
	delete: ['delete', '−', 'Delete'],
};
const PARTS_SHOWN = 200;

const Parts = ({ parts }) => (
	<ul class="parts">
		{parts.slice(0, PARTS_SHOWN).map((part, i) => {
			const [kind, sign, word] = part.loses_data
				? ['delete', '!', 'Loses data']
				: ACTIONS[part.action];
			return (
				<li key={i} class={kind}>
					<span class="part-sign" aria-hidden="true">
						{sign}
					</span>
					<span>
						<span class="away">{word}: </span>
						{part.text}
					</span>
				</li>
			);
		})}
		{parts.length > PARTS_SHOWN && <li>and {parts.length - PARTS_SHOWN} more</li>}
	</ul>
);

const Step = ({ step, state, number }) => (
	<li class={state ?? ''}>
		<span class="step-sign">{SIGNS[state] ? <Icon name={SIGNS[state]} /> : number}</span>
		<div>
			<p>{step.text}</p>
			{step.parts && <Parts parts={step.parts} />}
			<Call step={step} />
		</div>
	</li>
);

const Problem = ({ level, text }) => (
	<p class={`problem ${level}`}>
		<Icon name={level} />
		<span>
			<Words text={text} />
		</span>
	</p>
);

/**
 * states: what each step is ('doing', 'done', 'failed'), by number; waiting: vdsd is asked; finished:
 * words for what was done, when all is.
 */
export const PlanView = ({ plan, states, errors, waiting, finished }) => (
	<section class="plan" aria-label="Plan" aria-busy={waiting ? 'true' : undefined}>
		<h3>{finished || 'What will happen'}</h3>
		{plan.steps.length === 0 && errors.length === 0 && (
			<p class="soft">{waiting ? 'Asking vdsd…' : 'Nothing is changed yet.'}</p>
		)}
		<ol>
			{plan.steps.map((step, i) => (
				<Step key={i} step={step} state={states[i]} number={i + 1} />
			))}
		</ol>
		<div aria-live="polite">
			{errors.map((text) => (
				<Problem key={text} level="bad" text={text} />
			))}
			{!finished &&
				plan.warnings.map((text) => <Problem key={text} level="warn" text={text} />)}
		</div>
	</section>
);

/** A job that a step has begun, until it ends. */
export function JobLine({ id }) {
	const { replica } = useStore();
	const job = replica.get('job', id);
	if (!job) return null;
	return (
		<div class="job-line">
			<Badge
				level={job.state === 'running' ? 'busy' : job.state === 'done' ? 'ok' : 'bad'}
				word={job.paused ? 'paused' : job.state}
			/>
			{job.state === 'running' && (
				<Progress
					value={replica.get('live_job', id)?.percent ?? 0}
					label="Progress of the job"
				/>
			)}
			{job.message && <span>{job.message}</span>}
		</div>
	);
}
