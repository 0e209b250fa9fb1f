// SPDX-License-Identifier: LGPL-2.1-or-later
// Debian's Chromium, driven by Playwright: pages of two widths, with what every page must keep:
// no error, no request to another host, nothing that the content security policy forbids, and no
// violation that axe finds.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { createRequire } = require('node:module');

const modules = createRequire(path.join(process.env.PAGE_MODULES, 'of-the-tests.js'));
const { chromium } = modules('playwright-core');
const axeSource = fs.readFileSync(modules.resolve('axe-core/axe.min.js'), 'utf8');

const WIDTHS = { wide: { width: 1280, height: 900 }, narrow: { width: 390, height: 844 } };
const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser'];

// How the console speaks of requests that fail, without saying which.
const FAILED = 'Failed to load resource: ';
const GIVEN_UP = 'net::ERR_ABORTED'; // by the page itself
const said = (request) => `${request.method()} ${request.url()}`;

exports.program = () => PROGRAMS.find((name) => fs.existsSync(name));

exports.launch = () =>
	chromium.launch({
		executablePath: exports.program(),
		// root has no namespace of its own to put the renderer in
		args: process.getuid() === 0 ? ['--no-sandbox'] : [],
	});

/** One window, with what it must not do. */
class Window {
	constructor(daemon, width) {
		this.daemon = daemon;
		this.width = width;
		this.complaints = [];
		this.expected = []; // complaints that a test causes on purpose: see expect()
		this.bytes = 0; // of bodies and heads, as transferred
	}

	async open(browser, options = {}) {
		this.context = await browser.newContext({
			viewport: WIDTHS[this.width],
			reducedMotion: 'reduce',
			...options,
		});
		this.page = await this.context.newPage();
		this.page.setDefaultTimeout(60000);
		this.page.on('pageerror', (error) => this.complaints.push(`error: ${error.message}`));
		this.page.on('console', (m) => {
			if (['error', 'warning'].includes(m.type()) && !m.text().startsWith(FAILED))
				this.complaints.push(`console: ${m.text()} ${m.location().url}`);
		});
		this.page.on('response', (response) => {
			if (response.status() >= 400)
				this.complaints.push(`${response.status()} ${said(response.request())}`);
		});
		this.page.on('requestfailed', (request) => {
			const { errorText } = request.failure();
			if (errorText !== GIVEN_UP) this.complaints.push(`${errorText} ${said(request)}`);
		});
		this.page.on('request', (request) => {
			if (
				!request.url().startsWith(`${this.daemon.url}/`) &&
				!request.url().startsWith('data:')
			)
				this.complaints.push(`request to ${request.url()}`);
		});
		this.page.on('requestfinished', async (request) => {
			const sizes = await request.sizes().catch(() => null);
			this.bytes += sizes ? sizes.responseBodySize + sizes.responseHeadersSize : 0;
		});
		return this;
	}

	/**
	 * The test causes such answers: the status, or the error where there is none, the method and the
	 * beginning of the path.
	 */
	expect(...answers) {
		const place = (answer) => answer.replace(/ (?=\/)/, ` ${this.daemon.url}`);
		this.expected.push(...answers.map(place));
	}

	/** Opens the page and signs in with a token. */
	async signIn(token, hash = '') {
		await this.page.goto(`${this.daemon.url}/${hash}`);
		this.expect('401 GET /v1/principal');
		await this.page.getByLabel('Token').fill(token);
		await this.page.getByRole('button', { name: 'Sign in' }).click();
		await this.page.getByText('Live', { exact: true }).waitFor();
	}

	async go(hash, title) {
		await this.page.evaluate((to) => {
			location.hash = to;
		}, `#/${hash}`);
		if (title) await this.page.getByRole('heading', { level: 1, name: title }).waitFor();
	}

	/** Throws when axe finds a violation. */
	async axe(what) {
		// the policy of the page forbids an added script, but not the driver's evaluation
		if (!(await this.page.evaluate(() => Boolean(window.axe))))
			await this.page.evaluate(axeSource);
		const found = await this.page.evaluate(() =>
			window.axe.run(document, {
				resultTypes: ['violations'],
				runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
			}),
		);
		const texts = found.violations.map(
			(v) =>
				`${v.id}: ${v.help}\n    ` +
				v.nodes
					.map(
						(n) =>
							`${n.target} ${n.html.slice(0, 160)}\n    ${n.failureSummary.replace(/\n/g, ' ')}`,
					)
					.join('\n    '),
		);
		if (texts.length > 0) throw new Error(`axe, ${what} (${this.width}):\n${texts.join('\n')}`);
	}

	/** Nothing may stick out of the window to the right. */
	async fits(what) {
		const over = await this.page.evaluate(
			() => document.documentElement.scrollWidth - innerWidth,
		);
		if (over > 0)
			throw new Error(`${what} (${this.width}) is ${over} pixels wider than the window`);
	}

	async shot(name, fullPage = false) {
		const folder = process.env.PAGE_SHOTS;
		fs.mkdirSync(folder, { recursive: true });
		await this.page.screenshot({
			path: path.join(folder, `${name}-${this.width}.png`),
			fullPage,
		});
	}

	/** Ends the window; throws when something has gone wrong there that no test wanted. */
	async close() {
		await this.context.close();
		const left = this.complaints.filter(
			(text) => !this.expected.some((answer) => text.startsWith(answer)),
		);
		if (left.length > 0) throw new Error(`in the browser (${this.width}):\n${left.join('\n')}`);
	}
}

exports.openWindow = (browser, daemon, width, options) =>
	new Window(daemon, width).open(browser, options);
