// SPDX-License-Identifier: LGPL-2.1-or-later
// Portals, with the groups in which they are.
import { plural } from '../format.js';
import * as m from '../model.js';
import { Access } from '../alua.jsx';
import {
	actionsColumn,
	countColumn,
	nameColumn,
	otherColumn,
	stateColumn,
	tableOf,
} from '../columns.jsx';
import { ListView, Paths, StatusAction, usePaths, Why } from '../listview.jsx';
import { accessState } from '../plans.js';
import { useStore } from '../store.js';
import { Action, Badge, Card, Gone, Head, Link, Mono } from '../ui.jsx';
import { createPortal, deletePortal, groupAccess, portalStatus } from '../dialogs.js';
import { SessionTable } from './sessions.jsx';

const PortalTable = tableOf({
	word: 'portal',
	depends: ['live_portal', 'portal_group', 'group_portal', 'live_session', 'controller'],
	columns: (r) => [
		nameColumn('portals', m.portalName, {
			title: 'Address',
			cell: (p) => (
				<Link view="portals" id={p.id}>
					<Mono>{m.portalName(p)}</Mono>
				</Link>
			),
		}),
		...(m.hasGateways(r)
			? [
					{
						name: 'gateway',
						title: 'Gateway',
						least: 2,
						value: (p) => m.gatewayName(r, p.controller_id),
					},
				]
			: []),
		stateColumn((p) => m.portalState(r, p)),
		countColumn('targets', 'Targets', (p) => m.portalTargets(r, p.id).length, { least: 2 }),
		countColumn('sessions', 'Sessions', (p) => m.portalSessions(r, p.id).length),
	],
});

const GroupTable = tableOf({
	word: 'group',
	short: true,
	depends: ['target', 'portal', 'group_portal'],
	columns: (r) => [
		otherColumn(
			'target',
			'Target',
			(g) => ({
				view: 'targets',
				id: g.target_id,
				name: m.targetName(r.get('target', g.target_id)),
			}),
			{ wide: true },
		),
		countColumn('tag', 'Group', (g) => g.tag, { least: 2 }),
		{
			name: 'state',
			title: 'Access',
			value: (g) => accessState(g.access_state)[1],
			cell: (g) => <Access group={g} />,
		},
		{
			name: 'portals',
			title: 'Portals',
			least: 2,
			wide: true,
			value: (g) => m.groupPortals(r, g.id).map(m.portalName).join(', ') || 'none',
		},
		actionsColumn(
			(g) => (
				<Action operation="groupChange" kind="small" onClick={() => groupAccess(g)}>
					Access
					<span class="away">
						{' '}
						of group {g.tag} of {m.targetName(r.get('target', g.target_id))}
					</span>
				</Action>
			),
			'Access',
			{ least: 2 },
		),
	],
});

export function Portals({ query }) {
	const { replica: r } = useStore();
	return (
		<ListView
			title="Portals"
			sub="Addresses at which the array listens for initiators"
			actions={
				<Action operation="portalCreate" icon="plus" kind="main" onClick={createPortal}>
					Add
				</Action>
			}
			table={PortalTable}
			rows={r.list('portal')}
			query={query}
			short
			empty={{
				icon: 'portal',
				title: 'There is no portal',
				text: 'Without one no initiator can reach the array: add one of its addresses.',
			}}
		>
			<Card title="Portal groups">
				<p class="soft">A target is reached at the portals of its groups.</p>
				<GroupTable
					label="Portal groups"
					rows={r.list('portal_group')}
					empty={<p class="soft">No target has a portal group.</p>}
				/>
			</Card>
		</ListView>
	);
}

export function Portal({ id }) {
	const { replica: r } = useStore();
	const portal = r.get('portal', id);
	const { graph } = usePaths('portal', portal);
	if (!portal) return <Gone what="portal" view="portals" name="Portals" />;
	const state = m.portalState(r, portal),
		name = m.portalName(portal);
	return (
		<>
			<Head
				parent={['portals', 'Portals']}
				title={name}
				badge={<Badge {...state} />}
				sub={plural(m.portalTargets(r, id).length, 'target')}
			>
				<StatusAction operation="portalChange" row={portal} onSet={portalStatus} />
				<Action
					operation="portalDelete"
					kind="danger-text"
					onClick={() => deletePortal(portal)}
				>
					Delete
				</Action>
			</Head>
			<Why state={state} />
			<Paths graph={graph} name={`portal ${name}`} />
			<Card title="Sessions">
				<SessionTable rows={m.portalSessions(r, id)} label="Sessions at the portal" short />
			</Card>
		</>
	);
}
