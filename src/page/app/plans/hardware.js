// SPDX-License-Identifier: LGPL-2.1-or-later
// Plans for controllers.
import * as m from '../model.js';
import { change, plan, quoted, sessionsEnd } from './common.js';

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

export const flushController = (controller) =>
	plan(`Flush ${quoted(controller.name)}`, 'All data are on the disks.', [
		{
			operation: 'controllerFlush',
			ids: [controller.id],
			text: 'Write all acknowledged data of all LUNs to the disks.',
		},
	]);
