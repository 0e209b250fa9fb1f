// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans: what a change will do, before it is done.  A plan is a list of steps; each step is one
// REST call (an operation of docs/openapi.json with its ids, query and body) and a sentence that
// says what it changes.  Plans are made of the replica and the input alone, so they are always of
// the state that is shown.
//
//	{ title, done, danger, steps: [{ text, operation, ids, query, body, as, needs }], document,
//	  needs, warnings: [text], problems: [text] }
//
// A plan with a `document` has no steps of its own: the document, a file as of docs/plan.schema.json,
// is applied as one change, and vdsd says what that consists of (preview.js).  `as` names what a
// step makes; `needs` lists the operations whose roles are needed.  A plan with problems cannot be
// applied; warnings only say what to know.
export * from './plans/luns.js';
export * from './plans/lun.js';
export * from './plans/reservations.js';
export * from './plans/snapshots.js';
export * from './plans/schedules.js';
export * from './plans/targets.js';
export * from './plans/portals.js';
export * from './plans/alua.js';
export * from './plans/hosts.js';
export * from './plans/groups.js';
export * from './plans/chap.js';
export * from './plans/limits.js';
export * from './plans/pools.js';
export * from './plans/hardware.js';
export * from './plans/maintenance.js';
export * from './plans/tokens.js';
export * from './plans/activity.js';
export { apply } from './plans/apply.js';
