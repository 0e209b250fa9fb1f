// SPDX-License-Identifier: LGPL-2.1-or-later
// The audit log: who asked for what, from where, and with what outcome, also what was refused.
import { useAudit } from '../audit.js';
import { members, who } from '../history.js';
import { tableOf, timeColumn } from '../columns.jsx';
import { useStore } from '../store.js';
import { Badge, Empty, Head } from '../ui.jsx';

const details = (record, between) => record.text || members(record).join(between);

const RecordTable = tableOf({
	word: 'record',
	sort: '-time',
	columns: () => [
		timeColumn('time', 'Time', (a) => a.utc_ms),
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
			least: 2,
			grow: true,
			value: (a) => details(a, '; '),
			cell: (a) => <span title={details(a, '\n')}>{details(a, '; ')}</span>,
		},
		{ name: 'from', title: 'From', least: 4, value: (a) => a.principal?.from ?? '' },
	],
});

/** What the audit log and the history share: why there is nothing to see, and older records. */
export function Records({ title, sub, label, icon, audit, rows, table: Rows, query, empty }) {
	const { me } = useStore();
	const { error, allowed, older } = audit;
	return (
		<>
			<Head title={title} sub={sub} />
			{error && (
				<p class="banner bad" role="alert">
					{error}
				</p>
			)}
			{allowed ? (
				<Rows
					label={label}
					rows={rows}
					query={query}
					actions={
						older && (
							<button type="button" class="button small" onClick={older}>
								Load older
							</button>
						)
					}
					empty={empty}
				/>
			) : (
				<Empty icon={icon} title={`Only admins may read the ${label.toLowerCase()}`}>
					<p>You have the role {me.role}.</p>
				</Empty>
			)}
		</>
	);
}

export function Audit({ query }) {
	const audit = useAudit();
	return (
		<Records
			title="Audit log"
			sub="Who asked for what, and what came of it, also what was refused"
			label="Audit log"
			icon="audit"
			audit={audit}
			rows={audit.records}
			table={RecordTable}
			query={query}
			empty={<Empty icon="audit" title="Nothing is recorded yet" />}
		/>
	);
}
