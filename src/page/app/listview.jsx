// SPDX-License-Identifier: LGPL-2.1-or-later
// What the views share: the view of all objects of a kind, and parts of the view of one.
import { useMemo } from 'preact/hooks';
import { neighbourhood } from './graph.js';
import { Graph } from './graph.jsx';
import { useStore } from './store.js';
import { Action, Card, Empty, Head, Words } from './ui.jsx';

/**
 * All objects of a kind.  table: a component made by tableOf(); empty: { icon, title, text, action }:
 * what stands where there is none; actions: the buttons of the view; children: what else is there.
 */
export const ListView = ({
	title,
	sub,
	actions,
	table: Rows,
	rows,
	query,
	empty,
	short,
	children,
}) => (
	<>
		<Head title={title} sub={sub}>
			{actions}
		</Head>
		<Rows
			rows={rows}
			label={title}
			query={query}
			short={short}
			empty={
				<Empty icon={empty.icon} title={empty.title}>
					<p>{empty.text}</p>
					{empty.action && <p class="row">{empty.action}</p>}
				</Empty>
			}
		/>
		{children}
	</>
);

// The families from which the graph and explanations are made.
const FAMILIES = [
	'lun',
	'association',
	'portal_group',
	'group_portal',
	'portal',
	'live_portal',
	'target',
	'initiator',
	'host',
	'host_group',
	'host_member',
	'live_session',
	'live_lun',
];

/** The paths on which an object is, and a stamp that is another one when they may have changed. */
export function usePaths(kind, row) {
	const { replica: r } = useStore();
	const stamp = FAMILIES.map((family) => r.version(family)).join();
	const graph = useMemo(() => row && neighbourhood(r, kind, row), [stamp, row?.id]);
	return { graph, stamp };
}

/** name: of the object, with its kind: "LUN disk". */
export const Paths = ({ graph, marks, name }) => (
	<Card title="Paths">
		<Graph graph={graph} marks={marks} label={`Paths of the ${name}`} />
	</Card>
);

/** The button that sets an object online or offline. */
export const StatusAction = ({ operation, row, onSet }) => {
	const other = row.status === 'online' ? 'offline' : 'online';
	return (
		<Action operation={operation} onClick={() => onSet(row, other)}>
			Set {other}
		</Action>
	);
};

/** Why an object is as it is, where that is known. */
export const Why = ({ state }) =>
	state.why ? (
		<p class={`banner ${state.level}`}>
			<span>
				<Words text={state.why} />
			</span>
		</p>
	) : null;
