// SPDX-License-Identifier: LGPL-2.1-or-later
// Who may log in, and the machine itself: host groups, CHAP secrets, controllers, drives.
'use strict';

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
} = require('../scene.cjs');

const SECRET = 'twelve-bytes-and-more',
	NODE = 'iqn.1993-08.org.debian:01:node';

test(
	'a host group gets its hosts, and they may use its LUNs',
	atBothWidths(async (window, page, width) => {
		const { daemon } = scene;
		const group = `cluster-${width}`,
			nodes = [1, 2].map((n) => `node${n}-${width}`),
			name = `shared-${width}`;
		nodes.forEach((node) => daemon.ctl('host', 'create', node, `${NODE}:${node}`));
		daemon.ctl('lun', 'create', name, '--size', '1M');
		const hosts = () => daemon.ctl('host-group', 'show', group).hosts.length;
		await window.go('groups', 'Host groups');
		await page
			.getByText('There is no host group')
			.or(page.getByRole('table'))
			.first()
			.waitFor();
		await window.axe('host groups');
		await window.shot('groups');
		await act(page, 'Create');
		await field(page, 'Name').fill(group);
		await dialog(page).getByLabel(nodes[0]).check();
		await apply(page, 'Create');
		await page.getByRole('heading', { level: 1, name: group }).waitFor();
		equal(hosts(), 1, 'hosts of the group');

		await window.go(`luns/${lunOf(name).id}`, name);
		await more(page, 'Access');
		await dialog(page).getByLabel(group).check();
		await window.axe('who may use a LUN');
		await window.shot('access');
		await apply(page, 'Apply');
		const { id } = daemon.ctl('host-group', 'show', group);
		equal(lunOf(name).mask, `host-group:${id}`, 'mask of the LUN');

		await window.go(`groups/${id}`, group);
		await act(page, 'Hosts');
		await dialog(page).getByLabel(nodes[1]).check();
		await dialog(page).getByText(`The group may use “${name}”`).waitFor();
		await apply(page, 'Apply');
		equal(hosts(), 2, 'hosts of the group after adding one');
		check(
			daemon
				.explain(name, '--initiator', `${NODE}:${nodes[1]}`)
				.steps.some((step) => step.step === 'mask' && step.outcome === 'ok'),
			'the new host may not use the LUN',
		);
		await window.axe('a host group');
		await window.fits('a host group');
		await window.shot('group', true);
		await act(page, 'Rename');
		await field(page, 'Name').fill(`${group}-2`);
		await apply(page, 'Rename');
		equal(daemon.ctl('host-group', 'show', `${group}-2`).id, id, 'the renamed group');
		await act(page, 'Delete');
		await dialog(page).getByText(`It may use “${name}”`).waitFor();
		await dialog(page).getByLabel('Delete it although it may use LUNs').check();
		await apply(page, 'Delete');
		equal(lunOf(name).mask, '', 'mask of the LUN without the group');
	}),
);

test(
	'a CHAP secret is set, replaced and removed, and never shown',
	atBothWidths(async (window, page, width) => {
		const { daemon } = scene,
			alias = `guarded-${width}`;
		const { id } = daemon.ctl('target', 'create', alias);
		const secrets = () => daemon.ctl('secret', 'list').filter((s) => s.owner_id === id);
		await window.go(`targets/${id}`, alias);
		await act(page, 'Set a secret');
		await field(page, 'Secret').fill('short');
		await dialog(page).getByText('it must have 12 to 255').waitFor();
		await field(page, 'Secret').fill(SECRET);
		await field(page, 'Secret again').fill(`${SECRET}!`);
		await dialog(page).getByText('The two secrets are not the same').waitFor();
		await field(page, 'Secret again').fill(SECRET);
		await field(page, 'CHAP name').fill('web');
		check(
			!(await page.locator('body').innerText()).includes(SECRET),
			'the page shows the secret',
		);
		await window.axe('a secret');
		await window.fits('a secret');
		await window.shot('secret');
		await apply(page, 'Set');
		equal(
			secrets().map((s) => [s.side, s.user]),
			[['initiator', 'web']],
			'secrets of the target',
		);
		await window.axe('a target with a secret');
		await window.shot('chap', true);
		const [before] = secrets();
		await page.getByRole('button', { name: 'Replace' }).click();
		await field(page, 'Secret').fill(`${SECRET}-2`);
		await field(page, 'Secret again').fill(`${SECRET}-2`);
		await field(page, 'Keep the old one for').fill('24');
		await apply(page, 'Replace');
		const [after] = secrets();
		check(after.id === before.id && after.old_until_ms > Date.now(), 'the old one is not kept');
		check(
			!JSON.stringify(daemon.ctl('history', '--limit', '3')).includes(SECRET),
			'the history has the secret',
		);
		await page.getByRole('button', { name: 'Remove' }).click();
		await dialog(page).getByText('It is the last one').waitFor();
		await apply(page, 'Remove');
		equal(secrets(), [], 'secrets after removing them');
	}),
);

test('the controller is flushed, taken offline and brought back', async () => {
	const { daemon } = scene;
	const window = await openWindow('wide'),
		initiator = atEnd(new Initiator());
	const { page } = window;
	const target = daemon.ctl('target', 'show', daemon.ctl('target', 'create', 'calm').id);
	await initiator.ok('hold', daemon.portal, target.iscsi_name, `${NODE}:calm`);
	await window.signIn(scene.admin, '#/hardware');
	await act(page, 'Flush');
	await apply(page, 'Flush');
	await window.axe('hardware');
	await window.shot('hardware', true);
	await act(page, 'Set offline');
	await dialog(page).getByText('No initiator can reach any LUN').waitFor();
	await window.axe('a controller offline');
	await window.shot('offline');
	await apply(page, 'Set offline');
	equal(daemon.ctl('controller', 'show').status, 'offline', 'status of the controller');
	await act(page, 'Set online');
	await apply(page, 'Set online');
	equal(daemon.ctl('controller', 'show').status, 'online', 'status afterwards');
	await initiator.end();
	await window.close();
});

test(
	'drives are listed as vdsctl lists them, and lead to their pools',
	atBothWidths(async (window, page) => {
		const { daemon } = scene;
		await window.go('hardware', 'Hardware');
		await act(page, 'Look for drives');
		await page.getByText('The drives are looked through.').waitFor();
		const drives = daemon.ctl('drive', 'list');
		for (const drive of drives)
			await page
				.getByRole('table', { name: 'Drives' })
				.getByText(drive.name, { exact: true })
				.first()
				.waitFor();
		await window.fits('hardware');
		const [used] = drives.filter((drive) => drive.pools?.length > 0);
		if (!used) return;
		await window.go(`hardware/${used.id}`, used.name);
		await window.axe('a drive');
		await window.fits('a drive');
		await window.shot('drive');
	}),
);

test('an operator sees what needs an admin, and why it may not', async () => {
	const { daemon } = scene;
	const window = await openWindow('wide');
	const { page } = window;
	await window.signIn(daemon.token('op', 'operator').token, '#/luns');
	await act(page, 'Expose');
	await field(page, 'Name').fill('not-made');
	await field(page, 'Size').fill('1M');
	await dialog(page).getByLabel('New target').fill('not-made');
	await dialog(page).getByLabel('New host').fill('not-made');
	await dialog(page).getByLabel('Its initiator name').fill(`${NODE}:not-made`);
	await dialog(page)
		.getByText('This needs the role admin; you have the role operator.')
		.waitFor();
	await window.shot('needs-admin');
	equal(
		await dialog(page)
			.getByRole('button', { name: 'Expose', exact: true })
			.getAttribute('aria-disabled'),
		'true',
		'the button',
	);
	// without a new host it is an operator's
	await dialog(page).getByLabel('New host').fill('');
	await dialog(page).locator('.parts li').first().waitFor();
	await apply(page, 'Expose');
	equal(lunOf('not-made').size_bytes, 2 ** 20, 'the LUN');
	await window.close();
});
