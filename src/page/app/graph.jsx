// SPDX-License-Identifier: LGPL-2.1-or-later
// Draws the neighbourhood of an object: each node is a link to that object, so one can follow the
// graph by mouse and by keyboard.  A table says the same.
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { arrange, fitting, HEIGHT, TITLES } from './graph.js';
import { Icon } from './icons.jsx';
import { href } from './router.js';
import { plural } from './format.js';

/** A text in its place; what does not fit is left out, see fitting(). */
const Cut = ({ text, most, x, y, width, ...rest }) => (
	<svg x={x} y={y - 15} width={width} height="20">
		<text x="0" y="15" {...rest}>
			{fitting(text, most)}
		</text>
	</svg>
);

const linkOf = (node) =>
	node.id === '*' ? undefined : href(node.view, node.link ?? node.id, node.query ?? {});

const Node = ({ node, mark, x, y, width }) => {
	const state = node.state?.level ?? '';
	// what is read begins with what is seen
	const label =
		`${TITLES[node.kind].slice(0, -1)} ${node.name}${node.sub ? ` ${node.sub}` : ''}` +
		`${node.state?.word ? `, ${node.state.word}` : ''}${node.chosen ? ', shown here' : ''}`;
	const link = linkOf(node),
		Tag = link ? 'a' : 'g';
	return (
		<Tag
			href={link}
			role={link ? undefined : 'img'}
			class={`node ${node.kind} ${node.chosen ? 'chosen' : ''} ${mark ?? ''}`}
			aria-label={label}
			aria-current={node.chosen ? 'true' : undefined}
		>
			<rect x={x} y={y} width={width} height={HEIGHT} rx="8" />
			{state && <circle class={`dot ${state}`} cx={x + width - 12} cy={y + 13} r="4" />}
			<Cut
				text={node.name}
				most={Math.floor((width - 34) / 8)}
				x={x + 12}
				y={y + (node.sub ? 20 : 28)}
				width={width - (state ? 34 : 20)}
			/>{' '}
			{node.sub && (
				<Cut
					class="node-sub"
					text={node.sub}
					most={Math.floor((width - 20) / 6.8)}
					x={x + 12}
					y={y + 36}
					width={width - 14}
				/>
			)}
		</Tag>
	);
};

/** A line from the right side of a node to the left of the next, or from its foot to the head. */
const Edge = ({ edge, places, mark }) => {
	const { at, nodeWidth, stacked } = places;
	const a = at.get(edge.from),
		b = at.get(edge.to);
	const from = stacked
		? [a.x + nodeWidth / 2, a.y + HEIGHT]
		: [a.x + nodeWidth, a.y + HEIGHT / 2];
	const to = stacked ? [b.x + nodeWidth / 2, b.y] : [b.x, b.y + HEIGHT / 2];
	const bend = Math.max(20, (stacked ? to[1] - from[1] : to[0] - from[0]) / 2);
	const out = stacked ? [from[0], from[1] + bend] : [from[0] + bend, from[1]];
	const back = stacked ? [to[0], to[1] - bend] : [to[0] - bend, to[1]];
	return (
		<path
			class={`edge ${edge.style} ${mark ?? ''}`}
			d={`M${from.join(' ')}C${out.join(' ')} ${back.join(' ')} ${to.join(' ')}`}
		/>
	);
};

const Drawing = ({ graph, marks, label }) => {
	const box = useRef();
	const [room, setRoom] = useState(0);
	const rank = (edge) => (marks.has(edge.key) ? 2 : edge.style === 'may' ? 0 : 1);
	useLayoutEffect(() => {
		const measure = () => setRoom(box.current.clientWidth - 4);
		measure();
		const observer = new ResizeObserver(measure);
		observer.observe(box.current);
		return () => observer.disconnect();
	}, []);
	const places = arrange(graph, room);
	return (
		<div class="graph-scroll" ref={box}>
			<svg
				class={`graph ${places.stacked ? 'stacked' : ''}`}
				width={places.width + 4}
				height={places.height}
				viewBox={`-2 0 ${places.width + 4} ${places.height}`}
				role="group"
				aria-label={label}
			>
				{places.titles.map((t) => (
					<text key={t.text} class="graph-title" x={t.x} y={t.y} aria-hidden="true">
						{t.text}
					</text>
				))}
				<g aria-hidden="true">
					{[...graph.edges]
						.sort((x, y) => rank(x) - rank(y))
						.map((edge) => (
							<Edge
								key={edge.key}
								edge={edge}
								places={places}
								mark={marks.get(edge.key)}
							/>
						))}
				</g>
				{graph.nodes.map((n) => (
					<Node
						key={n.key}
						node={n}
						mark={marks.get(n.key)}
						{...places.at.get(n.key)}
						width={places.nodeWidth}
					/>
				))}
				{places.mores.map((m) => (
					<text key={`${m.x} ${m.y}`} class="graph-more" x={m.x} y={m.y}>
						{m.text}
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
					{graph.edges.some((e) => e.style === 'off') && (
						<>
							<i class="line off" /> not usable
						</>
					)}
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
