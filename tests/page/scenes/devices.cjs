// SPDX-License-Identifier: LGPL-2.1-or-later
// Pools on devices (a file stands for the device), a clone that copies all, and a trash with much in
// it.  What a plan has said is held against what came of it.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { test, equal, check, atEnd } = require('../tap.cjs');
const { Initiator, eventually } = require('../array.cjs');
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
} = require('../scene.cjs');

const MIB = 2 ** 20,
	BYTE = 7, // what blocks hold
	HOST = 'iqn.1993-08.org.debian:01:reader';

const pools = () => scene.daemon.ctl('pool', 'list').map((pool) => pool.name);
const trash = () =>
	scene.daemon
		.ctl('trash', 'list')
		.map((lun) => lun.name)
		.sort();
const steps = (page) => dialog(page).locator('.plan ol');

/** Deletes a pool as soon as the volumes of its deleted LUNs are removed. */
const deletePool = (name) =>
	eventually(`pool ${name} can be deleted`, () => {
		try {
			scene.daemon.ctl('pool', 'delete', name);
			return true;
		} catch (error) {
			if (!String(error.message).includes('BUSY')) throw error;
			return false;
		}
	});

/** An initiator that has the LUN as its LUN 0, behind a target of its own. */
async function reader(name) {
	const { daemon } = scene;
	const { iscsi_name: target } = daemon.ctl(
		'target',
		'show',
		daemon.ctl('target', 'create', `of-${name}`).id,
	);
	daemon.ctl('lun', 'unmask', name, '*');
	daemon.ctl('lun', 'associate', name, target);
	const initiator = atEnd(new Initiator());
	await initiator.ok('hold', daemon.portal, target, HOST);
	await initiator.command('get', 0, 0); // hears of the attention of a new session
	return initiator;
}

/** Ends what reader() has made, and the LUN. */
async function forget(name, initiator) {
	await initiator.end();
	scene.daemon.ctl('lun', 'delete', name, '--force', '--now');
	scene.daemon.ctl('target', 'delete', `of-${name}`);
}

test(
	'a disk becomes a pool, only with force when it holds something',
	atBothWidths(async (window, page, width) => {
		const { daemon } = scene,
			name = `disk-${width}`,
			disk = path.join(daemon.top, name);
		fs.writeFileSync(disk, Buffer.alloc(32 * MIB, BYTE));
		window.expect('409 POST /v1/pools');
		await window.go('pools', 'Pools');
		await act(page, 'Add');
		await field(page, 'Name').fill(name);
		await field(page, 'Place').fill(`bdev:${disk}`);
		await steps(page).getByText(`Take the disk ${disk} as a whole`).waitFor();
		await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
		await dialog(page).getByText('Nothing was changed.').waitFor();
		await window.axe('a disk that is refused');
		await window.fits('a disk that is refused');
		await window.shot('disk-refused');
		check(!pools().includes(name), 'the pool was made without force');
		await dialog(page).getByRole('button', { name: 'Change it' }).click();
		await dialog(page).getByLabel('Take the disk although it holds something').check();
		await dialog(page).getByText(`Everything that ${disk} holds now is destroyed`).waitFor();
		await window.axe('a disk that is taken');
		await window.shot('disk-force');
		await apply(page, 'Add');
		await page.getByRole('heading', { level: 1, name }).waitFor();
		equal(daemon.ctl('pool', 'show', name).path, `bdev:${disk}`, 'place of the pool');
		await window.axe('a pool on a disk');
		await window.fits('a pool on a disk');
		await window.shot('disk-pool', true);

		// LUNs are made there, and what such a pool cannot do is said before it is asked for
		const lun = `on-${name}`;
		daemon.ctl('lun', 'create', lun, '--size', '2M', '--pool', name);
		await window.go(`luns/${lunOf(lun).id}`, lun);
		await act(page, 'Snapshot');
		await field(page, 'Name').fill('never');
		await dialog(page).getByText(`“${lun}” cannot have snapshots`).waitFor();
		await window.shot('no-snapshots');
		await dialog(page).getByRole('button', { name: 'Cancel' }).click();
		await window.go('pools', 'Pools');
		daemon.ctl('lun', 'delete', lun, '--now');
		await deletePool(name);
	}),
);

test(
	'a disk with data is served as it is, as the plan has said, and keeps its data',
	atBothWidths(async (window, page, width) => {
		const { daemon } = scene,
			name = `old-${width}`,
			disk = path.join(daemon.top, `${name}.raw`);
		fs.writeFileSync(disk, Buffer.alloc(3 * MIB, BYTE));
		await window.go('pools', 'Pools');
		await act(page, 'Add');
		await field(page, 'Name').fill(name);
		await field(page, 'Place').fill(`raw:${disk}`);
		await steps(page).getByText(`Take the disk ${disk} as it is`).waitFor();
		await dialog(page).getByText('Nothing is written to the disk').waitFor();
		await window.shot('raw-pool');
		await apply(page, 'Add');
		await page.getByRole('heading', { level: 1, name }).waitFor();
		equal(daemon.ctl('pool', 'show', name).path, `raw:${disk}`, 'place of the pool');

		// no LUN can be made there, so the page offers the pool for none
		await window.go('luns', 'LUNs');
		await act(page, 'Create');
		const offered = await dialog(page).getByLabel('Pool').locator('option').allInnerTexts();
		check(!offered.some((text) => text.startsWith(name)), 'a LUN is offered to be made there');
		await dialog(page).getByRole('button', { name: 'Cancel' }).click();

		await window.go(`pools/${daemon.ctl('pool', 'show', name).id}`, name);
		await act(page, 'Adopt the disk');
		await field(page, 'Name of the LUN').fill(name);
		await steps(page).getByText(`of the disk ${disk}, 3 MiB`).waitFor();
		await window.axe('adopting a disk');
		await window.fits('adopting a disk');
		await window.shot('raw-adopt');
		await apply(page, 'Adopt');
		await page.getByRole('heading', { level: 1, name }).waitFor();
		equal(
			[lunOf(name).size_bytes, lunOf(name).pool_id],
			[3 * MIB, daemon.ctl('pool', 'show', name).id],
			'size and pool of the LUN',
		);
		const initiator = await reader(name);
		equal(await initiator.ok('get', 0, 5), `ok ${BYTE}`, 'a block of the disk');
		await window.axe('a LUN that is a disk');
		await window.shot('raw-lun', true);

		// what vdsd would refuse, the plan refuses
		await act(page, 'Grow');
		await dialog(page).getByText('keeps its size').waitFor();
		await dialog(page).getByRole('button', { name: 'Cancel' }).click();
		await window.go(`pools/${daemon.ctl('pool', 'show', name).id}`, name);
		await act(page, 'Adopt the disk');
		await field(page, 'Name of the LUN').fill('twice');
		await dialog(page).getByText(`The device is the LUN “${name}” already`).waitFor();
		await dialog(page).getByRole('button', { name: 'Cancel' }).click();

		await initiator.end();
		await window.go(`luns/${lunOf(name).id}`, name);
		await more(page, 'Delete');
		await dialog(page).getByText(`The disk ${disk} keeps its data`).waitFor();
		await dialog(page).getByLabel('Delete it although it is in use').check();
		await window.shot('raw-delete');
		await apply(page, 'Delete');
		equal(
			fs.readFileSync(disk).every((byte) => byte === BYTE),
			true,
			'the data on the disk afterwards',
		);
		await deletePool(name);
		daemon.ctl('target', 'delete', `of-${name}`);
	}),
);

test(
	'a clone copies all data in a job, whose progress is shown to its end',
	atBothWidths(async (window, page, width) => {
		const { daemon } = scene,
			name = `origin-${width}`,
			clone = `copy-${width}`,
			hold = path.join(daemon.inject, 'all.copy');
		daemon.ctl('lun', 'create', name, '--size', '2M');
		const initiator = await reader(name);
		equal(await initiator.ok('put', 0, 9, BYTE), 'ok good', 'a write');
		await window.go(`luns/${lunOf(name).id}`, name);
		await more(page, 'Clone');
		await field(page, 'Name of the new LUN').fill(clone);
		await dialog(page).getByLabel('Copy the data').check();
		await dialog(page).getByText('Hosts go on writing meanwhile').waitFor();
		await window.axe('a copy to make');
		await window.shot('copy');
		fs.writeFileSync(hold, 'hold');
		await dialog(page).getByRole('button', { name: 'Clone', exact: true }).click();
		await dialog(page).getByRole('progressbar', { name: 'Progress of the job' }).waitFor();
		await dialog(page).getByText('running', { exact: true }).waitFor();
		await window.axe('a copy that goes on');
		await window.fits('a copy that goes on');
		await window.shot('copy-running');
		await dialog(page).locator('footer').getByRole('button', { name: 'Close' }).click();
		await page.getByRole('heading', { level: 1, name: clone }).waitFor();
		await window.go('overview', 'Overview');
		await page.getByRole('progressbar', { name: new RegExp(clone) }).waitFor();
		await window.go('jobs', 'Jobs');
		const row = page.getByRole('row').filter({ hasText: clone });
		await row.getByRole('progressbar').waitFor();
		await window.axe('a job that runs');
		await window.fits('a job that runs');
		await window.shot('jobs-running');
		fs.rmSync(hold);
		await row.getByText('done', { exact: true }).waitFor();
		await window.shot('jobs-done');
		await eventually('nothing holds the clone', () => {
			const { live } = daemon.ctl('lun', 'show', clone);
			return live.operation === 'none';
		});
		const copied = await reader(clone);
		equal(await copied.ok('get', 0, 9), `ok ${BYTE}`, 'a block of the clone');
		equal(lunOf(clone).size_bytes, 2 * MIB, 'size of the clone');
		await forget(clone, copied);
		await forget(name, initiator);
	}),
);

/**
 * Changes the array twice, so that the page asks what it asks after a change.  Returns the requests
 * for what has the id meanwhile.
 */
async function askedMeanwhile(page, id) {
	const { daemon } = scene,
		asked = [],
		note = (request) => {
			if (request.url().includes(id)) asked.push(`${request.method()} ${request.url()}`);
		};
	const hosts = page.getByRole('link', { name: /^Hosts/ }).locator('.mark');
	page.on('request', note);
	for (const name of ['meanwhile-1', 'meanwhile-2']) {
		const count = daemon.ctl('host', 'list').length + 1;
		daemon.ctl('host', 'create', name);
		// when the second one is drawn, what was to be asked after the first one is
		await eventually(
			'the page knows the host',
			async () => (await hosts.textContent()) === String(count),
		);
	}
	page.off('request', note);
	for (const name of ['meanwhile-1', 'meanwhile-2']) daemon.ctl('host', 'delete', name);
	return asked;
}

test('nothing is asked about a LUN that is being deleted', async () => {
	const { daemon } = scene,
		name = 'going';
	daemon.ctl('lun', 'create', name, '--size', '1M');
	const initiator = await reader(name),
		{ id } = lunOf(name),
		hold = path.join(daemon.inject, `${id}.write`),
		window = await openWindow('wide');
	const { page } = window;
	await window.signIn(scene.admin, `#/luns/${id}`);
	await page.getByText('No host has registered or reserved it').waitFor();
	// a deletion waits for what is under way
	fs.writeFileSync(hold, 'hold');
	const written = initiator.command('put', 0, 9, BYTE);
	await eventually('the write hangs', () => daemon.said().includes(`fault.hold device=${id}`));
	const deleted = daemon.begin('lun', 'delete', name, '--force', '--now');
	await page.getByRole('heading', { level: 1 }).getByText('delete', { exact: true }).waitFor();
	equal(await askedMeanwhile(page, id), [], 'what is asked meanwhile');
	fs.rmSync(hold);
	await Promise.all([deleted, written]);
	await page.getByText('This LUN does not exist (any more).').waitFor();
	await initiator.end();
	daemon.ctl('target', 'delete', `of-${name}`);
	await window.close();
});

test('nothing is asked about a pool that the page is deleting', async () => {
	const { daemon } = scene,
		{ id } = daemon.ctl('pool', 'create', 'going', 'ram:8M'),
		window = await openWindow('wide');
	const { page } = window;
	await window.signIn(scene.admin, `#/pools/${id}`);
	await page.getByRole('heading', { level: 1, name: 'going' }).waitFor();
	await act(page, 'Delete');
	let asked = null;
	await page.route('**/v1/pools/*', async (route) => {
		asked = await askedMeanwhile(page, id);
		await route.continue();
	});
	await apply(page, 'Delete');
	equal(asked, [], 'what is asked meanwhile');
	await window.close();
});

test(
	'a trash with several LUNs is emptied, also when somebody is quicker',
	atBothWidths(async (window, page, width) => {
		const { daemon } = scene,
			[pool] = daemon.ctl('pool', 'list').filter((p) => p.path.startsWith('/'));
		const names = ['a', 'b', 'c'].map((letter) => `gone-${letter}-${width}`);
		daemon.ctl('pool', 'set', pool.name, '--trash', '7d');
		for (const name of names) {
			daemon.ctl('lun', 'create', name, '--size', '1M');
			daemon.ctl('lun', 'delete', name);
		}
		window.expect('404 DELETE /v1/trash/');
		await window.go('trash', 'Trash');
		await act(page, 'Empty the trash');
		await steps(page).getByText(`Remove the LUN “${names[2]}”`).waitFor();
		// one that somebody else removes is left out, and one that they are restoring is kept
		daemon.ctl('trash', 'empty', names[0]);
		await steps(page).getByText(`“${names[0]}”`).waitFor({ state: 'detached' });
		await window.axe('emptying the trash');
		await window.fits('emptying the trash');
		await window.shot('trash-empty');
		let sent = 0;
		await page.route('**/v1/trash/*', (route) => {
			if (route.request().method() === 'DELETE' && ++sent === 2)
				daemon.ctl('lun', 'restore', trash()[0]);
			return route.continue();
		});
		await dialog(page).getByRole('button', { name: 'Empty the trash' }).click();
		await dialog(page).getByText('The first step is done and stays.').waitFor();
		await window.axe('a trash that was emptied in part');
		await window.shot('trash-part');
		equal(trash(), [], 'the trash');
		await dialog(page).locator('footer').getByRole('button', { name: 'Close' }).click();
		await page.getByText('The trash is empty').first().waitFor();
		await page.unroute('**/v1/trash/*');
		// without anybody in the way all of them go
		const [restored] = daemon
			.ctl('lun', 'list')
			.map((lun) => lun.name)
			.filter((name) => names.includes(name));
		daemon.ctl('lun', 'delete', restored);
		daemon.ctl('lun', 'create', names[0], '--size', '1M');
		daemon.ctl('lun', 'delete', names[0]);
		await act(page, 'Empty the trash');
		await steps(page).locator('li').nth(1).waitFor();
		await apply(page, 'Empty the trash');
		equal(trash(), [], 'the trash afterwards');
		daemon.ctl('pool', 'set', pool.name, '--trash', 'none');
	}),
);
