// SPDX-License-Identifier: LGPL-2.1-or-later
// Every view, in light and dark, and with ten thousand LUNs.
'use strict';

const { test, check, atEnd } = require('../tap.cjs');
const { Initiator } = require('../array.cjs');
const { openWindow, scene } = require('../scene.cjs');

const MANY = 10000;

test('every view is without a violation, in light and dark', async () => {
	const ctl = (...words) => scene.daemon.ctl(...words);
	const pool = ctl('pool', 'list')[0],
		portal = ctl('portal', 'list')[0];
	ctl('pool', 'set', pool.name, '--trash', '7d');
	for (const name of ['db-data', 'db-log', 'old'])
		ctl('lun', 'create', name, '--size', '20G', '--unmask', '*');
	ctl('snapshot', 'create', 'nightly', 'db-data', 'db-log');
	ctl('lun', 'delete', 'old');
	ctl('host-group', 'create', 'cluster');
	// a day of the pool, which a new vdsd does not have yet
	const hours = (n) => Date.now() - n * 3600e3;
	const samples = [30, 12, 5, 1, 0].map((n, i) => ({
		time_ms: hours(n),
		capacity_bytes: 2 ** 40,
		free_bytes: [9, 7, 6, 8, 5][i] * 2 ** 36,
		allocated_bytes: [1, 3, 4, 2, 5][i] * 2 ** 30,
		trash_bytes: 0,
	}));
	ctl('snapshot', 'schedule', 'create', 'daily', 'db-data', '--every', '1d', '--keep', '7');
	const views = [
		'overview',
		'luns',
		'snapshots',
		'schedules',
		'trash',
		'pools',
		'hardware',
		'targets',
		'portals',
		'hosts',
		'groups',
		'sessions',
		'jobs',
		'history',
		'tokens',
		'audit',
		`hardware/${ctl('drive', 'list')[0].id}`,
		`luns/${ctl('lun', 'show', 'db-data').id}`,
		`snapshots/${ctl('snapshot', 'list')[0].id}`,
		`pools/${pool.id}`,
		`portals/${portal.id}`,
		`groups/${ctl('host-group', 'show', 'cluster').id}`,
		'hosts/00000000-0000-0000-0000-000000000001',
	];
	for (const [width, colorScheme] of [
		['wide', 'dark'],
		['narrow', 'light'],
	]) {
		const window = await openWindow(width, { colorScheme });
		await window.page.route('**/history', (route) =>
			route.fulfill({ json: { items: samples } }),
		);
		await window.signIn(scene.admin);
		for (const view of views) {
			await window.go(view);
			await window.page.locator('main h1').waitFor();
			await window.axe(view);
			await window.fits(view);
			await window.shot(`view-${view.replace(/\/.*/, '-one')}`);
		}
		if (width === 'narrow') {
			await window.page.getByRole('button', { name: 'Menu' }).click();
			await window.axe('the menu');
			await window.shot('menu');
			await window.page.getByRole('navigation').getByRole('link', { name: 'Hosts' }).click();
			await window.page.getByRole('heading', { level: 1, name: 'Hosts' }).waitFor();
		}
		await window.close();
	}
});

test('a LUN with its hosts is as README.md shows it', async () => {
	const ctl = (...words) => scene.daemon.ctl(...words);
	const node = (n) => `iqn.1993-08.org.debian:01:db${n}`,
		initiator = atEnd(new Initiator());
	[1, 2].forEach((n) => ctl('host', 'create', `db${n}`, node(n)));
	ctl('lun', 'unmask', 'db-data', 'host:db1', 'host:db2');
	ctl('target', 'create', 'database');
	const target = ctl('target', 'list').find((t) => t.alias === 'database');
	for (const name of ['db-data', 'db-log']) ctl('lun', 'associate', name, target.iscsi_name);
	ctl('snapshot', 'create', 'before-upgrade', 'db-data');
	await initiator.ok('hold', scene.daemon.portal, target.iscsi_name, node(1));
	const window = await openWindow('wide');
	await window.signIn(scene.admin, `#/luns/${ctl('lun', 'show', 'db-data').id}`);
	await window.page.locator('.edge.session').first().waitFor({ state: 'attached' });
	await window.page.getByRole('link', { name: 'before-upgrade' }).waitFor();
	await window.shot('picture');
	await initiator.end();
	await window.close();
});

test('ten thousand LUNs are searched, sorted and walked through', async () => {
	const window = await openWindow('wide');
	const { page } = window;
	await page.route('**/v1/snapshot', async (route) => {
		const answer = await route.fetch();
		const snapshot = await answer.json();
		const [first] = snapshot.config.luns;
		for (let i = 1; i <= MANY; i++)
			snapshot.config.luns.push({
				...first,
				id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
				number: 100000 + i,
				name: `many-${i}`,
				size_bytes: i * 2 ** 20,
			});
		await route.fulfill({ response: answer, json: snapshot });
	});
	await window.signIn(scene.admin, '#/luns');
	const table = page.getByRole('table', { name: 'LUNs' });
	await table.waitFor();
	const rows = Number(await table.getAttribute('aria-rowcount'));
	check(rows > MANY, `the table says ${rows} rows`);
	check((await page.locator('tbody tr').count()) < 80, 'more rows are drawn than one can see');
	await table.locator('tbody a').first().focus();
	await page.keyboard.press('End');
	await page
		.getByRole('link', { name: `many-${MANY}`, exact: true })
		.and(page.locator(':focus'))
		.waitFor();
	await page.keyboard.press('ArrowUp');
	await page
		.getByRole('link', { name: `many-${MANY - 1}`, exact: true })
		.and(page.locator(':focus'))
		.waitFor();
	await page.getByRole('button', { name: 'Size' }).click();
	await page.getByRole('button', { name: 'Size' }).click();
	await page.getByLabel('Search LUNs').fill('many-77');
	await page.getByText('111 of').waitFor();
	await window.axe('many LUNs');
	await window.shot('many');
	await page.reload();
	await page.getByText('111 of').waitFor(); // search and sort are a part of the address
	await window.close();
});
