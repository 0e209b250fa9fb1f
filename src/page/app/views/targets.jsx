// SPDX-License-Identifier: LGPL-2.1-or-later
// Targets: all of them, and one.
import { plural } from '../format.js';
import * as m from '../model.js';
import { countColumn, monoColumn, nameColumn, tableOf } from '../columns.jsx';
import { ListView, Paths, usePaths } from '../listview.jsx';
import { useStore } from '../store.js';
import { Action, Card, Facts, Gone, Head, Link, Mono, Sources } from '../ui.jsx';
import { createTarget, deleteTarget, groupAccess } from '../dialogs.js';
import { Access, accessWords } from '../alua.jsx';
import { Chap } from './chap.jsx';
import { LunTable } from './luns.jsx';
import { SessionTable } from './sessions.jsx';

const TargetTable = tableOf({
	word: 'target',
	depends: ['association', 'portal_group', 'group_portal', 'live_session'],
	columns: (r) => [
		nameColumn('targets', m.targetName),
		monoColumn('iscsi', 'iSCSI name', (t) => t.iscsi_name, { least: 2, wide: true }),
		countColumn('luns', 'LUNs', (t) => m.targetAssociations(r, t.id).length),
		countColumn('portals', 'Portals', (t) => m.targetPortals(r, t.id).length, { least: 2 }),
		countColumn('sessions', 'Sessions', (t) => m.targetSessions(r, t.id).length),
	],
});

const Create = () => (
	<Action operation="targetCreate" icon="plus" kind="main" onClick={createTarget}>
		Create
	</Action>
);

export function Targets({ query }) {
	const { replica: r } = useStore();
	return (
		<ListView
			title="Targets"
			sub="What initiators log in to; LUNs are behind them"
			actions={<Create />}
			table={TargetTable}
			rows={r.list('target')}
			query={query}
			empty={{
				icon: 'target',
				title: 'There is no target yet',
				text: 'A target is what an initiator logs in to. Exposing a LUN makes one, too.',
			}}
		>
			<Chap owner={{ family: 'discovery' }} />
		</ListView>
	);
}

const Portals = ({ r, group }) => {
	const portals = m.groupPortals(r, group.id);
	if (portals.length === 0) return <span class="soft">no portal</span>;
	return portals.map((portal, i) => (
		<span key={portal.id}>
			{i > 0 && ', '}
			<Link view="portals" id={portal.id}>
				{m.portalName(portal)}
			</Link>
		</span>
	));
};

const Groups = ({ r, groups }) => (
	<Card title="Portal groups">
		{groups.length === 0 && <p class="soft">It has no portal group, so nobody can reach it.</p>}
		<ul class="lines">
			{groups.map((group) => (
				<li key={group.id}>
					<span>
						Group {group.tag}: <Portals r={r} group={group} />
						<span class="hint">{accessWords(group)}</span>
					</span>
					<span class="row-actions">
						<Access group={group} />
						<Action
							operation="groupChange"
							kind="small"
							onClick={() => groupAccess(group)}
						>
							Access<span class="away"> of group {group.tag}</span>
						</Action>
					</span>
				</li>
			))}
		</ul>
	</Card>
);

export function Target({ id }) {
	const { replica: r } = useStore();
	const target = r.get('target', id);
	const { graph } = usePaths('target', target);
	if (!target) return <Gone what="target" view="targets" name="Targets" />;
	const luns = m.targetLuns(r, id),
		sessions = m.targetSessions(r, id),
		name = m.targetName(target);
	return (
		<>
			<Head
				parent={['targets', 'Targets']}
				title={name}
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
			<Paths graph={graph} name={`target ${name}`} />
			<div class="columns">
				<Card title="Facts">
					<Facts
						rows={[
							['iSCSI name', <Mono>{target.iscsi_name}</Mono>],
							['Name', target.alias],
							['Logins from', <Sources text={target.sources} />],
							['Logins go to', target.redirect && <Mono>{target.redirect}</Mono>],
							['ID', <Mono>{target.id}</Mono>],
						]}
					/>
				</Card>
				<div class="stack">
					<Groups r={r} groups={m.targetGroups(r, id)} />
					<Chap owner={{ family: 'target', row: target }} />
				</div>
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
