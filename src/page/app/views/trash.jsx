// SPDX-License-Identifier: LGPL-2.1-or-later
// The trash: deleted LUNs that are kept for a while.
import { ago, bytes, plural } from '../format.js';
import * as m from '../model.js';
import { actionsColumn, amountColumn, bytesColumn, tableOf, timeColumn } from '../columns.jsx';
import { ListView } from '../listview.jsx';
import { useStore } from '../store.js';
import { Action, Link } from '../ui.jsx';
import { emptyTrash, purge, restoreLun } from '../dialogs.js';

const TrashTable = tableOf({
	word: 'LUN',
	sort: '-deleted',
	depends: ['pool'],
	columns: (r) => [
		{
			name: 'name',
			title: 'Name',
			wide: true,
			value: m.lunName,
			find: (lun) => `${lun.name} ${lun.naa} ${lun.serial} ${lun.id}`,
		},
		bytesColumn('size', 'Size', (lun) => lun.size_bytes, { least: 2 }),
		amountColumn('used', 'Takes', (lun) => lun.allocated_bytes, { least: 3 }),
		{
			name: 'pool',
			title: 'Pool',
			least: 3,
			value: (lun) => r.get('pool', lun.pool_id)?.name ?? '',
		},
		timeColumn('deleted', 'Deleted', (lun) => lun.deleted_ms, { least: 2 }),
		{
			name: 'expires',
			title: 'Gone for good',
			least: 2,
			value: (lun) => lun.expires_ms,
			find: () => '',
			cell: (lun) => ago(lun.expires_ms),
		},
		actionsColumn((lun) => (
			<>
				<Action operation="trashRestore" kind="small" onClick={() => restoreLun(lun)}>
					Restore<span class="away"> {m.lunName(lun)}</span>
				</Action>
				<Action operation="trashEmpty" kind="small danger-text" onClick={() => purge(lun)}>
					Delete<span class="away"> {m.lunName(lun)} for good</span>
				</Action>
			</>
		)),
	],
});

const Pools = ({ pools }) =>
	pools.map((pool, i) => (
		<span key={pool.id}>
			{i > 0 && ', '}
			<Link view="pools" id={pool.id}>
				{pool.name}
			</Link>
			{pool.trash && ` (${m.spanText(pool.trash)})`}
		</span>
	));

export function Trash({ query }) {
	const { replica: r } = useStore();
	const luns = r.list('trashed_lun'),
		keeping = r.list('pool').filter((pool) => pool.trash);
	const size = luns.reduce((sum, lun) => sum + lun.allocated_bytes, 0);
	return (
		<ListView
			title="Trash"
			sub={
				luns.length > 0
					? `${plural(luns.length, 'LUN')}, ${bytes(size)} of space`
					: 'Deleted LUNs that can be restored'
			}
			actions={
				luns.length > 0 && (
					<Action
						operation="trashEmpty"
						kind="danger-text"
						onClick={() => emptyTrash(luns)}
					>
						Empty the trash
					</Action>
				)
			}
			table={TrashTable}
			rows={luns}
			query={query}
			empty={{
				icon: 'trash',
				title: 'The trash is empty',
				text:
					keeping.length > 0 ? (
						<>
							LUNs that you delete are kept here for a while, by the pools{' '}
							<Pools pools={keeping} />.
						</>
					) : (
						<>
							No pool keeps deleted LUNs: their data is gone at once. “Settings” of a
							pool (<Pools pools={r.list('pool')} />) changes that.
						</>
					),
			}}
		/>
	);
}
