// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps a replica up to date: loads a snapshot, follows the event stream from its position, and
// connects again when the stream ends.  Heartbeats come each second, so silence is a lost
// connection.
import { request, call, ApiError } from './api.js';
import { sseReader } from './sse.js';
import { Gap } from './replica.js';

const SILENCE_MS = 6000;
// A browser has few connections to one server for all its tabs, so a tab that is out of sight gives
// its own back after a while.
const REST_MS = 30000;
const WAIT_MS = [300, 1000, 2000, 4000];

const pause = (ms, signal) =>
	new Promise((done) => {
		const timer = setTimeout(done, ms);
		signal.addEventListener(
			'abort',
			() => {
				clearTimeout(timer);
				done();
			},
			{ once: true },
		);
	});

/** Resolves at once when the page is in sight, else when it comes back or `signal` aborts. */
const inSight = (signal) =>
	new Promise((done) => {
		const look = () => {
			if (document.hidden && !signal.aborted) return;
			document.removeEventListener('visibilitychange', look);
			signal.removeEventListener('abort', look);
			done();
		};
		document.addEventListener('visibilitychange', look);
		signal.addEventListener('abort', look);
		look();
	});

/**
 * Follows until `signal` aborts.  notify.state('connecting' | 'live' | 'lost', why) and
 * notify.rows() are called; an error with the status 401 or 403 ends it and goes to notify.refused.
 */
export async function follow(replica, signal, notify) {
	let failures = 0,
		loaded = false;

	while (!signal.aborted) {
		try {
			if (!loaded) {
				replica.load(await call('snapshot', { signal }));
				loaded = true;
				notify.rows();
			}
			await inSight(signal);
			const rests = await stream(replica, signal, notify, () => {
				failures = 0;
			});
			if (rests) continue;
			notify.state('lost', 'vdsd has ended the connection');
		} catch (error) {
			if (signal.aborted) return;
			if (error instanceof ApiError && (error.status === 401 || error.status === 403))
				return notify.refused(error);
			if (error instanceof Gap || error.status === 410) loaded = false;
			else notify.state('lost', error.message);
		}
		await pause(WAIT_MS[Math.min(failures++, WAIT_MS.length - 1)], signal);
	}
}

/** Reads one stream until it ends.  Returns true when it was ended because nobody looks. */
async function stream(replica, signal, notify, connected) {
	const quiet = new AbortController();
	const stop = () => quiet.abort();
	let timer = setTimeout(stop, SILENCE_MS);
	signal.addEventListener('abort', stop, { once: true });
	let rest = null,
		rests = false;
	const look = () => {
		clearTimeout(rest);
		if (document.hidden)
			rest = setTimeout(() => {
				rests = true;
				stop();
			}, REST_MS);
	};
	document.addEventListener('visibilitychange', look);
	look();

	const { incarnation, sequence } = replica.position;
	try {
		const answer = await request('events', {
			query: { incarnation, since: sequence },
			signal: quiet.signal,
			accept: 'text/event-stream',
		});
		const decoder = new TextDecoder();
		const read = sseReader((name, text) => event(replica, notify, name, JSON.parse(text)));
		const reader = answer.body.getReader();
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return false;
			clearTimeout(timer);
			timer = setTimeout(stop, SILENCE_MS);
			connected();
			read(decoder.decode(value, { stream: true }));
		}
	} catch (error) {
		if (rests) return true;
		if (error.name === 'AbortError' && !signal.aborted)
			throw new ApiError(0, 'SILENT', 'vdsd has been silent for some seconds');
		throw error instanceof ApiError || error instanceof Gap
			? error
			: new ApiError(0, 'BROKEN', 'the connection broke');
	} finally {
		clearTimeout(timer);
		clearTimeout(rest);
		document.removeEventListener('visibilitychange', look);
		signal.removeEventListener('abort', stop);
		stop();
	}
}

function event(replica, notify, name, data) {
	if (name === 'hello') {
		replica.hello(data);
		notify.state('live');
	} else if (name === 'change') {
		replica.change(data);
		notify.change(data);
	} else if (name === 'live' || name === 'live_rows') {
		replica.liveRows(data, name === 'live');
	} else {
		return; // a heartbeat, or what a later version has added
	}
	notify.rows();
}
