#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pictures of README.md show what the programs print today.

Pictures of the terminal are drawn anew and compared: all of `vdsctl plan`, and of `vdsctl top` all
but figures.  The picture of the web page is a copy of one that tests/page has made; beside it
stands the hash of the sources of the page that it shows.  UPDATE_PICTURES=1 writes them instead:

    UPDATE_PICTURES=1 meson test -C build page pictures
"""
import fcntl
import hashlib
import os
import pathlib
import pty
import re
import select
import shutil
import struct
import subprocess
import termios
import threading
import xml.sax.saxutils

import vdstest
from vdstest import DEADLINE_S, Daemon, Initiator, check, equal

SOURCE = pathlib.Path(os.environ['MESON_SOURCE'])
PICTURES = SOURCE / 'docs' / 'pictures'
SHOTS = pathlib.Path(os.environ['MESON_BUILD']) / 'tests' / 'page' / 'pictures'
UPDATE = os.environ.get('UPDATE_PICTURES') == '1'
HOW = 'run this test with UPDATE_PICTURES=1 and commit docs/pictures'
COLUMNS = 108
WEB1, WEB2 = 'iqn.1993-08.org.debian:01:web1', 'iqn.1993-08.org.debian:01:web2'

BEFORE = f'''{{
  "format": 1,
  "hosts": [ {{ "name": "web1", "initiators": ["{WEB1}"] }} ],
  "luns": [
    {{ "name": "data", "size": "20GiB", "mask": ["host:web1"] }},
    {{ "name": "old", "size": "1GiB" }}
  ],
  "targets": [ {{ "name": "iqn.2026-11.org.example:web", "alias": "web" }} ],
  "associations": [ {{ "lun": "data", "target": "web", "number": 0 }} ]
}}'''
AFTER = f'''{{
  "format": 1,
  "hosts": [
    {{ "name": "web1", "initiators": ["{WEB1}"] }},
    {{ "name": "web2", "initiators": ["{WEB2}"] }}
  ],
  "luns": [
    {{ "name": "data", "size": "30GiB", "mask": ["host:web2"] }},
    {{ "name": "old", "absent": true }}
  ]
}}'''


# ---- what a terminal shows ----

def on_terminal(daemon, *words):
    """What a command writes to a terminal."""
    master, slave = pty.openpty()
    try:
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 40, COLUMNS, 0, 0))
        process = subprocess.Popen(
            [os.environ['VDSCTL'], *map(str, words)], stdin=slave, stdout=slave, stderr=slave,
            env={'VDS_URL': f'unix:{daemon.socket}', 'TERM': 'xterm-256color', 'HOME': '/nowhere'})
    finally:
        os.close(slave)
    data = b''
    while select.select([master], [], [], DEADLINE_S)[0]:
        try:
            block = os.read(master, 65536)
        except OSError:         # the other end is closed
            break
        if not block:
            break
        data += block
    os.close(master)
    process.wait(DEADLINE_S)
    return data.decode().replace('\r\n', '\n')


COLOURS = {'31': '#ff7b72', '32': '#7ee787', '33': '#e3b341', '34': '#79c0ff', '36': '#76e3ea'}
CELL, LINE, MARGIN = 8.4, 20, 16


def spans(line):
    """(style, text) of a line with escape sequences."""
    style = {}
    for code, text in re.findall(r'\x1b\[([0-9;]*)m|([^\x1b]+)', line):
        if text:
            yield dict(style), text
            continue
        for one in code.split(';') if code else ['0']:
            if one in ('', '0'):
                style = {}
            elif one == '1':
                style['font-weight'] = 'bold'
            elif one in COLOURS:
                style['fill'] = COLOURS[one]
            else:
                raise vdstest.Failed(f'the picture cannot show the attribute {one}')


def drawn(command, text):
    """An SVG of a terminal in which a command was given."""
    text = re.sub(r'\x1b\[H|\x1b\[J', '', text)
    lines = [f'\x1b[1m$ {command}\x1b[0m', *text.rstrip('\n').split('\n')]
    width = MARGIN * 2 + CELL * max(len(re.sub(r'\x1b\[[0-9;]*m', '', line)) for line in lines)
    height = MARGIN * 2 + LINE * len(lines)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
           f'viewBox="0 0 {width:.0f} {height}">',
           f'<title>{xml.sax.saxutils.escape(command)}</title>',
           '<rect width="100%" height="100%" rx="8" fill="#0d1117"/>',
           '<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" '
           'fill="#e6edf3" xml:space="preserve">']
    for number, line in enumerate(lines):
        out.append(f'<text x="{MARGIN}" y="{MARGIN + LINE * number + 15}">')
        for style, part in spans(line.replace(" ", "\u00a0")):
            said = ''.join(f' {name}="{value}"' for name, value in style.items())
            out.append(f'<tspan{said}>{xml.sax.saxutils.escape(part)}</tspan>')
        out.append('</text>')
    return '\n'.join([*out, '</g>', '</svg>', ''])


def compare(name, picture, volatile=None):
    """volatile: what may differ between two pictures of the same."""
    file = PICTURES / name
    if UPDATE:
        file.write_text(picture)
        return
    check(file.exists(), f'docs/pictures/{name} is missing: {HOW}')

    def lasting(text):
        return re.sub(volatile, '#', text) if volatile else text
    equal(lasting(file.read_text()), lasting(picture), f'docs/pictures/{name} is stale: {HOW}')


# ---- the pictures ----

def apply(daemon, text):
    file = daemon.top / 'array.json'
    file.write_text(text)
    daemon.ctl('apply', file)


def the_picture_of_plan_is_true():
    with Daemon() as daemon:
        apply(daemon, BEFORE)
        (daemon.top / 'array.json').write_text(AFTER)
        printed = on_terminal(daemon, 'plan', daemon.top / 'array.json')
        compare('plan.svg', drawn('vdsctl plan array.json', printed))


def the_picture_of_top_is_true():
    with Daemon() as daemon:
        apply(daemon, BEFORE)
        initiator = Initiator()
        initiator.ok('hold', daemon.portal, 'iqn.2026-11.org.example:web', WEB1)
        while initiator.ok('sense', 0) != ['good']:
            pass
        end = threading.Event()

        def load():
            number = 0
            while not end.is_set():
                number += 1
                initiator.ok('put', 0, number % 1024, 1)
                initiator.ok('get', 0, number % 1024)
        thread = threading.Thread(target=load)
        thread.start()
        try:
            printed = on_terminal(daemon, 'top', '--count', 1)
        finally:
            end.set()
            thread.join()
        initiator.close()
        # Figures and units are those of this moment, and so are the widths of columns.
        compare('top.svg', drawn('vdsctl top', printed),
                r'(?:width|height|viewBox)="[^"]*"|[0-9][0-9.,:TZ-]*(?:[ \u00a0](?:[nmu]?s|%|[KMG]i?B))?|[ \u00a0]+')


def page_sources():
    found = hashlib.sha256()
    for path in sorted((SOURCE / 'src' / 'page').rglob('*')):
        if path.is_file() and path.suffix in ('.js', '.jsx', '.css', '.html', '.svg'):
            found.update(str(path.relative_to(SOURCE)).encode() + b'\0' + path.read_bytes())
    return found.hexdigest() + '\n'


def the_picture_of_the_page_is_true():
    picture, note = PICTURES / 'page.png', PICTURES / 'page.sha256'
    if UPDATE:
        shutil.copyfile(SHOTS / 'picture-wide.png', picture)
        note.write_text(page_sources())
    check(picture.exists(), f'{picture} is missing: {HOW}')
    equal(note.read_text(), page_sources(),
          f'the page has changed since docs/pictures/page.png was made: {HOW}')


def readme_shows_them():
    text = (SOURCE / 'README.md').read_text()
    for name in ('plan.svg', 'top.svg', 'page.png'):
        check(f'docs/pictures/{name}' in text, f'README.md does not show {name}')


if __name__ == '__main__':
    vdstest.main([the_picture_of_plan_is_true, the_picture_of_top_is_true,
                  the_picture_of_the_page_is_true, readme_shows_them])
