// SPDX-License-Identifier: LGPL-2.1-or-later
// How much space a pool or a LUN took during the last day, as a line (GET /v1/pools/ID/history and
// GET /v1/luns/ID/history).
import { useAnswer } from './ask.js';
import { ago, bytes, time } from './format.js';
import { spark } from './spark.js';

const EVERY_MS = 60000; // vdsd keeps a sample a minute

/**
 * family: pool or lun; value(sample): its bytes; stamp: another one when it should be asked anew.
 */
export function SpaceHistory({ family, id, value, stamp, label }) {
	const { answer } = useAnswer(`${family}History`, {
		about: { family, id },
		stamp,
		every: EVERY_MS,
	});
	const line = spark(answer?.items ?? [], value);
	if (!line) return null;
	const [least, most] = [bytes(line.least), bytes(line.most)];
	const words = least === most ? `${most} all the time` : `between ${least} and ${most}`;
	return (
		<figure class="spark">
			<figcaption>
				<span>{label}</span>
				<span class="soft">{words}</span>
			</figcaption>
			<svg
				viewBox="0 0 100 100"
				preserveAspectRatio="none"
				role="img"
				aria-label={`${label}: ${words}, since ${time(line.from)}`}
			>
				<path class="spark-fill" d={`${line.path}V100H0z`} />
				<path class="spark-line" d={line.path} />
			</svg>
			<p class="spark-axis" aria-hidden="true">
				<span>{ago(line.from)}</span>
				<span>now</span>
			</p>
		</figure>
	);
}
