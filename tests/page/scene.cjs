// SPDX-License-Identifier: LGPL-2.1-or-later
// What the scenes share: the array, the browser, and how one acts in a window.
'use strict';

const browser = require('./browser.cjs');

/** Filled in by test_page.cjs: the running vdsd, the browser, and a token of an admin. */
const scene = { daemon: null, browser: null, admin: null };

const openWindow = (width, options) =>
	browser.openWindow(scene.browser, scene.daemon, width, options);

/** Runs body with a window that is signed in, at each width, and ends the window. */
const atBothWidths =
	(body, hash = '') =>
	async () => {
		for (const width of ['wide', 'narrow']) {
			const window = await openWindow(width);
			try {
				await window.signIn(scene.admin, hash);
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
/** What stands behind “More”. */
const more = async (page, name) => {
	await act(page, 'More');
	await act(page, name);
};
const field = (page, name) => dialog(page).getByLabel(name, { exact: true });
const lunOf = (name) => scene.daemon.ctl('lun', 'show', name);
const aliases = () => new Map(scene.daemon.ctl('target', 'list').map((t) => [t.id, t.alias]));
const targetsOf = (lun) =>
	scene.daemon
		.ctl('lun', 'targets', lun)
		.map((a) => aliases().get(a.target_id))
		.sort();
const hostId = (name) => scene.daemon.ctl('host', 'list').find((h) => h.name === name).id;

module.exports = {
	act,
	aliases,
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
};
