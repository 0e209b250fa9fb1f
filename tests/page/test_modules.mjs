#!/usr/bin/env node
// SPDX-License-Identifier: LGPL-2.1-or-later
// The parts of the page that need no browser: reading events, the replica, search and sort, sizes,
// masks, plans (held against docs/openapi.json), the graph, rates.
import { createRequire } from 'node:module';
import fs from 'node:fs';
import { sseReader } from '../../src/page/app/sse.js';
import { Gap, Replica } from '../../src/page/app/replica.js';
import { undone } from '../../src/page/app/history.js';
import * as format from '../../src/page/app/format.js';
import * as model from '../../src/page/app/model.js';
import * as plans from '../../src/page/app/plans.js';
import { spark } from '../../src/page/app/spark.js';
import * as stats from '../../src/page/app/stats.js';
import { search, sorted } from '../../src/page/app/search.js';
import { arrange, fitting, HEIGHT, neighbourhood, pathMarks } from '../../src/page/app/graph.js';

const { test, equal, check, runAll } = createRequire(import.meta.url)('./tap.cjs');
const openapi = JSON.parse(fs.readFileSync(new URL('../../docs/openapi.json', import.meta.url)));

const planSchema = JSON.parse(
	fs.readFileSync(new URL('../../docs/plan.schema.json', import.meta.url)),
);

const OK = { health: 'ok', operation: 'none', reason: '', allocated_bytes: 0 };

/** Two LUNs, two targets, two portals, a host with two names, a session. */
function sample() {
	const lun = (id, name, mask) => ({
		id,
		name,
		number: 1,
		pool_id: 'p',
		size_bytes: 2 ** 30,
		block_bytes: 512,
		thin: true,
		mask,
		status: 'online',
	});
	const r = new Replica();
	r.load({
		config: {
			position: { array: 'a', incarnation: 1, sequence: 10, digest: '' },
			pools: [
				{
					id: 'p',
					name: 'default',
					path: '/x',
					low: '',
					full: '',
					overcommit: '',
					trash: '7d',
					trash_yields: false,
				},
			],
			luns: [lun('l1', 'one', 'host:h1;iqn.x:stranger'), lun('l2', 'two', '')],
			targets: [
				{ id: 't1', iscsi_name: 'iqn.y:1', alias: 'web' },
				{ id: 't2', iscsi_name: 'iqn.y:2', alias: '' },
			],
			portals: [
				{ id: 'o1', address: '127.0.0.1', port: 3260, status: 'online' },
				{ id: 'o2', address: '::1', port: 3260, status: 'offline' },
			],
			portal_groups: [
				{ id: 'g1', target_id: 't1', tag: 1, access_state: 'active-optimized' },
			],
			group_portals: [
				{ group_id: 'g1', portal_id: 'o1' },
				{ group_id: 'g1', portal_id: 'o2' },
			],
			associations: [{ lun_id: 'l1', target_id: 't1', lun_number: 0 }],
			hosts: [{ id: 'h1', name: 'alpha', sources: '' }],
			initiators: [
				{ id: 'i1', host_id: 'h1', iscsi_name: 'iqn.x:a' },
				{ id: 'i2', host_id: 'h1', iscsi_name: 'iqn.x:b' },
			],
			host_groups: [{ id: 'hg1', name: 'cluster' }],
			host_members: [],
			snapshots: ['l1', 'l2'].map((lun_id, i) => ({
				id: `n${i}`,
				lun_id,
				pool_id: 'p',
				group_id: 'moment',
				name: 'nightly',
				lun_name: lun_id,
				size_bytes: 2 ** 30,
				created_ms: 0,
			})),
			trashed_luns: [{ ...lun('l0', 'old', '*'), targets: 't1', allocated_bytes: 4096 }],
			credentials: [{ id: 'c1', owner_id: 't1', side: 'initiator', user: '', initiator: '' }],
			controllers: [{ id: 'co', name: 'box', status: 'online' }],
			jobs: [],
		},
		live: {
			position: { array: 'b', incarnation: 0, sequence: 3, digest: '' },
			live_luns: [
				{ id: 'l1', ...OK },
				{ id: 'l2', ...OK },
			],
			live_portals: [{ id: 'o1', ready: true, reason: '' }],
			live_pools: [
				{ id: 'p', free_bytes: 2 ** 31, capacity_bytes: 2 ** 32, ready: true, space: 'ok' },
			],
			live_sessions: [
				{
					id: 's1',
					target_id: 't1',
					initiator: 'iqn.x:a',
					portal_address: '127.0.0.1:3260',
				},
			],
		},
	});
	return r;
}

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

// ---- plans ----

const operations = new Map(
	Object.entries(openapi.paths).flatMap(([path, methods]) =>
		Object.entries(methods).map(([, verb]) => [verb.operationId, { path, verb }]),
	),
);

/** Every step must be a call that docs/openapi.json allows. */
function checkStep(step) {
	const { path, verb } = operations.get(step.operation);
	equal((step.ids ?? []).length, (path.match(/\{/g) ?? []).length, `ids of ${step.operation}`);
	const schema = verb.requestBody?.content['application/json'].schema;
	for (const member of Object.keys(step.body ?? {}))
		check(schema?.properties[member], `${step.operation} has no member ${member}`);
	for (const member of schema?.required ?? [])
		check(step.body?.[member] !== undefined, `${step.operation} needs ${member}`);
	for (const name of Object.keys(step.query ?? {}))
		check(
			verb.parameters.some((p) => p.in === 'query' && p.name === name),
			`${step.operation} has no ${name}`,
		);
	check(/\.$/.test(step.text), `no whole sentence: ${step.text}`);
}

/** What a document has must be what docs/plan.schema.json knows. */
function checkDocument(value, schema, where) {
	const known = schema.$ref ? planSchema.$defs[schema.$ref.slice('#/$defs/'.length)] : schema;
	if (Array.isArray(value))
		value.forEach((item, i) => checkDocument(item, known.items, `${where}[${i}]`));
	else if (value !== null && typeof value === 'object')
		for (const [name, inner] of Object.entries(value)) {
			check(known.properties?.[name], `${where} has no member ${name}`);
			checkDocument(inner, known.properties[name], `${where}.${name}`);
		}
	else check(value !== undefined, `${where} is undefined`);
}

function checkPlan(plan) {
	check(plan.steps.length > 0 || plan.document, `${plan.title}: no step`);
	equal(plan.problems, [], plan.title);
	plan.steps.forEach(checkStep);
	if (plan.document) checkDocument(plan.document, planSchema, plan.title);
	(plan.needs ?? []).forEach((name) => check(operations.has(name), `no operation ${name}`));
}

const NEW = {
	lun: '',
	name: 'new',
	size: 2 ** 30,
	pool: 'p',
	thick: false,
	block: 512,
	targets: [],
	newTarget: '',
	hosts: [],
	newHost: '',
	newInitiators: '',
};

const SETTINGS = { low: '', full: '', overcommit: '', trash: '7d', yields: false };
const SECRET = {
	side: 'initiator',
	secret: 'twelve-bytes-and-more',
	again: 'twelve-bytes-and-more',
	user: '',
	initiator: '',
	keep: '24',
};

test('every plan consists of calls that the API has', () => {
	const r = sample(),
		lun = r.get('lun', 'l1'),
		target = r.get('target', 't1'),
		portal = r.get('portal', 'o1'),
		host = r.get('host', 'h1'),
		group = r.get('host_group', 'hg1'),
		snapshot = r.get('snapshot', 'n0'),
		trashed = r.get('trashed_lun', 'l0'),
		controller = r.get('controller', 'co'),
		owner = { family: 'target', row: target };
	for (const plan of [
		plans.createLun(r, NEW),
		plans.expose(r, { ...NEW, newTarget: 't', newHost: 'h', newInitiators: 'iqn.z:1 iqn.z:2' }),
		plans.expose(r, { ...NEW, lun: 'l2', targets: ['t1', 't2'], hosts: ['h1'] }),
		plans.growLun(r, lun, { size: 2 ** 31 }),
		plans.associate(r, lun, { targets: ['t2'] }),
		plans.maskLun(r, lun, { everybody: false, hosts: [], groups: [], initiators: 'iqn.z:1' }),
		plans.maskLun(r, lun, { everybody: true, hosts: [], groups: [], initiators: '' }),
		plans.renameLun(r, lun, { name: 'x' }),
		plans.lunStatus(r, lun, 'offline'),
		plans.lunAccess(r, lun, 'read-only'),
		plans.deleteLun(r, lun, { force: true, now: true }),
		plans.createSnapshot(r, { name: 'x', luns: ['l1', 'l2'] }),
		plans.clone(r, { lun }, { name: 'x', hosts: ['h1'] }),
		plans.clone(r, { snapshot }, { name: 'x', hosts: [] }),
		plans.rollback(r, snapshot, { force: true }),
		plans.deleteSnapshot(r, snapshot, { group: true }),
		plans.restoreLun(r, trashed, { name: 'x', unassociated: true }),
		plans.purge([trashed]),
		plans.createTarget(r, { alias: 'x', iscsiName: 'iqn.z:t' }),
		plans.deleteTarget(r, target),
		plans.createHost(r, { name: 'x', initiators: 'iqn.z:1' }),
		plans.hostInitiators(r, host, { initiators: 'iqn.x:a iqn.z:9' }),
		plans.deleteHost(r, host, { force: true }),
		plans.createGroup(r, { name: 'x', hosts: ['h1'] }),
		plans.groupHosts(r, group, { hosts: ['h1'] }),
		plans.renameGroup(r, group, { name: 'x' }),
		plans.deleteGroup(r, group, { force: false }),
		plans.setSecret(r, owner, SECRET),
		plans.setSecret(r, { family: 'discovery' }, { ...SECRET, side: 'target', keep: '' }),
		plans.removeSecret(r, owner, r.get('credential', 'c1')),
		plans.createPortal(r, { address: '192.0.2.1', port: '3260', allTargets: true }),
		plans.portalStatus(r, portal, 'offline'),
		plans.deletePortal(r, portal),
		plans.createPool(r, { name: 'x', path: '/srv/x', force: false }),
		plans.createPool(r, { name: 'x', path: 'bdev:/dev/sdz', force: true }),
		plans.deletePool(r, { id: 'q', name: 'q' }),
		plans.poolSettings(r, r.get('pool', 'p'), { ...SETTINGS, low: '5G', yields: true }),
		plans.controllerStatus(r, controller, 'offline'),
		plans.resetController(r, controller),
		plans.flushController(controller),
		plans.endSession(r, r.list('live_session')[0]),
		plans.undoChange({ undoes: 7, revision: 'r', steps: [{ text: 'x' }, { text: '' }] }),
		plans.cancelJob(r, { id: 'j', lun_name: 'one' }),
	])
		checkPlan(plan);
});

test('a plan says what would go wrong', () => {
	const r = sample(),
		lun = r.get('lun', 'l1');
	const problems = (plan) => plan.problems.join(' ');
	for (const [plan, words] of [
		[plans.createLun(r, { ...NEW, size: null }), 'Give a size'],
		[plans.createLun(r, { ...NEW, name: 'one' }), 'There is a LUN called “one”'],
		[plans.createLun(r, { ...NEW, size: 2 ** 40, thick: true }), 'only 2 GiB free'],
		[plans.expose(r, NEW), 'Choose a target'],
		[plans.expose(r, { ...NEW, newTarget: 'web' }), 'There is a target called “web”'],
		[plans.growLun(r, lun, { size: 2 ** 30 }), 'must be more than 1 GiB'],
		[
			plans.deleteLun(r, lun, { force: false }),
			'It is behind “web”, and 1 session can use it.',
		],
		[plans.deleteHost(r, r.get('host', 'h1'), { force: false }), 'It may use “one”'],
		[
			plans.createHost(r, { name: 'alpha', initiators: 'iqn.x:a' }),
			'belongs to the host “alpha” already',
		],
		[plans.createHost(r, { name: 'x', initiators: 'nonsense' }), 'is no iSCSI name'],
		[plans.createPortal(r, { address: 'localhost', port: '3260' }), 'numeric address'],
		[plans.createPortal(r, { address: '::1', port: '0' }), 'from 1 to 65535'],
		[plans.createPool(r, { name: 'x', path: 'relative' }), 'the whole path'],
		[plans.rollback(r, r.get('snapshot', 'n0'), { force: false }), '1 session can use the LUN'],
		[plans.createSnapshot(r, { name: 'nightly', luns: ['l1'] }), 'has a snapshot “nightly”'],
		[plans.createSnapshot(r, { name: 'a@b', luns: ['l1'] }), 'no @'],
		[
			plans.clone(r, { snapshot: r.get('snapshot', 'n0') }, { name: 'one', hosts: [] }),
			'There is a LUN called “one”',
		],
		[
			plans.restoreLun(r, r.get('trashed_lun', 'l0'), { name: 'two' }),
			'There is a LUN called “two”',
		],
		[
			plans.setSecret(r, { family: 'discovery' }, { ...SECRET, secret: '0x0102' }),
			'The secret has 2 bytes',
		],
		[plans.setSecret(r, { family: 'discovery' }, { ...SECRET, again: '' }), 'are not the same'],
		[plans.deletePool(r, r.get('pool', 'p')), '2 LUNs (“one” and “two”) must be deleted first'],
	])
		check(
			problems(plan).includes(words),
			`${plan.title}: “${problems(plan)}” does not say “${words}”`,
		);
	const losing = plans.maskLun(r, lun, {
		everybody: false,
		hosts: [],
		groups: [],
		initiators: '',
	});
	check(
		losing.warnings.join().includes('iqn.x:a will lose the LUN'),
		'no warning for a session in use',
	);
	equal(
		plans.associate(r, lun, { targets: ['t1'] }).document,
		undefined,
		'the document of what changes nothing',
	);
});

test('settings of a pool are sent as the API takes them', () => {
	const r = sample(),
		pool = r.get('pool', 'p');
	const of = (row, more) => plans.poolSettings(r, row, { ...SETTINGS, ...more });
	const body = (more, row = pool) => of(row, more).steps[0]?.body;
	equal(body({}), undefined, 'left as they are');
	equal(
		body({ low: '20%', full: '1G', overcommit: '150%' }),
		{ low: '20%', full: '1073741824', overcommit: '150%' },
		'set',
	);
	equal(body({}, { ...pool, overcommit: '200%' }), { overcommit: 'off' }, 'no limit any more');
	equal(body({ trash: '' }), { trash: 'none' }, 'no trash any more');
	equal(
		of(pool, { low: 'x', full: '200%', overcommit: '3G', trash: '1y' }).problems.length,
		4,
		'problems',
	);
});

test('a change of a mask adds and removes by name, so that two people do not undo each other', () => {
	const r = sample(),
		lun = r.get('lun', 'l1');
	const body = (hosts, initiators) =>
		plans.maskLun(r, lun, { everybody: false, hosts, groups: [], initiators }).steps[0]?.body;
	equal(body(['h1'], 'iqn.x:stranger iqn.z:1'), { mask_add: 'iqn.z:1' }, 'added');
	equal(body(['h1'], ''), { mask_remove: 'iqn.x:stranger' }, 'removed');
	equal(body([], ''), { mask: '' }, 'emptied');
	equal(body(['h1'], 'iqn.x:stranger'), undefined, 'left as it is');
});

test('exposing is one change, of names that exist and of those that are made', () => {
	const r = sample();
	equal(
		plans.expose(r, {
			...NEW,
			targets: ['t2'],
			newTarget: 't',
			hosts: ['h1'],
			newHost: 'h',
			newInitiators: 'iqn.z:1',
		}).document,
		{
			format: 1,
			hosts: [{ name: 'h', initiators: ['iqn.z:1'] }],
			targets: [{ alias: 't' }],
			luns: [{ name: 'new', pool: 'default', size: 2 ** 30, mask: ['host:alpha', 'host:h'] }],
			associations: [
				{ lun: 'new', target: 'iqn.y:2' },
				{ lun: 'new', target: 't' },
			],
		},
		'the document of a new LUN',
	);
	equal(
		plans.expose(r, { ...NEW, lun: 'l1', targets: ['t1', 't2'], newHost: 'h' }).document,
		{
			format: 1,
			hosts: [{ name: 'h', initiators: [] }],
			luns: [{ id: 'l1', mask: ['host:alpha', 'iqn.x:stranger', 'host:h'] }],
			associations: [{ lun: 'l1', target: 'iqn.y:2' }],
		},
		'the document of a LUN that others may use already',
	);
});

test('steps are done one after the other, and the first error ends them', async () => {
	const steps = ['hostCreate', 'lunCreate', 'apply'].map((operation) => ({
		operation,
		as: operation.slice(0, -6),
	}));
	const send = async ({ operation }) => {
		if (operation === 'lunCreate') throw new Error('no');
		return { id: 'h9' };
	};
	const said = [],
		made = {};
	const failure = await plans
		.apply(steps, send, (i, word) => said.push(`${i} ${word}`), made)
		.catch((error) => error);
	equal([failure.step, made], [1, { host: 'h9' }], 'the step that failed, and what was made');
	equal(said, ['0 doing', '0 done', '1 doing'], 'what was said');
	const answer = {
		id: 'a',
		plan: { steps: [{ action: 'create', family: 'lun', key: ['l9'] }, { action: 'change' }] },
	};
	equal(
		await plans.apply(
			[{ operation: 'apply' }],
			async () => answer,
			() => {},
		),
		{ lun: 'l9' },
		'what one change has made',
	);
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
