// SPDX-License-Identifier: LGPL-2.1-or-later
// What a person does first: the first visit, exposing a LUN to a host, finding out why a host does not
// see one, growing, associating, masking, renaming and deleting.
'use strict';

const { test, equal, check, atEnd } = require('../tap.cjs');
const { Initiator } = require('../array.cjs');
const {
	act,
	apply,
	atBothWidths,
	dialog,
	field,
	hostId,
	lunOf,
	more,
	openWindow,
	scene,
	targetsOf,
} = require('../scene.cjs');

const ALPHA = 'iqn.1993-08.org.debian:01:alpha',
	BETA = 'iqn.1993-08.org.debian:01:beta';

const FIRST_PAINT_BYTES = 200000;

test('the first visit asks for a token, and is small', async () => {
	for (const width of ['wide', 'narrow']) {
		const window = await openWindow(width);
		const { page } = window;
		await page.goto(scene.daemon.url);
		window.expect('401 GET /v1/principal');
		await page.getByRole('heading', { name: 'Sign in' }).waitFor();
		await window.axe('sign in');
		await window.fits('sign in');
		await window.shot('login');
		await page.getByLabel('Token').fill('vds_wrong');
		await page.keyboard.press('Enter');
		await page.getByText('This token is refused').waitFor();
		await window.axe('a wrong token');
		await page.getByLabel('Token').fill(scene.admin);
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
		const parts = dialog(page).locator('.plan .parts li');
		await parts.filter({ hasText: `lun "${name}": created` }).waitFor();
		await parts.filter({ hasText: `host "${host}": created` }).waitFor();
		await dialog(page).getByText('all of them, or none').waitFor();
		check(
			(await dialog(page).locator('.plan code').innerText()).startsWith(
				'POST /v1/apply?revision=',
			),
			'it is not one request',
		);
		check(
			scene.daemon.ctl('lun', 'list').every((lun) => lun.name !== name),
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
		const said = scene.daemon.explain(name, '--initiator', BETA, '--from', '127.0.0.1');
		equal(
			await page.locator('.steps li > span').allTextContents(),
			said.steps.map((s) => `${s.outcome}: ${s.text}`),
			'the steps',
		);
		await page.getByText(said.obstacle.hint.replaceAll('`', '')).waitFor();
		check((await page.locator('.node.bad').count()) > 0, 'nothing is marked in the graph');
		await window.axe('an explanation');
		await window.fits('an explanation');
		await window.shot('explain', true);
		// what is said follows the array: another program lets the initiator in
		scene.daemon.ctl('lun', 'unmask', name, `host:host-${width}`, BETA);
		await page.getByText('Yes: the initiator can use the LUN.').waitFor();
		check((await page.locator('.node.bad').count()) === 0, 'something is marked as bad still');
		check((await page.locator('.edge.good').count()) >= 2, 'the path is not drawn');
		await window.shot('path', true);
		scene.daemon.ctl('lun', 'unmask', name, `host:host-${width}`);
	}),
);

test(
	'a LUN is grown, associated, masked and renamed',
	atBothWidths(async (window, page, width) => {
		const name = `disk-${width}`,
			other = `target-${width === 'wide' ? 'narrow' : 'wide'}`;
		if (!scene.daemon.ctl('target', 'list').some((t) => t.alias === other))
			scene.daemon.ctl('target', 'create', other);
		await window.go(`luns/${lunOf(name).id}`, name);
		await act(page, 'Grow');
		await dialog(page).getByLabel('New size').fill('1G');
		await dialog(page).getByText('The new size must be more than').waitFor();
		await dialog(page).getByLabel('New size').fill('3G');
		await apply(page, 'Grow');
		equal(lunOf(name).size_bytes, 3 * 2 ** 30, 'size after growing');

		await more(page, 'Targets');
		await dialog(page).getByLabel(other).check();
		await apply(page, 'Apply');
		equal(targetsOf(name), [other, `target-${width}`].sort(), 'targets after adding one');
		await more(page, 'Targets');
		await dialog(page).getByLabel(other).uncheck();
		await dialog(page).locator('.parts .delete').waitFor();
		await window.axe('the targets of a LUN');
		await apply(page, 'Apply');
		equal(targetsOf(name), [`target-${width}`], 'targets after removing one');

		await more(page, 'Access');
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

		await more(page, 'Rename');
		await dialog(page).getByLabel('Name').fill(`${name}-2`);
		await apply(page, 'Rename');
		await page.getByRole('heading', { level: 1, name: `${name}-2` }).waitFor();
		equal(lunOf(`${name}-2`).size_bytes, 3 * 2 ** 30, 'size of the renamed LUN');
	}),
);

test(
	'what vdsd refuses is said, and nothing is changed',
	atBothWidths(async (window, page) => {
		const before = scene.daemon.ctl('host', 'list');
		window.expect('400 POST /v1/hosts');
		await window.go('hosts', 'Hosts');
		await act(page, 'Add');
		await field(page, 'Name').fill('no;host');
		await dialog(page).getByRole('button', { name: 'Add', exact: true }).click();
		await dialog(page).getByText('Nothing was changed.').waitFor();
		await window.axe('a refusal');
		await window.shot('refused');
		await dialog(page).getByRole('button', { name: 'Cancel' }).click();
		equal(scene.daemon.ctl('host', 'list'), before, 'hosts');
	}),
);

test(
	'sessions are shown as they come and go, and in the graph',
	atBothWidths(async (window, page, width) => {
		const initiator = atEnd(new Initiator()),
			name = `iqn.1993-08.org.debian:01:${width}`;
		const target = scene.daemon
			.ctl('target', 'list')
			.find((t) => t.alias === `target-${width}`);
		await window.go('sessions', 'Sessions');
		await page.getByText('No initiator is logged in').waitFor();
		await initiator.ok('hold', scene.daemon.portal, target.iscsi_name, name);
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
		const lun = scene.daemon.ctl('lun', 'list').find((l) => l.name === `disk-${width}-2`);
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

test(
	'a LUN and a target are deleted, with what goes with them',
	atBothWidths(async (window, page, width) => {
		const name = `disk-${width}-2`;
		await window.go(`luns/${lunOf(name).id}`, name);
		await act(page, 'More');
		await window.shot('more');
		await window.axe('what can be done with a LUN');
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
			scene.daemon.ctl('lun', 'list').every((lun) => lun.name !== name),
			'the LUN is there still',
		);

		const target = scene.daemon
			.ctl('target', 'list')
			.find((t) => t.alias === `target-${width}`);
		await window.go(`targets/${target.id}`, `target-${width}`);
		await act(page, 'Delete');
		await apply(page, 'Delete');
		check(
			scene.daemon.ctl('target', 'list').every((t) => t.id !== target.id),
			'the target is there still',
		);
	}),
);
