// SPDX-License-Identifier: LGPL-2.1-or-later
// What the whole page knows: the replica, who we are, whether the connection stands, and notices.
// Components read it with useStore(), and are drawn again, at most once a frame, when it changes.
import { useEffect, useReducer } from 'preact/hooks';
import { Replica } from './replica.js';
import * as api from './api.js';
import { follow } from './follow.js';

const TOKEN = 'vds-token';

export const store = {
	replica: new Replica(),
	loaded: false,
	me: null, // the answer to GET /v1/principal; null = not known who we are
	need: 'asking', // 'asking' | 'login' | 'nothing'
	why: '', // why a login is needed
	connection: { state: 'connecting', why: '' },
	lastChange: null,
	notices: [], // { id, level, text }
	health: null,
};

const listeners = new Set();
let drawing = false;

export function changed() {
	if (drawing) return;
	drawing = true;
	const draw = () => {
		drawing = false;
		listeners.forEach((listener) => listener());
	};
	// a page in the background has no frames
	if (document.hidden) setTimeout(draw, 100);
	else requestAnimationFrame(draw);
}

export function useStore() {
	const [, again] = useReducer((n) => n + 1, 0);
	useEffect(() => {
		listeners.add(again);
		return () => listeners.delete(again);
	}, []);
	return store;
}

const LATE_MS = 3000;

/** Resolves when the objects with these ids are known here, or after a while without them. */
export const arrived = (ids) =>
	new Promise((done) => {
		const end = () => {
			clearTimeout(timer);
			listeners.delete(look);
			done();
		};
		const look = () => ids.every((id) => store.replica.has(id)) && end();
		const timer = setTimeout(end, LATE_MS);
		listeners.add(look);
		look();
	});

// ---- notices ----

let noticeId = 0;

export function notice(level, text) {
	const id = ++noticeId;
	// what has gone well is said of the last change only
	const kept = store.notices.filter((n) => n.level !== 'ok').slice(-3);
	store.notices = [...kept, { id, level, text }];
	changed();
	if (level === 'ok') setTimeout(() => dismiss(id), 8000);
}

export function dismiss(id) {
	store.notices = store.notices.filter((n) => n.id !== id);
	changed();
}

// ---- who we are ----

let following = null;

function toLogin(why) {
	following?.abort();
	following = null;
	sessionStorage.removeItem(TOKEN);
	api.setToken(null);
	Object.assign(store, {
		me: null,
		need: 'login',
		why,
		loaded: false,
		health: null,
		replica: new Replica(),
	});
	changed();
}

async function refused(error) {
	if (store.need !== 'nothing') return;
	const before = store.me;
	toLogin(
		before?.kind === 'token'
			? `You were signed out: the token ${before.name ? `“${before.name}” ` : ''}was revoked or ` +
					'has expired, or its role was taken away. Sign in with another token.'
			: `You were signed out: ${error.message}`,
	);
}

function start() {
	following = new AbortController();
	const { signal } = following;
	const replica = store.replica;
	follow(replica, signal, {
		state(state, why = '') {
			store.connection = { state, why };
			changed();
		},
		rows() {
			store.loaded = true;
			changed();
		},
		change(change) {
			store.lastChange = change;
			api.heard(change);
		},
		refused,
	});
}

/** Asks vdsd as whom our requests come.  Throws an ApiError when it does not say. */
async function enter(token) {
	api.setToken(token);
	store.me = await api.call('principalGet');
	store.need = 'nothing';
	store.why = '';
	if (token !== null) sessionStorage.setItem(TOKEN, token);
	start();
	changed();
}

/** Signs in with a token.  Throws an ApiError when vdsd refuses it. */
export async function signIn(token) {
	try {
		await enter(token);
	} catch (error) {
		api.setToken(null);
		throw error;
	}
}

export const signOut = () => toLogin('');

/** The first thing that the page does: with the token of this window, or without one. */
export async function begin() {
	api.setRefused(refused);
	const token = sessionStorage.getItem(TOKEN);
	try {
		await enter(token);
	} catch (error) {
		toLogin(
			error.status === 0
				? error.message
				: token !== null
					? 'The token of this window is refused now. Sign in with another one.'
					: '',
		);
	}
}
