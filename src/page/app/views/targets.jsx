// SPDX-License-Identifier: LGPL-2.1-or-later
// Targets: all of them, and one.
import { useMemo } from 'preact/hooks';
import { plural } from '../format.js';
import { neighbourhood } from '../graph.js';
import { Graph } from '../graph.jsx';
import * as m from '../model.js';
import { useStore } from '../store.js';
import { Table } from '../table.jsx';
import { Action, Card, Empty, Facts, Gone, Head, Link, Mono } from '../ui.jsx';
import { createTarget, deleteTarget } from '../dialogs.jsx';
import { LunTable } from './luns.jsx';
import { SessionTable } from './sessions.jsx';

const columns = (r) => [
	{
		name: 'name',
		title: 'Name',
		wide: true,
		value: m.targetName,
		cell: (t) => (
			<Link view="targets" id={t.id}>
				{m.targetName(t)}
			</Link>
		),
	},
	{
		name: 'iscsi',
		title: 'iSCSI name',
		least: 2,
		wide: true,
		value: (t) => t.iscsi_name,
		cell: (t) => <Mono>{t.iscsi_name}</Mono>,
	},
	{ name: 'luns', title: 'LUNs', num: true, value: (t) => m.targetAssociations(r, t.id).length },
	{ name: 'portals', title: 'Portals', num: true, value: (t) => m.targetPortals(r, t.id).length },
	{
		name: 'sessions',
		title: 'Sessions',
		num: true,
		value: (t) => m.targetSessions(r, t.id).length,
	},
];

export function Targets({ query }) {
	const { replica: r } = useStore();
	return (
		<>
			<Head title="Targets" sub="What initiators log in to; LUNs are behind them">
				<Action operation="targetCreate" icon="plus" kind="main" onClick={createTarget}>
					Create
				</Action>
			</Head>
			<Table
				depends={['association', 'portal_group', 'group_portal', 'live_session']}
				label="Targets"
				rows={r.list('target')}
				columns={columns(r)}
				word="target"
				query={query}
				empty={
					<Empty icon="target" title="There is no target yet">
						<p>
							A target is what an initiator logs in to. Exposing a LUN makes one, too.
						</p>
					</Empty>
				}
			/>
		</>
	);
}

const Groups = ({ r, groups }) => (
	<Card title="Portal groups">
		{groups.length === 0 && <p class="soft">It has no portal group, so nobody can reach it.</p>}
		<ul class="lines">
			{groups.map((g) => (
				<li key={g.id}>
					<span>
						Group {g.tag}:{' '}
						{m.groupPortals(r, g.id).length === 0 ? (
							<span class="soft">no portal</span>
						) : (
							m.groupPortals(r, g.id).map((p, i) => (
								<span key={p.id}>
									{i > 0 && ', '}
									<Link view="portals" id={p.id}>
										{m.portalName(p)}
									</Link>
								</span>
							))
						)}
					</span>
					<span class="soft">
						{g.access_state}
						{g.preferred && ', preferred'}
					</span>
				</li>
			))}
		</ul>
	</Card>
);

export function Target({ id }) {
	const { replica: r } = useStore();
	const target = r.get('target', id);
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
		'live_session',
		'live_lun',
	]
		.map((f) => r.version(f))
		.join();
	const graph = useMemo(() => target && neighbourhood(r, 'target', target), [stamp, id]);
	if (!target) return <Gone what="target" view="targets" name="Targets" />;
	const luns = m.targetLuns(r, id),
		sessions = m.targetSessions(r, id);
	return (
		<>
			<Head
				parent={['targets', 'Targets']}
				title={m.targetName(target)}
				sub={`${plural(luns.length, 'LUN')} · ${plural(sessions.length, 'session')}`}
			>
				<Action
					operation="targetDelete"
					kind="danger-text"
					onClick={() => deleteTarget(target)}
				>
					Delete
				</Action>
			</Head>
			<Card title="Paths">
				<Graph graph={graph} label={`Paths of the target ${m.targetName(target)}`} />
			</Card>
			<div class="columns">
				<Card title="Facts">
					<Facts
						rows={[
							['iSCSI name', <Mono>{target.iscsi_name}</Mono>],
							['Name', target.alias],
							[
								'Logins from',
								target.sources ? (
									<Mono>{target.sources.replaceAll(';', ' ')}</Mono>
								) : (
									'any network'
								),
							],
							['ID', <Mono>{target.id}</Mono>],
						]}
					/>
				</Card>
				<Groups r={r} groups={m.targetGroups(r, id)} />
			</div>
			<Card title="LUNs">
				<LunTable
					rows={luns}
					label="LUNs of the target"
					short
					empty={<p class="soft">There is no LUN behind it.</p>}
				/>
			</Card>
			<Card title="Sessions">
				<SessionTable rows={sessions} label="Sessions of the target" short />
			</Card>
		</>
	);
}
