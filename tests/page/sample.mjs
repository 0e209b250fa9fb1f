// SPDX-License-Identifier: LGPL-2.1-or-later
// A small array, for tests that need no browser.
import { Replica } from '../../src/page/app/replica.js';

export const OK = { health: 'ok', operation: 'none', reason: '', allocated_bytes: 0 };

/** Two LUNs, two targets, two portals, a host with two names, a session. */
export function sample() {
	const lun = (id, name, mask) => ({
		id,
		name,
		number: 1,
		pool_id: 'p',
		size_bytes: 2 ** 30,
		block_bytes: 512,
		thin: true,
		mask,
		status: 'online',
	});
	const r = new Replica();
	r.load({
		config: {
			position: { array: 'a', incarnation: 1, sequence: 10, digest: '' },
			pools: [
				{
					id: 'p',
					name: 'default',
					path: '/x',
					low: '',
					full: '',
					overcommit: '',
					trash: '7d',
					trash_yields: false,
				},
			],
			luns: [lun('l1', 'one', 'host:h1;iqn.x:stranger'), lun('l2', 'two', '')],
			targets: [
				{ id: 't1', iscsi_name: 'iqn.y:1', alias: 'web' },
				{ id: 't2', iscsi_name: 'iqn.y:2', alias: '' },
			],
			portals: [
				{ id: 'o1', address: '127.0.0.1', port: 3260, status: 'online' },
				{ id: 'o2', address: '::1', port: 3260, status: 'offline' },
			],
			portal_groups: [
				{
					id: 'g1',
					target_id: 't1',
					tag: 1,
					access_state: 'active-optimized',
					preferred: false,
					explicit_allowed: false,
				},
			],
			group_portals: [
				{ group_id: 'g1', portal_id: 'o1' },
				{ group_id: 'g1', portal_id: 'o2' },
			],
			associations: [{ lun_id: 'l1', target_id: 't1', lun_number: 0 }],
			hosts: [{ id: 'h1', name: 'alpha', sources: '' }],
			initiators: [
				{ id: 'i1', host_id: 'h1', iscsi_name: 'iqn.x:a' },
				{ id: 'i2', host_id: 'h1', iscsi_name: 'iqn.x:b' },
			],
			host_groups: [{ id: 'hg1', name: 'cluster' }],
			host_members: [],
			snapshots: ['l1', 'l2'].map((lun_id, i) => ({
				id: `n${i}`,
				lun_id,
				pool_id: 'p',
				group_id: 'moment',
				name: 'nightly',
				lun_name: lun_id,
				size_bytes: 2 ** 30,
				created_ms: 0,
				schedule_id: 'sc1',
			})),
			snapshot_schedules: [
				{
					id: 'sc1',
					name: 'nightly',
					lun_ids: 'l1;l2',
					every: '1d',
					at: '02:30',
					keep: 'daily=7',
					enabled: true,
				},
			],
			trashed_luns: [{ ...lun('l0', 'old', '*'), targets: 't1', allocated_bytes: 4096 }],
			credentials: [{ id: 'c1', owner_id: 't1', side: 'initiator', user: '', initiator: '' }],
			controllers: [{ id: 'co', name: 'box', status: 'online' }],
			jobs: [],
		},
		live: {
			position: { array: 'b', incarnation: 0, sequence: 3, digest: '' },
			live_luns: [
				{ id: 'l1', ...OK },
				{ id: 'l2', ...OK },
			],
			live_portals: [{ id: 'o1', ready: true, reason: '' }],
			live_pools: [
				{ id: 'p', free_bytes: 2 ** 31, capacity_bytes: 2 ** 32, ready: true, space: 'ok' },
			],
			live_sessions: [
				{
					id: 's1',
					target_id: 't1',
					initiator: 'iqn.x:a',
					portal_address: '127.0.0.1:3260',
				},
			],
		},
	});
	return r;
}
