#!/usr/bin/env node
// SPDX-License-Identifier: LGPL-2.1-or-later
// The web page of vdsd as people use it, in a real browser, at two widths: first run, exposing a
// LUN to a host, why a host does not see one, growing, associating, masking and deleting, roles, a
// revoked token, a lost connection, two browsers at once, ten thousand LUNs.  Each change that the
// page makes is compared with what vdsctl says afterwards.
//
//	test_page.cjs [WORD]...		only the tests whose names contain one of the words
//
// Environment: VDSD, VDSCTL, INITIATOR, PAGE_MODULES (node_modules of tests/page), PAGE_SHOTS
// (where the pictures go).
'use strict';

const fs = require('node:fs');
const { test, equal, check, atEnd, runAll, skipAll } = require('./tap.cjs');
const { Daemon, Initiator } = require('./array.cjs');

if (!process.env.PAGE_MODULES || !fs.existsSync(process.env.PAGE_MODULES))
	skipAll('npm could not install what drives the browser');
const { launch, openWindow, program } = require('./browser.cjs');

if (!program()) skipAll('chromium is missing');

const FIRST_PAINT_BYTES = 200000;
const MANY = 10000,
	PATIENCE_MS = 800000;
const ALPHA = 'iqn.1993-08.org.debian:01:alpha',
	BETA = 'iqn.1993-08.org.debian:01:beta';

let browser, daemon, admin;

/** Runs body with a window that is signed in, at each width, and ends the window. */
const atBothWidths =
	(body, hash = '') =>
	async () => {
		for (const width of ['wide', 'narrow']) {
			const window = await openWindow(browser, daemon, width);
			try {
				await window.signIn(admin, hash);
				await body(window, window.page, width);
			} finally {
				await window.close();
			}
		}
	};

const dialog = (page) => page.getByRole('dialog');
const apply = async (page, name) => {
	await dialog(page).getByRole('button', { name, exact: true }).click();
	await dialog(page).waitFor({ state: 'detached' });
};
const act = (page, name) =>
	page.locator('main').getByRole('button', { name, exact: true }).first().click();
const field = (page, name) => dialog(page).getByLabel(name, { exact: true });
const lunOf = (name) => daemon.ctl('lun', 'show', name);
const aliases = () => new Map(daemon.ctl('target', 'list').map((t) => [t.id, t.alias]));
const targetsOf = (lun) =>
	daemon
		.ctl('lun', 'targets', lun)
		.map((a) => aliases().get(a.target_id))
		.sort();
const hostId = (name) => daemon.ctl('host', 'list').find((h) => h.name === name).id;

test('the first visit asks for a token, and is small', async () => {
	for (const width of ['wide', 'narrow']) {
		const window = await openWindow(browser, daemon, width);
		const { page } = window;
		await page.goto(daemon.url);
		window.expected.push('401');
		await page.getByRole('heading', { name: 'Sign in' }).waitFor();
		await window.axe('sign in');
		await window.fits('sign in');
		await window.shot('login');
		await page.getByLabel('Token').fill('vds_wrong');
		await page.keyboard.press('Enter');
		await page.getByText('This token is refused').waitFor();
		await window.axe('a wrong token');
		await page.getByLabel('Token').fill(admin);
		await page.keyboard.press('Enter');
		await page.getByText('This array has no LUN yet').waitFor();
		await page.getByText('Everything is in order').waitFor();
		await window.axe('the first overview');
		await window.fits('the first overview');
		await window.shot('first', true);
		check(window.bytes > 10000, `${window.bytes} bytes cannot be the whole page`);
		check(window.bytes < FIRST_PAINT_BYTES, `${window.bytes} bytes were transferred`);
		console.log(`# ${window.bytes} bytes were transferred until the first overview (${width})`);
		await page.reload();
		await page.getByText('This array has no LUN yet').waitFor(); // the tab keeps the token
		await page.getByRole('button', { name: 'Sign out' }).click();
		await page.getByRole('heading', { name: 'Sign in' }).waitFor();
		await window.close();
	}
});

test(
	'a LUN is exposed to a host in one step, and the plan says how',
	atBothWidths(async (window, page, width) => {
		const name = `disk-${width}`,
			host = `host-${width}`,
			target = `target-${width}`;
		await act(page, 'Expose a LUN');
		await field(page, 'Name').fill(name);
		await field(page, 'Size').fill('nonsense');
		await dialog(page).getByText('Give a size such as').waitFor();
		await field(page, 'Size').fill('1.5G');
		await dialog(page).getByLabel('New target').fill(target);
		await dialog(page).getByLabel('New host').fill(host);
		await dialog(page)
			.getByLabel('Its initiator name')
			.fill(`iqn.1993-08.org.debian:01:${width}`);
		const steps = await dialog(page).locator('.plan li').allInnerTexts();
		equal(steps.length, 4, 'steps of the plan');
		check(steps[0].includes('POST /v1/targets'), `the first step is ${steps[0]}`);
		check(
			daemon.ctl('lun', 'list').every((lun) => lun.name !== name),
			'the plan alone made the LUN',
		);
		await window.axe('the dialog');
		await window.fits('the dialog');
		await window.shot('expose');
		await apply(page, 'Expose');
		await page.getByRole('heading', { level: 1, name }).waitFor();
		const lun = lunOf(name);
		equal(lun.size_bytes, 1.5 * 2 ** 30, 'size of the LUN');
		equal(lun.mask, `host:${hostId(host)}`, 'mask of the LUN');
		equal(targetsOf(name), [target], 'targets of the LUN');
		await page
			.locator('svg.graph')
			.getByRole('link', { name: `Host ${host}` })
			.waitFor();
		await window.axe('a LUN');
		await window.fits('a LUN');
		await window.shot('lun', true);
		// along the graph, by keyboard, to the host and back
		await page
			.locator('svg.graph')
			.getByRole('link', { name: `Host ${host}` })
			.focus();
		await page.keyboard.press('Enter');
		await page.getByRole('heading', { level: 1, name: host }).waitFor();
		await window.axe('a host');
		await window.fits('a host');
		await window.shot('host', true);
		await page.getByRole('button', { name: 'As a table' }).click();
		await page
			.getByRole('table', { name: `Paths of the host ${host}` })
			.getByRole('link', { name, exact: true })
			.first()
			.click();
		await page.getByRole('heading', { level: 1, name }).waitFor();
	}),
);

test(
	'the page finds why a host does not see a LUN',
	atBothWidths(async (window, page, width) => {
		const name = `disk-${width}`;
		await window.go(`luns/${lunOf(name).id}`, name);
		await page.getByLabel('Initiator name').fill(BETA);
		await page.getByLabel('From address').fill('127.0.0.1');
		await page.getByRole('button', { name: 'Find out' }).click();
		await page.getByText('No:', { exact: false }).first().waitFor();
		const said = daemon.explain(name, '--initiator', BETA, '--from', '127.0.0.1');
		equal(
			await page.locator('.steps li > span').allTextContents(),
			said.steps.map((s) => `${s.outcome}: ${s.text}`),
			'the steps',
		);
		await page.getByText(said.obstacle.hint).waitFor();
		check((await page.locator('.node.bad').count()) > 0, 'nothing is marked in the graph');
		await window.axe('an explanation');
		await window.fits('an explanation');
		await window.shot('explain', true);
		// what is said follows the array: another program lets the initiator in
		daemon.ctl('lun', 'unmask', name, `host:host-${width}`, BETA);
		await page.getByText('Yes: the initiator can use the LUN.').waitFor();
		check((await page.locator('.node.bad').count()) === 0, 'something is marked as bad still');
		check((await page.locator('.edge.good').count()) >= 2, 'the path is not drawn');
		await window.shot('path', true);
		daemon.ctl('lun', 'unmask', name, `host:host-${width}`);
	}),
);

test(
	'a LUN is grown, associated, masked and renamed',
	atBothWidths(async (window, page, width) => {
		const name = `disk-${width}`,
			other = `target-${width === 'wide' ? 'narrow' : 'wide'}`;
		if (!daemon.ctl('target', 'list').some((t) => t.alias === other))
			daemon.ctl('target', 'create', other);
		await window.go(`luns/${lunOf(name).id}`, name);
		await act(page, 'Grow');
		await dialog(page).getByLabel('New size').fill('1G');
		await dialog(page).getByText('The new size must be more than').waitFor();
		await dialog(page).getByLabel('New size').fill('3G');
		await apply(page, 'Grow');
		equal(lunOf(name).size_bytes, 3 * 2 ** 30, 'size after growing');

		await act(page, 'Targets');
		await dialog(page).getByLabel(other).check();
		await apply(page, 'Apply');
		equal(targetsOf(name), [other, `target-${width}`].sort(), 'targets after adding one');
		await act(page, 'Targets');
		await dialog(page).getByLabel(other).uncheck();
		await dialog(page).getByText('Take the LUN away').waitFor();
		await window.axe('the targets of a LUN');
		await apply(page, 'Apply');
		equal(targetsOf(name), [`target-${width}`], 'targets after removing one');

		await act(page, 'Access');
		await dialog(page).getByLabel('Initiator names').fill(`${ALPHA}\n${BETA}`);
		await apply(page, 'Apply');
		equal(
			lunOf(name).mask.split(';').sort(),
			[
				ALPHA,
				BETA,
				`host:host-${width}`.replace(/:host-.*/, `:${hostId(`host-${width}`)}`),
			].sort(),
			'mask after adding names',
		);

		await act(page, 'Rename');
		await dialog(page).getByLabel('Name').fill(`${name}-2`);
		await apply(page, 'Rename');
		await page.getByRole('heading', { level: 1, name: `${name}-2` }).waitFor();
		equal(lunOf(`${name}-2`).size_bytes, 3 * 2 ** 30, 'size of the renamed LUN');
	}),
);

test(
	'what vdsd refuses is said, and nothing is changed',
	atBothWidths(async (window, page) => {
		const before = daemon.ctl('host', 'list');
		window.expected.push('400');
		await window.go('hosts', 'Hosts');
		await act(page, 'Add');
		await field(page, 'Name').fill('no;host');
		await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
		await dialog(page).getByText('Nothing was changed.').waitFor();
		await window.axe('a refusal');
		await window.shot('refused');
		await dialog(page).getByRole('button', { name: 'Cancel' }).click();
		equal(daemon.ctl('host', 'list'), before, 'hosts');
	}),
);

test(
	'sessions are shown as they come and go, and in the graph',
	atBothWidths(async (window, page, width) => {
		const initiator = atEnd(new Initiator()),
			name = `iqn.1993-08.org.debian:01:${width}`;
		const target = daemon.ctl('target', 'list').find((t) => t.alias === `target-${width}`);
		await window.go('sessions', 'Sessions');
		await page.getByText('No initiator is logged in').waitFor();
		await initiator.ok('hold', daemon.portal, target.iscsi_name, name);
		await page
			.getByRole('row')
			.getByRole('link', { name: `host-${width}` })
			.waitFor();
		await window.axe('sessions');
		await window.shot('sessions');
		await page
			.getByRole('row')
			.getByRole('link', { name: `target-${width}` })
			.click();
		await page.getByRole('heading', { level: 1, name: `target-${width}` }).waitFor();
		await page.locator('.edge.session').first().waitFor({ state: 'attached' });
		for (let i = 0; i < 50; i++) await initiator.ok('put', 0, i, 7);
		await window.axe('a target');
		await window.fits('a target');
		await window.shot('target', true);
		const lun = daemon.ctl('lun', 'list').find((l) => l.name === `disk-${width}-2`);
		await window.go(`luns/${lun.id}`, lun.name);
		await page.locator('.plot canvas').first().waitFor();
		// the second answer gives the first rates
		await page
			.getByText(/read: 0(\.\d+)?( bytes)?\/s/)
			.first()
			.waitFor();
		await window.shot('load', true);
		await initiator.end();
		await window.go('sessions', 'Sessions');
		await page.getByText('No initiator is logged in').waitFor();
	}),
);

test('every view is without a violation, in light and dark', async () => {
	const pool = daemon.ctl('pool', 'list')[0],
		portal = daemon.ctl('portal', 'list')[0];
	const views = [
		'overview',
		'luns',
		'targets',
		'portals',
		'hosts',
		'pools',
		'jobs',
		'audit',
		`pools/${pool.id}`,
		`portals/${portal.id}`,
		'luns/00000000-0000-0000-0000-000000000001',
	];
	for (const [width, colorScheme] of [
		['wide', 'dark'],
		['narrow', 'light'],
	]) {
		const window = await openWindow(browser, daemon, width, { colorScheme });
		await window.signIn(admin);
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

test('the last change is taken back from the audit log', async () => {
	const window = await openWindow(browser, daemon, 'wide');
	daemon.ctl('host', 'create', 'by-mistake');
	await window.signIn(admin, '#/audit');
	const row = window.page.getByRole('row').filter({ hasText: 'by-mistake' });
	await row.getByRole('button', { name: 'Undo' }).click();
	await dialog(window.page).getByText('by-mistake').waitFor();
	await window.axe('a plan to undo');
	await window.shot('undo');
	await apply(window.page, 'Undo');
	check(
		daemon.ctl('host', 'list').every((host) => host.name !== 'by-mistake'),
		'the host is there still',
	);
	await window.close();
});

test(
	'a pool that is low is a problem that the overview names',
	atBothWidths(async (window, page) => {
		const [pool] = daemon.ctl('pool', 'list');
		await window.go(`pools/${pool.id}`, pool.name);
		await act(page, 'Thresholds');
		await field(page, 'Low below').fill('99%');
		await apply(page, 'Apply');
		equal(daemon.ctl('pool', 'show', pool.name).low, '99%', 'threshold of the pool');
		await page.getByRole('heading', { level: 1 }).getByText('space low').waitFor();
		await window.go('overview', 'Overview');
		await page.getByText('Something needs attention').waitFor();
		await window.axe('a problem');
		await window.fits('a problem');
		await window.shot('problem');
		await page.locator('.problems').getByRole('link').first().click();
		await page.getByRole('heading', { level: 1, name: pool.name }).waitFor();
		daemon.ctl('pool', 'set', pool.name, '--low', 'default');
		await page.getByRole('heading', { level: 1 }).getByText('ready').waitFor();
	}),
);

test('two browsers see the same, and a change of one in the other', async () => {
	const one = await openWindow(browser, daemon, 'wide'),
		two = await openWindow(browser, daemon, 'narrow');
	await one.signIn(admin, '#/hosts');
	await two.signIn(admin, '#/hosts');
	await act(one.page, 'Add');
	await field(one.page, 'Name').fill('seen-by-both');
	await dialog(one.page).getByLabel('Initiator names').fill(`${ALPHA}2`);
	await apply(one.page, 'Add');
	await two.page.getByRole('link', { name: 'seen-by-both' }).click();
	await two.page.getByRole('heading', { level: 1, name: 'seen-by-both' }).waitFor();
	equal(
		daemon.ctl('host', 'show', 'seen-by-both').initiators,
		[`${ALPHA}2`],
		'names of the host',
	);
	// deleted under the eyes of the other
	await act(one.page, 'Delete');
	await apply(one.page, 'Delete');
	await two.page.getByText('This host does not exist (any more).').waitFor();
	await one.close();
	await two.close();
});

test('a reader sees everything, and why it may change nothing', async () => {
	const window = await openWindow(browser, daemon, 'wide');
	await window.signIn(daemon.token('looker', 'reader').token, '#/luns');
	const button = window.page.locator('main').getByRole('button', { name: 'Create', exact: true });
	await button.waitFor();
	equal(await button.getAttribute('aria-disabled'), 'true', 'the button is disabled');
	const why = await button.getAttribute('aria-describedby');
	equal(
		await window.page.locator(`[id="${why}"]`).innerText(),
		'This needs the role operator; you have the role reader.',
		'the reason',
	);
	await button.click({ force: true });
	check((await dialog(window.page).count()) === 0, 'a dialog has opened');
	await window.go('audit', 'Audit log');
	await window.page.getByText('Only admins may read the audit log').waitFor();
	await window.axe('a reader');
	await window.shot('reader');
	await window.close();
});

test('a revoked token leads back to the login, with the reason', async () => {
	const { id, token } = daemon.token('to-revoke', 'operator');
	const window = await openWindow(browser, daemon, 'narrow');
	await window.signIn(token, '#/targets');
	await window.page.getByRole('heading', { level: 1, name: 'Targets' }).waitFor();
	daemon.ctl('token', 'revoke', id);
	await window.page.getByText('the token “to-revoke” was revoked or has expired').waitFor();
	await window.page.getByRole('heading', { name: 'Sign in' }).waitFor();
	await window.axe('a revoked token');
	await window.shot('revoked');
	equal(
		await window.page.evaluate(() => sessionStorage.length),
		0,
		'tokens that the browser keeps',
	);
	await window.page.getByLabel('Token').fill(admin);
	await window.page.keyboard.press('Enter');
	await window.page.getByRole('heading', { level: 1, name: 'Targets' }).waitFor();
	await window.close();
});

test('a lost connection is said, and is found again', async () => {
	const window = await openWindow(browser, daemon, 'wide');
	await window.signIn(admin, '#/targets');
	await window.page.getByRole('heading', { level: 1, name: 'Targets' }).waitFor();
	window.expected.push(
		'ERR_CONNECTION_REFUSED',
		'ERR_INCOMPLETE_CHUNKED_ENCODING',
		'ERR_CONNECTION_RESET',
		'ERR_EMPTY_RESPONSE',
	);
	await daemon.kill();
	await window.page.getByRole('alert').getByText('The connection to vdsd is lost').waitFor();
	await window.axe('a lost connection');
	await window.shot('lost');
	await daemon.start();
	daemon.ctl('target', 'create', 'made-meanwhile');
	await window.page.getByText('Live', { exact: true }).waitFor();
	await window.page.getByRole('link', { name: 'made-meanwhile' }).waitFor();
	await window.close();
});

test('ten thousand LUNs are searched, sorted and walked through', async () => {
	const window = await openWindow(browser, daemon, 'wide');
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
	await window.signIn(admin, '#/luns');
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

test(
	'a LUN and a target are deleted, with what goes with them',
	atBothWidths(async (window, page, width) => {
		const name = `disk-${width}-2`;
		await window.go(`luns/${lunOf(name).id}`, name);
		await act(page, 'Delete');
		await dialog(page).getByText('It is behind').waitFor();
		equal(
			await dialog(page)
				.getByRole('button', { name: 'Delete' })
				.getAttribute('aria-disabled'),
			'true',
			'not without force',
		);
		await dialog(page).getByLabel('Delete it although it is in use').check();
		await window.axe('a deletion');
		await window.shot('delete');
		await apply(page, 'Delete');
		await page.getByRole('heading', { level: 1, name: 'LUNs' }).waitFor();
		check(
			daemon.ctl('lun', 'list').every((lun) => lun.name !== name),
			'the LUN is there still',
		);

		const target = daemon.ctl('target', 'list').find((t) => t.alias === `target-${width}`);
		await window.go(`targets/${target.id}`, `target-${width}`);
		await act(page, 'Delete');
		await apply(page, 'Delete');
		check(
			daemon.ctl('target', 'list').every((t) => t.id !== target.id),
			'the target is there still',
		);
	}),
);

test('Escape closes a dialog, and the focus returns to its button', async () => {
	const window = await openWindow(browser, daemon, 'wide');
	await window.signIn(admin, '#/hosts');
	const button = window.page.locator('main').getByRole('button', { name: 'Add', exact: true });
	await button.focus();
	await window.page.keyboard.press('Enter');
	await dialog(window.page).waitFor();
	equal(
		await window.page.evaluate(() => document.activeElement.labels?.[0]?.innerText),
		'Name',
		'the focus in the dialog',
	);
	await window.page.keyboard.press('Escape');
	await dialog(window.page).waitFor({ state: 'detached' });
	check(await button.evaluate((b) => b === document.activeElement), 'the focus is elsewhere');
	await window.close();
});

(async () => {
	// a browser that hangs must not hold the tests up
	const late = setTimeout(() => {
		console.log('Bail out! the tests take too long');
		process.exit(1);
	}, PATIENCE_MS);
	daemon = new Daemon();
	await daemon.start();
	admin = daemon.token('admin', 'admin').token;
	browser = await launch();
	let failures;
	try {
		failures = await runAll(process.argv.slice(2), async () =>
			console.log(daemon.logTail().replace(/^/gm, '# vdsd: ')),
		);
	} finally {
		await browser.close();
		await daemon.end();
	}
	clearTimeout(late);
	process.exitCode = failures > 0 ? 1 : 0;
})().catch((error) => {
	console.log(`Bail out! ${error.stack}`);
	process.exitCode = 1;
});
