// SPDX-License-Identifier: LGPL-2.1-or-later
// The CHAP secrets of a target, of a host, or for discovery: for whom there are some.  What they are
// nobody can read.
import { ago, time } from '../format.js';
import * as m from '../model.js';
import { useStore } from '../store.js';
import { Action, Card } from '../ui.jsx';
import { removeSecret, setSecret } from '../dialogs.js';

const NONE = {
	target: 'No secret is set: whoever may use its LUNs by name can log in.',
	host: 'No secret of its own: it needs one only where the target has one.',
	discovery: 'No secret is set: every initiator can ask for the names of targets.',
};
const TITLES = { target: 'CHAP', host: 'CHAP', discovery: 'CHAP for discovery' };

const about = (credential) =>
	credential.side === 'initiator'
		? `${credential.initiator || 'Initiators'} must know a secret`
		: `The array proves itself${credential.initiator ? ` to ${credential.initiator}` : ''}`;

const Secret = ({ owner, credential }) => {
	const old = credential.old_until_ms > Date.now();
	return (
		<li>
			<span>
				{about(credential)}
				<span class="hint">
					{credential.user && `CHAP name ${credential.user} · `}
					set <span title={time(credential.set_ms)}>{ago(credential.set_ms)}</span>
					{old && `; the one before is accepted until ${time(credential.old_until_ms)}`}
				</span>
			</span>
			<span class="row-actions">
				<Action
					operation="credentialSet"
					kind="small"
					onClick={() => setSecret(owner, credential)}
				>
					Replace<span class="away">: {about(credential)}</span>
				</Action>
				<Action
					operation="credentialDelete"
					kind="small danger-text"
					onClick={() => removeSecret(owner, credential)}
				>
					Remove<span class="away">: {about(credential)}</span>
				</Action>
			</span>
		</li>
	);
};

/** owner: as of model.js. */
export function Chap({ owner }) {
	const { replica: r } = useStore();
	const secrets = m.credentials(r, owner);
	return (
		<Card
			title={TITLES[owner.family]}
			aside={
				<Action operation="credentialSet" kind="small" onClick={() => setSecret(owner)}>
					Set a secret
				</Action>
			}
		>
			{secrets.length === 0 ? (
				<p class="soft">{NONE[owner.family]}</p>
			) : (
				<ul class="lines">
					{secrets.map((c) => (
						<Secret key={c.id} owner={owner} credential={c} />
					))}
				</ul>
			)}
		</Card>
	);
}
