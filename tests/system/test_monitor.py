#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What monitoring systems and administrators see: metrics, rates, latencies, slow commands, health.
The judges of the metrics are promtool and the OpenMetrics reader of Prometheus's Python client.
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import threading
import time

from vdstest import Daemon, Initiator, UnixConnection, check, equal, eventually, main, requires

TOP = pathlib.Path(os.environ['MESON_SOURCE'])
HOST, TARGET = 'iqn.2026-11.org.example:host', 'iqn.2026-11.org.example:web'
OPEN_METRICS = 'application/openmetrics-text; version=1.0.0'
NASTY = 'a "quoted" \\ name'
# Reads OpenMetrics, strictly; prints the names of the samples.
READER = ('import sys\nfrom prometheus_client.openmetrics import parser\n'
          'for family in parser.text_string_to_metric_families(sys.stdin.read()):\n'
          '    for sample in family.samples: print(sample.name)\n')


def promtool():
    """Debian's, or what tools/install-deps has unpacked."""
    return shutil.which('promtool') or str(TOP / 'build' / 'tools' / 'promtool')


@contextlib.contextmanager
def array(*options):
    """A daemon with a LUN, a session and a few commands."""
    with Daemon(*options) as daemon, contextlib.ExitStack() as stack:
        for name in ('vol', NASTY):
            daemon.ctl('lun', 'create', name, '--size', '8M', '--unmask', '*')
        daemon.ctl('target', 'create', 'web', '--iscsi-name', TARGET)
        daemon.ctl('lun', 'associate', 'vol', 'web')
        daemon.ctl('lun', 'associate', NASTY, 'web')
        daemon.ctl('host', 'create', 'db1', HOST)
        initiator = Initiator()
        stack.callback(initiator.close)
        initiator.ok('hold', daemon.portal, TARGET, HOST)
        for lun in (0, 1):
            while initiator.ok('sense', lun) != ['good']:
                pass
            equal(initiator.ok('put', lun, 0, 7), ['good'], 'a write')
            initiator.ok('get', lun, 0)
        yield daemon, initiator


def ask(daemon, path, accept=None):
    """(media type, text)"""
    connection = UnixConnection(daemon.socket, 30)
    with contextlib.closing(connection):
        connection.request('GET', path, headers={'Accept': accept} if accept else {})
        answer = connection.getresponse()
        text = answer.read().decode()
        equal(answer.status, 200, f'{path}: {text}')
        return answer.headers['Content-Type'], text


def samples(daemon):
    """{'name{labels}': value}"""
    text = ask(daemon, '/metrics')[1]
    return {line.rsplit(' ', 1)[0]: float(line.rsplit(' ', 1)[1])
            for line in text.splitlines() if not line.startswith('#')}


def vdsctl(daemon, *words):
    return subprocess.run([os.environ['VDSCTL'], '--url', f'unix:{daemon.socket}', *words],
                          capture_output=True, text=True, timeout=60)


def test_promtool_has_no_complaint():
    with array() as (daemon, _):
        kind, text = ask(daemon, '/metrics')
        equal(kind, 'text/plain; version=0.0.4; charset=utf-8', 'media type')
        done = subprocess.run([promtool(), 'check', 'metrics'], input=text, capture_output=True,
                              text=True)
        equal((done.returncode, done.stdout + done.stderr), (0, ''), 'promtool check metrics')
        daemon.stop()


def test_open_metrics_is_read_by_a_strict_reader():
    with array() as (daemon, _):
        kind, text = ask(daemon, '/metrics', OPEN_METRICS)
        check(kind.startswith('application/openmetrics-text; version=1.0.0'), kind)
        done = subprocess.run(['/usr/bin/python3', '-c', READER], input=text, capture_output=True,
                              text=True)
        equal(done.returncode, 0, done.stderr)
        names = set(done.stdout.split())
        for name in ('vds_lun_commands_total', 'vds_command_duration_seconds_bucket',
                     'vds_build_info', 'vds_session_bytes_total'):
            check(name in names, f'{name} is not there')
        daemon.stop()


def test_every_metric_is_in_the_guide_and_no_other():
    source = (TOP / 'src/http/metrics_rows.c').read_text()
    suffix = {'METRIC_COUNTER': '_total', 'METRIC_INFO': '_info'}
    known = {name + suffix.get(kind, '') for name, kind in
             re.findall(r'^\t\{ "(\w+)", (METRIC_\w+),', source, re.M)}
    guide = set(re.findall(r'`((?:vds|process)_\w+)`', (TOP / 'docs/monitor.md').read_text()))
    equal(guide, known, 'metrics in docs/monitor.md')
    series = known | {f'{name}_{end}' for name in known if name.endswith('_duration_seconds')
                      for end in ('bucket', 'sum', 'count')}
    for path in ('docs/monitoring/vds-alerts.yml', 'docs/monitoring/vds-dashboard.json'):
        exprs = [line for line in (TOP / path).read_text().splitlines()
                 if re.match(r' *"?expr', line)]
        used = set(re.findall(r'\b(vds_\w+)', ' '.join(exprs)))
        check(used, f'{path} asks for no metric')
        equal(used - series, set(), f'unknown metrics in {path}')
    json.loads((TOP / 'docs/monitoring/vds-dashboard.json').read_text())


def test_promtool_takes_the_alert_rules():
    done = subprocess.run([promtool(), 'check', 'rules', TOP / 'docs/monitoring/vds-alerts.yml'],
                          capture_output=True, text=True)
    equal(done.returncode, 0, done.stdout + done.stderr)


def test_metrics_agree_with_the_counters():
    with array() as (daemon, initiator):
        luns = {lun['name']: lun['id'] for lun in daemon.rest().list('luns')}
        labels = f'lun="vol",lun_id="{luns["vol"]}"'
        for _ in range(5):
            initiator.ok('get', 0, 0)

        def counted():
            got = samples(daemon)
            return got if got.get('vds_lun_command_duration_seconds_count'
                                  f'{{{labels},kind="read"}}') == 6 else None
        got = eventually('all reads are in the histogram', counted)
        equal(got[f'vds_lun_commands_total{{{labels},kind="read"}}'], 6, 'reads')
        equal(got['vds_sessions'], 1, 'sessions')
        equal(got['vds_array_health'], 0, 'health')
        counters = daemon.ctl('lun', 'counters', 'vol')
        equal(counters['read_commands'], 6, 'reads of vdsctl')
        check(f'lun="a \\"quoted\\" \\\\ name",lun_id="{luns[NASTY]}"' in
              ask(daemon, '/metrics')[1], 'the name is not escaped')
        check(any('host="db1"' in name for name in got), 'no sample names the host')
        daemon.stop()


def test_latencies_agree_with_the_initiator_s():
    """The store holds each write back; both sides measure the same time, within a tenth."""
    with array('--slow-ms', '20') as (daemon, initiator):
        lun = next(lun['id'] for lun in daemon.rest().list('luns') if lun['name'] == 'vol')
        hold = daemon.inject / f'{lun}.write'
        before = next(item['write'] for item in json.loads(ask(daemon, '/v1/stats')[1])['luns']
                      if item['id'] == lun)
        client_ns = 0
        for block in range(10):
            hold.write_text('hold')
            lift = threading.Timer(0.08, hold.unlink)
            lift.start()
            begin = time.monotonic_ns()
            equal(initiator.ok('put', 0, block, 1), ['good'], 'a held write')
            client_ns += time.monotonic_ns() - begin
            lift.join()

        def counted():
            after = next(item['write'] for item in json.loads(ask(daemon, '/v1/stats')[1])['luns']
                         if item['id'] == lun)
            return after if after['commands'] == before['commands'] + 10 else None
        after = eventually('all writes are counted', counted)
        ratio = (after['ns'] - before['ns']) / client_ns
        check(0.9 <= ratio <= 1.1, f'the array measured {ratio:.3f} of what the initiator did')
        slow = [line for line in daemon.log.read_text().splitlines() if 'command.slow' in line]
        check(slow and all(f'lun={lun}' in line and 'opcode=0x' in line for line in slow), slow)
        phases = dict(re.findall(r'(\w+_us)=(\d+)', slow[0]))
        check(int(phases['store_us']) > 0.9 * int(phases['total_us']), slow[0])
        check(samples(daemon)['vds_slow_commands_total'] >= 10, 'slow commands are not counted')
        daemon.stop()


def test_top_shows_luns_hosts_and_sessions():
    with array() as (daemon, initiator):
        ready = threading.Event()

        def work():
            while not ready.is_set():
                initiator.ok('get', 0, 0)
        worker = threading.Thread(target=work)
        worker.start()
        try:
            top = vdsctl(daemon, '-o', 'json', 'top', '--count', '1')
            text = vdsctl(daemon, 'top', '--count', '1').stdout
            stats = vdsctl(daemon, 'lun', 'stats', NASTY, '-o', 'json')
        finally:
            ready.set()
            worker.join()
        got = json.loads(top.stdout)
        busy = got['luns'][0]
        equal(busy['name'], 'vol', 'the busiest LUN')
        check(busy['read']['commands_per_second'] > 0 and busy['read']['p99_us'] > 0, busy)
        equal([host['name'] for host in got['hosts']], ['db1'], 'hosts')
        check(got['hosts'][0]['read']['commands_per_second'] > 0, got['hosts'])
        check(got['sessions'][0]['name'].startswith('web from 127.0.0.1:'), got['sessions'])
        for word in ('LUN', 'HOST', 'SESSION', 'db1', 'vol'):
            check(word in text, f'{word} is not in: {text}')
        idle = json.loads(stats.stdout)['luns']
        equal([(lun['name'], lun['read']['commands_per_second']) for lun in idle], [(NASTY, 0)],
              'an idle LUN')
        for words in (('top', '--count', '0'), ('top', '--interval', 'x'),
                      ('lun', 'stats', 'vol', '--interval', '3601')):
            done = vdsctl(daemon, *words)
            check(done.returncode == 2 and words[-2] in done.stderr, done.stderr)
        daemon.stop()


def test_health_has_the_status_of_a_monitoring_plug_in():
    with array() as (daemon, _):
        done = vdsctl(daemon, 'health')
        equal((done.returncode, done.stdout), (0, 'ok\n'), 'a healthy array')
        lun = next(lun['id'] for lun in daemon.rest().list('luns') if lun['name'] == 'vol')
        daemon.ctl('controller', 'offline')
        done = vdsctl(daemon, 'health')
        equal(done.returncode, 1, done.stdout)
        check('controller' in done.stdout and 'vdsctl controller online' in done.stdout, done.stdout)
        daemon.ctl('controller', 'online')
        next(daemon.dir.rglob(f'*{lun}*')).unlink()
        eventually('the LUN has failed', lambda: vdsctl(daemon, 'health').returncode == 2)
        done = vdsctl(daemon, '-o', 'json', 'health')
        got = json.loads(done.stdout)
        equal(got['status'], 'critical', 'status')
        check(any(p['id'] == lun and p['family'] == 'lun' and p['level'] == 'critical'
                  for p in got['problems']), got)
        equal(samples(daemon)['vds_array_health'], 2, 'the metric')
        equal(vdsctl(daemon, 'health', 'now').returncode, 3, 'a wrong command')
        daemon.stop()
        equal(vdsctl(daemon, 'health').returncode, 3, 'an array that does not answer')


if __name__ == '__main__':
    if not os.access(promtool(), os.X_OK):
        requires('promtool')
    main([test_promtool_has_no_complaint, test_open_metrics_is_read_by_a_strict_reader,
          test_every_metric_is_in_the_guide_and_no_other, test_promtool_takes_the_alert_rules,
          test_metrics_agree_with_the_counters, test_latencies_agree_with_the_initiator_s,
          test_top_shows_luns_hosts_and_sessions,
          test_health_has_the_status_of_a_monitoring_plug_in])
