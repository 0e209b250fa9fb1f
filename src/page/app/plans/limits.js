// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for limits of commands and bytes a second: of LUNs, of hosts, and what pools can do.
import { limits } from '../limits.js';
import * as m from '../model.js';
import { bytes, listed, parseBytes, parseSpan } from '../format.js';
import { quoted, capital, change, plan } from './common.js';

const POOL_PART = 0.9; // of a pool's limit that all minimums of its LUNs may be

const iops = (text) => (/^\d+$/.test(text) && Number(text) > 0 ? Number(text) : null);
const bandwidth = (text) => parseBytes(text, 1);

// member of the row's text -> member of the input, how it is read, from, to, and words
const WORDS = {
	iops: {
		name: 'iops',
		read: iops,
		least: 10,
		most: 1e7,
		what: 'commands a second, from 10 to 10000000',
		set: (n) => `at most ${n.toLocaleString('en')} commands a second`,
		none: 'any number of commands',
	},
	bandwidth: {
		name: 'bandwidth',
		read: bandwidth,
		least: 2 ** 20,
		most: 2 ** 40,
		what: 'bytes a second such as 100M, at least 1M',
		set: (n) => `at most ${bytes(n)} a second`,
		none: 'any number of bytes',
	},
	burst_ms: {
		name: 'burst',
		read: parseSpan,
		least: 1,
		most: 3600000,
		what: 'a time such as 10s or 5m, at most 1h',
		set: (n) => `what is not used saved up for ${n / 1000} s`,
		none: 'nothing saved up',
	},
	min_iops: {
		name: 'minIops',
		read: iops,
		least: 1,
		most: 1e7,
		what: 'commands a second',
		set: (n) => `${n.toLocaleString('en')} commands a second of the pool kept for it`,
		none: 'no commands of the pool kept for it',
	},
	min_bandwidth: {
		name: 'minBandwidth',
		read: bandwidth,
		least: 1,
		most: 2 ** 40,
		what: 'bytes a second such as 10M',
		set: (n) => `${bytes(n)} a second of the pool kept for it`,
		none: 'no bytes of the pool kept for it',
	},
};
const KINDS = {
	lun: { operation: 'lunChange', words: Object.keys(WORDS), name: m.lunName },
	host: {
		operation: 'hostChange',
		words: ['iops', 'bandwidth', 'burst_ms'],
		name: (h) => h.name,
	},
	pool: { operation: 'poolChange', words: ['iops', 'bandwidth'], name: (p) => p.name },
};

/** Why the pool cannot keep so much for the LUN, or nothing. */
function keepProblems(r, lun, wanted) {
	const pool = r.get('pool', lun.pool_id);
	const has = limits(pool?.qos);
	return ['iops', 'bandwidth'].flatMap((word) => {
		const least = wanted[`min_${word}`] ?? 0;
		if (least === 0) return [];
		const others = m
			.poolLuns(r, lun.pool_id)
			.filter((other) => other.id !== lun.id)
			.reduce((sum, other) => sum + (limits(other.qos)[`min_${word}`] ?? 0), 0);
		const what = word === 'iops' ? 'commands' : 'bytes';
		if (!has[word])
			return [`Say first how many ${what} a second the pool ${quoted(pool?.name)} can do.`];
		return others + least > has[word] * POOL_PART
			? [`The LUNs of the pool can keep 90 % of its ${what} a second together, not more.`]
			: [];
	});
}

/**
 * kind: 'lun', 'host' or 'pool'.  input: { iops, bandwidth, burst, minIops, minBandwidth }: texts, '' =
 * none; those that the kind does not have are not read.
 */
export function setLimits(r, kind, row, input) {
	const { operation, words, name } = KINDS[kind],
		had = limits(row.qos);
	const problems = [],
		wanted = {};
	for (const word of words) {
		const { name: member, read, least, most, what } = WORDS[word];
		const text = input[member].trim(),
			value = text === '' ? 0 : read(text);
		if (value === null || (value !== 0 && (value < least || value > most)))
			problems.push(`${quoted(text)} will not do: give ${what}.`);
		else wanted[word] = value;
	}
	if (kind === 'lun') problems.push(...keepProblems(r, row, wanted));
	const changed = words.filter((word) => (wanted[word] ?? 0) !== (had[word] ?? 0));
	const said = changed.map((word) =>
		wanted[word] ? WORDS[word].set(wanted[word]) : WORDS[word].none,
	);
	return plan(
		`Limits of ${quoted(name(row))}`,
		`The limits of ${quoted(name(row))} are set.`,
		changed.length > 0
			? change(
					operation,
					row,
					{ qos: changed.map((word) => `${word}=${wanted[word] ?? 0}`).join(' ') },
					[`${capital(listed(said))}.`],
				)
			: [],
		{
			problems,
			warnings:
				changed.length > 0 && (wanted.iops || wanted.bandwidth)
					? ['What initiators ask for beyond the limit waits, from now on.']
					: [],
		},
	);
}
