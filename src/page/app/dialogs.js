// SPDX-License-Identifier: LGPL-2.1-or-later
// Every change that the page offers: its fields, and which plan they make.  Each function opens the
// dialog of one change.
export * from './dialogs/luns.js';
export * from './dialogs/snapshots.js';
export * from './dialogs/schedules.js';
export * from './dialogs/access.js';
export * from './dialogs/limits.js';
export * from './dialogs/array.js';
export * from './dialogs/tokens.js';
