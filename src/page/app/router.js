// SPDX-License-Identifier: LGPL-2.1-or-later
// Where we are: the part of the address behind #, such as #/luns/ID?q=text.  The server needs to
// know nothing of it, and links, history and reload work.
import { useEffect, useState } from 'preact/hooks';

export function parse(hash) {
	const [path, query = ''] = hash.replace(/^#\/?/, '').split('?');
	const [view = '', id = ''] = path.split('/').map(decodeURIComponent);
	return { view: view || 'overview', id, query: Object.fromEntries(new URLSearchParams(query)) };
}

export function href(view, id = '', query = {}) {
	const text = new URLSearchParams(query).toString();
	return `#/${view}${id && `/${encodeURIComponent(id)}`}${text && `?${text}`}`;
}

export const go = (...where) => {
	location.hash = href(...where);
};

/** Notes a query in the address without a step of history: what a reload should find again. */
export function remember(query) {
	const { view, id } = parse(location.hash);
	const kept = Object.fromEntries(Object.entries(query).filter(([, v]) => v !== ''));
	history.replaceState(null, '', href(view, id, kept));
}

export function useRoute() {
	const [route, set] = useState(() => parse(location.hash));
	useEffect(() => {
		const listen = () => set(parse(location.hash));
		addEventListener('hashchange', listen);
		return () => removeEventListener('hashchange', listen);
	}, []);
	return route;
}
