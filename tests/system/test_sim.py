#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The simulation of many cores (bench/sim.py): it meets what was measured, and the tables of its
document are what it prints."""
import contextlib
import importlib.util
import io
import os
import pathlib

import vdstest
from vdstest import check, equal

SOURCE = pathlib.Path(os.environ['MESON_SOURCE'])


def module():
    spec = importlib.util.spec_from_file_location('sim', SOURCE / 'bench/sim.py')
    sim = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sim)
    return sim


def it_meets_what_was_measured_on_one_core_and_two():
    sim = module()
    for (threads, depth), measured_us in sim.MEASURED.items():
        found_us = sim.simulate(threads, 8, depth, 1)['cpu_us']
        check(abs(found_us / measured_us - 1) <= sim.ERROR,
              f'{threads} threads, depth {depth}: {found_us:.2f} µs, measured {measured_us} µs')


def it_has_no_chance():
    sim = module()
    equal(sim.simulate(4, 10, 8, 2), sim.simulate(4, 10, 8, 2), 'the same load twice')


def threads_that_share_nothing_add_up():
    sim = module()
    one, four = (sim.simulate(n, 4 * n, 32, 0)['iops'] for n in (1, 4))
    check(abs(four / one - 4) < 0.01, f'{four / one:.3f}')


def the_document_has_its_tables():
    sim, printed = module(), io.StringIO()
    with contextlib.redirect_stdout(printed):
        sim.tables()
    text = (SOURCE / 'docs/design/manycore.md').read_text()
    for line in printed.getvalue().splitlines():
        check(line in text, f'docs/design/manycore.md lacks what bench/sim.py prints: {line}')


if __name__ == '__main__':
    vdstest.main([it_meets_what_was_measured_on_one_core_and_two, it_has_no_chance,
                  threads_that_share_nothing_add_up, the_document_has_its_tables])
