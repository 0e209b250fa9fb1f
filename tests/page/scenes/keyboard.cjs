// SPDX-License-Identifier: LGPL-2.1-or-later
// The page by the keyboard alone, as somebody walks through it who uses no mouse, and what a screen
// reader is told on the way.
'use strict';

const fs = require('node:fs');
const path = require('node:path');

const { test, equal, check } = require('../tap.cjs');
const { eventually } = require('../array.cjs');
const { dialog, openWindow, scene, targetsOf } = require('../scene.cjs');

const MOST_TABS = 80;

/** What has the focus: its role, or its tag, and its name as it is read out. */
const focused = (page) =>
	page.evaluate(() => {
		const e = document.activeElement;
		const label = e.labels?.[0]?.innerText ?? e.getAttribute('aria-label') ?? e.innerText ?? '';
		return `${e.getAttribute('role') ?? e.localName} ${label.trim().replace(/\s+/g, ' ')}`;
	});

/** Tab, until what has the focus is called so. */
async function tabTo(page, name, key = 'Tab') {
	const met = [];
	for (let i = 0; i < MOST_TABS; i++) {
		const now = await focused(page);
		if (now === name || now.startsWith(`${name} `)) return;
		met.push(now);
		await page.keyboard.press(key);
	}
	throw new Error(`“${name}” is not reached by ${key}; met: ${met.join(' | ')}`);
}

/** What the live regions of the page say now. */
const said = (page) =>
	page
		.locator('[aria-live], [role=status], [role=alert]')
		.evaluateAll((all) => all.map((e) => e.innerText.trim()).filter(Boolean));

for (const width of ['wide', 'narrow'])
	test(`a LUN is exposed by the keyboard alone (${width})`, async () => {
		const name = `keys-${width}`;
		const window = await openWindow(width);
		const { page } = window;
		await page.goto(scene.daemon.url);
		// 400: vdsd is asked for the plan of a name that is half typed
		window.expect('401 GET /v1/principal', '400 POST /v1/plan');
		await page.getByRole('heading', { name: 'Sign in' }).waitFor();
		equal(await focused(page), 'input Token', 'the focus at the beginning');
		await page.keyboard.type(scene.admin);
		await page.keyboard.press('Enter');
		await page.getByText('Live', { exact: true }).waitFor();
		// past the navigation, at once
		await tabTo(page, 'button Skip to content');
		await page.keyboard.press('Enter');
		equal(await focused(page), 'h1 Overview', 'the focus behind the link');
		await tabTo(page, 'button Expose a LUN');
		await page.keyboard.press('Enter');
		await dialog(page).waitFor();
		equal(await focused(page), 'input Name', 'the first field');
		await page.keyboard.type(name);
		await tabTo(page, 'input Size');
		await page.keyboard.type('nonsense');
		await eventually('what is wrong is said', async () =>
			(await said(page)).some((text) => text.includes('Give a size such as')),
		);
		await page.keyboard.press('Control+A');
		await page.keyboard.type('1M');
		await tabTo(page, 'input New target');
		await page.keyboard.type(name);
		await tabTo(page, 'input New host');
		await page.keyboard.type(name);
		await tabTo(page, 'input Its initiator name');
		await page.keyboard.type(`iqn.1993-08.org.debian:01:${name}`);
		await dialog(page).locator('.parts li').first().waitFor();
		// the plan can be scrolled, and the focus never leaves the dialog
		for (let i = 0; i < MOST_TABS; i++) {
			await page.keyboard.press('Tab');
			check(
				await page.evaluate(
					() =>
						document.activeElement === document.body ||
						Boolean(document.activeElement.closest('dialog')),
				),
				'the focus has left the dialog',
			);
			if ((await focused(page)) === 'button Expose') break;
		}
		equal(await focused(page), 'button Expose', 'the button that applies the plan');
		await dialog(page)
			.getByRole('button', { name: 'Expose', exact: true, disabled: false })
			.waitFor();
		await page.keyboard.press('Enter');
		await page.getByRole('heading', { level: 1, name }).waitFor();
		equal(targetsOf(name), [name], 'targets of the LUN');
		await eventually('where we are has the focus', async () =>
			(await focused(page)).startsWith(`h1 ${name}`),
		);
		check(
			(await said(page)).some((text) => text.includes(`LUN “${name}” is exposed.`)),
			'nobody says that it is exposed',
		);

		// the list behind “More”, and the focus afterwards
		await tabTo(page, 'button More');
		await page.keyboard.press('Enter');
		await tabTo(page, 'button Rename');
		await page.keyboard.press('Enter');
		await dialog(page).waitFor();
		await page.keyboard.press('Escape');
		await dialog(page).waitFor({ state: 'detached' });
		equal(await focused(page), 'button More', 'the focus after the dialog');
		scene.daemon.ctl('lun', 'delete', name, '--force', '--now');
		await page.getByText('This LUN does not exist (any more).').waitFor();
		await window.close();
	});

/** Has the page hear of each change so many milliseconds late, as over a slow line. */
const hearLate = (page, ms) =>
	page.addInitScript((late) => {
		const fetched = window.fetch;
		window.fetch = async (...request) => {
			const answer = await fetched(...request);
			const isStream = String(request[0]).includes('/v1/events') && answer.body;
			if (!isStream) return answer;
			const slow = new TransformStream({
				async transform(chunk, out) {
					await new Promise((done) => setTimeout(done, late));
					out.enqueue(chunk);
				},
			});
			return new Response(answer.body.pipeThrough(slow), answer);
		};
	}, ms);

test('what was made is shown when it is known, and keeps the focus when it goes', async () => {
	const window = await openWindow('wide');
	const { page } = window;
	await hearLate(page, 300);
	await window.signIn(scene.admin, '#/hosts');
	await page.evaluate(() => {
		window.titles = [];
		new MutationObserver(() => {
			const title = document.getElementById('title')?.innerText;
			if (title && window.titles.at(-1) !== title) window.titles.push(title);
		}).observe(document.body, { childList: true, characterData: true, subtree: true });
	});
	await tabTo(page, 'button Add');
	await page.keyboard.press('Enter');
	await dialog(page).waitFor();
	await page.keyboard.type('slow-line');
	await tabTo(page, 'textarea Initiator names');
	await page.keyboard.type('iqn.1993-08.org.debian:01:slow-line');
	await dialog(page)
		.getByRole('button', { name: 'Add', exact: true, disabled: false })
		.waitFor();
	await tabTo(page, 'button Add');
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { level: 1, name: 'slow-line' }).waitFor();
	await eventually('its title has the focus', async () =>
		(await focused(page)).startsWith('h1 slow-line'),
	);
	const shown = await page.evaluate(() => window.titles);
	equal(
		shown.filter((title) => title.startsWith('No such')),
		[],
		'what was shown before',
	);
	scene.daemon.ctl('host', 'delete', 'slow-line', '--force');
	await page.getByText('This host does not exist (any more).').waitFor();
	equal(await focused(page), 'h1 No such host', 'the focus when it is gone');
	await window.close();
});

test('a job is found and cancelled by the keyboard alone', async () => {
	const { daemon } = scene,
		hold = path.join(daemon.inject, 'all.copy');
	daemon.ctl('lun', 'create', 'source', '--size', '1M');
	daemon.ctl('lun', 'offline', 'source');
	fs.writeFileSync(hold, 'hold');
	const window = await openWindow('wide');
	const { page } = window;
	await window.signIn(scene.admin, '#/luns');
	daemon.ctl('lun', 'clone', 'source', 'half', '--copy', '--no-wait');
	await tabTo(page, 'a Jobs 1');
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor();
	await page.getByRole('row').filter({ hasText: 'half' }).getByRole('progressbar').waitFor();
	await tabTo(page, 'button Cancel');
	await page.keyboard.press('Enter');
	await dialog(page).waitFor();
	equal(await focused(page), 'h2 Cancel a job', 'the focus in a dialog without a field');
	await page.keyboard.press('Escape');
	await dialog(page).waitFor({ state: 'detached' });
	check((await focused(page)).startsWith('button Cancel'), 'the focus after Escape');
	await page.keyboard.press('Enter');
	await dialog(page).waitFor();
	await tabTo(page, 'button Cancel it');
	await page.keyboard.press('Enter');
	await dialog(page).waitFor({ state: 'detached' });
	await eventually('the job is cancelled', () =>
		daemon
			.ctl('job', 'list')
			.some((job) => job.lun_name === 'half' && job.state === 'cancelled'),
	);
	fs.rmSync(hold);
	await page
		.getByRole('row')
		.filter({ hasText: 'half' })
		.getByText('cancelled', { exact: true })
		.waitFor();
	// its button is gone with the job: the focus is at the title, or in the table, but not lost
	check(
		['h1 Jobs', 'group Jobs, scrollable'].includes(await focused(page)),
		`the focus without the button: ${await focused(page)}`,
	);
	check(
		daemon.ctl('lun', 'list').every((lun) => lun.name !== 'half'),
		'the half of a clone is left',
	);
	await window.close();
});

test('two Escapes close a dialog that can be closed, and it opens again', async () => {
	const window = await openWindow('wide');
	const { page } = window;
	await window.signIn(scene.admin, '#/hosts');
	for (let i = 0; i < 2; i++) {
		await tabTo(page, 'button Add');
		await page.keyboard.press('Enter');
		await dialog(page).waitFor();
		await page.keyboard.press('Escape');
		await page.keyboard.press('Escape');
		await dialog(page).waitFor({ state: 'detached' });
	}
	equal(await focused(page), 'button Add', 'the focus afterwards');
	await window.close();
});
