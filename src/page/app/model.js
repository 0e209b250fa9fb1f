// SPDX-License-Identifier: LGPL-2.1-or-later
// Questions about the array that the replica answers: what belongs to what.

const group = (rows, key) => {
	const map = new Map();
	for (const row of rows) {
		const at = key(row);
		if (map.has(at)) map.get(at).push(row);
		else map.set(at, [row]);
	}
	return map;
};
const by = (r, family, member) =>
	r.memo(`${family} by ${member}`, [family], () => group(r.list(family), (row) => row[member]));
const NONE = Object.freeze([]);
const related = (r, family, member, id) => by(r, family, member).get(id) ?? NONE;
const present = (value) => value !== undefined;

export const targetName = (target) => target?.alias || target?.iscsi_name || 'unknown target';
export const lunName = (lun) => lun?.name || (lun ? `LUN ${lun.number}` : 'unknown LUN');
export const portalName = (portal) =>
	portal.address.includes(':')
		? `[${portal.address}]:${portal.port}`
		: `${portal.address}:${portal.port}`;

export const lunAssociations = (r, id) => related(r, 'association', 'lun_id', id);
export const targetAssociations = (r, id) => related(r, 'association', 'target_id', id);
export const lunTargets = (r, id) =>
	lunAssociations(r, id)
		.map((a) => r.get('target', a.target_id))
		.filter(present);
export const targetLuns = (r, id) =>
	r.memo(`LUNs of ${id}`, ['association', 'lun'], () =>
		targetAssociations(r, id)
			.map((a) => r.get('lun', a.lun_id))
			.filter(present),
	);

export const targetGroups = (r, id) => related(r, 'portal_group', 'target_id', id);
export const groupPortals = (r, id) =>
	related(r, 'group_portal', 'group_id', id)
		.map((gp) => r.get('portal', gp.portal_id))
		.filter(present);
export const portalGroups = (r, id) =>
	related(r, 'group_portal', 'portal_id', id)
		.map((gp) => r.get('portal_group', gp.group_id))
		.filter(present);
export const targetPortals = (r, id) => [
	...new Set(targetGroups(r, id).flatMap((g) => groupPortals(r, g.id))),
];
export const portalTargets = (r, id) => [
	...new Set(
		portalGroups(r, id)
			.map((g) => r.get('target', g.target_id))
			.filter(present),
	),
];

export const targetSessions = (r, id) => related(r, 'live_session', 'target_id', id);
export const initiatorSessions = (r, name) => related(r, 'live_session', 'initiator', name);

/** The portal of a session; a portal of every address (0.0.0.0, ::) takes those of its port. */
export function sessionPortal(r, session) {
	const portals = r.memo(
		'portals by address',
		['portal'],
		() => new Map(r.list('portal').map((p) => [portalName(p), p])),
	);
	const port = session.portal_address.slice(session.portal_address.lastIndexOf(':'));
	const every = session.portal_address.startsWith('[') ? '[::]' : '0.0.0.0';
	return (
		portals.get(session.portal_address) ??
		portals.get(every + port) ??
		portals.get('[::]' + port)
	);
}
export const portalSessions = (r, id) =>
	r
		.memo('sessions by portal', ['live_session', 'portal'], () =>
			group(r.list('live_session'), (s) => sessionPortal(r, s)?.id),
		)
		.get(id) ?? [];

/** Are commands carried out on the paths of a portal group? */
export const isActive = (group) => group.access_state.startsWith('active');
/** The sessions whose path is a portal group: those of its target at its portals. */
export function groupSessions(r, group) {
	const portals = groupPortals(r, group.id);
	return targetSessions(r, group.target_id).filter((s) => portals.includes(sessionPortal(r, s)));
}

/** Do gateways serve the array, or is it on one machine? */
export const hasGateways = (r) => r.list('controller').some((c) => Boolean(c.address));
export const gatewayName = (r, id) => r.get('controller', id)?.name ?? 'unknown gateway';
export const gatewayRuns = (gateway) => Boolean(gateway?.instance);
export const gatewayLuns = (r, id) =>
	related(r, 'lun_owner', 'controller_id', id)
		.map((owner) => r.get('lun', owner.id))
		.filter(present);
export const gatewayPortals = (r, id) => related(r, 'portal', 'controller_id', id);
export function gatewayState(gateway) {
	if (!gatewayRuns(gateway))
		return { level: 'bad', word: 'down', why: `No vdsd runs as gateway ${gateway.name}.` };
	if (gateway.status !== 'online') return { level: 'off', word: gateway.status, why: '' };
	if (gateway.drains)
		return { level: 'warn', word: 'draining', why: 'It gives its LUNs to other gateways.' };
	return { level: 'ok', word: 'online', why: '' };
}
/** The gateway that carries out the LUN's commands; undefined: none does. */
export const lunOwner = (r, id) => r.get('controller', r.get('lun_owner', id)?.controller_id);

export const hostInitiators = (r, id) => related(r, 'initiator', 'host_id', id);
export const initiatorNames = (r, id) => hostInitiators(r, id).map((i) => i.iscsi_name);
export const hostSessions = (r, id) =>
	hostInitiators(r, id).flatMap((i) => initiatorSessions(r, i.iscsi_name));
export const hostGroups = (r, id) =>
	related(r, 'host_member', 'host_id', id)
		.map((m) => r.get('host_group', m.group_id))
		.filter(present);
export const groupHosts = (r, id) =>
	related(r, 'host_member', 'group_id', id)
		.map((m) => r.get('host', m.host_id))
		.filter(present);
export const initiatorHost = (r, name) =>
	r.get('host', related(r, 'initiator', 'iscsi_name', name)[0]?.host_id);

/** The entries of an unmasking list, each with what it names. */
export function maskEntries(r, mask) {
	if (mask === '') return [];
	return mask.split(';').map((text) => {
		if (text === '*') return { kind: 'everybody', text, name: 'everybody' };
		if (text.startsWith('host:')) {
			const host = r.get('host', text.slice(5));
			return { kind: 'host', text, id: text.slice(5), name: host?.name ?? 'a deleted host' };
		}
		if (text.startsWith('host-group:')) {
			const hosts = r.get('host_group', text.slice(11));
			return {
				kind: 'host-group',
				text,
				id: text.slice(11),
				name: hosts?.name ?? 'a deleted host group',
			};
		}
		return { kind: 'initiator', text, name: text };
	});
}

/** The iSCSI names that a mask lets in; null = everybody. */
export function maskInitiators(r, mask) {
	const names = new Set();
	for (const entry of maskEntries(r, mask)) {
		if (entry.kind === 'everybody') return null;
		const hosts =
			entry.kind === 'host'
				? [entry.id]
				: entry.kind === 'host-group'
					? groupHosts(r, entry.id).map((h) => h.id)
					: [];
		if (entry.kind === 'initiator') names.add(entry.text);
		hosts.forEach((id) => hostInitiators(r, id).forEach((i) => names.add(i.iscsi_name)));
	}
	return [...names];
}

/** The LUNs whose mask lets a host in, by itself, a group, one of its names, or everybody. */
export const hostLuns = (r, id) =>
	r.memo(`LUNs for ${id}`, ['lun', 'host', 'host_group', 'host_member', 'initiator'], () =>
		findHostLuns(r, id),
	);

function findHostLuns(r, id) {
	const wanted = new Set([
		'*',
		`host:${id}`,
		...hostGroups(r, id).map((g) => `host-group:${g.id}`),
		...hostInitiators(r, id).map((i) => i.iscsi_name),
	]);
	return r.list('lun').filter((lun) => lun.mask.split(';').some((entry) => wanted.has(entry)));
}

export const poolLuns = (r, id) => related(r, 'lun', 'pool_id', id);

export const poolDrives = (r, id) =>
	related(r, 'live_pool_drive', 'pool_id', id)
		.map((d) => r.get('live_drive', d.drive_id))
		.filter(present);
export const drivePools = (r, id) =>
	related(r, 'live_pool_drive', 'drive_id', id)
		.map((d) => r.get('pool', d.pool_id))
		.filter(present);

/** FORMAT UNIT or SANITIZE of a LUN, which goes on or has failed; undefined when there is none. */
export function lunJob(r, lun) {
	const job = r.get('live_lun_job', lun.id),
		what = job?.kind === 'format' ? 'FORMAT UNIT' : 'SANITIZE';
	if (!job) return undefined;
	if (job.failed) {
		return {
			level: 'bad',
			word: `${what} failed`,
			why: 'Initiators cannot use it until one sends the command again and it succeeds.',
		};
	}
	return {
		level: 'busy',
		word: job.kind === 'format' ? 'formatting' : 'sanitizing',
		why: `An initiator has sent ${what}: ${job.percent} % are done. It cannot be stopped.`,
	};
}

/** Whether an object is there and stays, as far as is known: nobody is deleting it. */
export const isThere = (r, family, id) =>
	r.get(family, id) !== undefined && r.get(`live_${family}`, id)?.operation !== 'delete';

/** One word for how a LUN is: its health where that is known, else what was asked for. */
export function lunState(r, lun) {
	const live = r.get('live_lun', lun.id),
		job = lunJob(r, lun);
	if (lun.status === 'offline')
		return { level: 'off', word: 'offline', why: 'An administrator has set it offline.' };
	if (live?.health === 'failed') return { level: 'bad', word: 'failed', why: live.reason };
	if (live?.health === 'failing') return { level: 'warn', word: 'failing', why: live.reason };
	if (live?.faults > 0)
		return {
			level: 'warn',
			word: live.faults === 1 ? '1 fault' : `${live.faults} faults`,
			why: 'Faults are injected, for tests: commands may fail or hang. vdsctl lun inject ends them.',
		};
	if (live && live.operation !== 'none')
		return { level: 'busy', word: live.operation, why: 'An operation goes on.' };
	if (job) return job;
	return live?.health === 'ok'
		? { level: 'ok', word: 'online', why: '' }
		: { level: 'off', word: 'unknown', why: live?.reason ?? '' };
}

export function portalState(r, portal) {
	const live = r.get('live_portal', portal.id);
	if (portal.status === 'offline')
		return { level: 'off', word: 'offline', why: 'An administrator has set it offline.' };
	if (!live && hasGateways(r)) {
		// only its own gateway knows whether it listens
		const gateway = r.get('controller', portal.controller_id);
		return gatewayRuns(gateway)
			? { level: 'ok', word: 'online', why: '' }
			: { level: 'bad', word: 'gateway down', why: gateway && gatewayState(gateway).why };
	}
	return live?.ready
		? { level: 'ok', word: 'listening', why: '' }
		: { level: 'bad', word: 'not ready', why: live?.reason ?? '' };
}

export function poolState(r, pool) {
	const live = r.get('live_pool', pool.id);
	if (!live?.ready) return { level: 'bad', word: 'not ready', why: live?.reason ?? '' };
	return live.space === 'ok'
		? { level: 'ok', word: 'ready', why: '' }
		: { level: live.space === 'full' ? 'bad' : 'warn', word: `space ${live.space}`, why: '' };
}

// ---- snapshots, trash, secrets ----

const NO_ID = '00000000-0000-0000-0000-000000000000';

export const lunSnapshots = (r, id) => related(r, 'snapshot', 'lun_id', id);
/** The snapshots of one moment, with the one that is given. */
export const groupSnapshots = (r, snapshot) =>
	snapshot.group_id === NO_ID
		? [snapshot]
		: related(r, 'snapshot', 'group_id', snapshot.group_id);
/** The name of its LUN: of today, or then, where the LUN is deleted. */
export const snapshotLunName = (r, snapshot) => {
	const lun = r.get('lun', snapshot.lun_id);
	return lun ? lunName(lun) : snapshot.lun_name || 'a LUN without a name';
};
/** LUN@NAME, as vdsctl takes it. */
export const snapshotName = (r, snapshot) => `${snapshotLunName(r, snapshot)}@${snapshot.name}`;

export const scheduleLuns = (r, schedule) =>
	schedule.lun_ids
		.split(';')
		.map((id) => r.get('lun', id))
		.filter(present);
export const scheduleSnapshots = (r, id) => related(r, 'snapshot', 'schedule_id', id);
export function scheduleState(r, schedule) {
	const live = r.get('live_snapshot_schedule', schedule.id);
	if (!schedule.enabled)
		return { level: 'off', word: 'paused', why: 'It takes no snapshots until it is resumed.' };
	return live?.failed
		? { level: 'bad', word: 'failed', why: live.reason }
		: { level: 'ok', word: 'runs', why: '' };
}

/** owner: { family: 'target' | 'host' | 'discovery', row? } */
export const credentials = (r, owner) =>
	related(r, 'credential', 'owner_id', owner.row?.id ?? NO_ID);
export const ownerName = ({ family, row }) =>
	family === 'discovery'
		? 'discovery'
		: family === 'host'
			? `the host “${row.name}”`
			: `the target “${targetName(row)}”`;

const SPANS = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week' };

/** "7d" → "7 days". */
export const spanText = (span) => {
	const [, n, unit] = /^(\d+)([smhdw])$/.exec(span) ?? [];
	return unit ? `${n} ${SPANS[unit]}${n === '1' ? '' : 's'}` : span;
};

/** The operations of maintenance that go on at an object, such as ["blink"]. */
export const maintenance = (r, id) =>
	(r.get('live_maintenance', id)?.operations ?? '').split(' ').filter(Boolean);

export const jobState = (job) => ({
	level: job.paused ? 'off' : ({ running: 'busy', done: 'ok', failed: 'bad' }[job.state] ?? 'off'),
	word: job.paused ? 'paused' : job.state,
	why: job.message,
});
