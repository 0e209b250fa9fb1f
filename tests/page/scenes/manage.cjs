// SPDX-License-Identifier: LGPL-2.1-or-later
// Managing the array: tokens, the reservations of clusters, the access states of paths, signs by
// which one finds an object, and drives that fail.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { test, equal, check, atEnd } = require('../tap.cjs');
const { Daemon, Initiator, eventually } = require('../array.cjs');
const { openWindow: openWindowOf } = require('../browser.cjs');
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

const NODE = 'iqn.1993-08.org.debian:01:node',
	KEY = '0x00000000000000a1',
	REGISTER = 0,
	RESERVE = 1,
	WRITE_EXCLUSIVE_REGISTRANTS = 5;

const tokens = (name) => scene.daemon.ctl('token', 'list').filter((token) => token.name === name);
const bigEndian = (value) => value.slice(2).padStart(16, '0');
const NO_KEY = '0'.repeat(16);

/** PERSISTENT RESERVE OUT, which must be good. */
async function reserveOut(initiator, action, key, actionKey, kind = 0) {
	const cdb = [0x5f, action, kind, 0, 0, 0, 0, 0, 24, 0];
	const said = await initiator.ok(
		'raw',
		0,
		0,
		Buffer.from(cdb).toString('hex'),
		key + actionKey + '0'.repeat(16),
	);
	equal(said.split(' ')[1], '0', `the status of action ${action}: ${said}`);
}

/** A LUN behind a target of its own, used by so many initiators. */
async function shared(name, users) {
	const { daemon } = scene;
	daemon.ctl('lun', 'create', name, '--size', '1M', '--unmask', '*');
	const target = daemon.ctl('target', 'show', daemon.ctl('target', 'create', name).id);
	daemon.ctl('lun', 'associate', name, target.iscsi_name);
	const initiators = [];
	for (let i = 1; i <= users; i++) {
		const initiator = atEnd(new Initiator());
		await initiator.ok('hold', daemon.portal, target.iscsi_name, `${NODE}${i}`);
		await initiator.command('get', 0, 0); // hears of the attention of a new session
		initiators.push(initiator);
	}
	return { target, initiators };
}

test(
	'a token is made, shown once, used in another browser, and revoked',
	atBothWidths(async (window, page, width) => {
		const name = `alice-${width}`;
		await window.go('tokens', 'API tokens');
		await page.getByRole('button', { name: 'Revoke admin' }).waitFor();
		await window.axe('tokens');
		await window.fits('tokens');
		await act(page, 'Create');
		await field(page, 'Name').fill('alice smith');
		await dialog(page).getByText('is no name for a token').waitFor();
		await field(page, 'Name').fill(name);
		await field(page, 'Valid for').fill('soon');
		await dialog(page).getByText('is no time').waitFor();
		await field(page, 'Valid for').fill('3d');
		await field(page, 'Role').selectOption('operator');
		await dialog(page).getByText('The token is shown once').waitFor();
		await window.axe('a token to make');
		await window.fits('a token to make');
		await window.shot('token');
		await dialog(page).getByRole('button', { name: 'Create', exact: true }).click();
		const once = dialog(page).getByLabel('The token', { exact: true }).getByRole('textbox');
		await once.waitFor();
		const secret = await once.inputValue();
		check(secret.startsWith('vds_'), 'the token is not shown');
		check(await once.evaluate((e) => e === document.activeElement), 'the focus is elsewhere');
		await window.axe('a token that was made');
		await window.fits('a token that was made');
		await window.shot('token-made');
		await dialog(page).getByRole('button', { name: 'Copy' }).click();
		await dialog(page).getByText('It is in the clipboard.').waitFor();
		// a slip of the hand does not lose it, also not the second one
		await page.keyboard.press('Escape');
		await page.keyboard.press('Escape');
		equal(await once.inputValue(), secret, 'the token after Escape');
		await dialog(page).locator('footer').getByRole('button', { name: 'Close' }).click();
		await dialog(page).waitFor({ state: 'detached' });
		check(!(await page.content()).includes(secret), 'the page shows the token still');
		const [made] = tokens(name);
		const days = (made.expires_ms - made.created_ms) / 86400e3;
		equal(
			[made.role, made.creator.split(' (')[0], days > 2.9 && days < 3.1],
			['operator', 'token admin', true],
			name,
		);

		const other = await openWindow(width);
		await other.signIn(secret, '#/luns');
		await other.page.getByText('operator', { exact: true }).waitFor();
		await other.go('tokens', 'API tokens');
		await other.page.getByText('Only admins may see the tokens').waitFor();
		await other.axe('the tokens for an operator');
		await other.shot('tokens-operator');
		await page
			.getByRole('row')
			.filter({ hasText: name })
			.getByText(/in [23] days/)
			.waitFor();
		await window.shot('tokens');
		other.expect('401 GET /v1/'); // whatever it asks next
		await page.getByRole('button', { name: `Revoke ${name}` }).click();
		await window.axe('revoking');
		await apply(page, 'Revoke');
		await other.page.getByRole('heading', { name: 'Sign in' }).waitFor();
		await other.page.getByText(`the token “${name}” was revoked`).waitFor();
		await other.page.getByLabel('Token').fill(secret);
		await other.page.keyboard.press('Enter');
		await other.page.getByText('This token is refused').waitFor();
		await other.close();
		equal(tokens(name), [], 'tokens after revoking');
		await page.getByRole('row').filter({ hasText: name }).waitFor({ state: 'detached' });
	}, '#/tokens'),
);

test('a token whose answer got lost is said to be lost', async () => {
	const window = await openWindow('wide');
	const { page } = window;
	window.expect('net::ERR_FAILED POST /v1/tokens');
	await window.signIn(scene.admin, '#/tokens');
	await act(page, 'Create');
	await field(page, 'Name').fill('lost');
	await page.route(
		'**/v1/tokens',
		async (route) => {
			await route.fetch();
			await route.abort();
		},
		{ times: 1 },
	);
	await dialog(page).getByRole('button', { name: 'Create', exact: true }).click();
	await dialog(page).getByText('vdsd does not answer').waitFor();
	await dialog(page).getByRole('button', { name: 'Try again' }).click();
	await dialog(page).getByText('the answer that told it got lost').waitFor();
	await window.axe('a token that got lost');
	await window.shot('token-lost');
	await dialog(page).locator('footer').getByRole('button', { name: 'Close' }).click();
	equal(tokens('lost').length, 1, 'tokens of the name');
	await window.close();
});

test(
	'the reservations of a cluster are shown, and cleared',
	atBothWidths(async (window, page, width) => {
		const { daemon } = scene,
			name = `quorum-${width}`;
		const { initiators } = await shared(name, 2);
		const kept = () => daemon.ctl('lun', 'reservations', name);
		if (width === 'wide') daemon.ctl('host', 'create', 'node1', `${NODE}1`);
		await window.go(`luns/${lunOf(name).id}`, name);
		const card = page.getByRole('region', { name: 'Reservations' });
		await card.getByText('No host has registered or reserved it').waitFor();
		for (const initiator of initiators)
			await reserveOut(initiator, REGISTER, NO_KEY, bigEndian(KEY));
		await reserveOut(
			initiators[0],
			RESERVE,
			bigEndian(KEY),
			NO_KEY,
			WRITE_EXCLUSIVE_REGISTRANTS,
		);
		await card.getByText('registered hosts may write').waitFor();
		const holder = card.getByRole('row').filter({ hasText: 'holder' });
		await holder.getByRole('link', { name: 'node1' }).waitFor();
		await card
			.getByRole('row')
			.filter({ hasText: `${NODE}2` })
			.waitFor();
		equal(
			[kept().reservation, kept().registrations.map((g) => g.key)],
			['write-exclusive-registrants-only', [KEY, KEY]],
			'what vdsctl says',
		);
		await window.axe('reservations');
		await window.fits('reservations');
		await card.scrollIntoViewIfNeeded();
		await window.shot('reservations');
		await card.getByRole('button', { name: 'Clear' }).click();
		await dialog(page).getByText('2 registrations and the reservation').waitFor();
		await window.axe('clearing reservations');
		await window.fits('clearing reservations');
		await window.shot('reservations-clear');
		await apply(page, 'Clear');
		equal([kept().reservation, kept().registrations], ['none', []], 'after clearing');
		await card.getByText('No host has registered or reserved it').waitFor();
		for (const initiator of initiators) await initiator.end();
	}),
);

test(
	'the access state of a portal group is changed, and says who loses a path',
	atBothWidths(async (window, page, width) => {
		const { daemon } = scene,
			name = `paths-${width}`;
		const { target, initiators } = await shared(name, 1);
		const group = () => daemon.ctl('group', 'list').find((g) => g.target_id === target.id);
		await window.go(`targets/${target.id}`, name);
		await act(page, `Access of group ${group().tag}`);
		await dialog(page).getByText('Nothing is changed yet.').waitFor();
		await field(page, 'State').selectOption('standby');
		await dialog(page).getByText('1 session of the group must take another path').waitFor();
		await dialog(page).getByText(`No other path to “${name}” is active`).waitFor();
		await dialog(page).getByLabel('Preferred').check();
		await window.axe('the access of a portal group');
		await window.fits('the access of a portal group');
		await window.shot('alua');
		await apply(page, 'Apply');
		equal(
			[
				group().access_state,
				group().preferred,
				group().explicit_allowed,
				group().access_set_by,
			],
			['standby', true, false, 'administrator'],
			'the group',
		);
		await page.getByText('standby', { exact: true }).waitFor();
		await window.axe('a target on standby');
		await window.fits('a target on standby');
		await window.shot('alua-target');
		if (width === 'wide') {
			// where there is room the table of all groups has the button, too
			await window.go('portals', 'Portals');
			await act(page, `Access of group ${group().tag} of ${name}`);
		} else await act(page, `Access of group ${group().tag}`);
		await field(page, 'State').selectOption('active-optimized');
		await dialog(page).getByLabel('Initiators may set the state').check();
		await apply(page, 'Apply');
		equal(
			[group().access_state, group().explicit_allowed],
			['active-optimized', true],
			'the group afterwards',
		);
		await window.go('portals', 'Portals');
		await window.axe('portal groups');
		await window.fits('portal groups');
		await window.shot('portals', true);
		await initiators[0].end();
	}),
);

test(
	'a controller, a drive and a LUN blink until somebody stops it',
	atBothWidths(async (window, page, width) => {
		const { daemon } = scene,
			name = `find-me-${width}`;
		daemon.ctl('lun', 'create', name, '--size', '1M');
		const controller = daemon.ctl('controller', 'show'),
			[drive] = daemon.ctl('drive', 'list');
		const going = () =>
			Object.fromEntries(
				daemon.ctl('maintenance', 'list').map((row) => [row.id, row.operations]),
			);
		await window.go('hardware', 'Hardware');
		await act(page, 'Blink');
		await dialog(page).getByText('The array has no lamps of its own').waitFor();
		await window.axe('blinking');
		await window.shot('blink');
		await apply(page, 'Blink');
		await page
			.getByRole('button', { name: `Blink ${drive.name}` })
			.first()
			.click();
		await apply(page, 'Blink');
		equal(
			[going()[controller.id], going()[drive.id], Object.keys(going()).length],
			['blink', 'blink', 2],
			'what goes on',
		);
		await page.getByText('blinking', { exact: true }).nth(1).waitFor();
		await window.axe('hardware that blinks');
		await window.fits('hardware that blinks');
		await window.shot('blinking', true);
		await window.go(`hardware/${drive.id}`, drive.name);
		await act(page, 'Stop blinking');
		await apply(page, 'Stop');
		equal(going(), { [controller.id]: 'blink' }, 'without the drive');
		// what others start is seen, too
		const { id } = lunOf(name);
		daemon.ctl('lun', 'maintain', name, 'ping', 'start');
		await window.go(`luns/${id}`, name);
		await page.getByText('answering pings').first().waitFor();
		await more(page, 'Blink');
		await apply(page, 'Blink');
		equal(going()[id], 'blink ping', 'at the LUN');
		await more(page, 'Stop blinking');
		await apply(page, 'Stop');
		await more(page, 'Stop answering pings');
		await apply(page, 'Stop');
		await window.go('hardware', 'Hardware');
		await act(page, 'Stop blinking');
		await apply(page, 'Stop');
		equal(going(), {}, 'at the end');
		await eventually('the signs are gone', async () => {
			const signs = await page.getByText('blinking', { exact: true }).count();
			return signs === 0;
		});
	}),
);

/** A host that is made up below DIR/host: one SATA disk, on which everything lies. */
function makeHost(daemon) {
	const root = path.join(daemon.inject, 'host'),
		disk = path.join(root, 'sys/devices/ata3/block/sda');
	const write = (name, text) => {
		fs.mkdirSync(path.dirname(name), { recursive: true });
		fs.writeFileSync(name, text);
	};
	write(path.join(disk, 'size'), `${2 ** 21}\n`);
	write(path.join(disk, 'device/model'), 'EXAMPLE HD 1\n');
	for (const link of ['sys/dev/block/8:0', 'sys/class/block/sda']) {
		fs.mkdirSync(path.dirname(path.join(root, link)), { recursive: true });
		fs.symlinkSync(disk, path.join(root, link));
	}
	write(
		path.join(root, 'proc/self/mountinfo'),
		'1 0 0:99 / / rw - rootfs none rw\n' +
			`2 1 8:0 / ${daemon.top} rw,relatime shared:1 - xfs /dev/x rw\n`,
	);
	return (state) => write(path.join(disk, 'device/state'), `${state}\n`);
}

test('a drive that fails is said at once, with what to do', async () => {
	const daemon = new Daemon(),
		say = makeHost(daemon);
	say('running');
	await daemon.start();
	atEnd(daemon);
	for (const width of ['wide', 'narrow']) {
		const window = await openWindowOf(scene.browser, daemon, width);
		const { page } = window;
		await window.signIn(daemon.token(`a-${width}`, 'admin').token, '#/hardware');
		const row = page.getByRole('table', { name: 'Drives' }).getByRole('row');
		await row.filter({ hasText: 'sda' }).getByText('ready', { exact: true }).waitFor();
		say('offline');
		await act(page, 'Look for drives');
		await row.filter({ hasText: 'sda' }).getByText('not ready').waitFor();
		equal(daemon.ctl('drive', 'list')[0].ready, false, 'what vdsctl says');
		await window.axe('a drive that failed');
		await window.fits('a drive that failed');
		await window.shot('drive-failed');
		await page.getByRole('link', { name: 'sda' }).click();
		await page.getByText('the kernel says that the disk is in the state "offline"').waitFor();
		await window.axe('the drive that failed');
		await window.fits('the drive that failed');
		await window.shot('drive-why');
		await window.go('overview', 'Overview');
		await page.getByText('drive sda cannot be used').waitFor();
		await window.axe('the problem of a drive');
		await window.shot('drive-problem');
		say('running');
		await window.go('hardware', 'Hardware');
		await act(page, 'Look for drives');
		await row.filter({ hasText: 'sda' }).getByText('ready', { exact: true }).waitFor();
		await window.close();
	}
});
