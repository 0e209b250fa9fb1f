// SPDX-License-Identifier: LGPL-2.1-or-later
// Sessions: which initiators are logged in, and where.
import * as m from '../model.js';
import { actionsColumn, monoColumn, otherColumn, tableOf, timeColumn } from '../columns.jsx';
import { ListView } from '../listview.jsx';
import { useStore } from '../store.js';
import { Action, Link, Mono } from '../ui.jsx';
import { endSession } from '../dialogs.js';

const targetOf = (r, s) => m.targetName(r.get('target', s.target_id));

const Initiator = ({ r, name }) => {
	const host = m.initiatorHost(r, name);
	if (!host) return <Mono>{name}</Mono>;
	return (
		<>
			<Link view="hosts" id={host.id}>
				{host.name}
			</Link>{' '}
			<span class="soft least4">
				<Mono>{name}</Mono>
			</span>
		</>
	);
};

const PortalOf = ({ r, session }) => {
	const portal = m.sessionPortal(r, session),
		address = <Mono>{session.portal_address}</Mono>;
	return portal ? (
		<Link view="portals" id={portal.id}>
			{address}
		</Link>
	) : (
		address
	);
};

export const SessionTable = tableOf({
	word: 'session',
	sort: '-since',
	depends: ['target', 'portal', 'initiator', 'host'],
	empty: <p class="soft">No initiator is logged in.</p>,
	columns: (r) => [
		{
			name: 'initiator',
			title: 'Initiator',
			wide: true,
			value: (s) => `${m.initiatorHost(r, s.initiator)?.name ?? ''} ${s.initiator}`.trim(),
			cell: (s) => <Initiator r={r} name={s.initiator} />,
		},
		monoColumn('from', 'From', (s) => s.initiator_address, { least: 2 }),
		otherColumn('target', 'Target', (s) => ({
			view: 'targets',
			id: s.target_id,
			name: targetOf(r, s),
		})),
		{
			name: 'portal',
			title: 'Portal',
			least: 3,
			value: (s) => s.portal_address,
			cell: (s) => <PortalOf r={r} session={s} />,
		},
		timeColumn('since', 'Since', (s) => s.created_ms, { least: 2, num: true }),
		actionsColumn(
			(s) => (
				<Action operation="sessionEnd" kind="small" onClick={() => endSession(s)}>
					End
					<span class="away">
						{' '}
						the session of {s.initiator} with {targetOf(r, s)}
					</span>
				</Action>
			),
			'End',
		),
	],
});

export function Sessions({ query }) {
	const { replica: r } = useStore();
	return (
		<ListView
			title="Sessions"
			sub="Initiators that are logged in now"
			table={SessionTable}
			rows={r.list('live_session')}
			query={query}
			empty={{
				icon: 'session',
				title: 'No initiator is logged in',
				text: 'Sessions appear here as soon as a host logs in to a target.',
			}}
		/>
	);
}
