#!/usr/bin/env node
// SPDX-License-Identifier: LGPL-2.1-or-later
// The parts of the page that need no browser: reading events, the replica, search and sort, sizes,
// masks, the graph, rates.
import { createRequire } from 'node:module';
import { sseReader } from '../../src/page/app/sse.js';
import { Gap } from '../../src/page/app/replica.js';
import { undone } from '../../src/page/app/history.js';
import * as format from '../../src/page/app/format.js';
import { limitWords } from '../../src/page/app/limits.js';
import * as model from '../../src/page/app/model.js';
import { spark } from '../../src/page/app/spark.js';
import * as stats from '../../src/page/app/stats.js';
import { search, sorted } from '../../src/page/app/search.js';
import { arrange, fitting, HEIGHT, neighbourhood, pathMarks } from '../../src/page/app/graph.js';
import { OK, sample } from './sample.mjs';

const { test, equal, check, runAll } = createRequire(import.meta.url)('./tap.cjs');

test('events are read however their bytes are cut', () => {
	const text =
		': a comment\nevent: hello\r\ndata: {"a":1}\n\nid: 5\ndata: x\ndata: y\n\nevent: none\n\n';
	for (let cut = 0; cut <= text.length; cut++) {
		const got = [],
			read = sseReader((name, data) => got.push([name, data]));
		read(text.slice(0, cut));
		read(text.slice(cut));
		equal(
			got,
			[
				['hello', '{"a":1}'],
				['message', 'x\ny'],
			],
			`cut at ${cut}`,
		);
	}
});

test('what is gone, or being deleted, is not there', () => {
	const r = sample(),
		there = () => ['l1', 'l2'].map((id) => model.isThere(r, 'lun', id));
	equal(there(), [true, true], 'at first');
	r.liveRows({ put: { live_lun: [{ id: 'l1', ...OK, operation: 'delete' }] } });
	equal(there(), [false, true], 'while it is deleted');
	r.liveRows({ put: { live_lun: [{ id: 'l1', ...OK, operation: 'move' }] } });
	r.change({ sequence: 11, digest: 'd', delete: { lun: [['l2']] } });
	equal(there(), [true, false], 'when one is gone');
	check(model.isThere(r, 'pool', 'p'), 'a pool, whose live row has no operation');
});

test('a replica follows changes, and notices a gap', () => {
	const r = sample(),
		before = r.list('lun');
	check(r.list('lun') === before, 'the list of an unchanged family is another one');
	r.change({
		sequence: 11,
		digest: 'd',
		put: { lun: [{ ...r.get('lun', 'l1'), name: 'uno' }] },
		delete: { association: [['l1', 't1']], lun: [['l2']] },
	});
	equal(
		r.list('lun').map((l) => l.name),
		['uno'],
		'LUNs',
	);
	equal(r.list('association'), [], 'associations');
	equal(r.position.sequence, 11, 'sequence');
	r.change({ sequence: 11, put: { lun: [{ id: 'l9' }] } });
	equal(r.list('lun').length, 1, 'LUNs after a change that is known');
	let gap = null;
	try {
		r.change({ sequence: 13, put: {} });
	} catch (error) {
		gap = error;
	}
	check(gap instanceof Gap, 'a gap is not noticed');
});

test('live rows behind a hello replace those of before, all at once', () => {
	const r = sample();
	r.hello({ position: r.position });
	r.liveRows({ put: { live_session: [] } }, false);
	equal(r.list('live_session').length, 1, 'sessions before the last part');
	r.liveRows({ put: { live_lun: [{ id: 'l2', ...OK }] } }, true);
	equal([r.list('live_session').length, r.list('live_lun').length], [0, 1], 'rows after it');
	r.liveRows({ put: { live_lun: [{ id: 'l1', ...OK }] } }, true);
	equal(r.list('live_lun').length, 2, 'rows after a later change');
	let gap = null;
	try {
		r.hello({ position: { ...r.position, incarnation: 2 } });
	} catch (error) {
		gap = error;
	}
	check(gap instanceof Gap, 'another incarnation is not noticed');
});

test('sizes are read as vdsctl reads them, and written for people', () => {
	for (const [text, bytes] of [
		['4096', 4096],
		['1.5G', 1.5 * 2 ** 30],
		['2 TiB', 2 ** 41],
		['1mb', 2 ** 20],
		['100', 512],
		['1.5', null],
		['', null],
		['0', null],
		['-1G', null],
		['1e9', null],
		['10X', null],
		['99999P', null],
	])
		equal(format.parseBytes(text), bytes, JSON.stringify(text));
	equal(format.parseBytes('4097', 4096), 8192, 'rounded up to whole blocks');
	equal(
		[0, 1, 512, 1024, 1.5 * 2 ** 30, 2 ** 50].map(format.bytes),
		['0 bytes', '1 byte', '512 bytes', '1 KiB', '1.50 GiB', '1 PiB'],
		'texts',
	);
	equal(format.listed(['a', 'b', 'c']), 'a, b and c', 'a list');
	equal(
		format.listed(['1', '2', '3', '4', '5', '6', '7', '8']),
		'1, 2, 3, 4, 5 and 3 more',
		'a long list',
	);
});

test('search wants every word, and sort takes numbers in texts as numbers', () => {
	const rows = ['vol10', 'vol9', 'Disk a'];
	equal(
		search(rows, 'VOL 1', (x) => x),
		['vol10'],
		'found',
	);
	equal(
		search(rows, ' ', (x) => x),
		rows,
		'found by nothing',
	);
	equal(
		sorted(rows, (x) => x),
		['Disk a', 'vol9', 'vol10'],
		'sorted',
	);
	equal(
		sorted([3, 20, 1], (x) => x, true),
		[20, 3, 1],
		'numbers, the other way round',
	);
});

test('the model knows what belongs to what', () => {
	const r = sample();
	equal(
		model.maskInitiators(r, r.get('lun', 'l1').mask),
		['iqn.x:a', 'iqn.x:b', 'iqn.x:stranger'],
		'mask',
	);
	equal(model.maskInitiators(r, '*'), null, 'the mask of everybody');
	equal(model.maskInitiators(r, ''), [], 'the mask of nobody');
	equal(
		model.hostLuns(r, 'h1').map((l) => l.id),
		['l1'],
		'LUNs of the host',
	);
	equal(
		model.targetPortals(r, 't1').map(model.portalName),
		['127.0.0.1:3260', '[::1]:3260'],
		'portals',
	);
	equal(model.portalSessions(r, 'o1').length, 1, 'sessions at the portal');
	equal(model.initiatorHost(r, 'iqn.x:b').name, 'alpha', 'host of an initiator');
	equal(model.initiatorHost(r, 'iqn.x:stranger'), undefined, 'host of a stranger');
});

test('a LUN with injected faults is not called online', () => {
	const r = sample();
	const lun = r.get('lun', 'l1');
	equal(model.lunState(r, lun).word, 'online', 'without faults');
	r.liveRows({ put: { live_lun: [{ id: 'l1', ...OK, faults: 2 }] } });
	equal(model.lunState(r, lun).word, '2 faults', 'with faults');
	equal(model.lunState(r, lun).level, 'warn', 'its level');
});

test('gateways, owners and portals are told apart where there are gateways', () => {
	const r = sample();
	equal(model.hasGateways(r), false, 'on one machine');
	const gateway = (id, name, instance, drains = false) => ({
		...{ id, name, instance, drains, status: 'online' },
		address: `192.0.2.1:${id}`,
	});
	r.put({
		put: {
			controller: [gateway('co', 'gw1', 'i1'), gateway('c2', 'gw2', '')],
			portal: [{ ...r.get('portal', 'o2'), controller_id: 'c2', status: 'online' }],
			lun_owner: [{ id: 'l1', controller_id: 'co', epoch: 1 }],
		},
	});
	const second = () => r.get('controller', 'c2');
	equal(model.hasGateways(r), true, 'with gateways');
	equal(model.lunOwner(r, 'l1').name, 'gw1', 'owner');
	equal(model.lunOwner(r, 'l2'), undefined, 'no owner');
	equal(
		model.gatewayLuns(r, 'co').map((lun) => lun.id),
		['l1'],
		'LUNs of a gateway',
	);
	equal(model.gatewayState(second()).word, 'down', 'a gateway as which none runs');
	equal(model.portalState(r, r.get('portal', 'o2')).word, 'gateway down', 'its portal');
	r.put({ put: { controller: [gateway('c2', 'gw2', 'i2', true)] } });
	equal(model.gatewayState(second()).word, 'draining', 'a gateway that drains');
	equal(model.portalState(r, r.get('portal', 'o2')).word, 'online', 'its portal');
});

test('undone changes are known by their undos, and undos can be undone', () => {
	const record = (sequence, cause, object) => ({ sequence, cause, object });
	equal(
		[...undone([record(5, 'undo', 'change 4'), record(4, 'create', 'x')])],
		[[4, 5]],
		'an undo',
	);
	equal(
		[...undone([record(6, 'undo', 'change 5'), record(5, 'undo', 'change 4')])],
		[[5, 6]],
		'the undo of an undo',
	);
});

test('limits are read and written as vdsctl does', () => {
	for (const n of [1e8, 104857600, 1536, 2 ** 40])
		equal(format.parseBytes(format.exactBytes(n), 1), n, `${n} bytes`);
	equal(format.exactBytes(104857600), '100M', 'a size');
	equal(['10s', '5m', '250ms', '1d'].map(format.parseSpan), [10000, 300000, 250, null], 'spans');
	equal([10000, 300000, 250].map(format.spanOf), ['10s', '5m', '250ms'], 'spans as texts');
	equal(
		limitWords('iops=500 bandwidth=104857600 burst_ms=10000', 'none'),
		'500 commands/s, 100 MiB/s, saved up for 10s',
		'in words',
	);
	equal(limitWords('', 'none'), 'none', 'none');
});

test('times are said as people say them', () => {
	const now = 1e12;
	equal(
		[0, 90, 7200, 172800].map((s) => format.ago(now - s * 1000, now)),
		['just now', '1 minute ago', '2 hours ago', '2 days ago'],
		'past',
	);
	equal(format.ago(now + 86400e3 * 7, now), 'in 7 days', 'future');
	equal([model.spanText('7d'), model.spanText('1h')], ['7 days', '1 hour'], 'spans');
});

// ---- the graph and rates ----

test('the neighbourhood of each object leads from LUNs to hosts and back', () => {
	const r = sample();
	for (const [kind, row] of [
		['lun', r.get('lun', 'l1')],
		['target', r.get('target', 't1')],
		['portal', r.get('portal', 'o1')],
		['host', r.get('host', 'h1')],
	]) {
		const graph = neighbourhood(r, kind, row),
			keys = graph.nodes.map((n) => n.key);
		for (const key of ['lun l1', 'target t1', 'portal o1', 'initiator iqn.x:a', 'host h1'])
			check(keys.includes(key), `${kind}: ${key} is missing`);
		check(
			graph.edges.some((e) => e.from === 'portal o1' && e.style === 'session'),
			`${kind}: no session`,
		);
		equal(
			graph.nodes.filter((n) => n.chosen).map((n) => n.key),
			[`${kind} ${row.id}`],
			'the chosen one',
		);
		for (const room of [2000, 334, 10]) {
			const places = arrange(graph, room);
			equal(places.stacked, room < 1000, `${room} pixels: one below the other`);
			check(room === 10 || places.width <= room, `${room} pixels are not enough`);
			const boxes = [...places.at.values()];
			equal(boxes.length, graph.nodes.length, 'nodes that have a place');
			for (const [i, { x, y }] of boxes.entries()) {
				check(x >= 0 && x + places.nodeWidth <= places.width, `x = ${x} is outside`);
				check(y >= 0 && y + HEIGHT <= places.height, `y = ${y} is outside`);
				check(
					boxes.every(
						(o, j) =>
							i === j ||
							Math.abs(o.x - x) >= places.nodeWidth ||
							Math.abs(o.y - y) >= HEIGHT,
					),
					'two nodes are on each other',
				);
			}
		}
	}
});

test('a name that is too long shows what it differs in', () => {
	equal(
		[
			fitting('iqn.1993-08.org.debian:01:db1', 15),
			fitting('iqn.2026-11.org.example:averylongname', 15),
			fitting('naa.310c14ac6df8552e', 8),
			fitting('short', 8),
		],
		['debian:01:db1', 'averylongname', 'naa.310c', 'short'],
		'names',
	);
});

test('a full column counts what it leaves out', () => {
	const r = sample();
	r.put({
		put: {
			association: Array.from({ length: 50 }, (_, i) => ({
				lun_id: `m${i}`,
				target_id: 't1',
				lun_number: i,
			})),
			lun: Array.from({ length: 50 }, (_, i) => ({
				...r.get('lun', 'l2'),
				id: `m${i}`,
				name: `m${i}`,
			})),
		},
	});
	const graph = neighbourhood(r, 'target', r.get('target', 't1'));
	equal(graph.columns[0].nodes.length + graph.columns[0].more, 51, 'LUNs');
	check(graph.nodes.length < 30, 'too many nodes');
});

test('the path of an explanation is marked up to its obstacle', () => {
	const r = sample(),
		graph = neighbourhood(r, 'lun', r.get('lun', 'l1'));
	const step = (name, outcome) => ({ step: name, outcome, text: '' });
	const good = pathMarks(graph, 'l1', 'iqn.x:a', {
		steps: [step('initiator', 'ok'), step('mask', 'ok')],
	});
	equal([...new Set(good.values())], ['good'], 'marks of a path without an obstacle');
	const bad = pathMarks(graph, 'l1', 'iqn.x:a', { steps: [step('portal', 'failed')] });
	equal(
		[bad.get('initiator iqn.x:a'), bad.get('portal o1'), bad.get('target t1')],
		['good', 'bad', undefined],
		'marks',
	);
});

test('the space of a day is a line from the first sample to now', () => {
	const hour = 3600e3,
		value = (sample) => sample.v;
	equal(spark([], value), null, 'without a sample');
	equal(spark([{ time_ms: 5, v: 7 }], value), null, 'one sample');
	equal(
		spark(
			[
				{ time_ms: 0, v: 10 },
				{ time_ms: 6 * hour, v: 30 },
				{ time_ms: 12 * hour, v: 20 },
			],
			value,
		),
		{ path: 'M0 96H50V8H100V52H100', from: 0, least: 10, most: 30 },
		'three samples of half a day',
	);
	const old = spark(
		[
			{ time_ms: 0, v: 1 },
			{ time_ms: 48 * hour, v: 1 },
		],
		value,
	);
	equal([old.from, old.path], [24 * hour, 'M0 52H100V52H100'], 'what is older than a day');
});

test('rates and latencies come from two answers', () => {
	const load = (commands, bytes, ns, buckets = []) => ({ commands, bytes, ns, buckets });
	const none = load(0, 0, 0);
	const answer = (time_ns, luns) => ({ time_ns, luns, sessions: [], threads: [] });
	const got = stats.rates(
		answer(3e9, [
			{
				id: 'l1',
				read: load(300, 3e6, 30e6, [
					[10, 99],
					[20, 1],
				]),
				write: none,
				other: none,
			},
			{ id: 'l2', read: none, write: load(10, 1000, 1e6), other: none },
		]),
		answer(1e9, [
			{ id: 'l1', read: load(100, 1e6, 10e6, [[10, 50]]), write: none, other: none },
		]),
	);
	equal(
		[got.luns.get('l1').read.iops, got.luns.get('l1').read.bytes, got.luns.get('l1').read.ns],
		[100, 1e6, 1e5],
		'l1',
	);
	equal(got.luns.get('l1').p99, stats.bucketEnd(20), 'the 99th percentile');
	equal(got.luns.get('l2').write.iops, 5, 'a LUN that was not in the first answer');
	equal([got.total.iops, got.total.read.ns], [105, 1e5], 'the total');
	equal(stats.bucketEnd(5), (4 + 1) * 2 ** 9, 'the end of a bucket');
	equal(stats.quantile(new Map(), 0.5), null, 'without a command');
});

process.exitCode = (await runAll(process.argv.slice(2))) > 0 ? 1 : 0;
