// SPDX-License-Identifier: LGPL-2.1-or-later
// The dialog that limits a LUN, a host or a pool.
import { limits } from '../limits.js';
import * as plans from '../plans.js';
import { openDialog } from '../dialog.jsx';
import { heading, text } from '../fields.jsx';
import { exactBytes, spanOf } from '../format.js';
import { fresh } from './common.js';

const limit = [
	text('Commands a second', 'iops', 'Such as 500; empty: no limit'),
	text('Bytes a second', 'bandwidth', 'Such as 100M; empty: no limit'),
];
const burst = text(
	'Save up for',
	'burst',
	'What is not used may be used later: 10s, 5m; empty: nothing',
);
const FIELDS = {
	lun: [
		heading('At most'),
		limit,
		burst,
		heading('At least, of what its pool can do'),
		[
			text('Commands a second', 'minIops', 'Kept for the LUN whenever it asks'),
			text('Bytes a second', 'minBandwidth', 'Such as 10M'),
		],
	],
	host: [limit, burst],
	pool: [limit],
};

/** kind: 'lun', 'host' or 'pool'. */
export function setLimits(kind, row) {
	const has = limits(row.qos);
	openDialog({
		input: {
			iops: String(has.iops ?? ''),
			bandwidth: has.bandwidth ? exactBytes(has.bandwidth) : '',
			burst: has.burst_ms ? spanOf(has.burst_ms) : '',
			minIops: String(has.min_iops ?? ''),
			minBandwidth: has.min_bandwidth ? exactBytes(has.min_bandwidth) : '',
		},
		plan: (r, input) => plans.setLimits(r, kind, fresh(r, kind, row), input),
		fields: () => FIELDS[kind],
	});
}
