// SPDX-License-Identifier: LGPL-2.1-or-later
// Portals, with the groups in which they are.
import { useMemo } from 'preact/hooks';
import { plural } from '../format.js';
import { neighbourhood } from '../graph.js';
import { Graph } from '../graph.jsx';
import * as m from '../model.js';
import { useStore } from '../store.js';
import { Table } from '../table.jsx';
import { Action, Badge, Card, Empty, Gone, Head, Link, Mono } from '../ui.jsx';
import { createPortal, deletePortal, portalStatus } from '../dialogs.jsx';
import { SessionTable } from './sessions.jsx';

const columns = (r) => [
	{
		name: 'name',
		title: 'Address',
		wide: true,
		value: m.portalName,
		cell: (p) => (
			<Link view="portals" id={p.id}>
				<Mono>{m.portalName(p)}</Mono>
			</Link>
		),
	},
	{
		name: 'state',
		title: 'State',
		value: (p) => m.portalState(r, p).word,
		cell: (p) => <Badge {...m.portalState(r, p)} />,
	},
	{
		name: 'targets',
		title: 'Targets',
		num: true,
		least: 2,
		value: (p) => m.portalTargets(r, p.id).length,
	},
	{
		name: 'sessions',
		title: 'Sessions',
		num: true,
		value: (p) => m.portalSessions(r, p.id).length,
	},
];

const groupColumns = (r) => [
	{
		name: 'target',
		title: 'Target',
		wide: true,
		value: (g) => m.targetName(r.get('target', g.target_id)),
		cell: (g) => (
			<Link view="targets" id={g.target_id}>
				{m.targetName(r.get('target', g.target_id))}
			</Link>
		),
	},
	{ name: 'tag', title: 'Tag', num: true, value: (g) => g.tag },
	{ name: 'state', title: 'Access', value: (g) => g.access_state },
	{
		name: 'portals',
		title: 'Portals',
		least: 2,
		wide: true,
		value: (g) => m.groupPortals(r, g.id).map(m.portalName).join(', ') || 'none',
	},
];

export function Portals({ query }) {
	const { replica: r } = useStore();
	return (
		<>
			<Head title="Portals" sub="Addresses at which the array listens for initiators">
				<Action operation="portalCreate" icon="plus" kind="main" onClick={createPortal}>
					Add
				</Action>
			</Head>
			<Table
				depends={['live_portal', 'portal_group', 'group_portal', 'live_session']}
				label="Portals"
				rows={r.list('portal')}
				columns={columns(r)}
				word="portal"
				query={query}
				short
				empty={
					<Empty icon="portal" title="There is no portal">
						<p>Without one no initiator can reach the array.</p>
					</Empty>
				}
			/>
			<Card title="Portal groups">
				<p class="soft">A target is reached at the portals of its groups.</p>
				<Table
					depends={['target', 'portal', 'group_portal']}
					label="Portal groups"
					rows={r.list('portal_group')}
					columns={groupColumns(r)}
					word="group"
					short
					empty={<p class="soft">No target has a portal group.</p>}
				/>
			</Card>
		</>
	);
}

export function Portal({ id }) {
	const { replica: r } = useStore();
	const portal = r.get('portal', id);
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
	]
		.map((f) => r.version(f))
		.join();
	const graph = useMemo(() => portal && neighbourhood(r, 'portal', portal), [stamp, id]);
	if (!portal) return <Gone what="portal" view="portals" name="Portals" />;
	const state = m.portalState(r, portal),
		targets = m.portalTargets(r, id);
	return (
		<>
			<Head
				parent={['portals', 'Portals']}
				title={m.portalName(portal)}
				badge={<Badge {...state} />}
				sub={plural(targets.length, 'target')}
			>
				{portal.status === 'online' ? (
					<Action
						operation="portalChange"
						onClick={() => portalStatus(portal, 'offline')}
					>
						Set offline
					</Action>
				) : (
					<Action operation="portalChange" onClick={() => portalStatus(portal, 'online')}>
						Set online
					</Action>
				)}
				<Action
					operation="portalDelete"
					kind="danger-text"
					onClick={() => deletePortal(portal)}
				>
					Delete
				</Action>
			</Head>
			{state.why && <p class={`banner ${state.level}`}>{state.why}</p>}
			<Card title="Paths">
				<Graph graph={graph} label={`Paths of the portal ${m.portalName(portal)}`} />
			</Card>
			<Card title="Sessions">
				<SessionTable rows={m.portalSessions(r, id)} label="Sessions at the portal" short />
			</Card>
		</>
	);
}
