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
import tempfile
import time

import chap_login
import conform
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


def test_promtool_takes_the_expressions_of_the_dashboard():
    board = json.loads((TOP / 'docs/monitoring/vds-dashboard.json').read_text())
    exprs = [target['expr'] for panel in board['panels'] for target in panel['targets']]
    check(len(exprs) > 20, f'only {len(exprs)} expressions')
    ids = [panel['id'] for panel in board['panels']]
    equal(len(set(ids)), len(ids), 'panels with an id of their own')
    rules = [{'record': f'panel:{i}', 'expr': expr.replace('$__rate_interval', '5m')}
             for i, expr in enumerate(exprs)]
    with tempfile.NamedTemporaryFile('w', suffix='.yml') as file:    # JSON is YAML, too
        json.dump({'groups': [{'name': 'dashboard', 'rules': rules}]}, file)
        file.flush()
        done = subprocess.run([promtool(), 'check', 'rules', file.name], capture_output=True,
                              text=True)
    equal(done.returncode, 0, done.stdout + done.stderr)


def test_alerts_and_dashboard_use_the_families_of_hosts_catalog_logins_threads_and_jobs():
    for path, names in {
            'docs/monitoring/vds-alerts.yml': (
                'vds_login_failures_total', 'vds_thread_busy_seconds_total',
                'vds_catalog_failed_commits_total', 'vds_catalog_size_bytes', 'vds_port_up',
                'vds_jobs', 'vds_scrape_families_left_out'),
            'docs/monitoring/vds-dashboard.json': (
                'vds_host_commands_total', 'vds_host_bytes_total', 'vds_host_sessions',
                'vds_login_failures_total', 'vds_thread_busy_seconds_total',
                'vds_catalog_commit_duration_seconds_bucket', 'vds_jobs', 'vds_port_speed_bytes'),
    }.items():
        text = (TOP / path).read_text()
        equal([name for name in names if name not in text], [], f'families missing in {path}')


def sum_of(got, family, **labels):
    """The sum of the samples of a family that have these labels."""
    wanted = [f'{name}="{value}"' for name, value in labels.items()]
    values = [value for name, value in got.items() if name.split('{')[0] == family
              and all(re.search(r'[{,]' + re.escape(label) + r'[,}]', name) for label in wanted)]
    check(values, f'no sample of {family} {labels}')
    return sum(values)


def when(daemon, what, probe):
    """The samples as soon as the probe likes them."""
    def look():
        got = samples(daemon)
        return got if probe(got) else None
    return eventually(what, look)


def test_hosts_keep_what_their_sessions_have_done():
    with array() as (daemon, initiator):
        for block in range(7):
            equal(initiator.ok('put', 0, block, 1), ['good'], 'a write')
        for _ in range(4):
            initiator.ok('get', 0, 0)
        luns = [daemon.ctl('lun', 'counters', name) for name in ('vol', NASTY)]
        read, written = (sum(lun[f'{kind}_commands'] for lun in luns) for kind in
                         ('read', 'write'))
        equal((read, written), (6, 9), 'what the LUNs have counted')
        got = when(daemon, 'the host has it', lambda got: sum_of(
            got, 'vds_host_commands_total', host='db1', kind='write') == written)
        equal(sum_of(got, 'vds_host_commands_total', host='db1', kind='read'), read, 'reads')
        for kind in ('read', 'write'):
            equal(sum_of(got, 'vds_host_bytes_total', host='db1', kind=kind),
                  sum(lun[f'{kind}_bytes'] for lun in luns), f'bytes: {kind}')
        check(sum_of(got, 'vds_host_command_seconds_total', host='db1', kind='write') > 0, got)
        equal(sum_of(got, 'vds_host_sessions', host='db1'), 1, 'sessions')
        equal(sum_of(got, 'vds_host_sessions', host=''), 0, 'sessions of no host')

        # the name goes to another host: what was done stays, what is done counts for the other
        daemon.ctl('host', 'create', 'db2')
        daemon.ctl('host', 'remove-name', 'db1', HOST)
        initiator.ok('get', 0, 0)
        daemon.ctl('host', 'add-name', 'db2', HOST)
        initiator.ok('get', 0, 0)
        initiator.ok('get', 0, 0)
        got = when(daemon, 'the other host has it', lambda got: any('db2' in name for name in got)
                   and sum_of(got, 'vds_host_commands_total', host='db2', kind='read') == 2)
        equal([sum_of(got, 'vds_host_commands_total', host=host, kind='read') for host in
               ('db1', '', 'db2')], [read, 1, 2], 'reads of db1, of no host, of db2')
        equal([sum_of(got, 'vds_host_sessions', host=host) for host in ('db1', '', 'db2')],
              [0, 0, 1], 'their sessions')
        equal([sum_of(got, 'vds_host_logins_total', host=host) for host in ('db1', '', 'db2')],
              [1, 0, 0], 'their logins')

        initiator.close()
        got = when(daemon, 'the session has ended',
                   lambda got: sum_of(got, 'vds_host_sessions', host='db2') == 0)
        equal([sum_of(got, 'vds_host_commands_total', host=host, kind='read') for host in
               ('db1', '', 'db2')], [read, 1, 2], 'reads after the session')
        daemon.ctl('host', 'delete', 'db2')
        when(daemon, 'a deleted host has no samples',
             lambda got: not any('db2' in name for name in got))
        daemon.stop()


def test_failed_logins_count_by_target_and_reason():
    with array() as (daemon, initiator):
        def refused(target, who=HOST):
            probe = Initiator()
            with contextlib.closing(probe):
                check(probe.ask('list', daemon.portal, target, who)[0] != 'ok', 'a login to ' +
                      target)
        near, far = TARGET + '.near', TARGET + '.far'
        for name in (near, far):
            daemon.ctl('target', 'create', name)
        daemon.ctl('target', 'sources', far, '192.0.2.0/24')
        secret = daemon.top / 'secret'
        secret.write_text('correct-horse-battery\n', encoding='utf-8')
        secret.chmod(0o600)
        daemon.ctl('target', 'secret', near, '--user', 'alice', '--file', secret)
        got = samples(daemon)
        equal(sum_of(got, 'vds_login_failures_total'), 0, 'failures before')

        refused('iqn.2026-11.org.example:nobody')
        refused(far)
        refused(far)
        for _ in range(3):
            equal(chap_login.login(daemon.portal, near, 'wrong-wrong-wrong'), 0x0201, 'a guess')
        got = samples(daemon)
        for target, reason, count in (('', 'no-target', 1), (far, 'address', 2),
                                      (near, 'authentication', 3)):
            equal(sum_of(got, 'vds_login_failures_total', target=target, reason=reason), count,
                  f'{target} {reason}')
        equal(sum_of(got, 'vds_login_failures_total'), 6, 'all failures')
        port = daemon.ctl('port', 'counters', 'lo')
        equal((port['refused_logins'], port['failed_logins']), (6, 3), 'what the port has counted')

        # a target that is deleted leaves its failures without a name
        daemon.ctl('target', 'delete', far)
        got = samples(daemon)
        check(not any(far in name for name in got), 'a deleted target has samples')
        equal(sum_of(got, 'vds_login_failures_total', target='', reason='address'), 2, 'its count')
        daemon.stop()


def test_commits_of_the_catalog_count():
    with array() as (daemon, _):
        before = samples(daemon)
        for number in range(5):
            daemon.ctl('host', 'create', f'h{number}', f'{HOST}.{number}')
        # what changes no row is committed, too: that an initiator has seen a target, for example
        got = when(daemon, 'commits are in the histogram', lambda got: sum_of(
            got, 'vds_catalog_commits_total') == sum_of(
                got, 'vds_catalog_commit_duration_seconds_count'))

        def grown(family):
            return sum_of(got, family) - sum_of(before, family)
        check(grown('vds_catalog_commits_total') >= 5, 'fewer commits than changes')
        equal(grown('vds_catalog_committed_changes_total'), 5, 'changes')
        equal(grown('vds_catalog_rows_total'), 10, 'rows: a host and its name each')
        check(grown('vds_catalog_commit_duration_seconds_sum') > 0, 'commits took no time')
        equal(sum_of(got, 'vds_catalog_failed_commits_total'), 0, 'failed commits')
        position = daemon.rest().call('GET', '/v1/array')
        equal(sum_of(got, 'vds_catalog_revision'), sum_of(got, 'vds_catalog_changes_total'),
              f'the revision {position}')
        for label, name in (('database', 'catalog.db'), ('log', 'catalog.db-wal')):
            equal(sum_of(got, 'vds_catalog_size_bytes', file=label),
                  (daemon.dir / name).stat().st_size, f'the size of {name}')
        check(sum_of(got, 'vds_catalog_size_bytes', file='log') > 0, 'the log has no size')
        daemon.stop()


def test_jobs_count_by_kind_and_state():
    def counts(daemon):
        got = samples(daemon)
        return {(kind, state): sum_of(got, 'vds_jobs', kind=kind, state=state)
                for kind in ('create-lun', 'extend-lun', 'delete-lun')
                for state in ('running', 'done', 'failed', 'cancelled')}

    def listed(daemon):
        jobs = daemon.rest().list('jobs')
        return {key: sum((job['kind'], job['state']) == key for job in jobs)
                for key in counts(daemon)}
    with Daemon() as daemon:
        equal(set(counts(daemon).values()), {0}, 'jobs of a new array')
        for name in ('a', 'b'):
            daemon.ctl('lun', 'create', name, '--size', '4M', '--thick')
        daemon.ctl('lun', 'extend', 'a', '4M')
        hold = daemon.inject / 'all.allocate'
        hold.write_text('hold')
        daemon.ctl('lun', 'create', 'c', '--size', '4M', '--thick', '--no-wait')
        equal(counts(daemon)['create-lun', 'running'], 1, 'a job that runs')
        equal(counts(daemon), listed(daemon), 'jobs while one runs')
        job = next(job for job in daemon.rest().list('jobs') if job['state'] == 'running')
        hold.write_text('ENOSPC')
        eventually('the job has failed',
                   lambda: counts(daemon)['create-lun', 'failed'] == 1)
        got = counts(daemon)
        equal(got, listed(daemon), 'jobs at the end')
        equal((got['create-lun', 'running'], got['create-lun', 'done']), (0, 2),
              f'the held job {job["id"]} and those before')
        equal(got['extend-lun', 'done'], 1, 'extend')
        daemon.stop()


def interface_bytes(name):
    """What the kernel has counted: received, sent."""
    for line in pathlib.Path('/proc/net/dev').read_text().splitlines():
        if line.strip().startswith(name + ':'):
            fields = line.split(':')[1].split()
            return int(fields[0]), int(fields[8])
    return 0, 0


def test_ports_count_what_came_and_show_the_link():
    with array() as (daemon, initiator):
        size, blocks = 512, 200
        before, kernel = samples(daemon), interface_bytes('lo')
        for block in range(blocks):
            initiator.ok('put', 0, block, 1)
        initiator.ok('get', 0, 0)
        with contextlib.closing(Initiator()) as other:
            other.ok('hold', daemon.portal, TARGET, HOST + '.two')
            got = samples(daemon)
            equal(sum_of(got, 'vds_sessions'), 2, 'sessions')
        grown = {direction: sum_of(got, 'vds_port_bytes_total', interface='lo',
                                   direction=direction) -
                 sum_of(before, 'vds_port_bytes_total', interface='lo', direction=direction)
                 for direction in ('received', 'sent')}
        moved = [now - then for now, then in zip(interface_bytes('lo'), kernel)]
        # each write has a header and a block, and one answer; the kernel adds its own headers
        check(blocks * (48 + size) < grown['received'] < moved[0], f'{grown} of {moved}')
        check(blocks * 48 + size < grown['sent'] < moved[1], f'{grown} of {moved}')
        equal(sum_of(got, 'vds_port_logins_total', interface='lo'), 2, 'logins')
        port = daemon.ctl('port', 'counters', 'lo')
        equal(sum_of(got, 'vds_port_logins_total', interface='lo'), port['logins'],
              'logins of vdsctl')
        lo = pathlib.Path('/sys/class/net/lo')
        equal(sum_of(got, 'vds_port_mtu_bytes', interface='lo'),
              int((lo / 'mtu').read_text()), 'the largest packet')
        shown = daemon.ctl('port', 'show', 'lo')
        if shown['link'] != 'unknown':
            equal(sum_of(got, 'vds_port_up', interface='lo'), shown['link'] == 'up', 'the link')
        daemon.stop()


def test_drives_show_their_size_and_their_state():
    daemon = Daemon()
    conform.make_host(daemon.inject / 'host')
    state = daemon.inject / 'host' / conform.DISK / 'device/state'
    with daemon:
        got = samples(daemon)
        drive = daemon.ctl('drive', 'show', 'sda')
        equal(sum_of(got, 'vds_drive_size_bytes', drive='sda'), 2147483648 * 512,
              'the size that the host says, in sectors')
        equal(sum_of(got, 'vds_drive_size_bytes', drive='sda'), drive['size_bytes'],
              'the size that vdsctl shows')
        equal(sum_of(got, 'vds_drive_ready', drive='sda'), 1, 'a drive that runs')
        state.write_text('offline')
        daemon.ctl('drive', 'rescan')
        equal(sum_of(samples(daemon), 'vds_drive_ready', drive='sda'), 0, 'a drive that is gone')
        state.write_text('running')
        daemon.ctl('drive', 'rescan')
        equal(sum_of(samples(daemon), 'vds_drive_ready', drive='sda'), 1, 'and is back')
        daemon.stop()


def thread_cpu_s(daemon, name):
    """What the kernel says of a thread of vdsd."""
    for task in pathlib.Path(f'/proc/{daemon.process.pid}/task').iterdir():
        text = (task / 'stat').read_text()
        if f'({name})' in text:
            user, system = text.rsplit(')', 1)[1].split()[11:13]
            return (int(user) + int(system)) / os.sysconf('SC_CLK_TCK')
    raise AssertionError(f'there is no thread {name}')


def test_threads_say_how_busy_they_are():
    with array('--threads', '1') as (daemon, initiator):
        begin = time.monotonic()
        before = samples(daemon)
        for block in range(500):
            initiator.ok('put', 0, block % 16, 1)
        got = samples(daemon)
        passed = time.monotonic() - begin

        def grown(family):
            return sum_of(got, family, thread='0') - sum_of(before, family, thread='0')
        check(0 < grown('vds_thread_busy_seconds_total') <= passed, f'{got} in {passed} s')
        check(0 < grown('vds_thread_cpu_seconds_total') <= passed, f'{got} in {passed} s')
        kernel = thread_cpu_s(daemon, 'target-0')       # in ticks
        now = sum_of(samples(daemon), 'vds_thread_cpu_seconds_total', thread='0')
        check(sum_of(got, 'vds_thread_cpu_seconds_total', thread='0') - 0.02 <= kernel
              <= now + 0.02, f'{kernel} s by the kernel, {now} s by the metrics')
        daemon.stop()


def test_a_scrape_waits_neither_for_the_store_nor_for_a_job():
    """The store holds a write, and a job: who scrapes is answered, and so are others."""
    with array() as (daemon, initiator):
        lun = next(lun['id'] for lun in daemon.rest().list('luns') if lun['name'] == 'vol')
        write, allocate = daemon.inject / f'{lun}.write', daemon.inject / 'all.allocate'
        write.write_text('hold')
        allocate.write_text('hold')
        daemon.ctl('lun', 'create', 'thick', '--size', '4M', '--thick', '--no-wait')
        begun = threading.Event()

        def put():
            begun.set()
            equal(initiator.ok('put', 0, 3, 1), ['good'], 'the write that was held')
        writer = threading.Thread(target=put)
        writer.start()
        begun.wait()
        try:
            for _ in range(3):
                equal(sum_of(samples(daemon), 'vds_jobs', kind='create-lun', state='running'), 1,
                      'a job that is held')
            daemon.ctl('host', 'create', 'meanwhile')
        finally:
            write.unlink()
            allocate.unlink()
            writer.join()
        daemon.stop()


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
        slow = daemon.logged('command.slow')
        check(all(f'lun={lun}' in line and 'opcode=0x' in line for line in slow), slow)
        phases = dict(re.findall(r'(\w+_us)=(\d+)', slow[0]))
        check(int(phases['store_us']) > 0.9 * int(phases['total_us']), slow[0])
        eventually('slow commands are counted',
                   lambda: samples(daemon)['vds_slow_commands_total'] >= 10)
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
            host = vdsctl(daemon, 'host', 'stats', 'db1', '-o', 'json')
            host_text = vdsctl(daemon, 'host', 'stats', 'db1').stdout
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
        one = json.loads(host.stdout)
        equal((one['luns'], one['sessions'], len(one['hosts'])), ([], [], 1), 'only the host')
        equal((one['hosts'][0]['name'], one['hosts'][0]['sessions'], one['hosts'][0]['logins']),
              ('db1', 1, 1), 'the host')
        check(one['hosts'][0]['read']['commands_per_second'] > 0, one)
        check(host_text.startswith('HOST') and 'db1' in host_text, host_text)
        daemon.ctl('host', 'create', 'idle')
        lazy = daemon.ctl('host', 'stats', 'idle')['hosts']
        equal([(host['name'], host['read']['commands_per_second']) for host in lazy],
              [('idle', 0)], 'an idle host')
        idle = json.loads(stats.stdout)['luns']
        equal([(lun['name'], lun['read']['commands_per_second']) for lun in idle], [(NASTY, 0)],
              'an idle LUN')
        for words in (('top', '--count', '0'), ('top', '--interval', 'x'),
                      ('lun', 'stats', 'vol', '--interval', '3601'),
                      ('host', 'stats', 'db1', '--count', '0')):
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
        check('controller' in done.stdout and 'vdsctl controller online' in done.stdout,
              done.stdout)
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
          test_promtool_takes_the_expressions_of_the_dashboard,
          test_alerts_and_dashboard_use_the_families_of_hosts_catalog_logins_threads_and_jobs,
          test_hosts_keep_what_their_sessions_have_done,
          test_failed_logins_count_by_target_and_reason, test_commits_of_the_catalog_count,
          test_jobs_count_by_kind_and_state, test_ports_count_what_came_and_show_the_link,
          test_drives_show_their_size_and_their_state, test_threads_say_how_busy_they_are,
          test_a_scrape_waits_neither_for_the_store_nor_for_a_job,
          test_metrics_agree_with_the_counters, test_latencies_agree_with_the_initiator_s,
          test_top_shows_luns_hosts_and_sessions,
          test_health_has_the_status_of_a_monitoring_plug_in])
