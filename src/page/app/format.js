// SPDX-License-Identifier: LGPL-2.1-or-later
// Numbers, sizes and times for people, and sizes as people write them.

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

const short = (value) =>
	(value >= 100 || Number.isInteger(value)
		? Math.round(value).toString()
		: value >= 10
			? value.toFixed(1)
			: value.toFixed(2)
	).replace(/\.0+$/, '');

/** 1610612736 → "1.50 GiB". */
export function bytes(value) {
	let unit = 0;
	while (value >= 1024 && unit < UNITS.length - 1) {
		value /= 1024;
		unit++;
	}
	return unit === 0
		? `${Math.round(value)} ${value === 1 ? 'byte' : 'bytes'}`
		: `${short(value)} ${UNITS[unit]}`;
}

/** "10G", "1.5 TiB", "4096" → bytes, a multiple of `step`; null = it is not a size. */
export function parseBytes(text, step = 512) {
	const match = /^\s*(\d+(?:\.\d{1,6})?)\s*(?:([kmgtp])(?:i?b)?|b|bytes)?\s*$/i.exec(text);
	if (!match) return null;
	const power = match[2] ? 'kmgtp'.indexOf(match[2].toLowerCase()) + 1 : 0;
	if (power === 0 && match[1].includes('.')) return null;
	const value = Math.floor(Number(match[1]) * 1024 ** power);
	return value > 0 && value <= Number.MAX_SAFE_INTEGER ? Math.ceil(value / step) * step : null;
}

/** 104857600 → "100M": a size that parseBytes() reads as exactly that. */
export function exactBytes(value) {
	let power = 0;
	while (value > 0 && value % 1024 === 0 && power < 5) {
		value /= 1024;
		power++;
	}
	return `${value}${'KMGTP'[power - 1] ?? ''}`;
}

const SPANS_MS = { ms: 1, s: 1000, m: 60000, h: 3600000 };

/** "10s" → 10000; null = it is no time. */
export function parseSpan(text) {
	const match = /^(\d+)(ms|s|m|h)$/.exec(text.trim());
	return match ? Number(match[1]) * SPANS_MS[match[2]] : null;
}

/** 10000 → "10s", as parseSpan() reads it. */
export const spanOf = (ms) => {
	const unit = ['h', 'm', 's', 'ms'].find((name) => ms % SPANS_MS[name] === 0);
	return `${ms / SPANS_MS[unit]}${unit}`;
};

/** A rate without its unit: 1234 → "1.23 k". */
export function count(value) {
	if (value >= 1e6) return `${short(value / 1e6)} M`;
	if (value >= 1e4) return `${short(value / 1e3)} k`;
	return value >= 10 || value === 0 ? Math.round(value).toString() : short(value);
}

export const rate = (value) => `${bytes(value)}/s`;

/** Nanoseconds → "1.2 ms". */
export function duration(ns) {
	if (ns < 1e3) return `${Math.round(ns)} ns`;
	if (ns < 1e6) return `${short(ns / 1e3)} µs`;
	return ns < 1e9 ? `${short(ns / 1e6)} ms` : `${short(ns / 1e9)} s`;
}

const two = (n) => String(n).padStart(2, '0');

/** Milliseconds since 1970 → "2026-11-29 07:41:11", in the time of this computer. */
export function time(ms) {
	const d = new Date(ms);
	return (
		`${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())} ` +
		`${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
	);
}

const AGES = [
	[86400, 'day'],
	[3600, 'hour'],
	[60, 'minute'],
];

/** Milliseconds since 1970 → "3 hours ago", "in 2 days", "just now". */
export function ago(ms, now = Date.now()) {
	const seconds = Math.abs(now - ms) / 1000;
	const age = AGES.find(([length]) => seconds >= length);
	if (!age) return ms > now ? 'in a minute' : 'just now';
	const text = plural(Math.floor(seconds / age[0]), age[1]);
	return ms > now ? `in ${text}` : `${text} ago`;
}

export const percent = (part, whole) => (whole > 0 ? `${Math.round((part / whole) * 100)} %` : '–');

/** 1, "LUN" → "1 LUN"; 2, "LUN" → "2 LUNs". */
export const plural = (n, word, many = `${word}s`) =>
	`${n.toLocaleString('en')} ` + (n === 1 ? word : many);

/** ["a", "b", "c"] → "a, b and c". */
export function listed(words, most = 5) {
	const rest = words.length - most;
	const shown = rest > 1 ? [...words.slice(0, most), `${rest} more`] : words;
	return shown.length < 2
		? shown.join('')
		: `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}
