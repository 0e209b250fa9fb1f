// SPDX-License-Identifier: LGPL-2.1-or-later
// Snapshots: all of them, those of a LUN, and one.
import { ago, bytes, time } from '../format.js';
import * as m from '../model.js';
import {
	actionsColumn,
	amountColumn,
	bytesColumn,
	nameColumn,
	otherColumn,
	tableOf,
	timeColumn,
} from '../columns.jsx';
import { ListView } from '../listview.jsx';
import { useStore } from '../store.js';
import { Action, Card, Facts, Gone, Head, Link, Mono } from '../ui.jsx';
import {
	cloneSnapshot,
	createSnapshot,
	deleteSnapshot,
	rollback,
	snapshotLun,
} from '../dialogs.js';

const lunOf = (r, snapshot) => ({
	view: 'luns',
	id: r.get('lun', snapshot.lun_id)?.id,
	name: m.snapshotLunName(r, snapshot),
});

/** What can be done with a snapshot.  kind: of the buttons; name: what they add for those who hear. */
const Actions = ({ r, snapshot, kind = '', name = '' }) => {
	const heard = name && <span class="away"> {name}</span>;
	return (
		<>
			<Action
				operation="lunRollback"
				kind={kind}
				blocked={r.get('lun', snapshot.lun_id) ? '' : 'The LUN is deleted: clone it.'}
				onClick={() => rollback(snapshot)}
			>
				Roll back{heard}
			</Action>
			<Action
				operation="snapshotClone"
				kind={kind}
				onClick={() => cloneSnapshot(r, snapshot)}
			>
				Clone{heard}
			</Action>
			<Action
				operation="snapshotDelete"
				kind={`${kind} danger-text`}
				onClick={() => deleteSnapshot(snapshot)}
			>
				Delete{heard}
			</Action>
		</>
	);
};

const columns = (r, lun) => [
	nameColumn('snapshots', (s) => s.name, { find: (s) => `${s.name} ${s.id}` }),
	...lun,
	timeColumn('taken', 'Taken', (s) => s.created_ms, {
		cell: (s) => (
			<>
				<span class="num least2">{time(s.created_ms)}</span>
				<span class="narrow" title={time(s.created_ms)}>
					{ago(s.created_ms)}
				</span>
			</>
		),
	}),
	bytesColumn('size', 'Size', (s) => s.size_bytes, { least: 3 }),
	amountColumn('own', 'Takes', (s) => r.get('live_snapshot', s.id)?.own_bytes ?? 0, { least: 3 }),
	{
		name: 'group',
		title: 'Group',
		least: 3,
		value: (s) =>
			m.groupSnapshots(r, s).length > 1 ? `of ${m.groupSnapshots(r, s).length} LUNs` : '',
	},
	{
		...actionsColumn((s) => (
			<Actions r={r} snapshot={s} kind="small" name={m.snapshotName(r, s)} />
		)),
		least: 2,
	},
];

const fixed = { word: 'snapshot', sort: '-taken', depends: ['lun', 'live_snapshot'] };
export const SnapshotTable = tableOf({
	...fixed,
	columns: (r) => columns(r, [otherColumn('lun', 'LUN', (s) => lunOf(r, s), { wide: true })]),
});
const OwnTable = tableOf({ ...fixed, short: true, columns: (r) => columns(r, []) });

const Take = ({ kind = 'main', onClick, children }) => (
	<Action operation="snapshotCreate" icon="plus" kind={kind} onClick={onClick}>
		{children}
	</Action>
);

export function Snapshots({ query }) {
	const { replica: r } = useStore();
	const take = <Take onClick={createSnapshot}>Take a snapshot</Take>;
	return (
		<ListView
			title="Snapshots"
			sub="What LUNs held at one moment, to go back to it or to make a LUN of it"
			actions={take}
			table={SnapshotTable}
			rows={r.list('snapshot')}
			query={query}
			empty={{
				icon: 'snapshot',
				title: 'There is no snapshot yet',
				text:
					'Take one before you change something on a host: the LUN can be rolled back to ' +
					'it. The pool must lie on XFS or btrfs, which share space between files.',
			}}
		/>
	);
}

/** The snapshots of a LUN. */
export const LunSnapshots = ({ r, lun }) => (
	<Card
		title="Snapshots"
		aside={
			<Take kind="small" onClick={() => snapshotLun(lun)}>
				Take one
			</Take>
		}
	>
		<OwnTable
			rows={m.lunSnapshots(r, lun.id)}
			label="Snapshots of the LUN"
			empty={<p class="soft">None. With one, the LUN can be rolled back to this moment.</p>}
		/>
	</Card>
);

const Group = ({ r, group, own }) => (
	<Card title="Of the same moment">
		<ul class="lines">
			{group
				.filter((snapshot) => snapshot.id !== own)
				.map((snapshot) => (
					<li key={snapshot.id}>
						<Link view="snapshots" id={snapshot.id}>
							{m.snapshotName(r, snapshot)}
						</Link>
						<span class="soft num">{bytes(snapshot.size_bytes)}</span>
					</li>
				))}
		</ul>
	</Card>
);

export function Snapshot({ id }) {
	const { replica: r } = useStore();
	const snapshot = r.get('snapshot', id);
	if (!snapshot) return <Gone what="snapshot" view="snapshots" name="Snapshots" />;
	const group = m.groupSnapshots(r, snapshot),
		live = r.get('live_snapshot', id),
		lun = lunOf(r, snapshot);
	return (
		<>
			<Head
				parent={['snapshots', 'Snapshots']}
				title={m.snapshotName(r, snapshot)}
				sub={`Taken ${ago(snapshot.created_ms)}`}
			>
				<Actions r={r} snapshot={snapshot} />
			</Head>
			<div class="columns">
				<Card title="Facts">
					<Facts
						rows={[
							[
								'LUN',
								lun.id ? (
									<Link view="luns" id={lun.id}>
										{lun.name}
									</Link>
								) : (
									`${lun.name} (deleted)`
								),
							],
							['Taken', time(snapshot.created_ms)],
							['Size', bytes(snapshot.size_bytes)],
							['Takes', live && `${bytes(live.own_bytes)} of its own`],
							[
								'Pool',
								<Link view="pools" id={snapshot.pool_id}>
									{r.get('pool', snapshot.pool_id)?.name}
								</Link>,
							],
							['ID', <Mono>{snapshot.id}</Mono>],
						]}
					/>
				</Card>
				{group.length > 1 && <Group r={r} group={group} own={id} />}
			</div>
		</>
	);
}
