# SPDX-License-Identifier: LGPL-2.1-or-later
"""vdsctl's contexts, a part of test_commands.py."""
import contextlib
import json
import os
import re
import shutil

from ctltest import batch, check, complete, equal


@contextlib.contextmanager
def contexts(a, **settings):
    """The array, to be reached by contexts alone; gives the file in which they are."""
    before, home = a.env, a.top / 'home'
    a.env = {name: value for name, value in before.items()
             if not name.startswith(('VDS_', 'XDG_'))} | {'HOME': str(home)} | settings
    try:
        yield home / '.config/vds/contexts.json'
    finally:
        a.env = before
        shutil.rmtree(home, ignore_errors=True)


def test_contexts(a):
    url, array = a.env['VDS_URL'], a.json('array', 'show')['id']
    with contexts(a) as path:
        equal(a.json('context', 'list'), [])
        equal(a.run('context', 'add', 'here', '--url', url),
              'context here added; `vdsctl context use here` makes it the usual one\n')
        a.run('context', 'add', 'away', '--url', 'unix:/nothing/there', '-q')
        equal((path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777), (0o600, 0o700))
        check('no context is in use' in a.run('context', 'show', code=3), 'show')
        equal(a.json('--context', 'here', 'array', 'show')['id'], array)
        check('/nothing/there' in a.run('--context', 'away', 'array', 'show', code=5), 'away')
        equal(a.run('context', 'use', 'here'), 'context here is in use\n')
        equal(a.json('array', 'show')['id'], array)
        equal(a.json('context', 'show'), {'name': 'here', 'in_use': True, 'url': url})
        equal([(c['name'], c['in_use']) for c in a.json('context', 'list')],
              [('away', False), ('here', True)])
        check(re.search(r'^here +yes +unix:', a.run('context', 'list'), re.M), 'table')
        equal(complete(a, 'context', 'use', 'aw') + complete(a, '--context', 'he') +
              complete(a, 'lun', 'show', 'vol1'), ['away', 'here', 'vol1'])
        equal(batch(a, 'array show -q\ncontext show\n').splitlines()[-1].split(), ['url', url])
        check('--context cannot' in batch(a, '--context away lun list\n', code=2)[1], 'batch')
        a.run('context', 'add', 'two', '--url', f'unix:/nothing/there,{url}', '-q')
        equal(a.json('--context', 'two', 'array', 'show')['id'], array)
        a.run('context', 'remove', 'two', '-q')
        equal(a.run('context', 'use', 'none'), 'no context is in use\n')
        a.run('context', 'use', 'away', '-q')
        equal(a.run('context', 'remove', 'away'), 'context away removed\n')
        check('use' not in json.loads(path.read_text()), 'it is still in use')
        (a.top / 'script').write_text('list subsystems\n')
        check('SERIAL' in a.run('--context', 'here', 'diskraid', str(a.top / 'script')),
              'diskraid')


def test_what_wins_over_a_context(a):
    url, array = a.env['VDS_URL'], a.json('array', 'show')['id']
    with contexts(a):
        a.run('context', 'add', 'here', '--url', url)
        a.run('context', 'add', 'away', '--url', 'unix:/nothing/there')
        a.run('context', 'use', 'away')
        equal(a.json('array', 'show', '--url', url)['id'], array)
        a.env['VDS_CONTEXT'] = 'here'
        equal(a.json('array', 'show')['id'], array)
        check('VDS_CONTEXT is set' in a.run('context', 'use', 'away'), 'it is not said')
        a.env |= {'VDS_CONTEXT': 'away', 'VDS_URL': url}
        equal(a.json('array', 'show')['id'], array)
        check('VDS_URL is set' in a.run('context', 'use', 'away'), 'it is not said')
        a.run('array', 'show', '--context', 'away', code=5)
        check('give one of them' in a.run('array', 'show', '--context', 'away', '--url', url,
                                          code=2), 'both')


def test_a_context_has_a_token_of_its_own(a):
    """The token that the environment names belongs to another array: it is not sent."""
    url, here = a.env['VDS_URL'], a.top / 'token.here'
    here.write_text(a.run('token', 'create', 'ctx', '--role', 'reader'))
    here.chmod(0o600)
    (a.top / 'token.bad').write_text('vds_wrong\n')
    (a.top / 'token.bad').chmod(0o600)
    with contexts(a, VDS_TOKEN_FILE=str(a.top / 'token.bad')) as path:
        relative = os.path.relpath(here)
        a.run('context', 'add', 'reader', '--url', url, '--token-file', relative)
        a.run('context', 'add', 'user', '--url', url)
        check('role' in a.run('--context', 'reader', 'target', 'create', 'no', code=1), 'role')
        check(os.path.samefile(a.json('context', 'show', 'reader')['token_file'], here), 'path')
        check(here.read_text().strip() not in path.read_text() +
              a.run('context', 'show', 'reader') + a.run('context', 'list'), 'a secret is shown')
        a.run('--context', 'user', 'target', 'list')
        a.run('--url', url, 'target', 'list', code=1)
        a.run('--url', url, '--token-file', str(here), 'target', 'list')
    a.run('token', 'revoke', 'ctx')


def test_contexts_that_cannot_be(a):
    url = a.env['VDS_URL']
    with contexts(a) as path:
        for words in (['x'], ['x', '--url', 'gopher://a'], ['x', '--url', 'unix:relative'],
                      ['none', '--url', url], ['', '--url', url], ['.x', '--url', url],
                      ['x' * 64, '--url', url], ['a/b', '--url', url]):
            a.run('context', 'add', *words, code=2)
        a.run('context', 'add', 'x', '--url', url, '--token-file', '/nothing', code=3)
        a.run('context', 'add', 'x', '--url', 'https://a', '--ca', '/nothing', code=3)
        check(not path.exists(), 'something was kept')
        a.run('context', 'add', 'office', '--url', url)
        a.run('context', 'add', 'office', '--url', url, code=6)
        for words in (['context', 'use', 'offic'], ['context', 'remove', 'offic'],
                      ['context', 'show', 'offic'], ['--context', 'offic', 'lun', 'list']):
            check('did you mean `office`?' in a.run(*words, code=3), words)
        a.run('context', 'use', 'office')


def test_a_file_of_contexts_that_cannot_be_trusted(a):
    url = a.env['VDS_URL']
    with contexts(a) as path:
        a.run('context', 'add', 'office', '--url', url)
        a.run('context', 'use', 'office')
        whole = path.read_text()
        for mode in (0o644, 0o640, 0o620, 0o602):
            path.chmod(mode)
            for words in (['lun', 'list'], ['context', 'list'], ['context', 'use', 'none']):
                check(f'chmod 600 {path}' in a.run(*words, code=1), words)
            a.run('lun', 'list', '--url', url)
        path.chmod(0o600)
        entry = '{"contexts": {"a": {"url": "unix:/a", %s}}}'
        for text in (whole[:-3], '[]', '{}', '{"use": 1, "contexts": {}}', 'x' * 2000000,
                     '{"contexts": {"a": {}}}', '{"contexts": {"a": 1}}',
                     entry % '"fingerprnt": "AB"', entry % '"ca": null', entry % '"url": "x"',
                     whole + '\0'):
            path.write_text(text)
            check(str(path) in a.run('lun', 'list', code=2), text[:80])
            a.run('context', 'remove', 'office', code=2)
            equal(path.read_text(), text)
        path.write_text('{"use": "gone", "contexts": {}}')
        check('no context gone' in a.run('lun', 'list', code=3), 'gone')
        a.run('completion', 'bash')
        path.unlink()
        path.mkdir()
        check('not a regular file' in a.run('lun', 'list', code=2), 'directory')
    with contexts(a) as path:
        del a.env['HOME']
        check('HOME must be set' in a.run('context', 'add', 'x', '--url', url, code=2), 'HOME')
        a.env['XDG_CONFIG_HOME'] = str(path.parents[1])
        a.run('context', 'add', 'x', '--url', url)
        check(path.exists(), 'XDG_CONFIG_HOME')
