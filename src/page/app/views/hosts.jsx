// SPDX-License-Identifier: LGPL-2.1-or-later
// Hosts: the computers that use LUNs, by their initiator names.
import { useState } from 'preact/hooks';
import { plural } from '../format.js';
import { pathMarks } from '../graph.js';
import { limitWords } from '../limits.js';
import * as m from '../model.js';
import { countColumn, monoColumn, nameColumn, stateColumn, tableOf } from '../columns.jsx';
import { ListView, Paths, usePaths } from '../listview.jsx';
import { Load } from '../plots.jsx';
import { sum } from '../stats.js';
import { useStore } from '../store.js';
import { Explain } from '../explain.jsx';
import { Action, Badge, Card, Facts, Gone, Head, Link, Mono, Sources } from '../ui.jsx';
import { createHost, deleteHost, hostInitiators, setLimits } from '../dialogs.js';
import { Chap } from './chap.jsx';
import { LunTable } from './luns.jsx';
import { SessionTable } from './sessions.jsx';

const MOST_OFFERED = 500; // LUNs to ask about, beside those that the host may use

const hostState = (r, host) =>
	m.hostSessions(r, host.id).length > 0
		? { level: 'ok', word: 'logged in' }
		: { level: 'off', word: 'not logged in' };

export const HostTable = tableOf({
	word: 'host',
	depends: ['initiator', 'live_session', 'host_member', 'host_group'],
	columns: (r) => [
		nameColumn('hosts', (h) => h.name),
		stateColumn((h) => hostState(r, h)),
		monoColumn('names', 'Initiator names', (h) => m.initiatorNames(r, h.id).join(', '), {
			least: 2,
			wide: true,
		}),
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
		countColumn('sessions', 'Sessions', (h) => m.hostSessions(r, h.id).length, { least: 2 }),
	],
});

const Add = () => (
	<Action operation="hostCreate" icon="plus" kind="main" onClick={createHost}>
		Add
	</Action>
);

export function Hosts({ query }) {
	const { replica: r } = useStore();
	return (
		<ListView
			title="Hosts"
			sub="Computers that use LUNs"
			actions={<Add />}
			table={HostTable}
			rows={r.list('host')}
			query={query}
			empty={{
				icon: 'host',
				title: 'No host is known yet',
				text:
					'A host is a name for a computer and its initiator names, so that you can say ' +
					'which hosts may use a LUN. “Add” makes one; “Expose” at a LUN does, too.',
			}}
		/>
	);
}

const Names = ({ r, names }) => (
	<Card title="Initiator names">
		{names.length === 0 ? (
			<p class="soft">None, so the host cannot log in.</p>
		) : (
			<ul class="lines">
				{names.map((name) => (
					<li key={name}>
						<Mono>{name}</Mono>
						<span class="soft">
							{plural(m.initiatorSessions(r, name).length, 'session')}
						</span>
					</li>
				))}
			</ul>
		)}
	</Card>
);

const Groups = ({ groups }) =>
	groups.length === 0
		? 'none'
		: groups.map((group, i) => (
				<span key={group.id}>
					{i > 0 && ', '}
					<Link view="groups" id={group.id}>
						{group.name}
					</Link>
				</span>
			));

export function Host({ id }) {
	const { replica: r } = useStore();
	const [answer, setAnswer] = useState(null);
	const host = r.get('host', id);
	const { graph, stamp } = usePaths('host', host);
	if (!host) return <Gone what="host" view="hosts" name="Hosts" />;
	const sessions = m.hostSessions(r, id),
		names = m.initiatorNames(r, id),
		luns = m.hostLuns(r, id);
	const others = r
		.list('lun')
		.filter((lun) => !luns.includes(lun))
		.slice(0, MOST_OFFERED);
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
				<Action operation="hostChange" onClick={() => setLimits('host', host)}>
					Limits
				</Action>
				<Action operation="hostDelete" kind="danger-text" onClick={() => deleteHost(host)}>
					Delete
				</Action>
			</Head>
			<Paths graph={graph} marks={marks} name={`host ${host.name}`} />
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
				<Names r={r} names={names} />
				<div class="stack">
					<Card title="Facts">
						<Facts
							rows={[
								['Logins from', <Sources text={host.sources} />],
								['Limits', limitWords(host.qos, 'none')],
								['Groups', <Groups groups={m.hostGroups(r, id)} />],
								['ID', <Mono>{host.id}</Mono>],
							]}
						/>
					</Card>
					<Chap owner={{ family: 'host', row: host }} />
				</div>
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
