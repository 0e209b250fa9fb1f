#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Metrics of gateways: what one has forwarded to the owner of a LUN, and its lease, claims and moves."""
import contextlib
import re

import cephtest
import vdstest
from vdstest import UnixConnection, check, equal, eventually

HOST, TARGET = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:web'
BLOCK = 512
cluster = None


def metric(daemon, name, **labels):
    """The value of a sample; None where there is none."""
    with contextlib.closing(UnixConnection(daemon.socket, vdstest.DEADLINE_S)) as connection:
        connection.request('GET', '/metrics')
        text = connection.getresponse().read().decode()
    wanted = '{' + ','.join(f'{key}="{value}"' for key, value in labels.items()) + '}' if labels else ''
    found = re.search(rf'^{name}{re.escape(wanted)} (\S+)$', text, re.M)
    return float(found.group(1)) if found else None


def asked(initiator, *words):
    while (answer := initiator.ok(*words))[0].startswith('6/') or answer == ['busy']:
        pass
    return answer


def test_gateways_count_what_they_do():
    with cephtest.gateways(cluster, 'a', 'b', faults=False) as (a, b):
        a.ctl('target', 'create', 'web', '--iscsi-name', TARGET)
        a.ctl('lun', 'create', 'v', '--size', '8M', '--pool', 'ceph', '--unmask', '*')
        a.ctl('lun', 'associate', 'v', 'web')
        a.ctl('lun', 'move-owner', 'v', 'a', ok=None)       # it may be the owner already
        initiator = vdstest.Initiator()
        with contextlib.closing(initiator):
            initiator.ok('hold', b.portal, TARGET, HOST)
            asked(initiator, 'sense', 0)
            before = {name: metric(b, f'vds_forwarded_{name}_total', owner='a')
                      for name in ('commands', 'errors', 'read_bytes', 'written_bytes')}
            for n in range(5):
                equal(asked(initiator, 'put', 0, n, 7), ['good'], 'a write')
                equal(asked(initiator, 'get', 0, n), ['7'], 'a read')
            after = {name: metric(b, f'vds_forwarded_{name}_total', owner='a') for name in before}
            equal({name: after[name] - before[name] for name in before},
                  {'commands': 10, 'errors': 0, 'read_bytes': 5 * BLOCK, 'written_bytes': 5 * BLOCK},
                  'what b has forwarded to a')
            equal(metric(b, 'vds_forward_links_total', owner='a'), 1, 'links')
            equal(metric(b, 'vds_forwarded_commands_total', owner='b'), None, 'b forwards to itself')
            equal(metric(a, 'vds_forwarded_commands_total', owner='b'), 0, 'a forwards to b')
            check(metric(a, 'vds_gateway_claims_total') >= 1, 'a has claimed no LUN')
            renewals = metric(b, 'vds_gateway_lease_renewals_total')
            eventually('b renews its lease',
                       lambda: metric(b, 'vds_gateway_lease_renewals_total') > renewals)
            equal(metric(b, 'vds_gateway_lease_retakes_total'), 0, 'leases that had ended')

            a.kill()                # b takes over; what was begun at a is over
            eventually('b is the owner', lambda: metric(b, 'vds_gateway_takeovers_total') == 1)
            equal(asked(initiator, 'get', 0, 3), ['7'], 'a read from the new owner')
            check(metric(b, 'vds_gateway_claims_total') >= 1, 'b has claimed no LUN')
            equal(metric(b, 'vds_forward_links_broken_total', owner='a'), 1, 'links that broke')


if __name__ == '__main__':
    cephtest.requires()
    with cephtest.Cluster() as cluster:
        vdstest.main([test_gateways_count_what_they_do])
