// SPDX-License-Identifier: LGPL-2.1-or-later
// The access state of a portal group (ALUA) as views show it.
import { accessState } from './plans.js';
import { Badge } from './ui.jsx';

const LEVELS = {
	'active-optimized': 'ok',
	'active-non-optimized': 'ok',
	standby: 'warn',
	unavailable: 'warn',
};

export const Access = ({ group }) => {
	const [value, words, meaning] = accessState(group.access_state);
	return <Badge level={LEVELS[value] ?? 'off'} word={words.toLowerCase()} why={meaning} />;
};

/** What else is to say of it. */
export const accessWords = (group) =>
	[
		group.preferred && 'preferred',
		group.explicit_allowed && 'initiators may set the state',
		group.access_set_by === 'initiator' && 'set by an initiator',
	]
		.filter(Boolean)
		.join(' · ');
