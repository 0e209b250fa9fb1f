// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads server-sent events from text that comes in pieces, however it is cut.

/** Returns a function that takes text and calls `event(name, data)` for each complete event. */
export function sseReader(event) {
	let rest = '',
		name = '',
		data = [];

	const line = (text) => {
		if (text === '') {
			if (data.length > 0) event(name || 'message', data.join('\n'));
			name = '';
			data = [];
			return;
		}
		const colon = text.indexOf(':');
		const field = colon < 0 ? text : text.slice(0, colon);
		const value = colon < 0 ? '' : text.slice(colon + (text[colon + 1] === ' ' ? 2 : 1));
		if (field === 'event') name = value;
		else if (field === 'data') data.push(value);
	};
	return (text) => {
		rest += text;
		const lines = rest.split('\n');
		rest = lines.pop();
		lines.forEach((l) => line(l.endsWith('\r') ? l.slice(0, -1) : l));
	};
}
