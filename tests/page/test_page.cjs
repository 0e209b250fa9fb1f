#!/usr/bin/env node
// SPDX-License-Identifier: LGPL-2.1-or-later
// The web page of vdsd as people use it, in a real browser, at two widths.  Each change that the page
// makes is compared with what vdsctl says afterwards.
//
//	test_page.cjs SCENE... [-- WORD...]	the scenes of these names in scenes/; of them only the
//						tests whose names contain one of the words
//
// Environment: VDSD, VDSCTL, INITIATOR, PAGE_MODULES (node_modules of tests/page), PAGE_SHOTS
// (where the pictures go), PAGE_VDSD (more words for the command line of vdsd, as JSON).
'use strict';

const fs = require('node:fs');
const { runAll, skipAll } = require('./tap.cjs');
const { Daemon } = require('./array.cjs');

if (!process.env.PAGE_MODULES || !fs.existsSync(process.env.PAGE_MODULES))
	skipAll('npm could not install what drives the browser');
const { launch, program } = require('./browser.cjs');
const { scene } = require('./scene.cjs');

if (!program()) skipAll('chromium is missing');

const PATIENCE_MS = 800000;

const words = process.argv.slice(2),
	end = words.includes('--') ? words.indexOf('--') : words.length;

for (const name of words.slice(0, end)) require(`./scenes/${name}.cjs`);

(async () => {
	// a browser that hangs must not hold the tests up
	const late = setTimeout(() => {
		console.log('Bail out! the tests take too long');
		process.exit(1);
	}, PATIENCE_MS);
	scene.daemon = new Daemon();
	await scene.daemon.start();
	scene.admin = scene.daemon.token('admin', 'admin').token;
	scene.browser = await launch();
	let failures;
	try {
		failures = await runAll(words.slice(end + 1), async () =>
			console.log(scene.daemon.logTail().replace(/^/gm, '# vdsd: ')),
		);
	} finally {
		await scene.browser.close();
		await scene.daemon.end();
	}
	clearTimeout(late);
	process.exitCode = failures > 0 ? 1 : 0;
})().catch((error) => {
	console.log(`Bail out! ${error.stack}`);
	process.exitCode = 1;
});
