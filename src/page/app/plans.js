// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans: what a change will do, before it is done.  A plan is a list of steps; each step is one
// REST call (an operation of docs/openapi.json with its ids, query and body) and a sentence that
// says what it changes.  Plans are made of the replica and the input alone, so they are always of
// the state that is shown.
//
//	{ title, done, danger, steps: [{ text, operation, ids, query, body, as }], warnings: [text],
//	  problems: [text] }
//
// A step may use the id that an earlier step has made: `as: 'lun'` names it, '${lun}' uses it.  A
// plan with problems cannot be applied; warnings only say what to know.
export * from './plans/luns.js';
export * from './plans/targets.js';
export * from './plans/hosts.js';
export * from './plans/others.js';
export { apply, resolve } from './plans/apply.js';
