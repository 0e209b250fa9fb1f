// SPDX-License-Identifier: LGPL-2.1-or-later
// Limits of commands and bytes a second, as rows have them.
import { bytes, spanOf } from './format.js';

/** "iops=500 burst_ms=10000" → { iops: 500, burst_ms: 10000 } */
export const limits = (qos) =>
	Object.fromEntries(
		(qos ?? '')
			.split(' ')
			.filter(Boolean)
			.map((word) => word.split('='))
			.map(([name, value]) => [name, Number(value)]),
	);

/** The limits in words; none: what stands there without one. */
export function limitWords(qos, none) {
	const has = limits(qos);
	const words = [
		has.iops && `${has.iops.toLocaleString('en')} commands/s`,
		has.bandwidth && `${bytes(has.bandwidth)}/s`,
		has.burst_ms && `saved up for ${spanOf(has.burst_ms)}`,
		has.min_iops && `at least ${has.min_iops.toLocaleString('en')} commands/s`,
		has.min_bandwidth && `at least ${bytes(has.min_bandwidth)}/s`,
	].filter(Boolean);
	return words.length > 0 ? words.join(', ') : none;
}
