// SPDX-License-Identifier: LGPL-2.1-or-later
// How much space a pool or a LUN took during the last day, as a line (GET /v1/pools/ID/history and
// GET /v1/luns/ID/history).
import { useEffect, useState } from 'preact/hooks';
import { call } from './api.js';
import { ago, bytes, time } from './format.js';
import { spark } from './spark.js';

const EVERY_MS = 60000; // vdsd keeps a sample a minute

function useHistory(operation, id, stamp) {
	const [items, setItems] = useState([]);
	useEffect(() => {
		const stop = new AbortController();
		const ask = () =>
			call(operation, { ids: [id], signal: stop.signal })
				.then((answer) => setItems(answer.items))
				.catch(() => {}); // the connection's state says it
		ask();
		const timer = setInterval(ask, EVERY_MS);
		return () => {
			clearInterval(timer);
			stop.abort();
		};
	}, [operation, id, stamp]);
	return items;
}

/**
 * operation: poolHistory or lunHistory; value(sample): its bytes; stamp: another one when it should be
 * asked anew.
 */
export function SpaceHistory({ operation, id, value, stamp, label }) {
	const items = useHistory(operation, id, stamp);
	const line = spark(items, value);
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
