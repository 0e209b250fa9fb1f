// SPDX-License-Identifier: LGPL-2.1-or-later
// What the array consists of: controllers with their network ports, and drives.
import { bytes, plural } from '../format.js';
import * as m from '../model.js';
import { bytesColumn, monoColumn, stateColumn, tableOf } from '../columns.jsx';
import { StatusAction } from '../listview.jsx';
import { useStore } from '../store.js';
import { Action, Badge, Card, Empty, Facts, Gone, Head, Link, Mono } from '../ui.jsx';
import { controllerStatus, flushController, rescanDrives, resetController } from '../dialogs.js';

const LINKS = { up: ['ok', 'up'], down: ['bad', 'down'], unknown: ['off', 'unknown'] };
const linkState = (port) => ({ level: LINKS[port.link][0], word: LINKS[port.link][1] });
const speed = (mbps) =>
	mbps === 0 ? '' : mbps >= 1000 ? `${mbps / 1000} Gbit/s` : `${mbps} Mbit/s`;

const PortTable = tableOf({
	word: 'port',
	short: true,
	columns: () => [
		{ name: 'name', title: 'Port', value: (p) => p.name },
		stateColumn(linkState),
		monoColumn('addresses', 'Addresses', (p) => p.addresses, { wide: true }),
		monoColumn('hardware', 'Hardware', (p) => p.hardware_address, { least: 3 }),
		{ name: 'speed', title: 'Speed', least: 2, num: true, value: (p) => speed(p.speed_mbps) },
		{ name: 'mtu', title: 'MTU', least: 3, num: true, value: (p) => p.mtu_bytes || '' },
	],
});

const Controller = ({ r, controller }) => (
	<Card
		title={`Controller ${controller.name}`}
		aside={
			<Badge level={controller.status === 'online' ? 'ok' : 'off'} word={controller.status} />
		}
	>
		<div class="actions card-actions">
			<Action operation="controllerFlush" onClick={() => flushController(controller)}>
				Flush
			</Action>
			<Action operation="controllerReset" onClick={() => resetController(controller)}>
				Reset
			</Action>
			<StatusAction operation="controllerChange" row={controller} onSet={controllerStatus} />
		</div>
		<PortTable
			rows={r.list('live_port').filter((port) => port.controller_id === controller.id)}
			label={`Ports of ${controller.name}`}
			empty={<p class="soft">No network port is known.</p>}
		/>
	</Card>
);

const driveState = (drive) =>
	drive.ready
		? { level: 'ok', word: 'ready', why: '' }
		: { level: 'bad', word: 'not ready', why: drive.reason };
const kindOf = (drive) =>
	drive.kind === 'disk' ? (drive.rotational ? 'hard disk' : 'solid state') : drive.kind;
const modelOf = (drive) => [drive.vendor, drive.model].filter(Boolean).join(' ');

const DriveTable = tableOf({
	word: 'drive',
	short: true,
	sort: 'slot',
	depends: ['live_pool_drive', 'pool'],
	columns: (r) => [
		{
			name: 'name',
			title: 'Name',
			value: (d) => d.name,
			cell: (d) => (
				<Link view="hardware" id={d.id}>
					{d.name}
				</Link>
			),
		},
		stateColumn(driveState),
		{ name: 'slot', title: 'Slot', num: true, least: 3, value: (d) => d.slot },
		{ name: 'kind', title: 'Kind', least: 2, value: kindOf },
		{ name: 'model', title: 'Model', least: 3, wide: true, value: modelOf },
		bytesColumn('size', 'Size', (d) => d.size_bytes),
		{
			name: 'pools',
			title: 'Pools',
			least: 2,
			value: (d) =>
				m
					.drivePools(r, d.id)
					.map((pool) => pool.name)
					.join(', '),
		},
	],
});

export function Hardware() {
	const { replica: r } = useStore();
	const drives = r.list('live_drive');
	return (
		<>
			<Head
				title="Hardware"
				sub="The controller with its network ports, and the drives below the pools"
			/>
			{r.list('controller').map((controller) => (
				<Controller key={controller.id} r={r} controller={controller} />
			))}
			<Card
				title="Drives"
				aside={
					<Action operation="driveRescan" kind="small" onClick={rescanDrives}>
						Look for drives
					</Action>
				}
			>
				<DriveTable
					rows={drives}
					label="Drives"
					empty={
						<Empty icon="drive" title="No drive is known">
							<p>“Look for drives” finds those that came meanwhile.</p>
						</Empty>
					}
				/>
			</Card>
		</>
	);
}

export function Drive({ id }) {
	const { replica: r } = useStore();
	const drive = r.get('live_drive', id);
	if (!drive) return <Gone what="drive" view="hardware" name="Hardware" />;
	const state = driveState(drive),
		pools = m.drivePools(r, id);
	return (
		<>
			<Head
				parent={['hardware', 'Hardware']}
				title={drive.name}
				badge={<Badge {...state} />}
				sub={`${bytes(drive.size_bytes)} · ${plural(pools.length, 'pool')}`}
			/>
			{state.why && <p class={`banner ${state.level}`}>{state.why}</p>}
			<div class="columns">
				<Card title="Facts">
					<Facts
						rows={[
							['Kind', kindOf(drive)],
							['Bus', drive.bus === 'unknown' ? '' : drive.bus],
							['Model', modelOf(drive)],
							['Serial', drive.serial && <Mono>{drive.serial}</Mono>],
							['Firmware', drive.firmware],
							['World-wide name', drive.wwid && <Mono>{drive.wwid}</Mono>],
							['Size', bytes(drive.size_bytes)],
							['Blocks', drive.block_bytes && bytes(drive.block_bytes)],
							['Slot', drive.slot],
							['Removable', drive.removable ? 'yes' : ''],
							['ID', <Mono>{drive.id}</Mono>],
						]}
					/>
				</Card>
				<Card title="Pools">
					{pools.length === 0 && <p class="soft">No pool lies on it.</p>}
					<ul class="lines">
						{pools.map((pool) => (
							<li key={pool.id}>
								<Link view="pools" id={pool.id}>
									{pool.name}
								</Link>
								<span class="soft">{pool.path}</span>
							</li>
						))}
					</ul>
				</Card>
			</div>
		</>
	);
}
