// SPDX-License-Identifier: LGPL-2.1-or-later
// The REST calls of the page.  Every call is an operation of docs/openapi.json, by its name there:
// the build makes the table of operations (path, method, role) from that document.
import operations from 'vds-operations';

export const ROLES = ['none', 'reader', 'operator', 'admin'];

/** An answer of vdsd that is an error, or none at all (status 0). */
export class ApiError extends Error {
	constructor(status, code, message) {
		super(message);
		this.status = status;
		this.code = code;
	}
}

let token = null;
let onRefused = () => {};

export const setToken = (value) => {
	token = value;
};
/** `refused(error)` is called when vdsd no longer knows who we are (401). */
export const setRefused = (refused) => {
	onRefused = refused;
};

export const roleOf = (operation) => operations[operation].role;
export const methodOf = (operation) => operations[operation].method;
export const mayDo = (role, operation) => ROLES.indexOf(role) >= ROLES.indexOf(roleOf(operation));

/** The path of an operation: "/v1/luns/ID?force=1". */
export function pathOf(operation, ids = [], query = {}) {
	const left = [...ids];
	const path = operations[operation].path.replace(/\{\w+\}/g, () =>
		encodeURIComponent(left.shift()),
	);
	const pairs = Object.entries(query)
		.filter(([, v]) => v !== undefined && v !== '')
		.map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
	return pairs.length > 0 ? `${path}?${pairs.join('&')}` : path;
}

async function errorOf(answer) {
	const { error } = await answer.json().catch(() => ({}));
	return new ApiError(
		answer.status,
		error?.code ?? String(answer.status),
		error?.message ?? `vdsd answered ${answer.status}`,
	);
}

// Deletions of ours that are under way, and who waits for their end.
let deletions = 0,
	waiting = [];

/** Resolves when no deletion of ours is under way: meanwhile nobody knows what is still there. */
export const deletionsEnd = () =>
	deletions === 0 ? Promise.resolve() : new Promise((done) => waiting.push(done));

// What we have deleted, and whose end the events have not told yet.
const deleted = new Set();

/** Whether an object is known to be deleted although its row is still there. */
export const isDeleted = (id) => deleted.has(id);

/** To be told of each change: from now on the rows know of a deletion, or what was restored. */
export function heard(change) {
	Object.values(change.delete ?? {}).forEach((keys) =>
		keys.forEach((key) => deleted.delete([].concat(key).join())),
	);
	Object.entries(change.put ?? {}).forEach(([family, rows]) => {
		if (!family.startsWith('live_')) rows.forEach((row) => deleted.delete(row.id));
	});
}

function deletionEnded(answer, path) {
	// a longer path is that of a part of an object, or of what joins two
	const [, id] = /^\/v1\/[^/]+\/([^/]+)$/.exec(path) ?? [];
	if (answer?.ok && id) deleted.add(id);
	if (--deletions > 0) return;
	waiting.forEach((done) => done());
	waiting = [];
}

/** Sends a request and returns the answer, whose body is not read yet. */
export async function request(operation, { ids, query, body, requestId, signal, accept } = {}) {
	const headers = {};
	if (token !== null) headers.Authorization = `Bearer ${token}`;
	if (requestId) headers['X-Request-Id'] = requestId;
	if (accept) headers.Accept = accept;
	if (body !== undefined) headers['Content-Type'] = 'application/json';
	const deletes = methodOf(operation) === 'DELETE';
	let answer;
	if (deletes) deletions++;
	try {
		answer = await fetch(pathOf(operation, ids, query), {
			method: methodOf(operation),
			headers,
			signal,
			cache: 'no-store',
			credentials: 'omit',
			body: body === undefined ? undefined : JSON.stringify(body),
		});
	} catch (error) {
		if (error.name === 'AbortError') throw error;
		throw new ApiError(0, 'NO_ANSWER', 'vdsd does not answer');
	} finally {
		if (deletes) deletionEnded(answer, pathOf(operation, ids));
	}
	if (answer.ok) return answer;
	const error = await errorOf(answer);
	if (answer.status === 401) onRefused(error);
	throw error;
}

export const call = async (operation, options) => (await request(operation, options)).json();
