// SPDX-License-Identifier: LGPL-2.1-or-later
// Who looks at the page, and when: two browsers, a reader, a revoked token, a lost connection, the
// keyboard.
'use strict';

const { test, equal, check } = require('../tap.cjs');
const { Initiator } = require('../array.cjs');
const { act, apply, dialog, field, lunOf, openWindow, scene } = require('../scene.cjs');

const ALPHA = 'iqn.1993-08.org.debian:01:alpha';

test('two browsers see the same, and a change of one in the other', async () => {
	const one = await openWindow('wide'),
		two = await openWindow('narrow');
	await one.signIn(scene.admin, '#/hosts');
	await two.signIn(scene.admin, '#/hosts');
	await act(one.page, 'Add');
	await field(one.page, 'Name').fill('seen-by-both');
	await dialog(one.page).getByLabel('Initiator names').fill(`${ALPHA}2`);
	await apply(one.page, 'Add');
	await two.page.getByRole('link', { name: 'seen-by-both' }).click();
	await two.page.getByRole('heading', { level: 1, name: 'seen-by-both' }).waitFor();
	equal(
		scene.daemon.ctl('host', 'show', 'seen-by-both').initiators,
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

test('a plan that another change has overtaken is refused, and made again', async () => {
	const window = await openWindow('wide');
	const { page } = window;
	window.expect('409 POST /v1/apply', '503 POST /v1/apply');
	await window.signIn(scene.admin, '#/luns');
	await act(page, 'Expose');
	await field(page, 'Name').fill('overtaken');
	await field(page, 'Size').fill('1M');
	await dialog(page).getByLabel('New target').fill('overtaken');
	await dialog(page).locator('.parts li').first().waitFor();
	// somebody else is quicker, between the plan that is shown and its request
	await page.route(
		'**/v1/apply*',
		(route) => {
			scene.daemon.ctl('host', 'create', 'quicker');
			return route.continue();
		},
		{ times: 1 },
	);
	await dialog(page).getByRole('button', { name: 'Expose', exact: true }).click();
	await dialog(page).getByText('Nothing was changed.').waitFor();
	check(
		scene.daemon.ctl('lun', 'list').every((lun) => lun.name !== 'overtaken'),
		'the LUN was made',
	);
	await window.axe('a plan that was overtaken');
	await window.shot('overtaken');
	await dialog(page).getByRole('button', { name: 'Plan again' }).click();
	await dialog(page).locator('.parts li').first().waitFor();
	await apply(page, 'Expose');
	equal(lunOf('overtaken').size_bytes, 2 ** 20, 'the LUN');
	scene.daemon.ctl('lun', 'delete', 'overtaken', '--force');
	await window.close();
});

test('a reader sees everything, and why it may change nothing', async () => {
	const window = await openWindow('wide');
	await window.signIn(scene.daemon.token('looker', 'reader').token, '#/luns');
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
	const { id, token } = scene.daemon.token('to-revoke', 'operator');
	const window = await openWindow('narrow');
	window.expect('401 GET /v1/'); // whatever is asked next
	await window.signIn(token, '#/targets');
	await window.page.getByRole('heading', { level: 1, name: 'Targets' }).waitFor();
	scene.daemon.ctl('token', 'revoke', id);
	await window.page.getByText('the token “to-revoke” was revoked or has expired').waitFor();
	await window.page.getByRole('heading', { name: 'Sign in' }).waitFor();
	await window.axe('a revoked token');
	await window.shot('revoked');
	equal(
		await window.page.evaluate(() => sessionStorage.length),
		0,
		'tokens that the browser keeps',
	);
	await window.page.getByLabel('Token').fill(scene.admin);
	await window.page.keyboard.press('Enter');
	await window.page.getByRole('heading', { level: 1, name: 'Targets' }).waitFor();
	await window.close();
});

test('a lost connection is said, and is found again', async () => {
	const window = await openWindow('wide');
	await window.signIn(scene.admin, '#/targets');
	await window.page.getByRole('heading', { level: 1, name: 'Targets' }).waitFor();
	window.expect(
		'net::ERR_CONNECTION_REFUSED GET /v1/',
		'net::ERR_INCOMPLETE_CHUNKED_ENCODING GET /v1/',
		'net::ERR_CONNECTION_RESET GET /v1/',
		'net::ERR_EMPTY_RESPONSE GET /v1/',
	);
	await scene.daemon.kill();
	await window.page.getByRole('alert').getByText('The connection to vdsd is lost').waitFor();
	await window.axe('a lost connection');
	await window.shot('lost');
	await scene.daemon.start();
	scene.daemon.ctl('target', 'create', 'made-meanwhile');
	await window.page.getByText('Live', { exact: true }).waitFor();
	await window.page.getByRole('link', { name: 'made-meanwhile' }).waitFor();
	await window.close();
});

test('Escape closes a dialog, and the focus returns to its button', async () => {
	const window = await openWindow('wide');
	await window.signIn(scene.admin, '#/hosts');
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
