// SPDX-License-Identifier: LGPL-2.1-or-later
// What the event stream does not tell (tokens, reservations): asked when it is shown, and every few
// seconds while it is in sight.
import { useEffect, useRef, useState } from 'preact/hooks';
import { call } from './api.js';
import { useStore } from './store.js';

const EVERY_MS = 5000;

/**
 * The answer to an operation that only reads.  options: as of call(); stamp: it is asked at once when
 * this changes; when: whether it is asked at all.  Returns { answer: the last one, or null; error: why
 * the last attempt has none; again: asks at once }.
 */
export function useAnswer(operation, { options, stamp = '', when = true } = {}) {
	const { replica, connection } = useStore();
	const [known, setKnown] = useState({ answer: null, error: '' });
	const last = useRef(null);
	const ask = async () => {
		if (!when || document.hidden) return;
		last.current?.abort();
		const stop = new AbortController();
		last.current = stop;
		try {
			const answer = await call(operation, { ...options, signal: stop.signal });
			setKnown({ answer, error: '' });
		} catch (error) {
			// without a connection the page says so, and keeps what it knew
			if (error.name !== 'AbortError' && error.status !== 0)
				setKnown({ answer: null, error: error.message });
		}
	};
	useEffect(() => {
		ask();
		const timer = setInterval(ask, EVERY_MS);
		return () => {
			clearInterval(timer);
			last.current?.abort();
		};
	}, [operation, stamp, when, connection.state, replica.position?.sequence]);
	return { ...known, again: ask };
}
