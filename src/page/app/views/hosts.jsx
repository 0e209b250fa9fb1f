// SPDX-License-Identifier: LGPL-2.1-or-later
// Hosts: the computers that use LUNs, by their initiator names.
import { useMemo, useState } from 'preact/hooks';
import { plural } from '../format.js';
import { neighbourhood, pathMarks } from '../graph.js';
import { Graph } from '../graph.jsx';
import * as m from '../model.js';
import { Load } from '../plots.jsx';
import { sum } from '../stats.js';
import { useStore } from '../store.js';
import { Table } from '../table.jsx';
import { Explain } from '../explain.jsx';
import { Action, Badge, Card, Empty, Facts, Gone, Head, Link, Mono } from '../ui.jsx';
import { createHost, deleteHost, hostInitiators } from '../dialogs.jsx';
import { LunTable } from './luns.jsx';
import { SessionTable } from './sessions.jsx';

const hostState = (r, host) =>
	m.hostSessions(r, host.id).length > 0
		? { level: 'ok', word: 'logged in' }
		: { level: 'off', word: 'not logged in' };

const columns = (r) => [
	{
		name: 'name',
		title: 'Name',
		wide: true,
		value: (h) => h.name,
		cell: (h) => (
			<Link view="hosts" id={h.id}>
				{h.name}
			</Link>
		),
	},
	{
		name: 'state',
		title: 'State',
		value: (h) => hostState(r, h).word,
		cell: (h) => <Badge {...hostState(r, h)} />,
	},
	{
		name: 'names',
		title: 'Initiator names',
		least: 2,
		wide: true,
		value: (h) =>
			m
				.hostInitiators(r, h.id)
				.map((i) => i.iscsi_name)
				.join(', '),
		cell: (h) => (
			<Mono>
				{m
					.hostInitiators(r, h.id)
					.map((i) => i.iscsi_name)
					.join(', ') || '–'}
			</Mono>
		),
	},
	{
		name: 'groups',
		title: 'Groups',
		least: 3,
		value: (h) =>
			m
				.hostGroups(r, h.id)
				.map((g) => g.name)
				.join(', '),
	},
	{
		name: 'sessions',
		title: 'Sessions',
		num: true,
		value: (h) => m.hostSessions(r, h.id).length,
	},
];

export function Hosts({ query }) {
	const { replica: r } = useStore();
	return (
		<>
			<Head title="Hosts" sub="Computers that use LUNs">
				<Action operation="hostCreate" icon="plus" kind="main" onClick={createHost}>
					Add
				</Action>
			</Head>
			<Table
				depends={['initiator', 'live_session', 'host_member', 'host_group']}
				label="Hosts"
				rows={r.list('host')}
				columns={columns(r)}
				word="host"
				query={query}
				empty={
					<Empty icon="host" title="No host is known yet">
						<p>
							A host is a name for a computer and its initiator names, so that you can
							say which hosts may use a LUN.
						</p>
					</Empty>
				}
			/>
			{r.list('host_group').length > 0 && (
				<Card title="Host groups">
					<ul class="lines">
						{r.list('host_group').map((g) => (
							<li key={g.id}>
								<span>{g.name}</span>
								<span class="soft">
									{m
										.groupHosts(r, g.id)
										.map((h) => h.name)
										.join(', ') || 'empty'}
								</span>
							</li>
						))}
					</ul>
				</Card>
			)}
		</>
	);
}

export function Host({ id }) {
	const { replica: r } = useStore();
	const [answer, setAnswer] = useState(null);
	const host = r.get('host', id);
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
	const graph = useMemo(() => host && neighbourhood(r, 'host', host), [stamp, id]);
	if (!host) return <Gone what="host" view="hosts" name="Hosts" />;
	const sessions = m.hostSessions(r, id),
		names = m.hostInitiators(r, id).map((i) => i.iscsi_name);
	const luns = m.hostLuns(r, id);
	const others = r
		.list('lun')
		.filter((lun) => !luns.includes(lun))
		.slice(0, 500);
	const marks = answer
		? pathMarks(graph, answer.lun, answer.name, answer.explanation)
		: new Map();
	const load = (all) => {
		const rates = sessions.map((s) => all.sessions.get(s.id)).filter(Boolean);
		return rates.length > 0 ? sum(rates) : undefined;
	};
	return (
		<>
			<Head
				parent={['hosts', 'Hosts']}
				title={host.name}
				badge={<Badge {...hostState(r, host)} />}
				sub={`${plural(luns.length, 'LUN')} · ${plural(sessions.length, 'session')}`}
			>
				<Action operation="hostChange" onClick={() => hostInitiators(host)}>
					Initiator names
				</Action>
				<Action operation="hostDelete" kind="danger-text" onClick={() => deleteHost(host)}>
					Delete
				</Action>
			</Head>
			<Card title="Paths">
				<Graph graph={graph} marks={marks} label={`Paths of the host ${host.name}`} />
			</Card>
			{r.list('lun').length > 0 && (
				<Explain
					luns={[...luns, ...others]}
					initiators={names}
					stamp={stamp}
					onAnswer={(explanation, lun, name) =>
						setAnswer(explanation && { explanation, lun, name })
					}
				/>
			)}
			<div class="columns">
				<Card title="Initiator names">
					{names.length === 0 ? (
						<p class="soft">None, so the host cannot log in.</p>
					) : (
						<ul class="lines">
							{names.map((n) => (
								<li key={n}>
									<Mono>{n}</Mono>
									<span class="soft">
										{plural(m.initiatorSessions(r, n).length, 'session')}
									</span>
								</li>
							))}
						</ul>
					)}
				</Card>
				<Card title="Facts">
					<Facts
						rows={[
							[
								'Logins from',
								host.sources ? (
									<Mono>{host.sources.replaceAll(';', ' ')}</Mono>
								) : (
									'any network'
								),
							],
							[
								'Groups',
								m
									.hostGroups(r, id)
									.map((g) => g.name)
									.join(', ') || 'none',
							],
							['ID', <Mono>{host.id}</Mono>],
						]}
					/>
				</Card>
			</div>
			<Card title="LUNs that it may use">
				<LunTable
					rows={luns}
					label="LUNs of the host"
					short
					empty={<p class="soft">None. “Expose” at a LUN lets this host in.</p>}
				/>
			</Card>
			<Card title="Sessions">
				<SessionTable rows={sessions} label="Sessions of the host" short />
			</Card>
			<Load pick={load} />
		</>
	);
}
