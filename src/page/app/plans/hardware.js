// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for controllers and gateways.
import * as m from '../model.js';
import { plural } from '../format.js';
import { change, nameProblem, plan, quoted, sessionsEnd } from './common.js';

export const controllerStatus = (r, controller, status) =>
	plan(
		`Set ${quoted(controller.name)} ${status}`,
		`Controller ${quoted(controller.name)} is ${status}.`,
		change('controllerChange', controller, { status }, [
			status === 'offline'
				? 'End all sessions, and let no portal listen until the controller is online again.'
				: 'Let the portals listen again.',
		]),
		{
			danger: status === 'offline',
			warnings:
				status === 'offline'
					? [
							...sessionsEnd(r.list('live_session')),
							'No initiator can reach any LUN of the array meanwhile.',
						]
					: [],
		},
	);

export const resetController = (r, controller) =>
	plan(
		`Reset ${quoted(controller.name)}`,
		`Controller ${quoted(controller.name)} is reset.`,
		[
			{
				operation: 'controllerReset',
				ids: [controller.id],
				body: {},
				text: 'End all sessions, open the listeners anew, and empty the cache. No data is lost.',
			},
		],
		{
			danger: true,
			warnings: [
				...sessionsEnd(r.list('live_session')),
				'Most initiators log in again by themselves.',
			],
		},
	);

export const drainGateway = (r, gateway, drains) => {
	const others = r.list('controller').filter((c) => c.id !== gateway.id && m.gatewayRuns(c));
	return plan(
		drains ? `Drain ${quoted(gateway.name)}` : `Let ${quoted(gateway.name)} take LUNs`,
		drains
			? `Gateway ${quoted(gateway.name)} gives its LUNs to others.`
			: `Gateway ${quoted(gateway.name)} takes LUNs again.`,
		change('controllerChange', gateway, { drains }, [
			drains
				? 'Give its LUNs to other gateways, one after the other, and give it none. No command is lost.'
				: 'Let it be the owner of LUNs again.',
		]),
		{
			warnings:
				drains && others.length === 0
					? ['No other gateway runs, so it keeps its LUNs until one does.']
					: [],
		},
	);
};

// An address of a gateway, which is the own one of `own`.
const addressProblems = (r, address, own) => {
	if (!/^([0-9.]+|\[[0-9a-f:.]+\]):[0-9]+$/i.test(address))
		return [
			'The address is a numeric address with a port, such as 192.0.2.2:3261 or [2001:db8::2]:3261.',
		];
	const other = r.list('controller').find((c) => c.address === address && c.id !== own);
	return other ? [`Gateway ${quoted(other.name)} has that address.`] : [];
};
const NOT_ENCRYPTED = 'What gateways send each other is not encrypted: use a private network.';

/** input: { name, address } */
export function addGateway(r, input) {
	const name = input.name.trim(),
		address = input.address.trim();
	return plan(
		'Add a gateway',
		`Gateway ${quoted(name)} is added: start vdsd there with --gateway ${name}.`,
		[
			{
				operation: 'controllerAdd',
				body: { name, address },
				text:
					`Let a vdsd be started as the gateway ${quoted(name || '…')}, which others reach at ` +
					`${address || '…'}.`,
			},
		],
		{
			problems: [
				...(name ? nameProblem(r, 'controller', 'gateway', name) : ['Give a name.']),
				...(name.includes('/') ? ['The name of a gateway has no “/”.'] : []),
				...addressProblems(r, address),
			],
			warnings: [NOT_ENCRYPTED],
		},
	);
}

/** input: { address } */
export function gatewayAddress(r, gateway, input) {
	const address = input.address.trim();
	return plan(
		`Change the address of ${quoted(gateway.name)}`,
		`Gateway ${quoted(gateway.name)} is reached at ${address}.`,
		address === gateway.address
			? []
			: change('controllerChange', gateway, { address }, [
					`Let other gateways reach it at ${address || '…'}; it listens there at once.`,
				]),
		{
			problems: addressProblems(r, address, gateway.id),
			warnings: [
				'A gateway-address in its vdsd.conf takes the place of this at its next start.',
				NOT_ENCRYPTED,
			],
		},
	);
}

/** input: { force } – force: also one that runs, or may run, which is shut out. */
export function removeGateway(r, gateway, input) {
	const runs = m.gatewayRuns(gateway),
		luns = m.gatewayLuns(r, gateway.id).length,
		portals = m.gatewayPortals(r, gateway.id).length,
		forced = runs || luns > 0,
		force = forced && input.force;
	return plan(
		`Remove ${quoted(gateway.name)}`,
		`Gateway ${quoted(gateway.name)} is removed.`,
		[
			{
				operation: 'controllerRemove',
				ids: [gateway.id],
				...(force && { query: { force: 1 } }),
				text:
					(force ? 'Shut out the vdsd that runs as it, for good. ' : '') +
					`Remove the gateway and its ${plural(portals, 'portal')}.` +
					(force && luns > 0 ? ` Other gateways take its ${plural(luns, 'LUN')}.` : ''),
			},
		],
		{
			danger: true,
			forced,
			problems:
				!forced || input.force
					? []
					: [
							runs
								? 'A vdsd runs as this gateway: drain it and stop vdsd there first.'
								: `It owns ${plural(luns, 'LUN')}, which the others take within seconds.`,
						],
			warnings: force
				? ['Commands that it carries out now wait some seconds, until another gateway has its LUNs.']
				: [],
		},
	);
}

export const flushController = (controller) =>
	plan(`Flush ${quoted(controller.name)}`, 'All data are on the disks.', [
		{
			operation: 'controllerFlush',
			ids: [controller.id],
			text: 'Write all acknowledged data of all LUNs to the disks.',
		},
	]);
