// SPDX-License-Identifier: LGPL-2.1-or-later
// The dialog of a change: the fields, below them the plan that the fields make, and the button that
// applies it.  The plan is computed anew with each key and with each change of the array.
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { mayDo, roleOf } from './api.js';
import { Fields, Form } from './fields.jsx';
import { Icon } from './icons.jsx';
import { JobLine, PlanView } from './planview.jsx';
import { Once } from './once.jsx';
import { usePreview, withPreview } from './preview.js';
import { arrived, changed, notice, useStore } from './store.js';
import { useWork } from './work.js';

// ---- which dialog is open ----

let open = null;

/**
 * Opens a dialog: { verb: the word on its button, input: what the fields hold at first, plan(replica,
 * input), fields(input, replica): a list as of fields.jsx, after(made), eager: say what is in the way
 * before anything was typed, two: the plan stands beside the fields, where there is room,
 * secretLabel: what a secret is called that the change makes }.
 */
export function openDialog(dialog) {
	open = dialog;
	changed();
}

function closeDialog() {
	open = null;
	changed();
}

export const Dialogs = () => (open ? <Dialog key={open} dialog={open} /> : null);

// ---- the dialog ----

/**
 * Shows the dialog, with the focus in its first field, and returns the focus afterwards.  leave(): what
 * Escape does; `data-held` at the element forbids it.
 */
function useModal(ref, leave) {
	const now = useRef(leave);
	now.current = leave;
	useEffect(() => {
		const element = ref.current;
		let over = false;
		const escape = () => {
			if (!element.dataset.held) now.current();
			else if (!element.open) element.showModal();
		};
		element.showModal();
		element.addEventListener('cancel', (e) => {
			e.preventDefault();
			escape();
		});
		// at the second Escape in a row browsers close it without asking
		element.addEventListener('close', () => !over && escape());
		const first = element.querySelector('input:not([type=checkbox]), textarea, select');
		(first ?? element.querySelector('h2')).focus();
		return () => {
			// the browser returns the focus to the button, unless that is gone with its object
			over = true;
			element.close();
			const left = document.activeElement;
			if (left === document.body || element.contains(left))
				document.getElementById('title')?.focus({ preventScroll: true });
		};
	}, []);
}

/** What the role of the person does not allow, in words. */
const lacking = (plan, role) => [
	...new Set(
		plan.steps
			.flatMap((step) => step.needs ?? [step.operation])
			.filter((operation) => !mayDo(role, operation))
			.map(
				(operation) =>
					`This needs the role ${roleOf(operation)}; you have the role ${role}.`,
			),
	),
];

function Dialog({ dialog }) {
	const { replica, me, connection } = useStore();
	const ref = useRef(),
		heading = useId();
	const [input, setInput] = useState(dialog.input ?? {});
	// what is wrong is said after the first input
	const [shown, setShown] = useState(dialog.eager || !dialog.fields);
	const { work, run, reset } = useWork((made, done) => finish(made, done));
	const own = work.plan ?? dialog.plan(replica, input);
	const asked = own.problems.length === 0 && !work.plan ? own.document : undefined;
	const preview = usePreview(asked, replica.position?.sequence);
	const plan = work.plan ?? withPreview(own, preview);
	const finish = (made, done) => {
		const ends = work.jobs.map((id) => replica.get('job', id));
		const failed = ends.find((job) => ['failed', 'cancelled'].includes(job?.state));
		closeDialog();
		if (failed) notice('bad', failed.message);
		else if (ends.some((job) => job?.state === 'running'))
			notice('ok', 'The job goes on, and “Jobs” shows how far it is.');
		else notice('ok', done.done);
		// the answer may come before the news of what it has made
		if (dialog.after)
			arrived(Object.values(made).filter(Boolean)).then(() => dialog.after(made));
	};
	const errors = work.failure
		? [work.failure]
		: [
				...plan.problems,
				...lacking(plan, me?.role),
				...(connection.state === 'live' ? [] : ['The connection to vdsd is lost.']),
			];
	const finished = work.plan !== null && !work.busy && !work.failure;
	const leave = () => (finished ? finish(work.made, plan) : closeDialog());
	useModal(ref, leave);
	const ready =
		finished ||
		work.failure ||
		(errors.length === 0 && plan.steps.length > 0 && !preview.waiting);
	// what vdsd has described holds for that state only: it is described anew
	const stale = work.failure && plan.document;
	const submit = (e) => {
		e.preventDefault();
		setShown(true);
		if (!ready || work.busy) return;
		if (finished) finish(work.made, plan);
		else if (stale) reset();
		else run(plan);
	};
	const word = finished
		? 'Close'
		: work.busy
			? 'Working…'
			: stale
				? 'Plan again'
				: work.failure
					? 'Try again'
					: (dialog.verb ?? 'Apply');
	const value = {
		input,
		busy: work.busy,
		set: (more) => {
			setShown(true);
			setInput({ ...input, ...more });
		},
	};
	return (
		<dialog
			ref={ref}
			class={`dialog ${dialog.two && work.plan === null ? 'two' : ''}`}
			aria-labelledby={heading}
			data-held={work.busy || work.secret || undefined}
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
						onClick={leave}
					>
						<Icon name="bad" />
					</button>
				</header>
				<div class="dialog-body">
					{dialog.fields && work.plan === null && (
						<Form.Provider value={value}>
							<div class="fields">
								<Fields list={dialog.fields(input, replica)} />
							</div>
						</Form.Provider>
					)}
					<PlanView
						plan={plan}
						states={work.states}
						errors={shown ? errors : []}
						waiting={preview.waiting}
						finished={
							finished && (work.jobs.length > 0 ? 'What was begun' : 'What was done')
						}
					/>
					{work.jobs.map((id) => (
						<JobLine key={id} id={id} />
					))}
					{finished && work.secret !== undefined && (
						<Once secret={work.secret} label={dialog.secretLabel} />
					)}
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
					{work.failure && !stale && work.at === 0 && dialog.fields && (
						<button type="button" class="button" onClick={reset}>
							Change it
						</button>
					)}
					<button
						type="submit"
						class={`button ${plan.danger ? 'danger' : 'main'}`}
						aria-disabled={ready && !work.busy ? undefined : 'true'}
					>
						{word}
					</button>
				</footer>
			</form>
		</dialog>
	);
}
