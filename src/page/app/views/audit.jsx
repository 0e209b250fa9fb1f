// SPDX-License-Identifier: LGPL-2.1-or-later
// The audit log: who asked for which change, from where, and with what outcome.
import { useEffect, useState } from 'preact/hooks';
import { call, mayDo } from '../api.js';
import { time } from '../format.js';
import { useStore } from '../store.js';
import { Table } from '../table.jsx';
import { Action, Badge, Empty, Head } from '../ui.jsx';
import { undoChange } from '../dialogs.jsx';

const PAGE = 200;

const who = (p) =>
	p === null
		? 'vdsd'
		: p.kind === 'token'
			? `token ${p.name}`
			: p.name || (p.kind === 'unix' ? `uid ${p.uid}` : p.from || p.kind);

const shown = (value) =>
	typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '–');
const membersOf = (change) =>
	Object.entries({ ...change.before, ...change.after })
		.filter(([name]) => shown(change.before?.[name]) !== shown(change.after?.[name]))
		.map(([name]) =>
			change.before && change.after
				? `${name}: ${shown(change.before[name])} → ${shown(change.after[name])}`
				: change.after
					? `${name}: ${shown(change.after[name])}`
					: `${name}: ${shown(change.before[name])} (deleted)`,
		);

const columns = [
	{
		name: 'time',
		title: 'Time',
		value: (a) => a.number,
		find: (a) => time(a.utc_ms),
		cell: (a) => time(a.utc_ms),
	},
	{ name: 'who', title: 'Who', least: 2, value: (a) => who(a.principal) },
	{ name: 'verb', title: 'What', value: (a) => a.cause || a.verb },
	{ name: 'object', title: 'Object', least: 4, wide: true, value: (a) => a.object },
	{
		name: 'outcome',
		title: 'Outcome',
		value: (a) => a.outcome,
		cell: (a) =>
			a.outcome === 'OK' ? (
				<Badge level="ok" word="done" />
			) : (
				<Badge level="bad" word={a.outcome} why={a.text} />
			),
	},
	{
		name: 'more',
		title: 'Details',
		least: 3,
		wide: true,
		value: (a) => a.text || a.changes.flatMap(membersOf).join('; '),
		cell: (a) => (
			<span title={a.text || a.changes.flatMap(membersOf).join('\n')}>
				{a.text || a.changes.flatMap(membersOf).join('; ')}
			</span>
		),
	},
	{ name: 'from', title: 'From', least: 4, value: (a) => a.principal?.from ?? '' },
	{
		name: 'undo',
		title: 'Undo',
		least: 2,
		value: () => '',
		cell: (a) =>
			a.sequence > 0 && (
				<Action operation="undo" kind="small" onClick={() => undoChange(a.sequence)}>
					Undo<span class="away"> change {a.sequence}</span>
				</Action>
			),
	},
];

export function Audit({ query }) {
	const { replica: r, me } = useStore();
	const [pages, setPages] = useState([]),
		[next, setNext] = useState(null);
	const [error, setError] = useState('');
	const allowed = mayDo(me.role, 'auditList');
	const load = async (before) => {
		try {
			const got = await call('auditList', { query: { limit: PAGE, before } });
			setPages((old) => (before ? [...old, ...got.items] : got.items));
			setNext(got.next);
			setError('');
		} catch (failure) {
			setError(failure.message);
		}
	};
	useEffect(() => {
		if (allowed) load();
	}, [allowed, r.position?.sequence]);
	return (
		<>
			<Head title="Audit log" sub="Who asked for which change, and what came of it" />
			{error && (
				<p class="banner bad" role="alert">
					{error}
				</p>
			)}
			{!allowed ? (
				<Empty icon="audit" title="Only admins may read the audit log">
					<p>You have the role {me.role}.</p>
				</Empty>
			) : (
				<Table
					label="Audit log"
					rows={pages}
					columns={columns}
					word="record"
					query={query}
					sort="-time"
					actions={
						next !== null && (
							<button type="button" class="button small" onClick={() => load(next)}>
								Load older
							</button>
						)
					}
					empty={<Empty icon="audit" title="Nothing is recorded yet" />}
				/>
			)}
		</>
	);
}
