// SPDX-License-Identifier: LGPL-2.1-or-later
// The line of values over the last day.  Pure.

const DAY_MS = 86400000,
	LEAST_MS = 300000;
const TOP = 8,
	BOTTOM = 96; // of 100, so that the line is never cut

const at = (n) => Math.round(n * 100) / 100;

/**
 * samples: { time_ms }, the oldest first, each of which holds until the next one.  Returns { path: of
 * an SVG of 100 by 100 that ends with the last one, from: the time at which it begins, a day before
 * or at the first sample, least, most }, or null while there is too little to see.
 */
export function spark(samples, value) {
	const end = samples.at(-1)?.time_ms ?? 0,
		from = Math.max(samples[0]?.time_ms ?? 0, end - DAY_MS),
		values = samples.map(value);
	if (end - from < LEAST_MS) return null;
	const least = Math.min(...values),
		most = Math.max(...values);
	const x = (ms) => at(Math.max(0, 100 - ((end - ms) / (end - from)) * 100));
	// what never changes is a line in the middle, and not one along the edge
	const y = (v) =>
		most === least
			? (TOP + BOTTOM) / 2
			: at(BOTTOM - ((v - least) / (most - least)) * (BOTTOM - TOP));
	const path = samples
		.slice(1)
		.reduce(
			(text, sample, i) => `${text}H${x(sample.time_ms)}V${y(values[i + 1])}`,
			`M0 ${y(values[0])}`,
		);
	return { path: `${path}H100`, from, least, most };
}
