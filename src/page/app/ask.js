// SPDX-License-Identifier: LGPL-2.1-or-later
// What the event stream does not tell (tokens, reservations, histories): asked when it is shown, and
// now and then while it is in sight.
import { useEffect, useRef, useState } from 'preact/hooks';
import { call, deletionsEnd, isDeleted } from './api.js';
import { isThere } from './model.js';
import { store, useStore } from './store.js';

const EVERY_MS = 5000;

/** Whether vdsd can be asked about an object now, as far as the page knows.  about: see useAnswer. */
const canAsk = (about) =>
	!document.hidden &&
	(!about || (isThere(store.replica, about.family, about.id) && !isDeleted(about.id)));

/**
 * The answer to an operation that only reads.  about: the object that is asked about, { family, id },
 * which is not done any more when it is gone, or about to go; stamp: it is asked at once when this
 * changes; when: whether it is asked at all; every: how often (ms).  Returns { answer: the last one,
 * or null; error: why the last attempt has none; again: asks at once }.
 */
export function useAnswer(
	operation,
	{ about = null, stamp = '', when = true, every = EVERY_MS } = {},
) {
	const { replica, connection } = useStore();
	const [known, setKnown] = useState({ answer: null, error: '' });
	const last = useRef(null);
	const ask = async () => {
		last.current?.abort();
		const stop = new AbortController();
		last.current = stop;
		try {
			await deletionsEnd();
			// an effect runs a while after what it comes from was drawn
			if (!when || stop.signal.aborted || !canAsk(about)) return;
			const answer = await call(operation, {
				ids: about ? [about.id] : [],
				signal: stop.signal,
			});
			setKnown({ answer, error: '' });
		} catch (error) {
			// without a connection the page says so, and keeps what it knew
			if (error.name !== 'AbortError' && error.status !== 0)
				setKnown({ answer: null, error: error.message });
		}
	};
	useEffect(() => {
		ask();
		const timer = setInterval(ask, every);
		return () => {
			clearInterval(timer);
			last.current?.abort();
		};
	}, [operation, about?.id, stamp, when, connection.state, replica.position?.sequence]);
	return { ...known, again: ask };
}
