#!/usr/bin/env node
// SPDX-License-Identifier: LGPL-2.1-or-later
// The plans of the page, held against docs/openapi.json and docs/plan.schema.json, and carrying them
// out.
import { createRequire } from 'node:module';
import fs from 'node:fs';
import * as plans from '../../src/page/app/plans.js';
import { sample } from './sample.mjs';

const { test, equal, check, runAll } = createRequire(import.meta.url)('./tap.cjs');
const read = (name) => JSON.parse(fs.readFileSync(new URL(`../../docs/${name}`, import.meta.url)));
const openapi = read('openapi.json'),
	planSchema = read('plan.schema.json');

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

const RAW = { id: 'w', name: 'old', path: 'raw:/dev/sdy' };
const RESERVED = { reservation: 'write-exclusive', reserve: true, registrations: [{}, {}] };

const SETTINGS = { low: '', full: '', overcommit: '', trash: '7d', yields: false };
const SCHEDULE = {
	name: 'nightly',
	luns: ['l2', 'l1'],
	every: '1d',
	at: '02:30',
	last: '',
	hourly: '',
	daily: '7',
	weekly: '',
};
const LIMITS = { iops: '', bandwidth: '', burst: '', minIops: '', minBandwidth: '' };
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
		schedule = r.get('snapshot_schedule', 'sc1'),
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
		plans.moveLun(r, lun, { pool: 'p', force: false }),
		plans.moveOwner(r, lun, { gateway: 'co' }),
		plans.drainGateway(r, controller, true),
		plans.drainGateway(r, controller, false),
		plans.addGateway(r, { name: 'gw9', address: '[2001:db8::9]:3261' }),
		plans.gatewayAddress(r, controller, { address: '192.0.2.9:3261' }),
		plans.removeGateway(r, controller, { force: true }),
		plans.deleteLun(r, lun, { force: true, now: true }),
		plans.createSnapshot(r, { name: 'x', luns: ['l1', 'l2'] }),
		plans.clone(r, { lun }, { name: 'x', hosts: ['h1'] }),
		plans.clone(r, { snapshot }, { name: 'x', hosts: [], copy: true }),
		plans.setLimits(r, 'lun', lun, { ...LIMITS, iops: '500', burst: '10s' }),
		plans.setLimits(r, 'host', host, { ...LIMITS, bandwidth: '100M' }),
		plans.setLimits(r, 'pool', r.get('pool', 'p'), { ...LIMITS, iops: '20000' }),
		plans.rollback(r, snapshot, { force: true }),
		plans.deleteSnapshot(r, snapshot, { group: true }),
		plans.createSchedule(r, { ...SCHEDULE, name: 'x' }),
		plans.changeSchedule(r, schedule, { ...SCHEDULE, luns: ['l1'], every: '4h', last: '3' }),
		plans.enableSchedule(schedule, false),
		plans.deleteSchedule(r, schedule),
		plans.restoreLun(r, trashed, { name: 'x', unassociated: true }),
		plans.purge(r, [trashed]),
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
		plans.adoptFile(r, r.get('pool', 'p'), {
			path: '/x/old.img',
			name: 'x',
			block: '4096',
			hosts: ['h1'],
		}),
		plans.deletePool(r, { id: 'q', name: 'q' }),
		plans.poolSettings(r, r.get('pool', 'p'), { ...SETTINGS, low: '5G', yields: true }),
		plans.controllerStatus(r, controller, 'offline'),
		plans.resetController(r, controller),
		plans.flushController(controller),
		plans.endSession(r, r.list('live_session')[0]),
		plans.undoChange({ undoes: 7, revision: 'r', steps: [{ text: 'x' }, { text: '' }] }),
		plans.cancelJob(r, { id: 'j', lun_name: 'one' }),
		plans.createPool(r, { name: 'x', path: 'raw:/dev/sdy', force: false }),
		plans.adoptFile(r, RAW, { path: '/dev/sdy', name: 'x', block: '512', hosts: [] }),
		plans.createToken([], { name: 'x', role: 'reader', expires: '30d' }, 0),
		plans.revokeToken({ id: 'k', name: 'x' }, { kind: 'token', name: 'x' }),
		plans.clearReservations(r, lun, RESERVED),
		plans.clearReservations(r, lun, null),
		plans.setAccess(r, r.get('portal_group', 'g1'), {
			state: 'standby',
			preferred: true,
			explicit: true,
		}),
		plans.blink(controller),
		plans.stopMaintenance(controller, 'spin-up'),
		plans.pauseJob(r, { id: 'j', lun_name: 'one' }),
		plans.resumeJob(r, { id: 'j', lun_name: 'one' }),
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
		[plans.createSchedule(r, SCHEDULE), 'There is a schedule called “nightly”'],
		[plans.createSchedule(r, { ...SCHEDULE, at: '25:00' }), 'a time of the day'],
		[plans.createSchedule(r, { ...SCHEDULE, every: 'often' }), 'Say how often'],
		[plans.createSchedule(r, { ...SCHEDULE, daily: '0' }), 'how many snapshots are kept'],
		[
			plans.setSecret(r, { family: 'discovery' }, { ...SECRET, secret: '0x0102' }),
			'The secret has 2 bytes',
		],
		[plans.setSecret(r, { family: 'discovery' }, { ...SECRET, again: '' }), 'are not the same'],
		[plans.deletePool(r, r.get('pool', 'p')), '2 LUNs (“one” and “two”) must be deleted first'],
		[plans.purge(r, [{ id: 'none', name: 'x', allocated_bytes: 0 }]), 'not in the trash'],
		[plans.createToken([], { name: '-x', role: 'reader', expires: '' }, 0), 'is no name'],
		[plans.createToken([], { name: 'x', role: 'reader', expires: '1y' }, 0), 'is no time'],
		[plans.createToken([], { name: 'x', role: 'reader', expires: '999999w' }, 0), 'is no time'],
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
		plans.changeSchedule(r, r.get('snapshot_schedule', 'sc1'), SCHEDULE).steps,
		[],
		'a schedule that stays as it is',
	);
	equal(
		plans.associate(r, lun, { targets: ['t1'] }).document,
		undefined,
		'the document of what changes nothing',
	);
});

test('a gateway is removed at once when nobody runs as it, else by force only', () => {
	const r = sample(),
		gateway = (instance) => ({ ...r.get('controller', 'co'), id: 'g2', name: 'gw2', instance });
	const idle = plans.removeGateway(r, gateway(''), { force: false });
	equal([idle.problems, idle.forced], [[], false], 'as which none runs');
	const asked = plans.removeGateway(r, gateway('i'), { force: false });
	equal([asked.problems.length, asked.forced], [1, true], 'as which one runs');
	const forced = plans.removeGateway(r, gateway('i'), { force: true });
	equal([forced.problems, forced.steps[0].query], [[], { force: 1 }], 'by force');
	r.put({ put: { controller: [gateway('i')].map((g) => ({ ...g, address: '192.0.2.9:1' })) } });
	equal(plans.addGateway(r, { name: 'x', address: '192.0.2.9' }).problems.length, 1, 'no port');
	equal(plans.addGateway(r, { name: 'a/b', address: '192.0.2.8:1' }).problems.length, 1, 'a slash');
	equal(plans.addGateway(r, { name: 'x', address: '192.0.2.9:1' }).problems.length, 1, 'in use');
});

test('what a pool on a device cannot do is said before it is asked for', () => {
	const r = sample();
	r.put({
		put: {
			pool: [RAW, { id: 'b', name: 'disk', path: 'bdev:/dev/sdx' }],
			live_pool: [{ id: 'w', capacity_bytes: 2 ** 30, free_bytes: 0, ready: true }],
			lun: [
				{ ...r.get('lun', 'l2'), id: 'lw', name: 'raw', pool_id: 'w' },
				{ ...r.get('lun', 'l2'), id: 'lb', name: 'block', pool_id: 'b' },
			],
		},
	});
	const raw = r.get('lun', 'lw'),
		block = r.get('lun', 'lb'),
		copy = { name: 'x', hosts: [], copy: false };
	const adopt = (path) =>
		plans.adoptFile(r, RAW, { path, name: 'x', block: '512', hosts: [] }).problems.join(' ');
	equal(
		plans.makingPools(r).map((pool) => pool.name),
		['default', 'disk'],
		'pools for new LUNs',
	);
	for (const [problems, words] of [
		[adopt('/dev/sdy'), 'is the LUN “raw” already'],
		[adopt('/dev/sdz'), 'takes only its own device, /dev/sdy'],
		[plans.growLun(r, raw, { size: 2 ** 40 }).problems.join(), 'keeps its size'],
		[plans.createSnapshot(r, { name: 'x', luns: ['lb'] }).problems.join(), 'cannot have'],
		[plans.clone(r, { lun: block }, copy).problems.join(), 'copy the data instead'],
		[plans.clone(r, { lun: raw }, { ...copy, copy: true }).problems.join(), 'for one LUN'],
	])
		check(problems.includes(words), `“${problems}” does not say “${words}”`);
	equal(
		plans.deleteLun(r, raw, { force: false, now: false }).warnings,
		['The disk /dev/sdy keeps its data.'],
		'what deleting leaves',
	);
});

test('an access state that takes the last path is warned of, and no other', () => {
	const r = sample(),
		group = r.get('portal_group', 'g1');
	const set = (state) =>
		plans.setAccess(r, group, { state, preferred: false, explicit: false }).warnings.join(' ');
	equal(set('active-non-optimized'), '', 'a path that stays active');
	check(set('standby').includes('1 session of the group'), 'no word of the session');
	check(set('standby').includes('No other path to “one”'), 'no word of the LUN');
	r.put({
		put: {
			association: [{ lun_id: 'l1', target_id: 't2', lun_number: 0 }],
			portal_group: [{ id: 'g2', target_id: 't2', tag: 1, access_state: 'active-optimized' }],
			group_portal: [{ group_id: 'g2', portal_id: 'o1' }],
		},
	});
	check(!set('standby').includes('No other path'), 'the other path is not seen');
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

test('limits are sent as the API takes them, and only those that change', () => {
	const r = sample(),
		lun = { ...r.get('lun', 'l1'), qos: 'iops=500 burst_ms=10000' };
	const of = (more) => plans.setLimits(r, 'lun', lun, { ...LIMITS, ...more });
	const body = (more) => of(more).steps[0]?.body;
	equal(body({ iops: '500', burst: '10s' }), undefined, 'left as they are');
	equal(body({ iops: '500' }), { qos: 'burst_ms=0' }, 'one taken away');
	equal(
		body({ iops: '800', bandwidth: '100M', burst: '10s' }),
		{ qos: 'iops=800 bandwidth=104857600' },
		'set',
	);
	for (const [more, words] of [
		[{ iops: '5' }, 'from 10 to'],
		[{ bandwidth: 'fast' }, 'bytes a second'],
		[{ burst: '2h' }, 'at most 1h'],
		[{ minIops: '100' }, 'Say first how many commands a second the pool “default” can do'],
	])
		check(of(more).problems.join().includes(words), `no problem: ${JSON.stringify(more)}`);
	r.put({ put: { pool: [{ ...r.get('pool', 'p'), qos: 'iops=1000' }] } });
	equal(of({ minIops: '900' }).problems, [], '90 % of the pool');
	check(of({ minIops: '901' }).problems.length === 1, 'more than 90 % of the pool');
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

process.exitCode = (await runAll(process.argv.slice(2))) > 0 ? 1 : 0;
