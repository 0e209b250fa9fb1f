// SPDX-License-Identifier: LGPL-2.1-or-later
// Care for data: snapshots, clones and going back, write protection, the trash, space, and taking
// changes back.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { test, equal, check, atEnd } = require('../tap.cjs');
const { Initiator } = require('../array.cjs');
const {
	act,
	apply,
	atBothWidths,
	dialog,
	field,
	lunOf,
	more,
	openWindow,
	scene,
	targetsOf,
} = require('../scene.cjs');

const BEFORE = 5,
	AFTER = 9; // bytes that the block holds

/** A LUN behind a target of its own, in use by an initiator that everybody may be. */
async function inUse(name) {
	const { daemon } = scene;
	daemon.ctl('lun', 'create', name, '--size', '1M', '--unmask', '*');
	const { iscsi_name: target } = daemon.ctl(
		'target',
		'show',
		daemon.ctl('target', 'create', name).id,
	);
	daemon.ctl('lun', 'associate', name, target);
	const initiator = atEnd(new Initiator());
	await initiator.ok('hold', daemon.portal, target, 'iqn.1993-08.org.debian:01:writer');
	await initiator.command('get', 0, 0); // hears of the attention of a new session
	return initiator;
}

const snapshotsOf = (name) =>
	scene.daemon
		.ctl('snapshot', 'list')
		.filter((s) => s.lun_name === name)
		.map((s) => s.name);
const isGone = (name) => scene.daemon.ctl('lun', 'list').every((lun) => lun.name !== name);
const trash = () => scene.daemon.ctl('trash', 'list').map((lun) => lun.name);

test(
	'a LUN is rolled back to a snapshot, and cloned from it',
	atBothWidths(async (window, page, width) => {
		const name = `data-${width}`,
			initiator = await inUse(name);
		equal(await initiator.ok('put', 0, 0, BEFORE), 'ok good', 'the first write');
		await window.go(`luns/${lunOf(name).id}`, name);
		await act(page, 'Snapshot');
		await field(page, 'Name').fill('before-upgrade');
		await dialog(page).getByText('after a power failure').waitFor();
		await window.axe('the plan of a snapshot');
		await window.shot('snapshot');
		await apply(page, 'Take it');
		equal(snapshotsOf(name), ['before-upgrade'], 'snapshots of the LUN');
		equal(await initiator.ok('put', 0, 0, AFTER), 'ok good', 'the second write');

		await page.getByRole('link', { name: 'before-upgrade' }).click();
		await page.getByRole('heading', { level: 1, name: `${name}@before-upgrade` }).waitFor();
		await window.axe('a snapshot');
		await window.fits('a snapshot');
		await window.shot('snapshot-one', true);
		await act(page, 'Roll back');
		await dialog(page).getByText(`What was written to “${name}” since`).waitFor();
		await dialog(page).getByText('1 session can use the LUN now').waitFor();
		await window.axe('going back');
		await window.fits('going back');
		await window.shot('rollback');
		await dialog(page).getByLabel('Roll back although sessions can use the LUN').check();
		await apply(page, 'Roll back');
		// the initiator hears that the medium may have changed, and then reads what was there
		await initiator.command('get', 0, 0);
		equal(await initiator.ok('get', 0, 0), `ok ${BEFORE}`, 'the block after going back');

		await act(page, 'Clone');
		await field(page, 'Name of the new LUN').fill(`${name}-test`);
		await apply(page, 'Clone');
		await page.getByRole('heading', { level: 1, name: `${name}-test` }).waitFor();
		const clone = lunOf(`${name}-test`);
		equal([clone.size_bytes, clone.mask], [2 ** 20, ''], 'size and mask of the clone');
		check(clone.serial !== lunOf(name).serial, 'the clone has the identity of its origin');
		await initiator.end();
	}),
);

test('snapshots of several LUNs are of one moment, and go together', async () => {
	const { daemon } = scene;
	const window = await openWindow('wide');
	const { page } = window;
	for (const name of ['db-data', 'db-log']) daemon.ctl('lun', 'create', name, '--size', '1M');
	await window.signIn(scene.admin, '#/snapshots');
	await act(page, 'Take a snapshot');
	await field(page, 'Name').fill('nightly');
	for (const name of ['db-data', 'db-log'])
		await dialog(page).getByLabel(name, { exact: false }).check();
	await dialog(page).getByRole('heading', { name: 'Take a group snapshot' }).waitFor();
	await window.axe('a group snapshot');
	await window.shot('snapshot-group');
	await apply(page, 'Take it');
	const taken = daemon.ctl('snapshot', 'list').filter((s) => s.name === 'nightly');
	equal(taken.map((s) => s.lun_name).sort(), ['db-data', 'db-log'], 'LUNs of the group');
	equal(new Set(taken.map((s) => s.group_id)).size, 1, 'groups');
	await page.getByRole('row').filter({ hasText: 'db-log' }).waitFor();
	await window.axe('snapshots');
	await window.shot('snapshots');
	await page
		.getByRole('row')
		.filter({ hasText: 'db-log' })
		.getByRole('button', { name: 'Delete' })
		.click();
	await dialog(page).getByText('“db-data” and “db-log”').waitFor();
	await apply(page, 'Delete');
	check(
		daemon.ctl('snapshot', 'list').every((s) => s.name !== 'nightly'),
		'a snapshot of the group is left',
	);
	await window.close();
});

test(
	'a schedule of snapshots is created, changed, paused and deleted',
	atBothWidths(async (window, page, width) => {
		const { daemon } = scene,
			name = `weekly-${width}`;
		const shown = () => daemon.ctl('snapshot', 'schedule', 'show', name);
		await window.go('schedules', 'Schedules');
		await act(page, 'Create');
		await field(page, 'Name').fill(name);
		await dialog(page).getByLabel('db-data').check();
		await dialog(page).getByLabel('db-log').check();
		await field(page, 'Every').fill('1w');
		await field(page, 'At').fill('noon');
		await dialog(page).getByText('a time of the day').waitFor();
		await field(page, 'At').fill('sat-02:30');
		await window.axe('a schedule to create');
		await window.fits('a schedule to create');
		await window.shot('schedule');
		await apply(page, 'Create');
		await page.getByRole('heading', { level: 1, name }).waitFor();
		const { every, at, keep, luns } = shown();
		equal([every, at, keep, luns.length], ['1w', 'sat-02:30', 'daily=7,weekly=4', 2], 'made');
		await act(page, 'Change');
		await field(page, 'The last').fill('3');
		await dialog(page).getByText('removed at the end of the next run').waitFor();
		await apply(page, 'Apply');
		equal(shown().keep, 'last=3,daily=7,weekly=4', 'what is kept');
		await act(page, 'Run now');
		await apply(page, 'Run now');
		const taken = daemon.ctl('snapshot', 'list').filter((s) => s.schedule_id === shown().id);
		equal(taken.length, 2, 'snapshots of the run');
		await page.getByText(taken[0].name).first().waitFor();
		await act(page, 'Pause');
		await apply(page, 'Pause');
		equal(shown().enabled, false, 'paused');
		await page.getByRole('heading', { level: 1 }).getByText('paused').waitFor();
		await window.axe('a schedule');
		await window.fits('a schedule');
		await window.shot('schedule-one');
		await act(page, 'Resume');
		await apply(page, 'Resume');
		equal(shown().enabled, true, 'resumed');
		await act(page, 'Delete');
		await apply(page, 'Delete');
		check(
			daemon.ctl('snapshot', 'schedule', 'list').every((s) => s.name !== name),
			'the schedule is there still',
		);
	}),
);

test(
	'a LUN is write-protected, and may be written again',
	atBothWidths(async (window, page, width) => {
		const name = `data-${width}`;
		await window.go(`luns/${lunOf(name).id}`, name);
		await more(page, 'Write-protect');
		await apply(page, 'Protect');
		equal(lunOf(name).access, 'read-only', 'access of the LUN');
		await page.getByText('write-protected').first().waitFor();
		await window.axe('a protected LUN');
		await more(page, 'Allow writing');
		await apply(page, 'Allow writing');
		equal(lunOf(name).access, 'read-write', 'access of the LUN afterwards');
	}),
);

test(
	'a deleted LUN waits in the trash, and is restored or removed for good',
	atBothWidths(async (window, page, width) => {
		const { daemon } = scene;
		const name = `kept-${width}`,
			[pool] = daemon.ctl('pool', 'list');
		daemon.ctl('pool', 'set', pool.name, '--trash', 'none');
		daemon.ctl('lun', 'create', name, '--size', '1M', '--unmask', '*');
		daemon.ctl('lun', 'associate', name, `data-${width}`);
		await window.go('trash', 'Trash');
		await page.getByText('No pool keeps deleted LUNs').waitFor();
		await window.axe('the trash of no pool');
		await window.shot('trash-none');
		await page.locator('main').getByRole('link', { name: pool.name }).click();
		await page.getByRole('heading', { level: 1, name: pool.name }).waitFor();
		await act(page, 'Settings');
		await field(page, 'Keep it in the trash for').fill('sometime');
		await dialog(page).getByText('is no time').waitFor();
		await field(page, 'Keep it in the trash for').fill('7d');
		await dialog(page).getByLabel('Give way when the pool gets full').check();
		await window.axe('the settings of a pool');
		await window.shot('pool-settings');
		await apply(page, 'Apply');
		const { trash: time, trash_yields: yields } = daemon.ctl('pool', 'show', pool.name);
		equal([time, yields], ['7d', true], 'the trash of the pool');

		await window.go(`luns/${lunOf(name).id}`, name);
		await more(page, 'Delete');
		await dialog(page).getByText('into the trash of the pool').waitFor();
		await dialog(page).getByLabel('Delete it although it is in use').check();
		await window.shot('delete-kept');
		await apply(page, 'Delete');
		equal([isGone(name), trash()], [true, [name]], 'after deleting');
		await window.go('trash', 'Trash');
		await page.getByRole('button', { name: `Restore ${name}` }).click();
		await dialog(page).getByText('and its place behind 1 target').waitFor();
		await window.axe('restoring');
		await window.shot('restore');
		await apply(page, 'Restore');
		await page.getByRole('heading', { level: 1, name }).waitFor();
		equal([targetsOf(name), trash()], [[`data-${width}`], []], 'after restoring');

		daemon.ctl('lun', 'delete', name, '--force');
		await window.go('trash', 'Trash');
		await page.getByRole('button', { name: `Delete ${name} for good` }).waitFor();
		await window.axe('the trash');
		await window.fits('the trash');
		await window.shot('trash');
		await page.getByRole('button', { name: `Delete ${name} for good` }).click();
		await apply(page, 'Delete for good');
		await page.getByText('The trash is empty').first().waitFor();
		equal([isGone(name), trash()], [true, []], 'after removing it for good');
	}),
);

test(
	'a pool that gets full is a problem that the overview names, and recovers',
	atBothWidths(async (window, page, width) => {
		const { daemon } = scene;
		const name = `small-${width}`;
		await window.go('pools', 'Pools');
		await act(page, 'Add');
		await field(page, 'Name').fill(name);
		await field(page, 'Place').fill('ram:16M');
		await apply(page, 'Add');
		await page.getByRole('heading', { level: 1, name }).waitFor();
		equal(
			daemon.ctl('pool', 'show', name).path.startsWith('ram:16M'),
			true,
			'place of the pool',
		);
		daemon.ctl('lun', 'create', `fill-${width}`, '--pool', name, '--size', '15M', '--thick');
		await page.getByRole('heading', { level: 1 }).getByText('space low').waitFor();
		await act(page, 'Settings');
		await field(page, 'Full below').fill('10%');
		await field(page, 'Low below').fill('20%');
		await apply(page, 'Apply');
		equal(daemon.ctl('pool', 'show', name).full, '10%', 'threshold of the pool');
		await page.getByRole('heading', { level: 1 }).getByText('space full').waitFor();
		await window.axe('a full pool');
		await window.fits('a full pool');
		await window.shot('full', true);
		// what does not fit is said before it is asked for
		await window.go('luns', 'LUNs');
		await act(page, 'Create');
		await field(page, 'Name').fill('too-much');
		await field(page, 'Size').fill('4M');
		await dialog(page)
			.getByLabel('Pool')
			.selectOption(daemon.ctl('pool', 'show', name).id);
		await dialog(page).getByLabel('Thick').check();
		await dialog(page).getByText(`The pool “${name}” has only`).waitFor();
		await window.shot('too-much');
		await dialog(page).getByRole('button', { name: 'Cancel' }).click();
		await window.go('overview', 'Overview');
		await page.getByText(/Something (is wrong|needs attention)/).waitFor();
		await window.axe('a problem');
		await window.fits('a problem');
		await window.shot('problem');
		await page.locator('.problems').getByRole('link').first().click();
		await page.getByRole('heading', { level: 1, name }).waitFor();
		daemon.ctl('lun', 'delete', `fill-${width}`, '--now');
		await page.getByRole('heading', { level: 1 }).getByText('ready').waitFor();
		await act(page, 'Delete');
		await apply(page, 'Delete');
		check(
			daemon.ctl('pool', 'list').every((pool) => pool.name !== name),
			'the pool is there still',
		);
	}),
);

test(
	'a LUN, a host and a pool are limited',
	atBothWidths(async (window, page, width) => {
		const { daemon } = scene,
			name = `data-${width}`,
			host = `slow-${width}`;
		daemon.ctl('host', 'create', host);
		await window.go(`luns/${lunOf(name).id}`, name);
		await more(page, 'Limits');
		await dialog(page).getByLabel('Commands a second').first().fill('500');
		await field(page, 'Save up for').fill('10s');
		await window.axe('limits');
		await window.fits('limits');
		await window.shot('limits');
		await apply(page, 'Apply');
		equal(lunOf(name).qos, 'iops=500 burst_ms=10000', 'limits of the LUN');
		await page.getByText('500 commands/s, saved up for 10s').waitFor();

		const { id } = daemon.ctl('host', 'show', host);
		await window.go(`hosts/${id}`, host);
		await act(page, 'Limits');
		await field(page, 'Bytes a second').fill('100M');
		await apply(page, 'Apply');
		equal(daemon.ctl('host', 'show', host).qos, 'bandwidth=104857600', 'limits of the host');

		const [pool] = daemon.ctl('pool', 'list');
		await window.go(`pools/${pool.id}`, pool.name);
		await act(page, 'Limits');
		await field(page, 'Commands a second').fill('20000');
		await apply(page, 'Apply');
		equal(daemon.ctl('pool', 'show', pool.name).qos, 'iops=20000', 'what the pool can do');
		daemon.ctl('pool', 'set', pool.name, '--iops', 'none');
	}),
);

test('a LUN is moved to another pool, with a job', async () => {
	const { daemon } = scene;
	daemon.ctl('pool', 'create', 'other', 'ram:16M');
	daemon.ctl('lun', 'create', 'to-move', '--size', '1M');
	const window = await openWindow('wide'),
		{ page } = window;
	await window.signIn(scene.admin, `#/luns/${lunOf('to-move').id}`);
	await more(page, 'Move');
	await dialog(page).getByText('“other” is in memory').waitFor();
	await dialog(page).getByLabel('Move it although the pool is in memory').check();
	await window.axe('moving');
	await window.shot('move');
	await dialog(page).getByRole('button', { name: 'Move', exact: true }).click();
	await dialog(page).getByText('done', { exact: true }).waitFor();
	await window.axe('a LUN that was moved');
	await dialog(page).locator('footer').getByRole('button', { name: 'Close' }).click();
	await dialog(page).waitFor({ state: 'detached' });
	equal(lunOf('to-move').pool_id, daemon.ctl('pool', 'show', 'other').id, 'the pool of the LUN');
	await window.close();
	daemon.ctl('lun', 'delete', 'to-move', '--now');
	daemon.ctl('pool', 'delete', 'other');
});

test('a job is paused, resumed and cancelled', async () => {
	const { daemon } = scene,
		window = await openWindow('wide'),
		{ page } = window;
	daemon.ctl('pool', 'create', 'other', 'ram:16M');
	daemon.ctl('lun', 'create', 'to-pause', '--size', '1M');
	const hold = path.join(daemon.inject, `${lunOf('to-pause').id}.move`);
	fs.writeFileSync(hold, 'hold');
	const { job } = daemon.ctl('lun', 'move', 'to-pause', 'other', '--force', '--no-wait');
	const press = async (word) => {
		await page.getByRole('button', { name: `${word} : Move a LUN to-pause` }).click();
		await apply(page, `${word} it`);
	};
	await window.signIn(scene.admin, '#/jobs');
	await press('Pause');
	await page.getByText('paused', { exact: true }).waitFor();
	equal(daemon.ctl('job', 'show', job).paused, true, 'the job is paused');
	await window.axe('a job that is paused');
	await window.shot('paused');
	await press('Resume');
	await page.getByRole('button', { name: 'Pause : Move a LUN to-pause' }).waitFor();
	equal(daemon.ctl('job', 'show', job).paused, false, 'the job goes on');
	await press('Pause');
	await page.getByText('paused', { exact: true }).waitFor();
	await press('Cancel');
	await page.getByText('cancelled', { exact: true }).waitFor();
	fs.unlinkSync(hold);
	daemon.ctl('lun', 'delete', 'to-pause', '--now');
	daemon.ctl('pool', 'delete', 'other');
	await window.close();
});

test('a raw file becomes a LUN, and stays when that is deleted', async () => {
	const { daemon } = scene,
		file = path.join(daemon.top, 'old.img');
	fs.writeFileSync(file, Buffer.alloc(1 << 20, BEFORE));
	const window = await openWindow('wide'),
		[pool] = daemon.ctl('pool', 'list');
	const { page } = window;
	await window.signIn(scene.admin, `#/pools/${pool.id}`);
	await act(page, 'Adopt a file');
	await field(page, 'File').fill('old.img');
	await dialog(page).getByText('the whole path of a raw file').waitFor();
	await field(page, 'File').fill(file);
	await field(page, 'Name of the LUN').fill('adopted');
	await window.axe('adopting a file');
	await window.shot('adopt');
	await apply(page, 'Adopt');
	await page.getByRole('heading', { level: 1, name: 'adopted' }).waitFor();
	equal(lunOf('adopted').size_bytes, 1 << 20, 'size of the LUN');
	await window.close();
	daemon.ctl('lun', 'delete', 'adopted', '--now');
	equal(fs.readFileSync(file)[0], BEFORE, 'the file afterwards');
});

test(
	'a change is taken back from the history, with its plan',
	atBothWidths(async (window, page, width) => {
		const { daemon } = scene,
			name = `mistake-${width}`;
		daemon.ctl('host', 'create', name);
		await window.go('history', 'Changes');
		const row = page.getByRole('row').filter({ hasText: `host "${name}"` });
		await row.getByRole('button', { name: 'Undo' }).click();
		await dialog(page).locator('.parts .delete').filter({ hasText: name }).waitFor();
		await window.axe('a plan to undo');
		await window.shot('undo');
		await apply(page, 'Undo');
		check(
			daemon.ctl('host', 'list').every((host) => host.name !== name),
			'the host is there still',
		);
		await row.getByText(/undone by \d+/).waitFor();
		const [undo, made] = daemon.ctl('history', '--limit', '2');
		equal(undo.object, `change ${made.sequence}`, 'the newest change');
		await window.axe('the history');
		await window.fits('the history');
		await window.shot('history');
	}),
);
