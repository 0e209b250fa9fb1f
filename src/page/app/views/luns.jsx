// SPDX-License-Identifier: LGPL-2.1-or-later
// LUNs: all of them, and one.
import { useMemo, useState } from 'preact/hooks';
import { bytes, plural, time } from '../format.js';
import { neighbourhood, pathMarks } from '../graph.js';
import { Graph } from '../graph.jsx';
import * as m from '../model.js';
import { Load } from '../plots.jsx';
import { useStore } from '../store.js';
import { Table } from '../table.jsx';
import { Explain } from '../explain.jsx';
import { Action, Badge, Card, Empty, Facts, Gone, Head, Link, Mono } from '../ui.jsx';
import {
	associate,
	createLun,
	deleteLun,
	expose,
	growLun,
	lunStatus,
	maskLun,
	renameLun,
} from '../dialogs.jsx';

const who = (r, lun) => {
	const entries = m.maskEntries(r, lun.mask);
	return entries.length === 0
		? 'nobody'
		: entries.length <= 2
			? entries.map((e) => e.name).join(', ')
			: `${entries[0].name} and ${entries.length - 1} more`;
};

const columns = (r) => [
	{
		name: 'name',
		title: 'Name',
		value: m.lunName,
		wide: true,
		find: (lun) => `${lun.name} ${lun.naa} ${lun.serial} ${lun.id}`,
		cell: (lun) => (
			<Link view="luns" id={lun.id}>
				{m.lunName(lun)}
			</Link>
		),
	},
	{
		name: 'state',
		title: 'State',
		value: (lun) => m.lunState(r, lun).word,
		cell: (lun) => <Badge {...m.lunState(r, lun)} />,
	},
	{
		name: 'size',
		title: 'Size',
		num: true,
		value: (lun) => lun.size_bytes,
		find: (lun) => bytes(lun.size_bytes),
		cell: (lun) => bytes(lun.size_bytes),
	},
	{
		name: 'used',
		title: 'Used',
		num: true,
		least: 3,
		find: () => '',
		value: (lun) => r.get('live_lun', lun.id)?.allocated_bytes ?? 0,
		cell: (lun) => bytes(r.get('live_lun', lun.id)?.allocated_bytes ?? 0),
	},
	{
		name: 'pool',
		title: 'Pool',
		least: 3,
		value: (lun) => r.get('pool', lun.pool_id)?.name ?? '',
	},
	{
		name: 'targets',
		title: 'Targets',
		least: 2,
		wide: true,
		value: (lun) => m.lunTargets(r, lun.id).map(m.targetName).join(', '),
		cell: (lun) =>
			m.lunTargets(r, lun.id).map(m.targetName).join(', ') || <span class="soft">none</span>,
	},
	{
		name: 'who',
		title: 'For',
		least: 3,
		wide: true,
		value: (lun) => who(r, lun),
		cell: (lun) => (lun.mask === '' ? <span class="soft">nobody</span> : who(r, lun)),
	},
];

export function LunTable({ rows, label, query, actions, empty, short }) {
	const { replica: r } = useStore();
	return (
		<Table
			depends={['live_lun', 'association', 'target', 'pool', 'host', 'host_group']}
			label={label}
			rows={rows}
			columns={columns(r)}
			word="LUN"
			query={query}
			actions={actions}
			empty={empty}
			short={short}
		/>
	);
}

export function Luns({ query }) {
	const { replica: r } = useStore();
	return (
		<>
			<Head title="LUNs" sub="Disks that the array serves">
				<Action operation="lunCreate" icon="plus" onClick={createLun}>
					Create
				</Action>
				<Action operation="lunCreate" icon="plus" kind="main" onClick={() => expose()}>
					Expose
				</Action>
			</Head>
			<LunTable
				rows={r.list('lun')}
				label="LUNs"
				query={query}
				empty={
					<Empty icon="lun" title="There is no LUN yet">
						<p>
							Expose one: that makes the LUN, its target, and the host that may use
							it.
						</p>
					</Empty>
				}
			/>
		</>
	);
}

export function Lun({ id }) {
	const { replica: r } = useStore();
	const [answer, setAnswer] = useState(null);
	const lun = r.get('lun', id);
	const stamp = [
		'lun',
		'association',
		'portal_group',
		'group_portal',
		'portal',
		'live_portal',
		'target',
		'initiator',
		'host',
		'host_member',
		'live_session',
		'live_lun',
	]
		.map((f) => r.version(f))
		.join();
	const graph = useMemo(() => lun && neighbourhood(r, 'lun', lun), [stamp, id]);
	if (!lun) return <Gone what="LUN" view="luns" name="LUNs" />;
	const live = r.get('live_lun', id),
		targets = m.lunTargets(r, id);
	const entries = m.maskEntries(r, lun.mask);
	const known = m.maskInitiators(r, lun.mask) ?? [];
	const others = r
		.list('initiator')
		.map((i) => i.iscsi_name)
		.filter((n) => !known.includes(n));
	const marks = answer ? pathMarks(graph, id, answer.name, answer.explanation) : new Map();
	return (
		<>
			<Head
				parent={['luns', 'LUNs']}
				title={m.lunName(lun)}
				badge={<Badge {...m.lunState(r, lun)} />}
				sub={[
					bytes(lun.size_bytes),
					lun.thin ? 'thin' : 'thick',
					plural(targets.length, 'target'),
				].join(' · ')}
			>
				<Action operation="lunTargetsChange" onClick={() => expose(lun)}>
					Expose
				</Action>
				<Action operation="lunExtend" onClick={() => growLun(lun)}>
					Grow
				</Action>
				<Action operation="lunTargetsChange" onClick={() => associate(lun)}>
					Targets
				</Action>
				<Action operation="lunChange" onClick={() => maskLun(lun)}>
					Access
				</Action>
				<Action operation="lunChange" onClick={() => renameLun(lun)}>
					Rename
				</Action>
				{lun.status === 'online' ? (
					<Action operation="lunChange" onClick={() => lunStatus(lun, 'offline')}>
						Set offline
					</Action>
				) : (
					<Action operation="lunChange" onClick={() => lunStatus(lun, 'online')}>
						Set online
					</Action>
				)}
				<Action operation="lunDelete" kind="danger-text" onClick={() => deleteLun(lun)}>
					Delete
				</Action>
			</Head>
			{m.lunState(r, lun).why && (
				<p class={`banner ${m.lunState(r, lun).level}`}>{m.lunState(r, lun).why}</p>
			)}
			<Card title="Paths">
				<Graph graph={graph} marks={marks} label={`Paths of the LUN ${m.lunName(lun)}`} />
			</Card>
			<Explain
				lun={id}
				initiators={[...known, ...others]}
				stamp={stamp}
				onAnswer={(explanation, _, name) => setAnswer(explanation && { explanation, name })}
			/>
			<div class="columns">
				<Card title="Facts">
					<Facts
						rows={[
							[
								'Size',
								`${bytes(lun.size_bytes)} (${lun.size_bytes.toLocaleString('en')} bytes)`,
							],
							['Used', bytes(live?.allocated_bytes ?? 0)],
							[
								'Pool',
								<Link view="pools" id={lun.pool_id}>
									{r.get('pool', lun.pool_id)?.name}
								</Link>,
							],
							['Blocks', bytes(lun.block_bytes)],
							['Access', lun.access === 'read-only' ? 'read only' : 'read and write'],
							['Write cache', live && (live.write_through ? 'off' : 'on')],
							['Hints', lun.hints && <Mono>{lun.hints}</Mono>],
							['Serial', <Mono>{lun.serial}</Mono>],
							['NAA', <Mono>{lun.naa}</Mono>],
							['Created', time(lun.created_ms)],
							['ID', <Mono>{lun.id}</Mono>],
						]}
					/>
				</Card>
				<div class="stack">
					<Card title="Who may use it" aside={plural(entries.length, 'entry', 'entries')}>
						{entries.length === 0 ? (
							<p class="soft">Nobody. “Expose” or “Access” lets hosts in.</p>
						) : (
							<ul class="lines">
								{entries.map((e) => (
									<li key={e.text}>
										{e.kind === 'host' ? (
											<Link view="hosts" id={e.id}>
												{e.name}
											</Link>
										) : e.kind === 'initiator' ? (
											<Mono>{e.name}</Mono>
										) : (
											e.name
										)}
										<span class="soft">{e.kind.replace('-', ' ')}</span>
									</li>
								))}
							</ul>
						)}
					</Card>
					<Card title="Targets">
						{targets.length === 0 ? (
							<p class="soft">It is behind no target, so nobody can reach it.</p>
						) : (
							<ul class="lines">
								{m.lunAssociations(r, id).map((a) => (
									<li key={a.target_id}>
										<Link view="targets" id={a.target_id}>
											{m.targetName(r.get('target', a.target_id))}
										</Link>
										<span class="soft num">LUN {a.lun_number}</span>
									</li>
								))}
							</ul>
						)}
					</Card>
				</div>
			</div>
			<Load pick={(all) => all.luns.get(id)} />
		</>
	);
}
