// SPDX-License-Identifier: LGPL-2.1-or-later
// Plots of rates and latencies over the last minutes, from GET /v1/stats, which is asked every two
// seconds while a plot is in sight.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { call } from './api.js';
import { rates } from './stats.js';
import { count, duration, rate } from './format.js';
import { Card } from './ui.jsx';

const EVERY_MS = 2000,
	KEPT = 150;

// ---- asking ----

const history = []; // { time (s), rates }
const readers = new Set();
let last = null,
	timer = null,
	asking = false;

async function ask() {
	if (asking || document.hidden) return;
	asking = true;
	try {
		const now = await call('stats');
		if (last !== null && now.time_ns > last.time_ns) {
			history.push({ time: Date.now() / 1000, rates: rates(now, last) });
			history.splice(0, history.length - KEPT);
		}
		last = now;
		readers.forEach((reader) => reader());
	} catch {
		last = null; // the next two answers are compared with each other
	}
	asking = false;
}

function watch(reader) {
	readers.add(reader);
	if (timer === null) {
		last = null;
		ask();
		timer = setInterval(ask, EVERY_MS);
	}
	return () => {
		readers.delete(reader);
		if (readers.size === 0) {
			clearInterval(timer);
			timer = null;
		}
	};
}

export const forgetStats = () => {
	history.length = 0;
	last = null;
};

/** The samples of the last minutes, as pick(rates) sees them. */
export function useStats() {
	const [, again] = useState(0);
	useEffect(() => watch(() => again((n) => n + 1)), []);
	return history;
}

// ---- drawing ----

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Steps of an axis of bytes: powers of 2, so that its numbers are round.
const POWERS = Array.from({ length: 45 }, (_, i) => 2 ** i);

function options({ series, format, least, powers }, width) {
	const grid = color('--line'),
		text = color('--soft');
	const axis = {
		stroke: text,
		grid: { stroke: grid, width: 1 },
		ticks: { show: false },
		font: '11px system-ui, sans-serif',
	};
	return {
		width,
		height: 150,
		legend: { show: false },
		cursor: { show: false },
		padding: [8, 12, 0, 0],
		scales: {
			x: {
				time: true,
				range: (u, min, max) => {
					const end = max || Date.now() / 1000;
					return [end - (KEPT * EVERY_MS) / 1000, end];
				},
			},
			y: { range: (u, min, max) => [0, Math.max(max * 1.15, least)] },
		},
		axes: [
			{
				...axis,
				space: 60,
				size: 24,
				values: (u, ticks) =>
					ticks.map((t) => new Date(t * 1000).toTimeString().slice(0, 5)),
			},
			{
				...axis,
				size: 74,
				space: 32,
				...(powers && { incrs: POWERS }),
				values: (u, ticks) => ticks.map((t) => (t === 0 ? '0' : format(t))),
			},
		],
		series: [
			{},
			...series.map((s) => ({
				stroke: color(s.color),
				width: 2,
				fill: s.fill && color(s.fill),
				points: { show: false },
				spanGaps: false,
			})),
		],
	};
}

/**
 * series: { name, color, fill?, value(rates) or null }; least: what the axis shows at least;
 * powers: its numbers are powers of 2.
 */
function Plot({ title, samples, ...look }) {
	const { series, format } = look;
	const box = useRef(),
		plot = useRef(null);
	const data = [
		samples.map((s) => s.time),
		...series.map((s) => samples.map((x) => s.value(x.rates))),
	];
	const now = samples.at(-1)?.rates;

	useLayoutEffect(() => {
		const draw = () => {
			plot.current?.destroy();
			plot.current = new uPlot(options(look, box.current.clientWidth), data, box.current);
		};
		draw();
		const observer = new ResizeObserver(() =>
			plot.current?.setSize({ width: box.current.clientWidth, height: 150 }),
		);
		const dark = matchMedia('(prefers-color-scheme: dark)');
		observer.observe(box.current);
		dark.addEventListener('change', draw);
		return () => {
			observer.disconnect();
			dark.removeEventListener('change', draw);
			plot.current.destroy();
			plot.current = null;
		};
	}, []);
	useLayoutEffect(() => plot.current?.setData(data));

	const words = series.map((s) => {
		const value = now && s.value(now);
		return `${s.name}: ${value === null || value === undefined ? '–' : format(value)}`;
	});
	return (
		<figure class="plot">
			<figcaption>
				<span class="plot-title">{title}</span>
				{series.map((s, i) => (
					<span key={s.name} class="plot-now">
						<i class={`key ${s.color.slice(2)}`} />
						{words[i]}
					</span>
				))}
			</figcaption>
			<div
				class="plot-canvas"
				ref={box}
				role="img"
				aria-label={`${title} over time. Now ${words.join(', ')}`}
			/>
		</figure>
	);
}

const READ = { name: 'read', color: '--read', fill: '--read-fill' };
const WRITE = { name: 'write', color: '--write' };

/** pick(rates of a sample): the rates of one object, as of stats.js, or undefined. */
export function Load({ pick, title = 'Load', note }) {
	const samples = useStats();
	const value = (get) => (all) => {
		const one = pick(all);
		return one ? (get(one) ?? null) : 0;
	};
	const latency = (get) => (all) => {
		const one = pick(all);
		return (one && get(one)) ?? null;
	};
	return (
		<Card title={title} aside={<span class="soft">the last five minutes</span>}>
			<div class="plots">
				<Plot
					title="Throughput"
					samples={samples}
					format={rate}
					least={4096}
					powers
					series={[
						{ ...READ, value: value((x) => x.read.bytes) },
						{ ...WRITE, value: value((x) => x.write.bytes) },
					]}
				/>
				<Plot
					title="Commands"
					samples={samples}
					format={(n) => `${count(n)}/s`}
					least={10}
					series={[
						{ ...READ, value: value((x) => x.read.iops) },
						{ ...WRITE, value: value((x) => x.write.iops) },
					]}
				/>
				<Plot
					title="Mean latency"
					samples={samples}
					format={duration}
					least={1e5}
					series={[
						{ ...READ, value: latency((x) => x.read.ns) },
						{ ...WRITE, value: latency((x) => x.write.ns) },
					]}
				/>
			</div>
			{note && <p class="soft">{note}</p>}
		</Card>
	);
}
