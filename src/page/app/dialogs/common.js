// SPDX-License-Identifier: LGPL-2.1-or-later
// What the dialogs share: dialogs of common kinds, and fields that several have.
import * as m from '../model.js';
import { openDialog } from '../dialog.jsx';
import { check, choose, select } from '../fields.jsx';
import { store } from '../store.js';

/** The row as it is now; as it was when the dialog was opened, where it is deleted. */
export const fresh = (r, family, row) => r.get(family, row.id) ?? row;

/** A change that has no field: its plan is all there is to see. */
export const confirm = (verb, plan, after) => openDialog({ verb, plan, after });

/** A change of status: the button and the dialog say which. */
export const setStatus = (plan) => (row, status) =>
	confirm(status === 'online' ? 'Set online' : 'Set offline', (r) => plan(r, row, status));

/**
 * A deletion that may need force: plan(r, input) says by `forced` that it does, and the box `label`
 * appears.  more: further fields, each with its first value: { input, fields(plan) }.
 */
export function forceable({ verb = 'Delete', label, plan, after, more }) {
	openDialog({
		input: { force: false, ...more?.input },
		verb,
		eager: true,
		plan,
		after,
		fields: (input, r) => {
			const now = plan(r, input);
			return [now.forced && check(label, 'force'), ...(more?.fields(now) ?? [])];
		},
	});
}

export const lunChoice = (r, more) =>
	choose('LUNs', 'luns', r.list('lun'), {
		text: m.lunName,
		sub: (lun) => r.get('pool', lun.pool_id)?.name,
		none: 'The array has no LUN yet.',
		...more,
	});

/** more: { label, none }: with a label of its own, the choice begins a part of the form. */
export const targetChoice = (r, more) =>
	choose('Targets', 'targets', r.list('target'), {
		text: m.targetName,
		sub: (target) => target.alias && target.iscsi_name,
		none: 'The array has no target yet.',
		part: Boolean(more),
		...more,
	});

export const hostChoice = (r, more) =>
	choose('Hosts', 'hosts', r.list('host'), {
		text: (host) => host.name,
		sub: (host) => m.initiatorNames(r, host.id).join(', '),
		none: 'No host is known yet.',
		part: Boolean(more),
		...more,
	});

export const blockSize = select('Block size', 'block', [
	['512', '512 bytes'],
	['4096', '4096 bytes'],
]);

/** The words under a field that takes initiator names. */
export const INITIATORS = 'One a line, such as iqn.1993-08.org.debian:01:abc';

export const live = () => store.replica;
