// SPDX-License-Identifier: LGPL-2.1-or-later
// Every change that the page offers: its fields, and which plan they make.  Each function opens the
// dialog of one change.
import { Area, Check, Choose, Field, openDialog, Select } from './forms.jsx';
import * as m from './model.js';
import * as plans from './plans.js';
import { bytes, parseBytes } from './format.js';
import { go } from './router.js';
import { call } from './api.js';
import { notice, store } from './store.js';

const size = (input) =>
	input.size.trim() === '' ? null : parseBytes(input.size, Number(input.block ?? 512));
const lunInput = (input) => ({
	...input,
	size: size(input),
	thick: input.thick,
	block: Number(input.block),
});

const poolOptions = (r) =>
	r.list('pool').map((p) => {
		const live = r.get('live_pool', p.id);
		return [p.id, live ? `${p.name} (${bytes(live.free_bytes)} free)` : p.name];
	});

const LunFields = ({ r }) => (
	<>
		<div class="pair">
			<Field label="Name" name="name" />
			<Field label="Size" name="size" hint="Such as 100G or 1.5T (powers of 1024)" />
		</div>
		<div class="pair">
			<Select label="Pool" name="pool" options={poolOptions(r)} />
			<Select
				label="Block size"
				name="block"
				options={[
					['512', '512 bytes'],
					['4096', '4096 bytes'],
				]}
			/>
		</div>
		<Check label="Thick" name="thick" hint="Reserve all of the space now" />
	</>
);

const newLun = () => ({
	name: '',
	size: '',
	pool: store.replica.list('pool')[0]?.id ?? '',
	block: '512',
	thick: false,
});

export const createLun = () =>
	openDialog({
		input: newLun(),
		verb: 'Create',
		plan: (r, input) => plans.createLun(r, lunInput(input)),
		fields: (input, r) => <LunFields r={r} />,
		after: (made) => go('luns', made.lun),
	});

/** lun: an existing one, or nothing for a new one. */
export const expose = (lun) =>
	openDialog({
		input: {
			...newLun(),
			lun: lun?.id ?? '',
			targets: [],
			newTarget: '',
			hosts: [],
			newHost: '',
			newInitiators: '',
		},
		verb: 'Expose',
		plan: (r, input) => plans.expose(r, lunInput(input)),
		fields: (input, r) => (
			<>
				{!lun && (
					<>
						<h3>The LUN</h3>
						<LunFields r={r} />
					</>
				)}
				<h3>Through which targets</h3>
				<Choose
					label="Targets"
					name="targets"
					rows={r.list('target')}
					text={m.targetName}
					sub={(t) => t.alias && t.iscsi_name}
					none="There is no target yet: name one below."
				/>
				<Field label="New target" name="newTarget" hint="Leave empty for none" />
				<h3>For which hosts</h3>
				<Choose
					label="Hosts"
					name="hosts"
					rows={r.list('host')}
					text={(h) => h.name}
					sub={(h) =>
						m
							.hostInitiators(r, h.id)
							.map((i) => i.iscsi_name)
							.join(', ')
					}
					none="No host is known yet: name one below."
				/>
				<div class="pair">
					<Field label="New host" name="newHost" hint="Leave empty for none" />
					<Field
						label="Its initiator name"
						name="newInitiators"
						mono
						hint="On Linux: /etc/iscsi/initiatorname.iscsi"
					/>
				</div>
			</>
		),
		after: (made) => go('luns', made.lun ?? lun.id),
	});

export const growLun = (lun) =>
	openDialog({
		input: { size: '' },
		verb: 'Grow',
		plan: (r, input) =>
			plans.growLun(r, r.get('lun', lun.id) ?? lun, {
				size: input.size.trim() === '' ? null : parseBytes(input.size, lun.block_bytes),
			}),
		fields: () => (
			<Field
				label="New size"
				name="size"
				hint={`It has ${bytes(lun.size_bytes)}. Such as 200G or 1.5T.`}
			/>
		),
	});

export const associate = (lun) =>
	openDialog({
		input: { targets: m.lunTargets(store.replica, lun.id).map((t) => t.id) },
		plan: (r, input) => plans.associate(r, lun, input),
		fields: (input, r) => (
			<Choose
				label="Targets"
				name="targets"
				rows={r.list('target')}
				text={m.targetName}
				sub={(t) => t.alias && t.iscsi_name}
				none="The array has no target yet."
			/>
		),
	});

export const maskLun = (lun) => {
	const entries = m.maskEntries(store.replica, lun.mask);
	const of = (kind) => entries.filter((e) => e.kind === kind);
	openDialog({
		input: {
			everybody: of('everybody').length > 0,
			hosts: of('host').map((e) => e.id),
			groups: of('host-group').map((e) => e.id),
			initiators: of('initiator')
				.map((e) => e.text)
				.join('\n'),
		},
		plan: (r, input) => plans.maskLun(r, r.get('lun', lun.id) ?? lun, input),
		fields: (input, r) => (
			<>
				<Check label="Everybody" name="everybody" hint="Every initiator that can log in" />
				{!input.everybody && (
					<>
						<Choose
							label="Hosts"
							name="hosts"
							rows={r.list('host')}
							text={(h) => h.name}
							sub={(h) =>
								m
									.hostInitiators(r, h.id)
									.map((i) => i.iscsi_name)
									.join(', ')
							}
							none="No host is known yet."
						/>
						{r.list('host_group').length > 0 && (
							<Choose
								label="Host groups"
								name="groups"
								rows={r.list('host_group')}
								text={(g) => g.name}
							/>
						)}
						<Area
							label="Initiator names"
							name="initiators"
							hint="One a line, beside the hosts"
						/>
					</>
				)}
			</>
		),
	});
};

export const renameLun = (lun) =>
	openDialog({
		input: { name: lun.name },
		verb: 'Rename',
		plan: (r, input) => plans.renameLun(r, r.get('lun', lun.id) ?? lun, input),
		fields: () => <Field label="Name" name="name" />,
	});

export const lunStatus = (lun, status) =>
	openDialog({
		verb: status === 'online' ? 'Set online' : 'Set offline',
		plan: (r) => plans.lunStatus(r, lun, status),
	});

const force = (plan, label) => (input) =>
	plan(input).forced && <Check label={label} name="force" />;

export const deleteLun = (lun) => {
	const plan = (r, input) => plans.deleteLun(r, lun, input);
	openDialog({
		input: { force: false },
		verb: 'Delete',
		eager: true,
		plan,
		after: () => go('luns'),
		fields: force((input) => plan(store.replica, input), 'Delete it although it is in use'),
	});
};

export const createTarget = () =>
	openDialog({
		input: { alias: '', iscsiName: '' },
		verb: 'Create',
		plan: plans.createTarget,
		fields: () => (
			<>
				<Field label="Name" name="alias" />
				<Field
					label="iSCSI name"
					name="iscsiName"
					mono
					hint="Leave empty, and vdsd makes one. Such as iqn.2026-11.org.example:disks"
				/>
			</>
		),
		after: (made) => go('targets', made.target),
	});

export const deleteTarget = (target) =>
	openDialog({
		verb: 'Delete',
		plan: (r) => plans.deleteTarget(r, target),
		after: () => go('targets'),
	});

const INITIATORS = 'One a line, such as iqn.1993-08.org.debian:01:abc';

export const createHost = () =>
	openDialog({
		input: { name: '', initiators: '' },
		verb: 'Add',
		plan: plans.createHost,
		fields: () => (
			<>
				<Field label="Name" name="name" />
				<Area label="Initiator names" name="initiators" hint={INITIATORS} />
			</>
		),
		after: (made) => go('hosts', made.host),
	});

export const hostInitiators = (host) =>
	openDialog({
		input: {
			initiators: m
				.hostInitiators(store.replica, host.id)
				.map((i) => i.iscsi_name)
				.join('\n'),
		},
		plan: (r, input) => plans.hostInitiators(r, host, input),
		fields: () => <Area label="Initiator names" name="initiators" hint={INITIATORS} />,
	});

export const deleteHost = (host) => {
	const plan = (r, input) => plans.deleteHost(r, host, input);
	openDialog({
		input: { force: false },
		verb: 'Delete',
		eager: true,
		plan,
		after: () => go('hosts'),
		fields: force((input) => plan(store.replica, input), 'Delete it although it may use LUNs'),
	});
};

export const createPortal = () =>
	openDialog({
		input: { address: '', port: '3260', allTargets: true },
		verb: 'Add',
		plan: plans.createPortal,
		fields: () => (
			<>
				<div class="pair">
					<Field
						label="Address"
						name="address"
						mono
						hint="An address of the array; 0.0.0.0 for each of them"
					/>
					<Field label="Port" name="port" inputmode="numeric" />
				</div>
				<Check
					label="For every target"
					name="allTargets"
					hint="Put it into a portal group of each target"
				/>
			</>
		),
	});

export const portalStatus = (portal, status) =>
	openDialog({
		verb: status === 'online' ? 'Set online' : 'Set offline',
		plan: (r) => plans.portalStatus(r, portal, status),
	});

export const deletePortal = (portal) =>
	openDialog({
		verb: 'Delete',
		plan: (r) => plans.deletePortal(r, portal),
		after: () => go('portals'),
	});

export const createPool = () =>
	openDialog({
		input: { name: '', path: '' },
		verb: 'Add',
		plan: plans.createPool,
		fields: () => (
			<>
				<Field label="Name" name="name" />
				<Field
					label="Place"
					name="path"
					mono
					hint="A path on the array, such as /srv/luns, or memory, such as ram:2G"
				/>
			</>
		),
		after: (made) => go('pools', made.pool),
	});

export const deletePool = (pool) =>
	openDialog({
		verb: 'Delete',
		plan: (r) => plans.deletePool(r, pool),
		after: () => go('pools'),
	});

export const endSession = (session) =>
	openDialog({ verb: 'End it', plan: (r) => plans.endSession(r, session) });
export const cancelJob = (job) =>
	openDialog({ verb: 'Cancel it', plan: (r) => plans.cancelJob(r, job) });

/** Asks vdsd what taking back a change would do, and shows that.  change: its sequence. */
export async function undoChange(change) {
	try {
		const undo = await call('undoPlan', { query: { change } });
		openDialog({ verb: 'Undo', plan: () => plans.undoChange(undo) });
	} catch (error) {
		notice('bad', error.message);
	}
}

export const poolThresholds = (pool) =>
	openDialog({
		input: { low: pool.low, full: pool.full, overcommit: pool.overcommit },
		plan: (r, input) => plans.poolThresholds(r, r.get('pool', pool.id) ?? pool, input),
		fields: () => (
			<>
				<div class="pair">
					<Field label="Low below" name="low" hint="Such as 10% or 50G; empty: 10%" />
					<Field label="Full below" name="full" hint="Such as 1% or 5G; empty: 1%" />
				</div>
				<Field
					label="LUNs may have together"
					name="overcommit"
					hint="Such as 200% of the capacity; empty: no limit"
				/>
			</>
		),
	});
