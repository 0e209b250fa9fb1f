// SPDX-License-Identifier: LGPL-2.1-or-later
// What the hosts of clusters have registered and reserved of a LUN, as `vdsctl lun reservations` has
// it.  The event stream does not carry it.
import { useAnswer } from '../ask.js';
import * as m from '../model.js';
import { countColumn, monoColumn, tableOf } from '../columns.jsx';
import { Action, Badge, Card, Facts, Link, Mono, Words } from '../ui.jsx';
import { clearReservations } from '../dialogs.js';

const KINDS = {
	'write-exclusive': 'Write exclusive: only the holder may write',
	'exclusive-access': 'Exclusive access: only the holder may read and write',
	'write-exclusive-registrants-only':
		'Write exclusive, registrants only: registered hosts may write',
	'exclusive-access-registrants-only':
		'Exclusive access, registrants only: registered hosts may read and write',
	'write-exclusive-all-registrants':
		'Write exclusive, all registrants: registered hosts hold it and may write',
	'exclusive-access-all-registrants':
		'Exclusive access, all registrants: registered hosts hold it, and may read and write',
};

const Host = ({ r, name }) => {
	const host = m.initiatorHost(r, name);
	return host ? (
		<Link view="hosts" id={host.id}>
			{host.name}
		</Link>
	) : (
		<Mono>{name}</Mono>
	);
};

const targetOf = (r, registration) =>
	r.list('target').find((target) => target.iscsi_name === registration.target);

const Registrations = tableOf({
	word: 'registration',
	short: true,
	depends: ['initiator', 'host', 'target'],
	columns: (r) => [
		{
			name: 'initiator',
			title: 'Host',
			grow: true,
			value: (g) => `${m.initiatorHost(r, g.initiator)?.name ?? ''} ${g.initiator}`.trim(),
			cell: (g) => <Host r={r} name={g.initiator} />,
		},
		{
			name: 'holds',
			title: 'Reservation',
			value: (g) => (g.holds ? 'holder' : ''),
			cell: (g) => g.holds && <Badge level="ok" word="holder" />,
		},
		monoColumn('key', 'Key', (g) => g.key, {
			cell: (g) => <Mono>{g.key.replace(/^0x0+(?=.)/, '0x')}</Mono>,
		}),
		{
			name: 'target',
			title: 'Target',
			least: 2,
			value: (g) => m.targetName(targetOf(r, g)),
			cell: (g) => {
				const target = targetOf(r, g);
				return target ? (
					<Link view="targets" id={target.id}>
						{m.targetName(target)}
					</Link>
				) : (
					<span class="soft">{g.target || 'a port that is gone'}</span>
				);
			},
		},
		countColumn('port', 'Port', (g) => g.relative_port, { least: 3 }),
		monoColumn('isid', 'ISID', (g) => g.isid, { least: 3 }),
	],
});

const keyed = (registrations) =>
	registrations.map((g) => ({ ...g, id: `${g.initiator} ${g.isid} ${g.relative_port}` }));

export function Reservations({ r, lun }) {
	const { answer, error, again } = useAnswer('lunReservations', {
		about: { family: 'lun', id: lun.id },
		stamp: r.version('live_session'),
	});
	const count = answer?.registrations.length ?? 0,
		some = answer && (count > 0 || answer.reservation !== 'none' || answer.reserve);
	return (
		<Card
			title="Reservations"
			aside={
				(some || error) && (
					<Action
						operation="lunReservationsClear"
						kind="small danger-text"
						onClick={() => clearReservations(lun, answer, again)}
					>
						Clear
					</Action>
				)
			}
		>
			{error && (
				<p class="banner bad" role="alert">
					<span>
						<Words text={error} />
					</span>
				</p>
			)}
			{!answer && !error && (
				<p class="soft" role="status">
					Asking vdsd…
				</p>
			)}
			{answer && !some && (
				<p class="soft">
					No host has registered or reserved it. Clusters do that to keep a host out that
					has failed.
				</p>
			)}
			{some && (
				<>
					<Facts
						rows={[
							[
								'Reservation',
								KINDS[answer.reservation] ??
									'none: registered hosts have only said their keys',
							],
							['By RESERVE', answer.reserve && 'one host has the LUN for itself'],
							['At a restart', answer.persistent ? 'kept' : 'forgotten'],
						]}
					/>
					{count > 0 && (
						<Registrations rows={keyed(answer.registrations)} label="Registrations" />
					)}
				</>
			)}
		</Card>
	);
}
