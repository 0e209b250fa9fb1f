// SPDX-License-Identifier: LGPL-2.1-or-later
// The dialog of a change: the fields, below them the plan that the fields make, and the button that
// applies it.  The plan is computed anew with each key and with each change of the array.
import { createContext } from 'preact';
import { useContext, useEffect, useId, useRef, useState } from 'preact/hooks';
import { call, mayDo, methodOf, pathOf, roleOf } from './api.js';
import { apply, resolve } from './plans.js';

import { changed, notice, useStore } from './store.js';
import { plural } from './format.js';
import { search } from './search.js';
import { Icon } from './icons.jsx';
import { Badge, Progress } from './ui.jsx';

// ---- which dialog is open ----

let open = null;

/** Opens a dialog: { plan(replica, input), input, fields(input, set, replica), after(made) }. */
export function openDialog(dialog) {
	open = dialog;
	changed();
}

function closeDialog() {
	open = null;
	changed();
}

export const Dialogs = () => (open ? <Dialog key={open} dialog={open} /> : null);

// ---- fields ----

const Form = createContext(null);

export function Field({ label, name, hint, type = 'text', mono, ...rest }) {
	const id = useId(),
		{ input, set, busy } = useContext(Form);
	return (
		<div class="field">
			<label for={id}>{label}</label>
			<input
				id={id}
				class={mono ? 'mono' : undefined}
				type={type}
				value={input[name]}
				disabled={busy}
				autocomplete="off"
				spellcheck={false}
				aria-describedby={hint ? `${id}-hint` : undefined}
				onInput={(e) => set({ [name]: e.currentTarget.value })}
				{...rest}
			/>
			{hint && (
				<p class="hint" id={`${id}-hint`}>
					{hint}
				</p>
			)}
		</div>
	);
}

export function Area({ label, name, hint }) {
	const id = useId(),
		{ input, set, busy } = useContext(Form);
	return (
		<div class="field">
			<label for={id}>{label}</label>
			<textarea
				id={id}
				class="mono"
				rows="3"
				value={input[name]}
				disabled={busy}
				spellcheck={false}
				aria-describedby={hint ? `${id}-hint` : undefined}
				onInput={(e) => set({ [name]: e.currentTarget.value })}
			/>
			{hint && (
				<p class="hint" id={`${id}-hint`}>
					{hint}
				</p>
			)}
		</div>
	);
}

export function Select({ label, name, options }) {
	const id = useId(),
		{ input, set, busy } = useContext(Form);
	return (
		<div class="field">
			<label for={id}>{label}</label>
			<select
				id={id}
				value={input[name]}
				disabled={busy}
				onChange={(e) => set({ [name]: e.currentTarget.value })}
			>
				{options.map(([value, text]) => (
					<option key={value} value={value}>
						{text}
					</option>
				))}
			</select>
		</div>
	);
}

export function Check({ label, name, hint }) {
	const id = useId(),
		{ input, set, busy } = useContext(Form);
	return (
		<div class="check">
			<input
				id={id}
				type="checkbox"
				checked={input[name]}
				disabled={busy}
				onChange={(e) => set({ [name]: e.currentTarget.checked })}
			/>
			<label for={id}>
				{label}
				{hint && <span class="hint">{hint}</span>}
			</label>
		</div>
	);
}

const LISTED = 60;

/** Several objects out of many: a list of check boxes with a search. */
export function Choose({ label, name, rows, text, sub, none }) {
	const id = useId(),
		{ input, set, busy } = useContext(Form);
	const [query, setQuery] = useState('');
	const chosen = input[name];
	const found = search(rows, query, (row) => `${text(row)} ${sub?.(row) ?? ''}`).sort(
		(a, b) => chosen.includes(b.id) - chosen.includes(a.id),
	);
	const toggle = (row) =>
		set({
			[name]: chosen.includes(row.id)
				? chosen.filter((x) => x !== row.id)
				: [...chosen, row.id],
		});
	return (
		<fieldset class="choose">
			<legend>
				{label} <span class="soft">{chosen.length > 0 && `${chosen.length} chosen`}</span>
			</legend>
			{rows.length > 6 && (
				<label class="search">
					<Icon name="search" />
					<span class="away">Search {label}</span>
					<input
						type="search"
						value={query}
						placeholder="Search"
						autocomplete="off"
						onInput={(e) => setQuery(e.currentTarget.value)}
					/>
				</label>
			)}
			{rows.length === 0 && <p class="hint">{none}</p>}
			<div class="choices">
				{found.slice(0, LISTED).map((row) => (
					<div class="check" key={row.id}>
						<input
							id={`${id}-${row.id}`}
							type="checkbox"
							disabled={busy}
							checked={chosen.includes(row.id)}
							onChange={() => toggle(row)}
						/>
						<label for={`${id}-${row.id}`}>
							{text(row)}
							{sub?.(row) && <span class="hint">{sub(row)}</span>}
						</label>
					</div>
				))}
			</div>
			{found.length > LISTED && (
				<p class="hint">
					{plural(found.length - LISTED, 'more', 'more')}: search for them.
				</p>
			)}
		</fieldset>
	);
}

// ---- the plan ----

const SIGNS = { doing: 'busy', done: 'ok', failed: 'bad' };

const restOf = (step, made) => {
	const { ids, body } = resolve(step, made);
	const path = pathOf(step.operation, ids, step.query).replace(/%24%7B(\w+)%7D/g, '{$1}');
	return `${methodOf(step.operation)} ${path}${body ? ` ${JSON.stringify(body)}` : ''}`;
};

function PlanView({ plan, states, made, errors }) {
	return (
		<section class="plan" aria-label="Plan">
			<h3>What will happen</h3>
			{plan.steps.length === 0 && errors.length === 0 && (
				<p class="soft">Nothing is changed yet.</p>
			)}
			<ol>
				{plan.steps.map((step, i) => (
					<li key={i} class={states[i] ?? ''}>
						<span class="step-sign">
							{SIGNS[states[i]] ? <Icon name={SIGNS[states[i]]} /> : i + 1}
						</span>
						<div>
							<p>{step.text}</p>
							{step.details?.length > 0 && (
								<ul class="details">
									{step.details.map((text) => (
										<li key={text}>{text}</li>
									))}
								</ul>
							)}
							<code>{restOf(step, made)}</code>
						</div>
					</li>
				))}
			</ol>
			<div aria-live="polite">
				{errors.map((text) => (
					<p key={text} class="problem bad">
						<Icon name="bad" />
						{text}
					</p>
				))}
				{plan.warnings.map((text) => (
					<p key={text} class="problem warn">
						<Icon name="warn" />
						{text}
					</p>
				))}
			</div>
		</section>
	);
}

/** Follows a job that a step has begun, until it ends. */
function JobLine({ id }) {
	const { replica } = useStore();
	const job = replica.get('job', id);
	if (!job) return null;
	return (
		<div class="job-line">
			<Badge
				level={job.state === 'running' ? 'busy' : job.state === 'done' ? 'ok' : 'bad'}
				word={job.state}
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

function Dialog({ dialog }) {
	const { replica, me, connection } = useStore();
	const ref = useRef(),
		heading = useId();
	const [input, setInput] = useState(dialog.input ?? {});
	const [work, setWork] = useState({
		states: [],
		made: {},
		at: 0,
		busy: false,
		failure: null,
		jobs: [],
		fixed: null,
		ids: [],
	});
	const plan = work.fixed ?? dialog.plan(replica, input);
	const lacks = plan.steps
		.filter((s) => !mayDo(me?.role, s.operation))
		.map((s) => `This needs the role ${roleOf(s.operation)}: ${s.text}`);
	const errors = work.failure
		? [work.failure]
		: [
				...plan.problems,
				...lacks,
				...(connection.state === 'live' ? [] : ['The connection to vdsd is lost.']),
			];
	const begun = work.fixed !== null,
		finished = begun && !work.busy && !work.failure;
	// what is wrong is said after the first input
	const [shown, setShown] = useState(dialog.eager || !dialog.fields);

	useEffect(() => {
		ref.current.showModal();
		// a dialog closes by itself at Escape; while something goes on it must not
		const cancel = (e) => {
			e.preventDefault();
			if (!ref.current.dataset.busy) closeDialog();
		};
		ref.current.addEventListener('cancel', cancel);
		const first = ref.current.querySelector('input:not([type=checkbox]), textarea, select');
		(first ?? ref.current.querySelector('h2')).focus();
		const element = ref.current;
		return () => {
			// the browser returns the focus to the button, unless that is gone with its object
			element.close();
			if (document.activeElement === document.body) document.getElementById('title')?.focus();
		};
	}, []);

	const run = async () => {
		const state = {
			...work,
			states: [...work.states],
			jobs: [...work.jobs],
			busy: true,
			failure: null,
			fixed: plan,
		};
		state.ids = work.ids.length > 0 ? work.ids : plan.steps.map(() => crypto.randomUUID());
		const show = () => setWork({ ...state });
		show();
		try {
			await apply(
				plan.steps,
				(step, i) => call(step.operation, { ...step, requestId: state.ids[i] }),
				(i, word, answer) => {
					state.states[i] = word;
					state.at = i + (word === 'done' ? 1 : 0);
					if (answer?.job) state.jobs.push(answer.job);
					if (answer?.ready === false)
						notice('warn', `It does not listen yet: ${answer.reason}`);
					show();
				},
				state.made,
				state.at,
			);
			state.busy = false;
			show();
			if (state.jobs.length === 0) finish(state.made);
		} catch (error) {
			state.busy = false;
			state.states[state.at] = 'failed';
			const before =
				state.at === 0
					? ' Nothing was changed.'
					: state.at === 1
						? ' The first step is done and stays.'
						: ` The first ${state.at} steps are done and stay.`;
			state.failure = `${error.message ?? error}.${before}`.replace('..', '.');
			// a new attempt is a new request, unless no answer came: then the same one is repeated
			if (error.status !== 0) state.ids[state.at] = crypto.randomUUID();
			show();
		}
	};
	const finish = (made) => {
		closeDialog();
		notice('ok', plan.done);
		dialog.after?.(made);
	};
	const again = () =>
		setWork({
			states: [],
			made: {},
			at: 0,
			busy: false,
			failure: null,
			jobs: [],
			fixed: null,
			ids: [],
		});
	const submit = (e) => {
		e.preventDefault();
		setShown(true);
		if (finished) finish(work.made);
		else if (!work.busy && (work.failure || (errors.length === 0 && plan.steps.length > 0)))
			run();
	};
	const blocked = !finished && !work.failure && (errors.length > 0 || plan.steps.length === 0);
	return (
		<dialog
			ref={ref}
			class="dialog"
			aria-labelledby={heading}
			data-busy={work.busy || undefined}
		>
			<form onSubmit={submit} noValidate>
				<header>
					<h2 id={heading} tabindex="-1">
						{plan.title}
					</h2>
					<button
						type="button"
						class="button quiet"
						aria-label="Close"
						disabled={work.busy}
						onClick={closeDialog}
					>
						<Icon name="bad" />
					</button>
				</header>
				<div class="dialog-body">
					{dialog.fields && !begun && (
						<Form.Provider
							value={{
								input,
								busy: work.busy,
								set: (more) => {
									setShown(true);
									setInput({ ...input, ...more });
								},
							}}
						>
							<div class="fields">{dialog.fields(input, replica)}</div>
						</Form.Provider>
					)}
					<PlanView
						plan={plan}
						states={work.states}
						made={work.made}
						errors={shown ? errors : []}
					/>
					{work.jobs.map((id) => (
						<JobLine key={id} id={id} />
					))}
				</div>
				<footer>
					{!finished && (
						<button
							type="button"
							class="button"
							disabled={work.busy}
							onClick={closeDialog}
						>
							{work.at > 0 ? 'Close' : 'Cancel'}
						</button>
					)}
					{work.failure && work.at === 0 && dialog.fields && (
						<button type="button" class="button" onClick={again}>
							Change it
						</button>
					)}
					<button
						type="submit"
						class={`button ${plan.danger ? 'danger' : 'main'}`}
						aria-disabled={blocked || work.busy ? 'true' : undefined}
					>
						{finished
							? 'Close'
							: work.busy
								? 'Working…'
								: work.failure
									? 'Try again'
									: (dialog.verb ?? 'Apply')}
					</button>
				</footer>
			</form>
		</dialog>
	);
}
