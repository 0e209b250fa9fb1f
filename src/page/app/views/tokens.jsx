// SPDX-License-Identifier: LGPL-2.1-or-later
// API tokens: who may manage the array, and with which role.  What a token is nobody can read.
import { useAnswer } from '../ask.js';
import { mayDo } from '../api.js';
import { ago, time } from '../format.js';
import { actionsColumn } from '../columns.jsx';
import { useStore } from '../store.js';
import { Table } from '../table.jsx';
import { Action, Badge, Empty, Head } from '../ui.jsx';
import { createToken, revokeToken } from '../dialogs.js';

const DAY_MS = 86400e3;

const expiry = (token) =>
	token.expires_ms === 0
		? 'never'
		: token.expires_ms <= Date.now()
			? 'expired'
			: ago(token.expires_ms);
const Expiry = ({ token }) => {
	const rest = token.expires_ms - Date.now();
	return token.expires_ms !== 0 && rest < 7 * DAY_MS ? (
		<Badge
			level={rest <= 0 ? 'bad' : 'warn'}
			word={expiry(token)}
			why={time(token.expires_ms)}
		/>
	) : (
		<span title={token.expires_ms ? time(token.expires_ms) : undefined}>{expiry(token)}</span>
	);
};
const Used = ({ token }) =>
	token.used_ms ? (
		<span title={time(token.used_ms)}>{ago(token.used_ms)}</span>
	) : (
		<span class="soft" title="Since vdsd started">
			not yet
		</span>
	);

/** again: asks for the tokens anew. */
const columnsOf = (again) => [
	{
		name: 'name',
		title: 'Name',
		grow: true,
		value: (t) => t.name,
		cell: (t) => (
			<>
				{t.name} <span class="narrow soft">{t.role}</span>
			</>
		),
	},
	{ name: 'role', title: 'Role', least: 2, value: (t) => t.role },
	{
		name: 'expires',
		title: 'Expires',
		value: (t) => t.expires_ms || Infinity,
		find: expiry,
		cell: (t) => <Expiry token={t} />,
	},
	{
		name: 'used',
		title: 'Last used',
		least: 2,
		value: (t) => t.used_ms,
		find: () => '',
		cell: (t) => <Used token={t} />,
	},
	{
		name: 'created',
		title: 'Created',
		least: 2,
		value: (t) => t.created_ms,
		find: (t) => time(t.created_ms),
		cell: (t) => <span title={time(t.created_ms)}>{ago(t.created_ms)}</span>,
	},
	{
		name: 'by',
		title: 'By',
		least: 3,
		wide: true,
		value: (t) => t.creator,
		cell: (t) => <span title={t.creator}>{t.creator.replace(/ \(.*\)$/, '')}</span>,
	},
	actionsColumn(
		(t) => (
			<Action
				operation="tokenRevoke"
				kind="small danger-text"
				onClick={() => revokeToken(t, again)}
			>
				Revoke<span class="away"> {t.name}</span>
			</Action>
		),
		'Revoke',
	),
];

export function Tokens({ query }) {
	const { me } = useStore();
	const allowed = mayDo(me.role, 'tokenList');
	const { answer, error, again } = useAnswer('tokenList', { when: allowed });
	const tokens = answer?.items ?? [];
	return (
		<>
			<Head
				title="API tokens"
				sub="Programs and people that manage the array, each with a role"
			>
				<Action
					operation="tokenCreate"
					icon="plus"
					kind="main"
					onClick={() => createToken(tokens, again)}
				>
					Create
				</Action>
			</Head>
			{error && (
				<p class="banner bad" role="alert">
					{error}
				</p>
			)}
			{!allowed ? (
				<Empty icon="token" title="Only admins may see the tokens">
					<p>You have the role {me.role}. An admin can make another token for you.</p>
				</Empty>
			) : answer === null ? (
				<p class="loading" role="status">
					{error ? 'The tokens could not be read.' : 'Asking for the tokens…'}
				</p>
			) : (
				<Table
					rows={tokens}
					columns={columnsOf(again)}
					word="token"
					label="API tokens"
					query={query}
					empty={
						<Empty icon="token" title="There is no token">
							<p>
								A token lets a program or a person in over the network. Users of the
								array’s own machine need none.
							</p>
						</Empty>
					}
				/>
			)}
		</>
	);
}
