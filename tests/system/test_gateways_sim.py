#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The simulation of many gateways (bench/gateways_sim.py): it meets what was measured, agrees with
itself, and the tables of its document are what it prints."""
import contextlib
import importlib.util
import io
import os
import pathlib

import vdstest
from vdstest import check, equal

SOURCE = pathlib.Path(os.environ['MESON_SOURCE'])


def module():
    spec = importlib.util.spec_from_file_location('gateways_sim', SOURCE / 'bench/gateways_sim.py')
    sim = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sim)
    return sim


def it_meets_what_was_measured():
    sim, worst = module(), {}
    for group, key, measured, found in sim.differences():
        worst[group] = max(worst.get(group, 0), abs(found / measured - 1))
        check(worst[group] <= sim.ERROR[group], f'{group} {key}: {found:.0f}, measured {measured}')
    equal(set(worst), set(sim.MEASURED), 'what was compared')
    for group, error in sim.ERROR.items():
        check(worst[group] > error / 2, f'{group}: within {worst[group]:.0%}, {error:.0%} is stated')


def it_has_no_chance():
    sim = module()
    for what in (lambda: sim.Data(3, 10).run('write', 64), lambda: sim.Catalog(5).run(),
                 lambda: sim.Fleet(8, 8).run()):
        equal(what(), what(), 'the same load twice')


def a_gateway_alone_is_the_bare_catalog():
    """What changes, with nobody to follow, commits about as often as a writer that need not read."""
    sim = module()
    costs = sim.COSTS
    bare = 1e6 / (costs['cas'] + costs['cas_trip'])
    two = sim.Fleet(2, 1, payload=True).run()['changes']
    check(two < bare < 2.5 * two, f'{two:.0f} changes a second, {bare:.0f} bare commits')


def what_is_used_up_is_used_up():
    """Full of reads, the simulation has what the smallest limit allows."""
    sim = module()
    for gateways, osds in (2, 64), (4, 8):
        rate, _ = sim.Data(gateways, osds).run('read', 512 * gateways)
        limit = min(sim.limits(gateways, osds, reads=1).values())
        check(abs(rate / limit - 1) < 0.15, f'{gateways}, {osds}: {rate:.0f}, the limit is {limit:.0f}')


def the_document_has_its_tables():
    sim, printed = module(), io.StringIO()
    with contextlib.redirect_stdout(printed):
        sim.tables()
    text = (SOURCE / 'docs/design/gateways-scale.md').read_text()
    for line in printed.getvalue().splitlines():
        check(line in text, f'docs/design/gateways-scale.md lacks what bench/gateways_sim.py prints: '
                            f'{line}')


if __name__ == '__main__':
    vdstest.main([it_meets_what_was_measured, it_has_no_chance, a_gateway_alone_is_the_bare_catalog,
                  what_is_used_up_is_used_up, the_document_has_its_tables])
