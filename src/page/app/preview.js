// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans that vdsd computes: a plan with a `document` (a file as of docs/plan.schema.json) is applied
// as one change, and what that change consists of is what POST /v1/plan answers.
import { useEffect, useState } from 'preact/hooks';
import { call } from './api.js';
import { plural } from './format.js';

const WAIT_MS = 150; // for the next key

const NONE = { asked: '', plan: null, error: '' };

/**
 * Asks vdsd what `document` would change, anew when it or the array (sequence) changes.  Returns
 * { plan: the last answer, or null; error: why there is none; waiting: it is of another
 * document or of an older state }.
 */
export function usePreview(document, sequence) {
	const key = document ? `${sequence} ${JSON.stringify(document)}` : '';
	const [known, setKnown] = useState(NONE);
	useEffect(() => {
		if (!key) return undefined;
		const stop = new AbortController();
		const timer = setTimeout(async () => {
			try {
				const plan = await call('plan', { body: document, signal: stop.signal });
				setKnown({ asked: key, plan, error: '' });
			} catch (error) {
				if (error.name !== 'AbortError')
					setKnown({ asked: key, plan: null, error: error.message });
			}
		}, WAIT_MS);
		return () => {
			clearTimeout(timer);
			stop.abort();
		};
	}, [key]);
	return { ...known, waiting: key !== '' && known.asked !== key };
}

/** The plan with its one step: the change that vdsd has described. */
export function withPreview(plan, { plan: answer, error, waiting }) {
	if (!plan.document || plan.problems.length > 0) return plan;
	if (error && !waiting) return { ...plan, problems: [error] };
	if (!answer || answer.changes === 0) return plan;
	const parts = answer.steps.filter((step) => step.text);
	return {
		...plan,
		steps: [
			{
				operation: 'apply',
				query: { revision: answer.revision },
				body: plan.document,
				needs: plan.needs,
				text:
					parts.length === 1
						? 'One change:'
						: `${plural(parts.length, 'change')} at once: all of them, or none.`,
				parts,
			},
		],
	};
}
