// SPDX-License-Identifier: LGPL-2.1-or-later
// Rates and latencies from two answers of GET /v1/stats.  Pure.

const KINDS = ['read', 'write', 'other'];
const NONE = { commands: 0, bytes: 0, ns: 0, buckets: [] };

/** The upper end of a bucket of latencies, in ns (docs/openapi.json, LunLoad). */
export const bucketEnd = (i) => (i === 0 ? 1024 : (4 + (i % 4)) * 2 ** (8 + Math.floor(i / 4)));

const sumBuckets = (lists) => {
	const sum = new Map();
	lists.forEach((list) => list.forEach(([i, n]) => sum.set(i, (sum.get(i) ?? 0) + n)));
	return sum;
};

/** The latency that a part of the commands did not exceed; null without commands. */
export function quantile(buckets, part) {
	const all = [...buckets].filter(([, n]) => n > 0).sort(([a], [b]) => a - b);
	const total = all.reduce((sum, [, n]) => sum + n, 0);
	let seen = 0;
	for (const [i, n] of all) {
		seen += n;
		if (seen >= total * part) return bucketEnd(i);
	}
	return null;
}

function loadDiff(now, before, seconds) {
	const commands = now.commands - before.commands;
	return {
		iops: commands / seconds,
		bytes: (now.bytes - before.bytes) / seconds,
		ns: commands > 0 ? (now.ns - before.ns) / commands : null,
	};
}

/** One object's rates between two rows of the answers; `before` may be missing. */
export function rowRates(now, before, seconds) {
	const rates = Object.fromEntries(
		KINDS.map((kind) => [kind, loadDiff(now[kind], before?.[kind] ?? NONE, seconds)]),
	);
	const buckets = sumBuckets(KINDS.map((kind) => now[kind].buckets ?? []));
	sumBuckets(KINDS.map((kind) => before?.[kind].buckets ?? [])).forEach((n, i) =>
		buckets.set(i, (buckets.get(i) ?? 0) - n),
	);
	rates.iops = rates.read.iops + rates.write.iops + rates.other.iops;
	rates.bytes = rates.read.bytes + rates.write.bytes;
	rates.p99 = quantile(buckets, 0.99);
	return rates;
}

/** { seconds, luns: Map of id → rates, sessions: Map, total } between two answers. */
export function rates(now, before) {
	const seconds = (now.time_ns - before.time_ns) / 1e9;
	const all = (family) => {
		const old = new Map(before[family].map((row) => [row.id, row]));
		return new Map(now[family].map((row) => [row.id, rowRates(row, old.get(row.id), seconds)]));
	};
	const luns = all('luns');
	return { seconds, luns, sessions: all('sessions'), total: sum([...luns.values()]) };
}

const empty = () => ({ iops: 0, bytes: 0, ns: null });

/** The rates of several objects together; latencies are weighted by commands. */
export function sum(list) {
	const total = { iops: 0, bytes: 0, p99: null, read: empty(), write: empty(), other: empty() };
	for (const kind of KINDS) {
		let weighted = 0;
		for (const { [kind]: load } of list) {
			total[kind].iops += load.iops;
			total[kind].bytes += load.bytes;
			weighted += load.iops * (load.ns ?? 0);
		}
		total[kind].ns = total[kind].iops > 0 ? weighted / total[kind].iops : null;
		total.iops += total[kind].iops;
	}
	total.bytes = total.read.bytes + total.write.bytes;
	list.forEach(({ p99 }) => {
		total.p99 = p99 === null ? total.p99 : Math.max(total.p99 ?? 0, p99);
	});
	return total;
}
