# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes what bench/report has measured: index.html, report.md and a plot for each sweep.

The two pages are made of the same blocks: ('title', text), ('text', words), ('table', [row, …])
whose first row is the head, and ('plot', name of a file, title).
"""
import datetime
import html
import os
import pathlib
import platform
import statistics
import subprocess
import time

import pygal

import compare
import servers

BY_BYTES = compare.BY_BYTES
TOP = pathlib.Path(__file__).resolve().parent.parent
# colours that people with a colour vision deficiency can tell apart (Okabe and Ito)
COLOURS = ('#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#000000')
METHOD = '''\
Each single run lasts {seconds} s after a warm-up of {warmup} s, with one initiator
(bench/iscsi-bench) in one thread. All targets take turns within each of {rounds} rounds, so
what disturbs the machine disturbs all of them; every figure is the median of the rounds, the
range of single runs stands behind it, and a ratio is the median of the ratios within the
rounds. Figures of different days or machines cannot be compared; ratios can, with care. Latency
is measured by the initiator from the moment when a command is sent until its answer is there.
CPU is the processor time, user and system, of the target's process for each command; that of a
target that polls is all the time that it has. TCP is what the kernel carries over loopback of
messages of the same size and number in flight, where one program only answers: the better one
of a program that sleeps and one that spins. A run is noisy when other programs used more than
{quiet} cores meanwhile: {noisy} of {runs} runs were.'''


def command(*words):
    try:
        done = subprocess.run(words, capture_output=True, text=True, cwd=TOP, check=True)
        return done.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ''


def first_in(path, key):
    for line in pathlib.Path(path).read_text().splitlines():
        if line.startswith(key):
            return line.split(':', 1)[1].strip()
    return 'not known'


def about(args, targets, started):
    """What the reader of the report must know of the run."""
    commit = command('git', 'describe', '--always', '--dirty', '--abbrev=12')
    versions = {'vdsd': command(args.build / 'src/vdsd/vdsd', '--version').split('\n')[0],
                'tgt': command(servers.tool('tgtd') or 'tgtd', '--version')}
    return {
        'date': time.strftime('%Y-%m-%d %H:%M %Z', started),
        'took': str(datetime.timedelta(seconds=round(time.time() - time.mktime(started)))),
        'machine': [('Processor', first_in('/proc/cpuinfo', 'model name')),
                    ('Processors', str(os.cpu_count())),
                    ('Memory', first_in('/proc/meminfo', 'MemTotal')),
                    ('Kernel', platform.release()),
                    ('vdsd', f'{versions["vdsd"]}, commit {commit or "not known"}'),
                    ('tgt', versions['tgt'] or 'not installed')],
        'targets': [(t.name, t.url, 'polls' if t.polls else '') for t in targets],
        'method': {'seconds': args.seconds, 'warmup': args.warmup, 'rounds': args.rounds,
                   'quiet': args.quiet}}


def by_bytes(load):
    return compare.size_bytes(load[1]) >= BY_BYTES


def rate_of(row):
    return row['mb_s'] if row['bs'] >= BY_BYTES else row['iops']


class Results:
    def __init__(self, rows):
        self.rows = rows
        self.names = list(dict.fromkeys(row['name'] for row in rows))

    def of(self, name, load):
        return [row for row in self.rows if row['name'] == name and row['load'] == list(load)]

    def median(self, name, load, figure):
        """The median of a figure of a target under a load; None: there is none."""
        values = [figure(row) for row in self.of(name, load)]
        values = [value for value in values if value is not None]
        return statistics.median(values) if values else None

    def ratio(self, name, load):
        base = {row['round']: rate_of(row) for row in self.of(self.names[0], load)}
        ratios = [rate_of(row) / base[row['round']] for row in self.of(name, load)
                  if base.get(row['round'])]
        return statistics.median(ratios) if ratios else None


def latency(percentile):
    return lambda row: row['lat_us'][percentile] if 'lat_us' in row else None


def cpu(row):
    return row.get('target_cpu_us_per_io')


def plot(out, name, title, axes, labels, lines):
    """Writes a plot; lines: for each legend the values, in the order of the labels."""
    style = pygal.style.Style(colors=COLOURS, background='white', plot_background='white',
                              font_family='sans-serif', label_font_size=12, legend_font_size=13,
                              title_font_size=16, major_label_font_size=12)
    chart = pygal.Line(style=style, js=[], width=760, height=420, title=title, x_title=axes[0],
                       y_title=axes[1], range=(0, None), include_x_axis=True, dots_size=3,
                       legend_at_bottom=True, legend_at_bottom_columns=4, show_minor_x_labels=True,
                       value_formatter=lambda v: f'{v:,.0f}' if v >= 100 else f'{v:.3g}',
                       no_prefix=True, strict=False)
    chart.x_labels = [str(label) for label in labels]
    for legend, values in lines:
        if any(value is not None for value in values):
            chart.add(legend, values)
    (out / f'{name}.svg').write_bytes(chart.render())
    return ('plot', f'{name}.svg', title)


def sweep_blocks(out, name, sweep, results):
    title, axis, loads = sweep
    unit = 'MB/s' if all(by_bytes(load) for load in loads.values()) else 'commands a second'
    mixed = len({by_bytes(load) for load in loads.values()}) > 1
    rate = (lambda row: row['mb_s']) if mixed else rate_of
    unit = 'MB/s' if mixed else unit
    labels = list(loads)
    figures = [('rate', f'{title}: {unit}', unit, results.names, rate),
               ('p50', f'{title}: median latency', 'µs', results.names, latency('p50')),
               ('p99', f'{title}: latency of the slowest in a hundred', 'µs', results.names,
                latency('p99')),
               ('cpu', f'{title}: CPU of the target for a command', 'µs', results.names, cpu)]
    blocks = [('title', title[0].upper() + title[1:])]
    for kind, heading, scale, names, figure in figures:
        lines = [(target, [results.median(target, loads[x], figure) for x in labels])
                 for target in names]
        blocks.append(plot(out, f'{name}-{kind}', heading[0].upper() + heading[1:],
                           (axis, scale), labels, lines))
    head = [axis] + [f'{target} ({unit})' for target in results.names]
    table = [head]
    for x in labels:
        cells = [results.median(target, loads[x], rate) for target in results.names]
        table.append([str(x)] + ['-' if cell is None else f'{cell:,.0f}' for cell in cells])
    return blocks + [('table', table)]


def words_of(load):
    kind = {'randread': 'random reads', 'randwrite': 'random writes', 'randrw': 'random, 70 % reads',
            'read': 'reads', 'write': 'writes'}[load[0]]
    sessions = f', {load[3]} sessions' if load[3] > 1 else ''
    return f'{load[1]} {kind}, depth {load[2]}{sessions}'


def figures_of(results, name, load):
    """One row of the table of workloads, but for its first cell."""
    rows = results.of(name, load)
    rates = [rate_of(row) for row in rows]

    def number(value, form):
        return '-' if value is None else format(value, form)

    unit = ' MB/s' if by_bytes(load) else ''
    errors = sum(row.get('errors', 0) for row in rows)
    noisy = sum(row['noisy'] for row in rows)
    notes = [f'{noisy} of {len(rows)} runs noisy'] * (noisy > 0)
    notes += [f'{errors} COMMANDS FAILED'] * (errors > 0)
    return [name, f'{statistics.median(rates):,.0f}{unit}',
            f'{min(rates):,.0f}-{max(rates):,.0f}', number(results.ratio(name, load), '.2f'),
            *(number(results.median(name, load, latency(p)), ',.0f')
              for p in ('p50', 'p99', 'p999')),
            number(results.median(name, load, cpu), '.2f'), ', '.join(notes)]


def table_blocks(loads, results):
    table = [['workload', 'target', 'a second', 'range', f'ratio to {results.names[0]}', 'p50 µs',
              'p99 µs', 'p99.9 µs', 'CPU µs', 'notes']]
    for load in loads.values():
        first = words_of(load)
        for name in results.names:
            if results.of(name, load):
                table.append([first] + figures_of(results, name, load))
                first = ''
    return [('title', 'Workloads'), ('table', table)]


def blocks_of(out, sweeps, rows, facts):
    results = Results(rows)
    noisy = sum(row['noisy'] for row in rows)
    blocks = [('title', 'The machine'),
              ('table', [['', ''], ['Date', f'{facts["date"]}, {facts["took"]}'],
                         *([key, value] for key, value in facts['machine'])]),
              ('title', 'The targets'),
              ('table', [['name', 'URL', ''], *(list(target) for target in facts['targets'])]),
              ('title', 'The method'),
              ('text', METHOD.replace('\n', ' ').format(noisy=noisy, runs=len(rows), **facts['method']))]
    if 'table' in sweeps:
        blocks += table_blocks(sweeps['table'][2], results)
    for name, sweep in sweeps.items():
        if name != 'table':
            blocks += sweep_blocks(out, name, sweep, results)
    return blocks + [('title', 'The raw data'),
                     ('text', 'raw.jsonl, beside this page, has one line of JSON for each single '
                              'run, in the order in which they ran.')]


TITLE = 'iSCSI targets side by side'
STYLE = '''
body {
  font: 15px/1.5 sans-serif; margin: 2em auto; max-width: 74em; padding: 0 1em; color: #222;
}
table {
  border-collapse: collapse; margin: 1em 0; font-size: 13px; display: block; overflow-x: auto;
}
td, th {
  border-bottom: 1px solid #ddd; padding: .25em .7em; text-align: left; white-space: nowrap;
}
td { font-variant-numeric: tabular-nums; }
figure { display: inline-block; margin: .5em 0; width: min(100%, 30em); }
figure svg { width: 100%; height: auto; }
'''


def as_html(out, block):
    kind = block[0]
    if kind == 'title':
        return f'<h2>{html.escape(block[1])}</h2>'
    if kind == 'text':
        return f'<p>{html.escape(block[1])}</p>'
    if kind == 'plot':
        svg = (out / block[1]).read_text()
        return f'<figure>{svg[svg.index("<svg"):]}</figure>'
    head, *rows = block[1]

    def line(cells, tag):
        return '<tr>' + ''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells) + '</tr>'

    return '\n'.join(['<table>', *([line(head, 'th')] if any(head) else []),
                      *(line(row, 'td') for row in rows), '</table>'])


def as_markdown(block):
    kind = block[0]
    if kind == 'title':
        return f'## {block[1]}'
    if kind == 'text':
        return block[1]
    if kind == 'plot':
        return f'![{block[2]}]({block[1]})'
    head, *rows = block[1]
    return '\n'.join(['| ' + ' | '.join(cells) + ' |'
                      for cells in [head, ['---'] * len(head), *rows]])


def write(out, sweeps, rows, facts):
    """sweeps: those of bench/report that were measured; rows: its results; facts: of about()."""
    blocks = blocks_of(out, sweeps, rows, facts)
    page = ['<!DOCTYPE html>', '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<title>{TITLE}</title><style>{STYLE}</style></head><body>', f'<h1>{TITLE}</h1>',
            *(as_html(out, block) for block in blocks), '</body></html>']
    (out / 'index.html').write_text('\n'.join(page) + '\n')
    text = [f'# {TITLE}', *(as_markdown(block) for block in blocks)]
    (out / 'report.md').write_text('\n\n'.join(text) + '\n')
