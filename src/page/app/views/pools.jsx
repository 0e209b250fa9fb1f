// SPDX-License-Identifier: LGPL-2.1-or-later
// Pools: where the data of LUNs is.
import { bytes, percent, plural } from '../format.js';
import * as m from '../model.js';
import { useStore } from '../store.js';
import { Table } from '../table.jsx';
import { Action, Badge, Card, Empty, Facts, Gone, Head, Link, Meter, Mono } from '../ui.jsx';
import { createPool, deletePool, poolThresholds } from '../dialogs.jsx';
import { LunTable } from './luns.jsx';

const used = (live) => (live ? live.capacity_bytes - live.free_bytes : 0);

const columns = (r) => [
	{
		name: 'name',
		title: 'Name',
		wide: true,
		value: (p) => p.name,
		cell: (p) => (
			<Link view="pools" id={p.id}>
				{p.name}
			</Link>
		),
	},
	{
		name: 'state',
		title: 'State',
		value: (p) => m.poolState(r, p).word,
		cell: (p) => <Badge {...m.poolState(r, p)} />,
	},
	{
		name: 'used',
		title: 'Used',
		num: true,
		find: () => '',
		value: (p) =>
			used(r.get('live_pool', p.id)) / (r.get('live_pool', p.id)?.capacity_bytes || 1),
		cell: (p) =>
			percent(used(r.get('live_pool', p.id)), r.get('live_pool', p.id)?.capacity_bytes ?? 0),
	},
	{
		name: 'free',
		title: 'Free',
		num: true,
		least: 2,
		find: () => '',
		value: (p) => r.get('live_pool', p.id)?.free_bytes ?? 0,
		cell: (p) => bytes(r.get('live_pool', p.id)?.free_bytes ?? 0),
	},
	{ name: 'luns', title: 'LUNs', num: true, value: (p) => m.poolLuns(r, p.id).length },
	{
		name: 'path',
		title: 'Place',
		least: 3,
		wide: true,
		value: (p) => p.path,
		cell: (p) => <Mono>{p.path}</Mono>,
	},
];

export function Pools({ query }) {
	const { replica: r } = useStore();
	return (
		<>
			<Head title="Pools" sub="Where the data of LUNs is">
				<Action operation="poolCreate" icon="plus" kind="main" onClick={createPool}>
					Add
				</Action>
			</Head>
			<Table
				depends={['live_pool', 'lun']}
				label="Pools"
				rows={r.list('pool')}
				columns={columns(r)}
				word="pool"
				query={query}
				empty={
					<Empty icon="pool" title="There is no pool">
						<p>A pool is a directory in which LUNs are kept, or memory.</p>
					</Empty>
				}
			/>
		</>
	);
}

export function Pool({ id }) {
	const { replica: r } = useStore();
	const pool = r.get('pool', id);
	if (!pool) return <Gone what="pool" view="pools" name="Pools" />;
	const live = r.get('live_pool', id),
		luns = m.poolLuns(r, id),
		state = m.poolState(r, pool);
	const promised = luns.reduce((sum, lun) => sum + lun.size_bytes, 0);
	const drives = r
		.list('live_pool_drive')
		.filter((d) => d.pool_id === id)
		.map((d) => r.get('live_drive', d.drive_id))
		.filter(Boolean);
	return (
		<>
			<Head
				parent={['pools', 'Pools']}
				title={pool.name}
				badge={<Badge {...state} />}
				sub={`${plural(luns.length, 'LUN')} of ${bytes(promised)}`}
			>
				<Action operation="poolChange" onClick={() => poolThresholds(pool)}>
					Thresholds
				</Action>
				<Action operation="poolDelete" kind="danger-text" onClick={() => deletePool(pool)}>
					Delete
				</Action>
			</Head>
			{state.why && <p class={`banner ${state.level}`}>{state.why}</p>}
			<div class="columns">
				<Card title="Space">
					<Meter
						label="File system"
						used={used(live)}
						whole={live?.capacity_bytes ?? 0}
						level={state.level}
					/>
					<Facts
						rows={[
							['Free', bytes(live?.free_bytes ?? 0)],
							['Used by LUNs', bytes(live?.allocated_bytes ?? 0)],
							[
								'Promised to LUNs',
								`${bytes(promised)} (${percent(promised, live?.capacity_bytes ?? 0)} of the capacity)`,
							],
							['At most', pool.overcommit && `${pool.overcommit} of the capacity`],
							['Low below', live && `${bytes(live.low_bytes)} free`],
							['Full below', live && `${bytes(live.full_bytes)} free`],
						]}
					/>
				</Card>
				<Card title="Facts">
					<Facts
						rows={[
							['Place', <Mono>{pool.path}</Mono>],
							[
								'Drives',
								drives
									.map((d) => `${d.name} (${bytes(d.size_bytes)})`)
									.join(', ') || 'unknown',
							],
							['ID', <Mono>{pool.id}</Mono>],
						]}
					/>
				</Card>
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
