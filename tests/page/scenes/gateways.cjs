// SPDX-License-Identifier: LGPL-2.1-or-later
// Gateways of an array on Ceph: they are added, get another address, drain, and are removed, as vdsctl
// says afterwards.  tests/system/test_ceph_page.py starts the cluster.
'use strict';

const { test, equal, check } = require('../tap.cjs');
const { act, apply, atBothWidths, dialog, field, scene } = require('../scene.cjs');

const gateways = () => new Map(scene.daemon.ctl('gateway', 'list').map((g) => [g.name, g]));

test(
	'a gateway is added, changed, drained and removed',
	atBothWidths(async (window, page, width) => {
		const name = `gw-${width}`;
		await window.go('hardware', 'Hardware');
		await act(page, 'Add a gateway');
		await field(page, 'Name').fill(name);
		await field(page, 'Address').fill('192.0.2.2');
		await dialog(page).getByText('with a port, such as').waitFor();
		await field(page, 'Address').fill('192.0.2.2:3261');
		await window.axe('a gateway that is added');
		await window.fits('a gateway that is added');
		await window.shot('gateway-add');
		await apply(page, 'Add');
		equal(gateways().get(name)?.address, '192.0.2.2:3261', 'the new gateway');

		await act(page, `Address of gateway ${name}`);
		await field(page, 'Address').fill(gateways().get('gw1').address);
		await dialog(page).getByText('Gateway “gw1” has that address.').waitFor();
		await field(page, 'Address').fill('[2001:db8::2]:3261');
		await apply(page, 'Apply');
		equal(gateways().get(name).address, '[2001:db8::2]:3261', 'its other address');

		await act(page, `Drain of gateway ${name}`);
		await apply(page, 'Drain');
		equal(gateways().get(name).drains, true, 'it drains');
		await act(page, `Take LUNs of gateway ${name}`);
		await apply(page, 'Let it take LUNs');
		equal(gateways().get(name).drains, false, 'it takes LUNs');
		await window.axe('gateways');
		await window.fits('gateways');
		await window.shot('gateways');

		await act(page, `Remove gateway ${name}`);
		await apply(page, 'Remove');
		check(!gateways().has(name), 'it is still there');
	}),
);

test(
	'a gateway that runs is removed only by force, and not by itself',
	atBothWidths(async (window, page) => {
		window.expected.push('400');
		await window.go('hardware', 'Hardware');
		await act(page, 'Remove gateway gw1');
		await dialog(page).getByText('A vdsd runs as this gateway').waitFor();
		const remove = dialog(page).getByRole('button', { name: 'Remove', exact: true });
		check(await remove.isDisabled(), 'it can be removed without force');
		await dialog(page).getByLabel('Shut out the vdsd that runs as it, or may run').check();
		await dialog(page).getByText('Shut out the vdsd that runs as it, for good.').waitFor();
		await window.shot('gateway-remove');
		await remove.click();
		await dialog(page).getByText('a gateway cannot remove itself').waitFor();
		check(gateways().has('gw1'), 'it is gone');
	}),
);
