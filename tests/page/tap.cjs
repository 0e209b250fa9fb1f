// SPDX-License-Identifier: LGPL-2.1-or-later
// Tests one after the other, with what they say in TAP.
'use strict';

const tests = [];

exports.test = (name, body) => tests.push({ name, body });

/** Throws when the two are not the same JSON. */
exports.equal = (got, wanted, what) => {
	const [a, b] = [got, wanted].map((value) => JSON.stringify(value));
	if (a !== b) throw new Error(`${what}: got ${a}, wanted ${b}`);
};

exports.check = (condition, why) => {
	if (!condition) throw new Error(why);
};

exports.skipAll = (why) => {
	console.log(`1..0 # SKIP ${why}`);
	process.exit(0);
};

const leftovers = new Set();

/** Ends what has a function end() when the test is over, also when it fails.  Returns it. */
exports.atEnd = (thing) => {
	leftovers.add(thing);
	return thing;
};

async function endLeftovers() {
	for (const thing of leftovers) await thing.end();
	leftovers.clear();
}

/** Runs those whose names contain one of the words, or all.  Returns how many failed. */
exports.runAll = async (words, failed) => {
	const chosen = tests.filter(
		({ name }) => words.length === 0 || words.some((w) => name.includes(w)),
	);
	let failures = 0,
		number = 0;
	console.log(`1..${chosen.length}`);
	for (const { name, body } of chosen) {
		const begin = Date.now();
		try {
			await body();
			await endLeftovers();
			console.log(`ok ${++number} - ${name} # ${Date.now() - begin} ms`);
		} catch (error) {
			failures++;
			console.log(`not ok ${++number} - ${name}`);
			console.log(String(error.stack ?? error).replace(/^/gm, '#   '));
			await failed?.(name);
			await endLeftovers();
		}
	}
	return failures;
};
