// SPDX-License-Identifier: LGPL-2.1-or-later
// LUNs: all of them, and one.
import { useState } from 'preact/hooks';
import { bytes, plural, time } from '../format.js';
import { pathMarks } from '../graph.js';
import { limitWords } from '../limits.js';
import * as m from '../model.js';
import { amountColumn, bytesColumn, nameColumn, stateColumn, tableOf } from '../columns.jsx';
import { ListView, Paths, StatusAction, usePaths, Why } from '../listview.jsx';
import { Load } from '../plots.jsx';
import { SpaceHistory } from '../space.jsx';
import { useStore } from '../store.js';
import { Explain } from '../explain.jsx';
import { Action, Badge, Card, Facts, Gone, Head, Link, Mono, More } from '../ui.jsx';
import * as dialogs from '../dialogs.js';
import { Blink, Signs } from '../maintenance.jsx';
import { LunSnapshots } from './snapshots.jsx';
import { Reservations } from './reservations.jsx';

const who = (r, lun) => {
	const entries = m.maskEntries(r, lun.mask);
	return entries.length === 0
		? 'nobody'
		: entries.length <= 2
			? entries.map((e) => e.name).join(', ')
			: `${entries[0].name} and ${entries.length - 1} more`;
};
const targetsOf = (r, lun) => m.lunTargets(r, lun.id).map(m.targetName).join(', ');
const Soft = ({ text, none, whenNone }) => (none ? <span class="soft">{whenNone}</span> : text);

export const LunTable = tableOf({
	word: 'LUN',
	depends: [
		'live_lun',
		'live_lun_job',
		'association',
		'target',
		'pool',
		'host',
		'host_group',
		'lun_owner',
		'controller',
	],
	columns: (r) => [
		nameColumn('luns', m.lunName, {
			find: (lun) => `${lun.name} ${lun.naa} ${lun.serial} ${lun.id}`,
		}),
		stateColumn((lun) => m.lunState(r, lun)),
		bytesColumn('size', 'Size', (lun) => lun.size_bytes),
		amountColumn('used', 'Used', (lun) => r.get('live_lun', lun.id)?.allocated_bytes ?? 0, {
			least: 3,
		}),
		{
			name: 'pool',
			title: 'Pool',
			least: 3,
			value: (lun) => r.get('pool', lun.pool_id)?.name ?? '',
		},
		...(m.hasGateways(r)
			? [
					{
						name: 'owner',
						title: 'Owner',
						least: 3,
						value: (lun) => m.lunOwner(r, lun.id)?.name ?? 'nobody',
					},
				]
			: []),
		{
			name: 'targets',
			title: 'Targets',
			least: 2,
			wide: true,
			value: (lun) => targetsOf(r, lun),
			cell: (lun) => (
				<Soft text={targetsOf(r, lun)} none={targetsOf(r, lun) === ''} whenNone="none" />
			),
		},
		{
			name: 'who',
			title: 'For',
			least: 3,
			wide: true,
			value: (lun) => who(r, lun),
			cell: (lun) => <Soft text={who(r, lun)} none={lun.mask === ''} whenNone="nobody" />,
		},
	],
});

const Expose = ({ onClick, children = 'Expose' }) => (
	<Action operation="lunCreate" icon="plus" kind="main" onClick={onClick}>
		{children}
	</Action>
);

export function Luns({ query }) {
	const { replica: r } = useStore();
	return (
		<ListView
			title="LUNs"
			sub="Disks that the array serves"
			actions={
				<>
					<Action operation="lunCreate" icon="plus" onClick={dialogs.createLun}>
						Create
					</Action>
					<Expose onClick={() => dialogs.expose()} />
				</>
			}
			table={LunTable}
			rows={r.list('lun')}
			query={query}
			empty={{
				icon: 'lun',
				title: 'There is no LUN yet',
				text: 'Expose one: that makes the LUN, its target, and the host that may use it.',
			}}
		/>
	);
}

const LunActions = ({ r, lun }) => (
	<>
		<Action operation="lunTargetsChange" kind="main" onClick={() => dialogs.expose(lun)}>
			Expose
		</Action>
		<Action operation="snapshotCreate" onClick={() => dialogs.snapshotLun(lun)}>
			Snapshot
		</Action>
		<Action operation="lunExtend" onClick={() => dialogs.growLun(lun)}>
			Grow
		</Action>
		<More>
			<Action operation="lunTargetsChange" onClick={() => dialogs.associate(lun)}>
				Targets
			</Action>
			<Action operation="lunChange" onClick={() => dialogs.maskLun(lun)}>
				Access
			</Action>
			<Action operation="lunChange" onClick={() => dialogs.setLimits('lun', lun)}>
				Limits
			</Action>
			<Action operation="lunClone" onClick={() => dialogs.cloneLun(lun)}>
				Clone
			</Action>
			<Action operation="lunMove" onClick={() => dialogs.moveLun(lun)}>
				Move
			</Action>
			{m.hasGateways(r) && (
				<Action operation="lunMoveOwner" onClick={() => dialogs.moveOwner(lun)}>
					Owner
				</Action>
			)}
			<Action operation="lunChange" onClick={() => dialogs.renameLun(lun)}>
				Rename
			</Action>
			{lun.access === 'read-only' ? (
				<Action operation="lunChange" onClick={() => dialogs.lunAccess(lun, 'read-write')}>
					Allow writing
				</Action>
			) : (
				<Action operation="lunChange" onClick={() => dialogs.lunAccess(lun, 'read-only')}>
					Write-protect
				</Action>
			)}
			<Blink r={r} of={{ id: lun.id, name: m.lunName(lun) }} />
			<StatusAction operation="lunChange" row={lun} onSet={dialogs.lunStatus} />
			<Action operation="lunDelete" kind="danger-text" onClick={() => dialogs.deleteLun(lun)}>
				Delete
			</Action>
		</More>
	</>
);

const LunFacts = ({ r, lun, live }) => (
	<Card title="Facts">
		<Facts
			rows={[
				['Size', `${bytes(lun.size_bytes)} (${lun.size_bytes.toLocaleString('en')} bytes)`],
				['Used', bytes(live?.allocated_bytes ?? 0)],
				[
					'Pool',
					<Link view="pools" id={lun.pool_id}>
						{r.get('pool', lun.pool_id)?.name}
					</Link>,
				],
				['Owner', m.hasGateways(r) && (m.lunOwner(r, lun.id)?.name ?? 'nobody')],
				['Blocks', bytes(lun.block_bytes)],
				['Access', lun.access === 'read-only' ? 'read only' : 'read and write'],
				['Limits', limitWords(lun.qos, 'none')],
				['Medium', m.lunJob(r, lun)?.why],
				['Write cache', live && (live.write_through ? 'off' : 'on')],
				['Hints', lun.hints && <Mono>{lun.hints}</Mono>],
				['Serial', <Mono>{lun.serial}</Mono>],
				['NAA', <Mono>{lun.naa}</Mono>],
				['Created', time(lun.created_ms)],
				['ID', <Mono>{lun.id}</Mono>],
			]}
		/>
		<SpaceHistory
			family="lun"
			id={lun.id}
			label="Space that it took, the last day"
			value={(sample) => sample.allocated_bytes}
			stamp={live?.allocated_bytes}
		/>
	</Card>
);

const ENTRY_VIEWS = { host: 'hosts', 'host-group': 'groups' };
const Entry = ({ entry }) =>
	ENTRY_VIEWS[entry.kind] ? (
		<Link view={ENTRY_VIEWS[entry.kind]} id={entry.id}>
			{entry.name}
		</Link>
	) : entry.kind === 'initiator' ? (
		<Mono>{entry.name}</Mono>
	) : (
		entry.name
	);

const Who = ({ entries }) => (
	<Card
		title="Who may use it"
		aside={<span class="soft">{plural(entries.length, 'entry', 'entries')}</span>}
	>
		{entries.length === 0 ? (
			<p class="soft">Nobody. “Expose” or “Access” lets hosts in.</p>
		) : (
			<ul class="lines">
				{entries.map((entry) => (
					<li key={entry.text}>
						<Entry entry={entry} />
						<span class="soft">
							{entry.kind !== 'everybody' && entry.kind.replace('-', ' ')}
						</span>
					</li>
				))}
			</ul>
		)}
	</Card>
);

const LunTargets = ({ r, lun }) => {
	const associations = m.lunAssociations(r, lun.id);
	return (
		<Card title="Targets">
			{associations.length === 0 ? (
				<p class="soft">
					It is behind no target, so nobody can reach it. “Expose” changes that.
				</p>
			) : (
				<ul class="lines">
					{associations.map((a) => (
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
	);
};

export function Lun({ id }) {
	const { replica: r } = useStore();
	const [answer, setAnswer] = useState(null);
	const lun = r.get('lun', id);
	const { graph, stamp } = usePaths('lun', lun);
	if (!lun) return <Gone what="LUN" view="luns" name="LUNs" />;
	const state = m.lunState(r, lun),
		known = m.maskInitiators(r, lun.mask) ?? [];
	const others = r
		.list('initiator')
		.map((i) => i.iscsi_name)
		.filter((name) => !known.includes(name));
	const marks = answer ? pathMarks(graph, id, answer.name, answer.explanation) : new Map();
	return (
		<>
			<Head
				parent={['luns', 'LUNs']}
				title={m.lunName(lun)}
				badge={
					<>
						<Badge {...state} />
						{lun.access === 'read-only' && <Badge level="off" word="write-protected" />}
						<Signs r={r} id={id} />
					</>
				}
				sub={[
					bytes(lun.size_bytes),
					lun.thin ? 'thin' : 'thick',
					plural(m.lunTargets(r, id).length, 'target'),
				].join(' · ')}
			>
				<LunActions r={r} lun={lun} />
			</Head>
			<Why state={state} />
			<Paths graph={graph} marks={marks} name={`LUN ${m.lunName(lun)}`} />
			<Explain
				lun={id}
				initiators={[...known, ...others]}
				stamp={stamp}
				onAnswer={(explanation, _, name) => setAnswer(explanation && { explanation, name })}
			/>
			<LunSnapshots r={r} lun={lun} />
			<div class="columns">
				<LunFacts r={r} lun={lun} live={r.get('live_lun', id)} />
				<div class="stack">
					<Who entries={m.maskEntries(r, lun.mask)} />
					<LunTargets r={r} lun={lun} />
				</div>
			</div>
			<Reservations r={r} lun={lun} />
			<Load pick={(all) => all.luns.get(id)} />
		</>
	);
}
