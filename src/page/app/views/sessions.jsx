// SPDX-License-Identifier: LGPL-2.1-or-later
// Sessions: which initiators are logged in, and where.
import { time } from '../format.js';
import * as m from '../model.js';
import { useStore } from '../store.js';
import { Table } from '../table.jsx';
import { Action, Empty, Head, Link, Mono } from '../ui.jsx';
import { endSession } from '../dialogs.jsx';

const columns = (r) => [
	{
		name: 'initiator',
		title: 'Initiator',
		wide: true,
		value: (s) => `${m.initiatorHost(r, s.initiator)?.name ?? ''} ${s.initiator}`.trim(),
		cell: (s) => {
			const host = m.initiatorHost(r, s.initiator);
			return host ? (
				<>
					<Link view="hosts" id={host.id}>
						{host.name}
					</Link>{' '}
					<span class="soft least3">
						<Mono>{s.initiator}</Mono>
					</span>
				</>
			) : (
				<Mono>{s.initiator}</Mono>
			);
		},
	},
	{
		name: 'from',
		title: 'From',
		least: 2,
		value: (s) => s.initiator_address,
		cell: (s) => <Mono>{s.initiator_address}</Mono>,
	},
	{
		name: 'target',
		title: 'Target',
		value: (s) => m.targetName(r.get('target', s.target_id)),
		cell: (s) => (
			<Link view="targets" id={s.target_id}>
				{m.targetName(r.get('target', s.target_id))}
			</Link>
		),
	},
	{
		name: 'portal',
		title: 'Portal',
		least: 3,
		value: (s) => s.portal_address,
		cell: (s) => {
			const portal = m.sessionPortal(r, s);
			return portal ? (
				<Link view="portals" id={portal.id}>
					<Mono>{s.portal_address}</Mono>
				</Link>
			) : (
				<Mono>{s.portal_address}</Mono>
			);
		},
	},
	{
		name: 'since',
		title: 'Since',
		least: 2,
		num: true,
		value: (s) => s.created_ms,
		find: (s) => time(s.created_ms),
		cell: (s) => time(s.created_ms),
	},
	{
		name: 'end',
		title: 'End',
		value: () => '',
		cell: (s) => (
			<Action operation="sessionEnd" kind="small" onClick={() => endSession(s)}>
				End
				<span class="away">
					{' '}
					the session of {s.initiator} with {m.targetName(r.get('target', s.target_id))}
				</span>
			</Action>
		),
	},
];

export function SessionTable({ rows, label, query, short }) {
	const { replica: r } = useStore();
	return (
		<Table
			depends={['target', 'portal', 'initiator', 'host']}
			label={label}
			rows={rows}
			columns={columns(r)}
			word="session"
			query={query}
			short={short}
			sort="-since"
			empty={
				short ? (
					<p class="soft">No initiator is logged in.</p>
				) : (
					<Empty icon="session" title="No initiator is logged in">
						<p>Sessions appear here as soon as a host logs in to a target.</p>
					</Empty>
				)
			}
		/>
	);
}

export function Sessions({ query }) {
	const { replica: r } = useStore();
	return (
		<>
			<Head title="Sessions" sub="Initiators that are logged in now" />
			<SessionTable rows={r.list('live_session')} label="Sessions" query={query} />
		</>
	);
}
