// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for pools: add, thresholds and trash, delete.
import * as m from '../model.js';
import { bytes, listed, parseBytes, plural } from '../format.js';
import { quoted, capital, change, names, plan, nameProblem } from './common.js';

/** Is it a block device, of which all belongs to the pool? */
export const isDevice = (path) => /^(bdev:|\/dev\/)/.test(path.trim());

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
				text: device
					? `Take the disk ${path} as a whole for the pool ${quoted(input.name)}.`
					: `Keep LUNs in ${path || '…'} too, as the pool ${quoted(input.name)}.`,
			},
		],
		{
			danger: force,
			problems: [
				...(input.name ? nameProblem(r, 'pool', 'pool', input.name) : ['Give a name.']),
				...(/^(\/|ram:|bdev:\/|raw:\/)/.test(path)
					? []
					: [
							'Give the whole path of a directory on the array, such as /srv/luns, of a ' +
								'disk, such as /dev/disk/by-id/…, or an amount of memory, such as ram:2G.',
						]),
			],
			warnings: [
				...(force ? [`Everything that ${path} holds now is destroyed.`] : []),
				...(path.startsWith('raw:')
					? ['Nothing is written to the device: “Adopt” makes a LUN of what it holds.']
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

/** The only thing that the pool takes, or '' for any file. */
export const onlyFile = (pool) =>
	pool.path.startsWith('raw:') ? pool.path.slice('raw:'.length) : '';

/** input: { path, name, block, hosts: [id] } */
export function adoptFile(r, pool, input) {
	const path = input.path.trim(),
		name = input.name.trim(),
		hosts = input.hosts.map((id) => r.get('host', id)).filter(Boolean);
	return plan(
		'Adopt a file',
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
					`Make the LUN ${quoted(name)} of the file ${path || '…'}; its data are not touched` +
					(hosts.length > 0 ? `, and ${names(hosts, (h) => h.name)} may use it.` : '.'),
			},
		],
		{
			problems: [
				...(path.startsWith('/')
					? []
					: ['Give the whole path of a raw file on the file system of the pool.']),
				...(name ? nameProblem(r, 'lun', 'LUN', name) : ['Give the LUN a name.']),
			],
			warnings: [
				'Nothing else may write to the file while the LUN exists. The file stays when the LUN ' +
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
