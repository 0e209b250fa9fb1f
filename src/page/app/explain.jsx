// SPDX-License-Identifier: LGPL-2.1-or-later
// Why an initiator can, or cannot, use a LUN: the question, and the answer of GET /v1/explain.
import { useEffect, useId, useState } from 'preact/hooks';
import { call } from './api.js';
import { Icon } from './icons.jsx';
import { isThere } from './model.js';
import { store } from './store.js';
import { Card, Words } from './ui.jsx';

/**
 * initiators: names to choose from; luns: LUNs to choose from, or nothing when `lun` is fixed.
 * onAnswer(explanation or null, lun id, initiator) hears of each answer, to draw its path.
 * stamp: grows when the array changes; then the question is asked again.
 */
export function Explain({ lun, luns, initiators, onAnswer, stamp }) {
	const id = useId();
	const [name, setName] = useState(''),
		[from, setFrom] = useState('');
	const [about, setAbout] = useState(lun ?? luns?.[0]?.id ?? '');
	const [asked, setAsked] = useState(null),
		[answer, setAnswer] = useState(null);
	const chosen = name || initiators[0] || '';

	useEffect(() => {
		if (asked === null) return undefined;
		if (!isThere(store.replica, 'lun', asked.lun)) {
			setAnswer({ error: 'This LUN does not exist (any more).' });
			onAnswer?.(null);
			return undefined;
		}
		const stop = new AbortController();
		call('explain', {
			query: { lun: asked.lun, initiator: asked.name, from: asked.from },
			signal: stop.signal,
		})
			.then((got) => {
				setAnswer(got);
				onAnswer?.(got, asked.lun, asked.name);
			})
			.catch((error) => error.name !== 'AbortError' && setAnswer({ error: error.message }));
		return () => stop.abort();
	}, [asked, stamp]);

	const submit = (e) => {
		e.preventDefault();
		setAsked({ lun: about, name: chosen.trim(), from: from.trim() });
	};
	const clear = () => {
		setAsked(null);
		setAnswer(null);
		onAnswer?.(null);
	};
	return (
		<Card
			title="Can a host use it?"
			aside={
				asked && (
					<button type="button" class="button small" onClick={clear}>
						Clear
					</button>
				)
			}
		>
			<form class="explain" onSubmit={submit}>
				{luns && (
					<div class="field">
						<label for={`${id}-lun`}>LUN</label>
						<select
							id={`${id}-lun`}
							value={about}
							onChange={(e) => setAbout(e.currentTarget.value)}
						>
							{luns.map((l) => (
								<option key={l.id} value={l.id}>
									{l.name || `LUN ${l.number}`}
								</option>
							))}
						</select>
					</div>
				)}
				<div class="field grow">
					<label for={`${id}-name`}>Initiator name</label>
					<input
						id={`${id}-name`}
						class="mono"
						list={`${id}-names`}
						value={name}
						required={!initiators[0]}
						placeholder={initiators[0] ?? 'iqn.1993-08.org.debian:01:abc'}
						spellcheck={false}
						autocomplete="off"
						onInput={(e) => setName(e.currentTarget.value)}
					/>
					<datalist id={`${id}-names`}>
						{initiators.map((n) => (
							<option key={n} value={n} />
						))}
					</datalist>
				</div>
				<div class="field">
					<label for={`${id}-from`}>
						From address <span class="soft">(optional)</span>
					</label>
					<input
						id={`${id}-from`}
						class="mono"
						value={from}
						placeholder="192.0.2.20"
						spellcheck={false}
						autocomplete="off"
						onInput={(e) => setFrom(e.currentTarget.value)}
					/>
				</div>
				<button type="submit" class="button">
					Find out
				</button>
			</form>
			<div aria-live="polite">
				{answer?.error && (
					<p class="problem bad">
						<Icon name="bad" />
						<span>{answer.error}</span>
					</p>
				)}
				{answer?.steps && <Answer answer={answer} />}
			</div>
		</Card>
	);
}

const Answer = ({ answer }) => (
	<div class={`answer ${answer.visible ? 'ok' : 'bad'}`}>
		<p class="answer-head">
			<Icon name={answer.visible ? 'ok' : 'bad'} />
			{answer.visible ? 'Yes: the initiator can use the LUN.' : `No: ${answer.obstacle.text}`}
		</p>
		{answer.obstacle?.hint && (
			<p class="answer-hint">
				<Words text={answer.obstacle.hint} />
			</p>
		)}
		<ol class="steps">
			{answer.steps.map((step, i) => (
				<li key={i} class={step.outcome === 'ok' ? 'ok' : 'bad'}>
					<Icon name={step.outcome === 'ok' ? 'ok' : 'bad'} />
					<span>
						<span class="away">{step.outcome}: </span>
						{step.text}
					</span>
				</li>
			))}
		</ol>
	</div>
);
