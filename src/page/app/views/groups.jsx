// SPDX-License-Identifier: LGPL-2.1-or-later
// Host groups: hosts that may use LUNs together, such as the nodes of a cluster.
import { plural } from '../format.js';
import * as m from '../model.js';
import { countColumn, nameColumn, tableOf } from '../columns.jsx';
import { ListView } from '../listview.jsx';
import { useStore } from '../store.js';
import { Action, Card, Gone, Head } from '../ui.jsx';
import { createGroup, deleteGroup, groupHosts, renameGroup } from '../dialogs.js';
import { HostTable } from './hosts.jsx';
import { LunTable } from './luns.jsx';

const lunsOf = (r, id) =>
	r.list('lun').filter((lun) => lun.mask.split(';').includes(`host-group:${id}`));

const GroupTable = tableOf({
	word: 'group',
	depends: ['host', 'host_member', 'lun'],
	columns: (r) => [
		nameColumn('groups', (g) => g.name),
		countColumn('count', 'Hosts', (g) => m.groupHosts(r, g.id).length),
		{
			name: 'hosts',
			title: 'Which',
			least: 2,
			wide: true,
			value: (g) =>
				m
					.groupHosts(r, g.id)
					.map((h) => h.name)
					.join(', '),
		},
		countColumn('luns', 'LUNs', (g) => lunsOf(r, g.id).length),
	],
});

const Create = () => (
	<Action operation="hostGroupCreate" icon="plus" kind="main" onClick={createGroup}>
		Create
	</Action>
);

export function HostGroups({ query }) {
	const { replica: r } = useStore();
	return (
		<ListView
			title="Host groups"
			sub="Hosts that may use the same LUNs, such as the nodes of a cluster"
			actions={<Create />}
			table={GroupTable}
			rows={r.list('host_group')}
			query={query}
			empty={{
				icon: 'group',
				title: 'There is no host group',
				text:
					'Let a group use a LUN (“Access” at the LUN), and each of its hosts may, also ' +
					'those that come later. A few hosts need no group.',
			}}
		/>
	);
}

export function HostGroup({ id }) {
	const { replica: r } = useStore();
	const group = r.get('host_group', id);
	if (!group) return <Gone what="host group" view="groups" name="Host groups" />;
	const hosts = m.groupHosts(r, id),
		luns = lunsOf(r, id);
	return (
		<>
			<Head
				parent={['groups', 'Host groups']}
				title={group.name}
				sub={`${plural(hosts.length, 'host')} · ${plural(luns.length, 'LUN')}`}
			>
				<Action operation="hostGroupChange" onClick={() => groupHosts(group)}>
					Hosts
				</Action>
				<Action operation="hostGroupChange" onClick={() => renameGroup(group)}>
					Rename
				</Action>
				<Action
					operation="hostGroupDelete"
					kind="danger-text"
					onClick={() => deleteGroup(group)}
				>
					Delete
				</Action>
			</Head>
			<Card title="Hosts">
				<HostTable
					rows={hosts}
					label="Hosts of the group"
					short
					empty={<p class="soft">It is empty: “Hosts” adds some.</p>}
				/>
			</Card>
			<Card title="LUNs that it may use">
				<LunTable
					rows={luns}
					label="LUNs of the group"
					short
					empty={<p class="soft">None. “Access” at a LUN lets the group in.</p>}
				/>
			</Card>
		</>
	);
}
