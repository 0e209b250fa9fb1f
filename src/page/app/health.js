// SPDX-License-Identifier: LGPL-2.1-or-later
// What vdsd says of its health (GET /v1/health): asked when the array changes, and now and then.
import { useEffect } from 'preact/hooks';
import { call } from './api.js';
import { changed, store } from './store.js';

const EVERY_MS = 10000,
	AFTER_CHANGE_MS = 500;

async function ask() {
	if (document.hidden || store.need !== 'nothing') return;
	try {
		store.health = await call('health');
		changed();
	} catch {
		// the connection's state says it
	}
}

export function useHealth() {
	const { position } = store.replica;
	useEffect(() => {
		ask();
		const timer = setInterval(ask, EVERY_MS);
		return () => clearInterval(timer);
	}, []);
	useEffect(() => {
		const timer = setTimeout(ask, AFTER_CHANGE_MS);
		return () => clearTimeout(timer);
	}, [position?.sequence, store.connection.state]);
}
