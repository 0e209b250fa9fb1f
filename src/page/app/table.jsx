// SPDX-License-Identifier: LGPL-2.1-or-later
// A table with search and sort that draws only the rows in sight, so that its length costs
// nothing: rows have one height, and two spacers stand for those above and below.
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Icon } from './icons.jsx';
import { SearchBox } from './fields.jsx';
import { remember } from './router.js';
import { search, sorted } from './search.js';
import { useStore } from './store.js';
import { plural } from './format.js';

const STEP = 4; // rows that pass before others are drawn
const SPARE = 8; // rows drawn beyond both edges

/**
 * depends: the families beside that of the rows from which the columns take something.
 * columns: { name, title, value(row): for sort and search, cell(row)?, num?, least?: 2 or 3: left
 * out on narrow screens, plain?: it is not sorted by,
 * grow?: it takes the room that is left, acts?: it has buttons }.  The first column's cell has the row's link.
 */
export function Table({
	label,
	rows,
	columns,
	word,
	words,
	query,
	empty,
	actions,
	sort,
	short,
	depends = [],
}) {
	const [text, setText] = useState(query?.q ?? '');
	const [order, setOrder] = useState(query?.sort ?? sort ?? columns[0].name);
	const descending = order.startsWith('-');
	const column = columns.find((c) => c.name === order.replace(/^-/, '')) ?? columns[0];

	// Sorted once and then searched, in texts that are made once, so that typing stays fast.
	const { replica } = useStore();
	const stamp = depends.map((family) => replica.version(family)).join();
	const ordered = useMemo(() => sorted(rows, column.value, descending), [rows, order, stamp]);
	const lines = useMemo(() => new Map(), [ordered]);
	const lineOf = (row) => {
		if (!lines.has(row))
			lines.set(
				row,
				columns
					.map((c) => c.find?.(row) ?? c.value(row))
					.join(' ')
					.toLowerCase(),
			);
		return lines.get(row);
	};
	const shown = useMemo(() => search(ordered, text, lineOf), [ordered, text]);

	const set = (q, o) => {
		setText(q);
		setOrder(o);
		if (query) remember({ ...query, q, sort: o === (sort ?? columns[0].name) ? '' : o });
	};
	return (
		<div class={`table-box ${short ? 'short' : ''}`}>
			{(rows.length > 5 || query || actions) && (
				<div class="table-bar">
					{(rows.length > 0 || text) && (
						<SearchBox label={label} value={text} onInput={(q) => set(q, order)} />
					)}
					<span class="count" role="status">
						{rows.length > 0 &&
							(text ? `${shown.length.toLocaleString('en')} of ` : '') +
								plural(rows.length, word, words)}
					</span>
					{actions}
				</div>
			)}
			{rows.length === 0 ? (
				empty
			) : shown.length === 0 ? (
				<p class="nothing">Nothing matches “{text}”.</p>
			) : (
				<Rows
					label={label}
					rows={shown}
					columns={columns}
					order={column.name}
					descending={descending}
					onSort={(o) => set(text, o)}
				/>
			)}
		</div>
	);
}

/**
 * What has the focus in a table may go: the button of a job that has ended, a row that was deleted.
 * The focus then stays in the table, so that the next key goes on from there.
 */
function useKeptFocus(box) {
	const last = useRef(null);
	useLayoutEffect(() => {
		if (!last.current || last.current.isConnected) return;
		last.current = null;
		if (document.activeElement === document.body) box.current.focus({ preventScroll: true });
	});
	return {
		onFocusIn: (e) => {
			last.current = e.target;
		},
		onFocusOut: ({ target }) =>
			setTimeout(() => {
				if (target.isConnected && last.current === target) last.current = null;
			}),
	};
}

function Rows({ label, rows, columns, order, descending, onSort }) {
	const box = useRef(),
		focus = useRef(null), // the row that gets the focus when it is drawn
		keep = useKeptFocus(box);
	const [view, setView] = useState({ top: 0, height: 600, row: 44 });
	const first = Math.max(0, Math.floor(view.top / view.row) - SPARE);
	const last = Math.min(rows.length, Math.ceil((view.top + view.height) / view.row) + SPARE);

	const measure = () => {
		const row = box.current.querySelector('tbody tr.row')?.offsetHeight || view.row;
		const { scrollTop, clientHeight: height } = box.current;
		const top = Math.floor(scrollTop / row / STEP) * STEP * row;
		if (top !== view.top || height !== view.height || row !== view.row)
			setView({ top, height, row });
	};
	useLayoutEffect(() => {
		measure();
		const observer = new ResizeObserver(measure);
		observer.observe(box.current);
		return () => observer.disconnect();
	}, [rows.length]);
	useLayoutEffect(() => {
		if (focus.current === null) return;
		box.current.querySelector(`tr[data-index="${focus.current}"] a`)?.focus();
		focus.current = null;
	});

	// Arrow keys go from row to row, also to those that are not drawn yet.
	const key = (e) => {
		const tr = e.target.closest?.('tr.row');
		if (!tr) return;
		const page = Math.max(1, Math.floor(view.height / view.row) - 2);
		const step = {
			ArrowDown: 1,
			ArrowUp: -1,
			PageDown: page,
			PageUp: -page,
			Home: -rows.length,
			End: rows.length,
		}[e.key];
		if (!step) return;
		e.preventDefault();
		const to = Math.min(rows.length - 1, Math.max(0, Number(tr.dataset.index) + step));
		const { scrollTop, clientHeight } = box.current;
		if (to * view.row < scrollTop) box.current.scrollTop = to * view.row;
		else if ((to + 2) * view.row > scrollTop + clientHeight)
			box.current.scrollTop = (to + 2) * view.row - clientHeight;
		const link = box.current.querySelector(`tr[data-index="${to}"] a`);
		if (link) return link.focus({ preventScroll: true });
		focus.current = to;
		measure();
	};
	const open = (e) => {
		if (e.target.closest('a, button, input, label') || getSelection().toString()) return;
		e.currentTarget.querySelector('a')?.click();
	};
	const space = (n) =>
		n > 0 && (
			<tr class="spacer" aria-hidden="true">
				<td colspan={columns.length} style={{ height: `${n * view.row}px` }} />
			</tr>
		);
	return (
		<div
			class="table-scroll"
			ref={box}
			onScroll={measure}
			onKeyDown={key}
			{...keep}
			tabindex="0"
			role="group"
			aria-label={`${label}, scrollable`}
		>
			<table aria-label={label} aria-rowcount={rows.length + 1}>
				<thead>
					<tr aria-rowindex="1">
						{columns.map((c) => (
							<th
								key={c.name}
								scope="col"
								class={cls(c)}
								aria-sort={
									c.name === order
										? descending
											? 'descending'
											: 'ascending'
										: undefined
								}
							>
								{c.plain ? (
									<span class="away">{c.title}</span>
								) : (
									<button
										type="button"
										onClick={() =>
											onSort(
												c.name === order && !descending
													? `-${c.name}`
													: c.name,
											)
										}
									>
										{c.title}
										{c.name === order && (
											<Icon name={descending ? 'down' : 'up'} />
										)}
									</button>
								)}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{space(first)}
					{rows.slice(first, last).map((row, i) => (
						<tr
							class="row"
							key={row.id ?? first + i}
							data-index={first + i}
							aria-rowindex={first + i + 2}
							onClick={open}
						>
							{columns.map((c) => (
								<td key={c.name} class={cls(c)}>
									<div class="cell">{c.cell ? c.cell(row) : c.value(row)}</div>
								</td>
							))}
						</tr>
					))}
					{space(rows.length - last)}
				</tbody>
			</table>
		</div>
	);
}

const cls = (c) =>
	[
		c.num && 'num',
		c.least && `least${c.least}`,
		c.wide && 'wide',
		c.grow && 'grow',
		c.acts && 'acts',
	]
		.filter(Boolean)
		.join(' ') || undefined;
