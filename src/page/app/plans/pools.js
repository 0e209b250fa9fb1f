// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for pools: add, thresholds and trash, delete.
import * as m from '../model.js';
import { bytes, listed, parseBytes, plural } from '../format.js';
import { quoted, capital, change, names, plan, nameProblem } from './common.js';

/** Is it a block device, of which all belongs to the pool? */
export const isDevice = (path) => /^(bdev:|\/dev\/)/.test(path.trim());

// What a pool lies on, in words: a directory, a disk, memory.
const takes = (path, name) =>
	isDevice(path)
		? `Take the disk ${path.replace(/^bdev:/, '')} as a whole for the pool ${name}.`
		: path.startsWith('raw:')
			? `Take the disk ${path.slice(4)} as it is for the pool ${name}, and read only its size.`
			: path.startsWith('ram:')
				? `Keep LUNs in ${path.slice(4)} of memory, too, as the pool ${name}.`
				: path.startsWith('rbd:')
					? `Keep LUNs in the pool ${path.slice(4)} of the Ceph cluster, too, as the pool ${name}.`
					: `Keep LUNs in ${path || '…'}, too, as the pool ${name}.`;

/** input: { name, path, force } – force: also when the device holds something. */
export function createPool(r, input) {
	const path = input.path.trim(),
		device = isDevice(path),
		force = device && input.force;
	return plan(
		'Add a pool',
		`Pool ${quoted(input.name)} is added.`,
		[
			{
				as: 'pool',
				operation: 'poolCreate',
				body: { name: input.name, path, ...(force && { force: true }) },
				text: takes(path, quoted(input.name || '…')),
			},
		],
		{
			danger: force,
			problems: [
				...(input.name ? nameProblem(r, 'pool', 'pool', input.name) : ['Give a name.']),
				...(/^(\/|ram:|bdev:\/|raw:\/|rbd:)/.test(path)
					? []
					: [
							'Give the whole path of a directory on the array, such as /srv/luns, of a ' +
								'disk, such as /dev/disk/by-id/…, an amount of memory, such as ram:2G, or a pool of ' +
								'Ceph, such as rbd:luns.',
						]),
			],
			warnings: [
				...(force
					? [`Everything that ${path.replace(/^bdev:/, '')} holds now is destroyed.`]
					: []),
				...(path.startsWith('raw:')
					? [
							'Nothing is written to the disk. “Adopt” makes one LUN of all that it holds; ' +
								'the pool takes no other.',
						]
					: []),
				...(path.startsWith('ram:')
					? ['What LUNs in memory hold is gone when vdsd is restarted.']
					: []),
			],
		},
	);
}

/** Can a file become a LUN of the pool?  Only in a directory; a pool raw: takes its own device. */
export const takesFiles = (pool) => /^(\/|raw:)/.test(pool.path);

/** The device of a pool that is served as it is (raw:), as its one LUN; else ''. */
export const rawDevice = (pool) =>
	pool?.path.startsWith('raw:') ? pool.path.slice('raw:'.length) : '';

/** The pools in which LUNs can be made. */
export const makingPools = (r) => r.list('pool').filter((pool) => !rawDevice(pool));

/** Can LUNs of the pool share space, as snapshots and clones do?  Only files can. */
export const sharesSpace = (pool) => Boolean(pool?.path.startsWith('/'));

/** The LUN that a pool raw: has already, also one in the trash. */
const rawLun = (r, pool) =>
	m.poolLuns(r, pool.id)[0] ?? r.list('trashed_lun').find((lun) => lun.pool_id === pool.id);

function adoptProblems(r, pool, path, name) {
	const device = rawDevice(pool),
		problems = [];
	if (device && path !== device)
		problems.push(`The pool ${quoted(pool.name)} takes only its own device, ${device}.`);
	else if (!path.startsWith('/'))
		problems.push('Give the whole path of a raw file on the file system of the pool.');
	if (device && rawLun(r, pool))
		problems.push(
			`The device is the LUN ${quoted(m.lunName(rawLun(r, pool)))} already` +
				(m.poolLuns(r, pool.id).length > 0 ? '.' : ', which is in the trash.'),
		);
	return [...problems, ...(name ? nameProblem(r, 'lun', 'LUN', name) : ['Give the LUN a name.'])];
}

/** input: { path, name, block, hosts: [id] } */
export function adoptFile(r, pool, input) {
	const path = input.path.trim(),
		name = input.name.trim(),
		what = rawDevice(pool) ? 'disk' : 'file',
		size = rawDevice(pool) && r.get('live_pool', pool.id)?.capacity_bytes,
		hosts = input.hosts.map((id) => r.get('host', id)).filter(Boolean);
	return plan(
		`Adopt a ${what}`,
		`The LUN ${quoted(name)} is made of ${path}.`,
		[
			{
				as: 'lun',
				operation: 'poolAdopt',
				ids: [pool.id],
				body: {
					path,
					name,
					...(input.block === '4096' && { block_bytes: 4096 }),
					...(hosts.length > 0 && { mask: hosts.map((h) => `host:${h.id}`).join(';') }),
				},
				text:
					`Make the LUN ${quoted(name || '…')} of the ${what} ${path || '…'}` +
					`${size ? `, ${bytes(size)}` : ''}; its data are not touched` +
					(hosts.length > 0 ? `, and ${names(hosts, (h) => h.name)} may use it.` : '.'),
			},
		],
		{
			problems: adoptProblems(r, pool, path, name),
			warnings: [
				`Nothing else may write to the ${what} while the LUN exists. Its data stay when the LUN ` +
					'is deleted.',
			],
		},
	);
}

const inTheWay = (rows, word, done, name) =>
	rows.length > 0
		? [`${plural(rows.length, word)} (${names(rows, name)}) must be ${done} first.`]
		: [];

export function deletePool(r, pool) {
	const luns = m.poolLuns(r, pool.id),
		of = (family) => r.list(family).filter((row) => row.pool_id === pool.id);
	return plan(
		`Delete ${quoted(pool.name)}`,
		`Pool ${quoted(pool.name)} is deleted.`,
		[
			{
				operation: 'poolDelete',
				ids: [pool.id],
				text: `Forget the pool ${quoted(pool.name)}; nothing in ${pool.path} is removed.`,
			},
		],
		{
			danger: true,
			problems: [
				...inTheWay(luns, 'LUN', 'deleted', m.lunName),
				...inTheWay(of('snapshot'), 'snapshot', 'deleted', (snapshot) =>
					m.snapshotName(r, snapshot),
				),
				...inTheWay(of('trashed_lun'), 'LUN', 'removed from the trash', m.lunName),
			],
		},
	);
}

// "10%" and "" stay as they are, "5G" becomes its bytes; null = it is neither.
const shareOf = (text) =>
	/^(\d{1,2}%)?$/.test(text) ? text : (parseBytes(text, 1)?.toString() ?? null);

/**
 * input: { low, full, overcommit, trash, yields }: texts, '' is the default, of overcommit no limit,
 * of trash none; yields: whether the trash is emptied when the pool gets full.
 */
export function poolSettings(r, pool, input) {
	const problems = [];
	const wanted = {
		low: shareOf(input.low.trim()),
		full: shareOf(input.full.trim()),
		overcommit: input.overcommit.trim().replace(/^off$/, ''),
		trash: input.trash.trim().replace(/^none$/, ''),
		trash_yields: input.yields,
	};
	for (const name of ['low', 'full'])
		if (wanted[name] === null)
			problems.push(
				`${quoted(input[name])} is no threshold: give a percentage such as 10%, or a size.`,
			);
	if (!/^(\d+%)?$/.test(wanted.overcommit))
		problems.push(`${quoted(wanted.overcommit)} is no limit: give a percentage such as 200%.`);
	if (!/^([1-9]\d*[smhdw])?$/.test(wanted.trash))
		problems.push(`${quoted(wanted.trash)} is no time: give one such as 12h, 7d or 4w.`);
	const shown = (value) => (/^\d+$/.test(value) ? bytes(Number(value)) : value);
	const words = {
		low: `warn below ${shown(wanted.low ?? '') || '10%'} of free space`,
		full: `call the pool full below ${shown(wanted.full ?? '') || '1%'}`,
		overcommit: wanted.overcommit
			? `let the LUNs be at most ${wanted.overcommit} of the capacity together`
			: 'set no limit to the LUNs together',
		trash: wanted.trash
			? `keep deleted LUNs for ${m.spanText(wanted.trash)}`
			: 'delete the data of LUNs at once',
		trash_yields: wanted.trash_yields
			? 'remove LUNs from the trash before their time when the pool gets full'
			: 'keep LUNs in the trash for their time even when the pool gets full',
	};
	const changed = Object.keys(words).filter((name) => wanted[name] !== pool[name]);
	const body = Object.fromEntries(changed.map((name) => [name, wanted[name]]));
	if (body.overcommit === '') body.overcommit = 'off';
	if (body.trash === '') body.trash = 'none';
	const kept = r.list('trashed_lun').filter((lun) => lun.pool_id === pool.id);
	return plan(
		`Settings of ${quoted(pool.name)}`,
		`The settings of ${quoted(pool.name)} are saved.`,
		changed.length > 0
			? change('poolChange', pool, body, [
					`${capital(listed(changed.map((name) => words[name])))}.`,
				])
			: [],
		{
			problems,
			warnings:
				changed.includes('trash') && kept.length > 0
					? [
							`${plural(kept.length, 'LUN')} in the trash ${kept.length === 1 ? 'keeps its' : 'keep their'} time.`,
						]
					: [],
		},
	);
}
