// SPDX-License-Identifier: LGPL-2.1-or-later
// Draws the neighbourhood of an object: each node is a link to that object, so one can follow the
// graph by mouse and by keyboard.  A table says the same.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { HEIGHT, TITLES, WIDTH } from './graph.js';
import { Icon } from './icons.jsx';
import { href } from './router.js';
import { plural } from './format.js';

/**
 * A text that is cut where its place ends: at the right, and iSCSI names at the left, since those
 * differ at their end.
 */
const Cut = ({ text, most, x, y, width, ...rest }) => {
	const atEnd = text.length > most && /^(iqn|naa|eui)\./.test(text);
	return (
		<svg x={x} y={y - 15} width={width} height="20">
			<text x={atEnd ? width : 0} y="15" text-anchor={atEnd ? 'end' : undefined} {...rest}>
				{text}
			</text>
		</svg>
	);
};

const linkOf = (node) =>
	node.id === '*' ? undefined : href(node.view, node.link ?? node.id, node.query ?? {});

const Node = ({ node, mark }) => {
	const state = node.state?.level ?? '';
	// what is read begins with what is seen
	const label =
		`${TITLES[node.kind].slice(0, -1)} ${node.name}${node.sub ? ` ${node.sub}` : ''}` +
		`${node.state?.word ? `, ${node.state.word}` : ''}${node.chosen ? ', shown here' : ''}`;
	return (
		<a
			href={linkOf(node)}
			class={`node ${node.kind} ${node.chosen ? 'chosen' : ''} ${mark ?? ''}`}
			aria-label={label}
			aria-current={node.chosen ? 'true' : undefined}
		>
			<rect x={node.x} y={node.y} width={WIDTH} height={HEIGHT} rx="8" />
			{state && (
				<circle class={`dot ${state}`} cx={node.x + WIDTH - 12} cy={node.y + 13} r="4" />
			)}
			<Cut
				text={node.name}
				most={15}
				x={node.x + 12}
				y={node.y + (node.sub ? 20 : 28)}
				width={WIDTH - (state ? 34 : 20)}
			/>{' '}
			{node.sub && (
				<Cut
					class="node-sub"
					text={node.sub}
					most={20}
					x={node.x + 12}
					y={node.y + 36}
					width={WIDTH - 20}
				/>
			)}
		</a>
	);
};

const Edge = ({ edge, at, mark }) => {
	const a = at.get(edge.from),
		b = at.get(edge.to);
	const x1 = a.x + WIDTH,
		y1 = a.y + HEIGHT / 2,
		x2 = b.x,
		y2 = b.y + HEIGHT / 2;
	const bend = Math.max(20, (x2 - x1) / 2);
	return (
		<path
			class={`edge ${edge.style} ${mark ?? ''}`}
			d={`M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`}
		/>
	);
};

const Drawing = ({ graph, marks, label }) => {
	const box = useRef();
	const at = new Map(graph.nodes.map((n) => [n.key, n]));
	const rank = (edge) => (marks.has(edge.key) ? 2 : edge.style === 'may' ? 0 : 1);
	const chosen = graph.nodes.find((n) => n.chosen);
	useLayoutEffect(() => {
		const { clientWidth, scrollWidth } = box.current;
		if (chosen && scrollWidth > clientWidth)
			box.current.scrollLeft = chosen.x + WIDTH / 2 - clientWidth / 2;
	}, [chosen?.key, chosen?.x]);
	return (
		<div
			class="graph-scroll"
			ref={box}
			tabindex="0"
			role="group"
			aria-label={`${label}, scrollable`}
		>
			<svg
				class="graph"
				width={graph.width + 4}
				height={graph.height}
				viewBox={`-2 0 ${graph.width + 4} ${graph.height}`}
				role="group"
				aria-label={label}
			>
				{graph.columns.map((c) => (
					<text
						key={c.kind}
						class="graph-title"
						x={c.x + WIDTH / 2}
						y="16"
						aria-hidden="true"
					>
						{TITLES[c.kind]}
					</text>
				))}
				<g aria-hidden="true">
					{[...graph.edges]
						.sort((x, y) => rank(x) - rank(y))
						.map((edge) => (
							<Edge key={edge.key} edge={edge} at={at} mark={marks.get(edge.key)} />
						))}
				</g>
				{graph.nodes.map((n) => (
					<Node key={n.key} node={n} mark={marks.get(n.key)} />
				))}
				{graph.columns
					.filter((c) => c.more > 0)
					.map((c) => (
						<text key={c.kind} class="graph-more" x={c.x + WIDTH / 2} y={c.end + 24}>
							and {c.more} more
						</text>
					))}
			</svg>
		</div>
	);
};

const WORDS = {
	is: 'reached through',
	session: 'session with',
	may: 'may be used by',
	off: 'blocked towards',
};

const Links = ({ graph, marks, label }) => {
	const at = new Map(graph.nodes.map((n) => [n.key, n]));
	const link = (node) => (node.id === '*' ? node.name : <a href={linkOf(node)}>{node.name}</a>);
	return (
		<div
			class="table-scroll plain"
			tabindex="0"
			role="group"
			aria-label={`${label}, scrollable`}
		>
			<table aria-label={label}>
				<thead>
					<tr>
						<th scope="col">From</th>
						<th scope="col">How</th>
						<th scope="col">To</th>
					</tr>
				</thead>
				<tbody>
					{graph.edges.map((e) => (
						<tr key={e.key}>
							<td>{link(at.get(e.from))}</td>
							<td>
								{e.label ||
									(at.get(e.to).kind === 'host' ? 'belongs to' : WORDS[e.style])}
								{marks.get(e.key) === 'bad' && ' – blocked here'}
							</td>
							<td>{link(at.get(e.to))}</td>
						</tr>
					))}
				</tbody>
			</table>
		</div>
	);
};

/** marks: from pathMarks(), or an empty map. */
export function Graph({ graph, marks = new Map(), label }) {
	const [asTable, setTable] = useState(false);
	return (
		<div class="graph-box">
			<div class="graph-bar">
				<span class="legend" aria-hidden="true">
					<i class="line session" /> session
					<i class="line may" /> may log in
				</span>
				<button
					type="button"
					class="button small"
					aria-pressed={asTable ? 'true' : 'false'}
					onClick={() => setTable(!asTable)}
				>
					<Icon name="audit" />
					As a table
				</button>
			</div>
			{asTable ? (
				<Links graph={graph} marks={marks} label={label} />
			) : (
				<Drawing graph={graph} marks={marks} label={label} />
			)}
			<p class="away">
				{plural(graph.nodes.length, 'object')} and {plural(graph.edges.length, 'link')}.
			</p>
		</div>
	);
}
