// SPDX-License-Identifier: LGPL-2.1-or-later
// The changes of the array, the newest first, as `vdsctl history` has them; each can be taken back
// where no data is involved.
import { useAudit } from '../audit.js';
import { isChange, members, undone, who } from '../history.js';
import { ago, time } from '../format.js';
import { countColumn, tableOf } from '../columns.jsx';
import { Action, Badge, Empty } from '../ui.jsx';
import { undoChange } from '../dialogs.js';
import { Records } from './audit.jsx';

/** The button that shows what undoing a change would do. */
const UndoAction = ({ change }) => (
	<Action operation="undo" kind="small" onClick={() => undoChange(change)}>
		Undo<span class="away"> change {change}</span>
	</Action>
);

const words = (record) => record.text || members(record).join('; ') || record.object;

const ChangeTable = tableOf({
	word: 'change',
	sort: '-change',
	columns: () => [
		countColumn('change', 'Change', (c) => c.sequence, { least: 2 }),
		{
			name: 'what',
			title: 'What',
			wide: true,
			grow: true,
			value: words,
			cell: (c) => <span title={words(c)}>{words(c)}</span>,
		},
		{
			name: 'time',
			title: 'When',
			least: 2,
			value: (c) => c.utc_ms,
			find: (c) => time(c.utc_ms),
			cell: (c) => <span title={time(c.utc_ms)}>{ago(c.utc_ms)}</span>,
		},
		{ name: 'who', title: 'Who', least: 2, value: (c) => who(c.principal) },
		{
			name: 'undo',
			title: 'Undo',
			plain: true,
			value: () => '',
			cell: (c) =>
				c.undoneBy ? (
					<Badge level="off" word={`undone by ${c.undoneBy}`} />
				) : (
					<UndoAction change={c.sequence} />
				),
		},
	],
});

export function History({ query }) {
	const audit = useAudit(),
		taken = undone(audit.records);
	return (
		<Records
			title="Changes"
			sub="What was changed, by whom; “Undo” first shows what taking it back would do"
			label="Changes"
			icon="history"
			audit={audit}
			rows={audit.records
				.filter(isChange)
				.map((record) => ({ ...record, undoneBy: taken.get(record.sequence) }))}
			table={ChangeTable}
			query={query}
			empty={
				<Empty icon="history" title="Nothing has been changed yet">
					<p>Each change appears here, with who made it.</p>
				</Empty>
			}
		/>
	);
}
