// SPDX-License-Identifier: LGPL-2.1-or-later
// Maintenance of an object as views show it: what goes on, and the buttons that start and stop it.
import { capital } from './plans/common.js';
import * as m from './model.js';
import { maintenanceWords } from './plans.js';
import { Action, Badge } from './ui.jsx';
import { blink, stopMaintenance } from './dialogs.js';

/** A badge for each operation that goes on. */
export const Signs = ({ r, id }) =>
	m
		.maintenance(r, id)
		.map((operation) => (
			<Badge key={operation} level="busy" word={maintenanceWords(operation)} />
		));

/** of: { id, name }; kind: of the buttons. */
export const Blink = ({ r, of, kind = '' }) => {
	const on = m.maintenance(r, of.id);
	return (
		<>
			{!on.includes('blink') && (
				<Action operation="maintenanceAsk" kind={kind} onClick={() => blink(of)}>
					Blink{kind && <span class="away"> {of.name}</span>}
				</Action>
			)}
			{on.map((operation) => (
				<Action
					key={operation}
					operation="maintenanceAsk"
					kind={kind}
					onClick={() => stopMaintenance(of, operation)}
				>
					{capital(`stop ${maintenanceWords(operation)}`)}
					{kind && <span class="away">: {of.name}</span>}
				</Action>
			))}
		</>
	);
};
