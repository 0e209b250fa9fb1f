// SPDX-License-Identifier: LGPL-2.1-or-later
// vdsd with a directory of its own, vdsctl that speaks to it, and an initiator that logs in.
'use strict';

const { execFileSync, spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const readline = require('node:readline');

const DEADLINE_MS = 60000;

/** Calls probe until it returns a true value, and returns that value. */
async function eventually(what, probe) {
	const end = Date.now() + DEADLINE_MS;
	for (;;) {
		const got = await probe();
		if (got) return got;
		if (Date.now() > end) throw new Error(`${what}: not within ${DEADLINE_MS / 1000} s`);
		await new Promise((done) => {
			setTimeout(done, 10);
		});
	}
}

class Daemon {
	constructor() {
		this.top = fs.mkdtempSync(path.join(os.tmpdir(), 'vdspage.'));
		this.socket = path.join(this.top, 's');
		this.http = '127.0.0.1:0';
		// pools share space between volumes by copying, so that every file system will do
		this.inject = path.join(this.top, 'inject');
		fs.mkdirSync(this.inject);
		fs.writeFileSync(path.join(this.inject, 'clone-by-copy'), '');
	}

	async start() {
		const ready = path.join(this.top, 'ready');
		fs.rmSync(ready, { force: true });
		this.log = fs.openSync(path.join(this.top, 'log'), 'a');
		this.process = spawn(
			process.env.VDSD,
			[
				'--dir',
				path.join(this.top, 'array'),
				'--socket',
				this.socket,
				'--listen',
				'127.0.0.1:0',
				'--http',
				this.http,
				'--ready-file',
				ready,
				'--inject',
				this.inject,
				...JSON.parse(process.env.PAGE_VDSD ?? '[]'),
			],
			{ stdio: ['ignore', this.log, this.log] },
		);
		this.ended = once(this.process, 'exit');
		const said = await eventually('vdsd is ready', () => {
			if (this.process.exitCode !== null)
				throw new Error(`vdsd ended with ${this.process.exitCode}: ${this.logTail()}`);
			return fs.existsSync(ready) && JSON.parse(fs.readFileSync(ready, 'utf8'));
		});
		this.http = `127.0.0.1:${said.http}`; // the same one after a restart
		this.url = `http://${this.http}`;
		this.portal ??= `${said.portals[0].address}:${said.portals[0].port}`;
	}

	async kill(signal = 'SIGKILL') {
		this.process.kill(signal);
		await this.ended;
		fs.closeSync(this.log);
	}

	/** Ends vdsd in the ordinary way and removes its directory. */
	async end() {
		if (this.process.exitCode === null && this.process.signalCode === null) {
			await this.kill('SIGTERM');
			if (this.process.exitCode !== 0)
				throw new Error(`vdsd ended with ${this.process.exitCode}: ${this.logTail()}`);
		}
		fs.rmSync(this.top, { recursive: true, force: true });
	}

	said() {
		return fs.readFileSync(path.join(this.top, 'log'), 'utf8');
	}

	logTail() {
		return this.said()
			.split('\n')
			.slice(-30)
			.join('\n');
	}

	/** vdsctl -o json: what it printed, parsed. */
	ctl(...words) {
		const text = execFileSync(
			process.env.VDSCTL,
			['--url', `unix:${this.socket}`, '-o', 'json', ...words],
			{ encoding: 'utf8', timeout: DEADLINE_MS },
		);
		return text.trim() ? JSON.parse(text) : null;
	}

	/** vdsctl, without waiting for it; the promise fails when vdsctl does. */
	begin(...words) {
		const child = spawn(process.env.VDSCTL, ['--url', `unix:${this.socket}`, ...words]);
		return once(child, 'close').then(([code]) => {
			if (code !== 0) throw new Error(`vdsctl ${words.join(' ')} ended with ${code}`);
		});
	}

	/** What vdsctl explain printed, whether the initiator can use the LUN or not. */
	explain(...words) {
		const done = spawnSync(
			process.env.VDSCTL,
			['--url', `unix:${this.socket}`, '-o', 'json', 'explain', ...words],
			{ encoding: 'utf8', timeout: DEADLINE_MS },
		);
		return JSON.parse(done.stdout);
	}

	/** Makes a token; { id, token }. */
	token(name, role) {
		return this.ctl('token', 'create', name, '--role', role);
	}
}

/** The program tests/system/initiator: a line in, a line out. */
class Initiator {
	constructor() {
		this.process = spawn(process.env.INITIATOR, { stdio: ['pipe', 'pipe', 'inherit'] });
		this.lines = readline
			.createInterface({ input: this.process.stdout })
			[Symbol.asyncIterator]();
	}

	/** Its answer to a line, whatever that is. */
	async command(...words) {
		this.process.stdin.write(`${words.join(' ')}\n`);
		return (await this.lines.next()).value;
	}

	async ok(...words) {
		const value = await this.command(...words);
		if (!value?.startsWith('ok')) throw new Error(`${words.join(' ')}: ${value}`);
		return value;
	}

	async end() {
		if (this.process.exitCode !== null) return;
		const ended = once(this.process, 'exit');
		this.process.stdin.end();
		await ended;
	}
}

module.exports = { Daemon, Initiator, eventually };
