// SPDX-License-Identifier: LGPL-2.1-or-later
// What the array consists of: controllers with their network ports, and drives.
import { bytes, plural } from '../format.js';
import * as m from '../model.js';
import {
	actionsColumn,
	bytesColumn,
	countColumn,
	monoColumn,
	stateColumn,
	tableOf,
} from '../columns.jsx';
import { StatusAction, Why } from '../listview.jsx';
import { Blink, Signs } from '../maintenance.jsx';
import { useStore } from '../store.js';
import { Action, Badge, Card, Empty, Facts, Gone, Head, Link, Mono } from '../ui.jsx';
import {
	addGateway,
	changeGateway,
	controllerStatus,
	drainGateway,
	flushController,
	removeGateway,
	rescanDrives,
	resetController,
} from '../dialogs.js';

const LINKS = { up: ['ok', 'up'], down: ['bad', 'down'], unknown: ['off', 'unknown'] };
const linkState = (port) => ({ level: LINKS[port.link][0], word: LINKS[port.link][1] });
const speed = (mbps) =>
	mbps === 0 ? '' : mbps >= 1000 ? `${mbps / 1000} Gbit/s` : `${mbps} Mbit/s`;

// Its state, and what goes on at it.
const signedColumn = (r, state) => ({
	...stateColumn(state),
	cell: (row) => (
		<span class="badges">
			<Badge {...state(row)} />
			<Signs r={r} id={row.id} />
		</span>
	),
});
const blinkColumn = (r) =>
	actionsColumn((row) => <Blink r={r} of={row} kind="small" />, 'Maintenance');

const PortTable = tableOf({
	word: 'port',
	short: true,
	depends: ['live_maintenance'],
	columns: (r) => [
		{ name: 'name', title: 'Port', value: (p) => p.name },
		signedColumn(r, linkState),
		monoColumn('addresses', 'Addresses', (p) => p.addresses, { wide: true }),
		monoColumn('hardware', 'Hardware', (p) => p.hardware_address, { least: 3 }),
		{ name: 'speed', title: 'Speed', least: 2, num: true, value: (p) => speed(p.speed_mbps) },
		{ name: 'mtu', title: 'MTU', least: 3, num: true, value: (p) => p.mtu_bytes || '' },
		blinkColumn(r),
	],
});

const GatewayTable = tableOf({
	word: 'gateway',
	short: true,
	depends: ['lun_owner', 'portal'],
	columns: (r) => [
		{ name: 'name', title: 'Gateway', value: (g) => g.name },
		stateColumn(m.gatewayState),
		countColumn('luns', 'LUNs', (g) => m.gatewayLuns(r, g.id).length),
		countColumn('portals', 'Portals', (g) => m.gatewayPortals(r, g.id).length, { least: 2 }),
		monoColumn('address', 'Address', (g) => g.address, { least: 3 }),
		actionsColumn(
			(g) => (
				<span class="badges">
					<Action
						operation="controllerChange"
						kind="small"
						onClick={() => drainGateway(g, !g.drains)}
					>
						{g.drains ? 'Take LUNs' : 'Drain'}
						<span class="away"> of gateway {g.name}</span>
					</Action>
					<Action
						operation="controllerChange"
						kind="small"
						onClick={() => changeGateway(g)}
					>
						Address
						<span class="away"> of gateway {g.name}</span>
					</Action>
					<Action
						operation="controllerRemove"
						kind="small"
						onClick={() => removeGateway(g)}
					>
						Remove
						<span class="away"> gateway {g.name}</span>
					</Action>
				</span>
			),
			'Actions',
		),
	],
});

const Gateways = ({ r }) => (
	<Card
		title="Gateways"
		aside={
			<Action operation="controllerAdd" kind="small" onClick={addGateway}>
				Add
				<span class="away"> a gateway</span>
			</Action>
		}
	>
		<p class="soft">
			The hosts that serve the array. Each LUN has one of them as its owner, which carries out
			the commands that come through all.
		</p>
		<GatewayTable rows={r.list('controller')} label="Gateways" />
	</Card>
);

const Controller = ({ r, controller }) => (
	<Card
		title={`Controller ${controller.name}`}
		aside={
			<span class="badges">
				<Signs r={r} id={controller.id} />
				<Badge
					level={controller.status === 'online' ? 'ok' : 'off'}
					word={controller.status}
				/>
			</span>
		}
	>
		<div class="actions card-actions">
			<Action operation="controllerFlush" onClick={() => flushController(controller)}>
				Flush
			</Action>
			<Action operation="controllerReset" onClick={() => resetController(controller)}>
				Reset
			</Action>
			<Blink r={r} of={controller} />
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
	depends: ['live_pool_drive', 'pool', 'live_maintenance'],
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
		signedColumn(r, driveState),
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
		blinkColumn(r),
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
			{m.hasGateways(r) && <Gateways r={r} />}
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
				badge={
					<>
						<Badge {...state} />
						<Signs r={r} id={id} />
					</>
				}
				sub={`${bytes(drive.size_bytes)} · ${plural(pools.length, 'pool')}`}
			>
				<Blink r={r} of={drive} />
			</Head>
			<Why state={state} />
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
							['Blocks', drive.block_bytes > 0 && bytes(drive.block_bytes)],
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
