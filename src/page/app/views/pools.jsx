// SPDX-License-Identifier: LGPL-2.1-or-later
// Pools: where the data of LUNs is.
import { bytes, percent, plural } from '../format.js';
import { limitWords } from '../limits.js';
import * as m from '../model.js';
import {
	amountColumn,
	countColumn,
	monoColumn,
	nameColumn,
	stateColumn,
	tableOf,
} from '../columns.jsx';
import { ListView, Why } from '../listview.jsx';
import { SpaceHistory } from '../space.jsx';
import { rawDevice, takesFiles } from '../plans.js';
import { useStore } from '../store.js';
import { Action, Badge, Card, Facts, Gone, Head, Link, Meter, Mono } from '../ui.jsx';
import { adoptFile, createPool, deletePool, poolSettings, setLimits } from '../dialogs.js';
import { LunTable } from './luns.jsx';

const used = (live) => (live ? live.capacity_bytes - live.free_bytes : 0);
const liveOf = (r, pool) => r.get('live_pool', pool.id);

const PoolTable = tableOf({
	word: 'pool',
	depends: ['live_pool', 'lun'],
	columns: (r) => [
		nameColumn('pools', (p) => p.name),
		stateColumn((p) => m.poolState(r, p)),
		{
			name: 'used',
			title: 'Used',
			num: true,
			find: () => '',
			value: (p) => used(liveOf(r, p)) / (liveOf(r, p)?.capacity_bytes || 1),
			cell: (p) => percent(used(liveOf(r, p)), liveOf(r, p)?.capacity_bytes ?? 0),
		},
		amountColumn('free', 'Free', (p) => liveOf(r, p)?.free_bytes ?? 0, { least: 2 }),
		countColumn('luns', 'LUNs', (p) => m.poolLuns(r, p.id).length),
		monoColumn('path', 'Place', (p) => p.path, { least: 3, wide: true }),
	],
});

export function Pools({ query }) {
	const { replica: r } = useStore();
	return (
		<ListView
			title="Pools"
			sub="Where the data of LUNs is"
			actions={
				<Action operation="poolCreate" icon="plus" kind="main" onClick={createPool}>
					Add
				</Action>
			}
			table={PoolTable}
			rows={r.list('pool')}
			query={query}
			empty={{
				icon: 'pool',
				title: 'There is no pool',
				text: 'A pool is a directory, a disk or memory in which LUNs are kept. “Add” makes one.',
			}}
		/>
	);
}

// What the pool lies on.
const groundOf = (pool) =>
	pool.path.startsWith('/')
		? 'File system'
		: pool.path.startsWith('ram:')
			? 'Memory'
			: pool.path.startsWith('rbd:')
				? 'Ceph'
				: 'Disk';

const Space = ({ pool, live, promised, state }) => (
	<Card title="Space">
		<Meter
			label={groundOf(pool)}
			used={used(live)}
			whole={live?.capacity_bytes ?? 0}
			level={state.level}
		/>
		<Facts
			rows={[
				['Free', bytes(live?.free_bytes ?? 0)],
				['Used by LUNs', bytes(live?.allocated_bytes ?? 0)],
				['In snapshots', live?.snapshot_bytes > 0 && bytes(live.snapshot_bytes)],
				['In the trash', live?.trash_bytes > 0 && bytes(live.trash_bytes)],
				[
					'Promised to LUNs',
					`${bytes(promised)} (${percent(promised, live?.capacity_bytes ?? 0)} of the capacity)`,
				],
			]}
		/>
		<SpaceHistory
			family="pool"
			id={pool.id}
			label="Free space, the last day"
			value={(sample) => sample.free_bytes}
			stamp={live?.free_bytes}
		/>
	</Card>
);

const Rules = ({ pool, live }) => (
	<Card title="Settings">
		<Facts
			rows={[
				['Low below', live && `${bytes(live.low_bytes)} free`],
				['Full below', live && `${bytes(live.full_bytes)} free`],
				['Its storage does', limitWords(pool.qos, 'not limited')],
				[
					'LUNs together',
					pool.overcommit ? `at most ${pool.overcommit} of the capacity` : 'no limit',
				],
				[
					'Deleted LUNs',
					pool.trash
						? `kept for ${m.spanText(pool.trash)}` +
							(pool.trash_yields ? ', less when the pool gets full' : '')
						: 'not kept: their data is gone at once',
				],
			]}
		/>
	</Card>
);

export function Pool({ id }) {
	const { replica: r } = useStore();
	const pool = r.get('pool', id);
	if (!pool) return <Gone what="pool" view="pools" name="Pools" />;
	const live = liveOf(r, pool),
		luns = m.poolLuns(r, id),
		state = m.poolState(r, pool);
	const promised = luns.reduce((sum, lun) => sum + lun.size_bytes, 0);
	return (
		<>
			<Head
				parent={['pools', 'Pools']}
				title={pool.name}
				badge={<Badge {...state} />}
				sub={`${plural(luns.length, 'LUN')} of ${bytes(promised)}`}
			>
				<Action operation="poolChange" onClick={() => poolSettings(pool)}>
					Settings
				</Action>
				<Action operation="poolChange" onClick={() => setLimits('pool', pool)}>
					Limits
				</Action>
				<Action
					operation="poolAdopt"
					blocked={
						takesFiles(pool)
							? ''
							: 'Only a directory, or a disk raw:, takes what is there already.'
					}
					onClick={() => adoptFile(pool)}
				>
					{rawDevice(pool) ? 'Adopt the disk' : 'Adopt a file'}
				</Action>
				<Action operation="poolDelete" kind="danger-text" onClick={() => deletePool(pool)}>
					Delete
				</Action>
			</Head>
			<Why state={state} />
			<div class="columns">
				<Space pool={pool} live={live} promised={promised} state={state} />
				<div class="stack">
					<Rules pool={pool} live={live} />
					<Card title="Facts">
						<Facts
							rows={[
								['Place', <Mono>{pool.path}</Mono>],
								['Drives', <Drives drives={m.poolDrives(r, id)} />],
								['ID', <Mono>{pool.id}</Mono>],
							]}
						/>
					</Card>
				</div>
			</div>
			<Card title="LUNs">
				<LunTable
					rows={luns}
					label="LUNs of the pool"
					short
					empty={<p class="soft">There is no LUN in it.</p>}
				/>
			</Card>
		</>
	);
}

const Drives = ({ drives }) =>
	drives.length === 0
		? 'unknown'
		: drives.map((drive, i) => (
				<span key={drive.id}>
					{i > 0 && ', '}
					<Link view="hardware" id={drive.id}>
						{drive.name}
					</Link>{' '}
					({bytes(drive.size_bytes)})
				</span>
			));
