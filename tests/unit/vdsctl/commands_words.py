# SPDX-License-Identifier: LGPL-2.1-or-later
"""What vdsctl makes of the words that it is given: errors, help, completion and batches, a part of
test_commands.py.
"""
import contextlib
import grp
import json
import os
import shutil
import socket
import subprocess

from ctltest import DEADLINE_S, INITIATOR, VDSCTL, batch, check, complete, equal


def test_wrong_lines_are_usage_errors(a):
    for words in (['lun', 'frob'], ['lun', 'create', 'x'], ['lun', 'create', 'x', '--size', 'big'],
                  ['lun', 'list', '-o', 'xml'],
                  ['lun', 'create', 'x', '--size', '1M', '--block-size', '100'],
                  ['explain', 'vol1'],
                  ['lun', 'create', '', '--size', '1M'], ['target', 'create', '']):
        a.run(*words, code=2)


def test_an_array_that_is_not_there(a):
    text = a.run('lun', 'list', '--url', f'unix:{a.top}/nothing', code=5)
    check('is vdsd running?' in text and str(a.top) in text, text)


def test_a_vdsd_that_does_not_answer_is_given_up(a):
    """The time that vdsctl would wait passes at once (fast_clock.c); only --timeout is waited for.
    """
    url, waited = f'unix:{a.top}/mute', a.top / 'waited'
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as mute:
        mute.bind(str(a.top / 'mute'))
        mute.listen(16)
        asan = os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'
        env = {**a.env, 'LD_PRELOAD': os.environ['FAST_CLOCK_LIBRARY'], 'FAST_CLOCK': str(waited),
               'ASAN_OPTIONS': asan}
        for words, seconds in ((['lun', 'list'], 30), (['lun', 'create', 'x', '--size', '1M'], 30),
                               (['check'], 3600)):
            done = subprocess.run([VDSCTL, *words, '--url', url], env=env, capture_output=True,
                                  text=True, timeout=DEADLINE_S, check=False)
            equal(done.returncode, 8)
            check('did not answer in time' in done.stderr, done.stderr)
            # what passed between the request and the wait is not waited for once more
            check(seconds * 1000 - 1000 < int(waited.read_text()) < seconds * 1000 + 1000,
                  f'{words}: {waited.read_text()} ms')
        text = a.run('lun', 'list', '--url', url, '--timeout', '1', code=8)
        check('--timeout' in text or 'did not answer in time' in text, text)


def as_nobody(a, *words):
    """What somebody else is told; None when this test is not root and cannot become somebody else.
    """
    if os.getuid() != 0 or not shutil.which('setpriv'):
        return None
    return subprocess.run(['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups',
                           VDSCTL, *words],
                          env=a.env, capture_output=True, text=True, timeout=DEADLINE_S,
                          check=False).stderr


def test_a_forbidden_socket_names_the_group(a):
    group = grp.getgrgid(os.stat(a.top).st_gid).gr_name
    for mode in (0o700, 0o755):     # the directory is closed; only the socket is
        a.top.chmod(mode)
        text = as_nobody(a, 'lun', 'list')
        a.top.chmod(0o700)
        if text is not None and 'cannot execute' not in text and 'failed to execute' not in text:
            check('Permission denied' in text and f'usermod -aG {group} ' in text, text)


def test_unknown_words_are_guessed(a):
    for words, meant in ((['lnu', 'list'], 'lun'), (['lun', 'creat', 'x'], 'create'),
                         (['lun', 'create', 'x', '--sise', '1M'], '--size')):
        check(f'did you mean `{meant}`?' in a.run(*words, code=2), meant)
    check('did you mean `vol1`?' in a.run('lun', 'show', 'vol', code=3), 'the name')
    text = a.run('lun', 'show', 'something-else', code=3)
    check('did you mean' not in text and '`vdsctl lun list`' in text, text)


def test_a_noun_lists_its_commands(a):
    listed = a.run('lun', '--help')
    check('lun create NAME' in listed and 'target create' not in listed, listed)
    check('lun create NAME' in a.run('lun', code=2), 'nothing is listed')


def test_errors_are_json_when_asked(a):
    error = json.loads(a.run('lun', 'show', 'nothing', '-o', 'json', code=3))['error']
    equal(error['code'], 'NOT_FOUND')
    for words in (['lun', 'frob'], ['lun', 'create', 'x'], ['lun', 'list', '--colour']):
        equal(json.loads(a.run('-o', 'json', *words, code=2))['error']['code'], 'INVALID')
    error = json.loads(a.run('lun', 'list', '-o', 'json', '--url', f'unix:{a.top}/nothing',
                             code=5))['error']
    check(error['code'] == 'UNREACHABLE' and 'systemctl' in error['next'], error)


def test_a_batch_runs_many_lines(a):
    printed = batch(a, """
        # names may have blanks, and be quoted as in a shell
        lun create "batch one" --size 1M
        vdsctl lun create batch\\ two --size '1M'
        target create batched
        lun associate 'batch one' batched    # and so may comments be
        """)
    equal(printed.count('created'), 3)
    names = {lun['name'] for lun in a.json('lun', 'list')}
    check({'batch one', 'batch two'} <= names, names)
    (a.top / 'lines').write_text('lun dissociate "batch one"\nlun delete "batch one"\n')
    a.run('batch', str(a.top / 'lines'))
    batch(a, 'lun delete "batch two"\ntarget delete batched\n')


def test_a_batch_stops_at_an_error_and_names_the_line(a):
    lines = 'lun list -o json\nlun show nothing\nlun create never --size 1M\n'
    printed, said = batch(a, lines, code=3)
    check(json.loads(printed) and 'standard input, line 2: there is no LUN `nothing`' in said, said)
    equal(a.run('lun', 'show', 'never', code=3).count('never'), 1)
    printed, said = batch(a, lines, '--keep-going', code=3)
    check('line 2' in said and '1 of 3 lines failed' in said and 'never created' in printed, said)
    a.run('lun', 'delete', 'never')
    for line in ('batch', 'watch', 'lun list --url unix:/x', 'lun create "x --size 1M', 'frob'):
        _, said = batch(a, line + '\n', code=2)
        check('line 1' in said, said)


def test_completion_knows_words_objects_and_values(a):
    a.run('target', 'create', 'complete-me')
    equal(complete(a, 'lu'), ['lun'])
    equal(complete(a, 'lun', 'cr'), ['create'])
    equal(complete(a, 'lun', 'show', 'vo'), ['vol1'])
    equal(complete(a, '-o', 'json', 'lun', 'associate', 'vol1', 'complete'), ['complete-me'])
    equal(complete(a, 'lun', 'associate', 'vol1', 'complete-me', 'comp'), ['complete-me'])
    equal(complete(a, 'group', 'show', 'complete'), ['complete-me:1'])
    equal(complete(a, 'lun', 'create', 'x', '--size', '1M', '--po'), ['--pool'])
    equal(complete(a, 'lun', 'create', 'x', '--pool', 'de'), ['default'])
    equal(complete(a, 'lun', 'create', '--pool=de'), ['--pool=default'])
    equal(complete(a, 'lun', 'list', '--output', ''), ['json', 'table'])
    equal(complete(a, 'explain', 'vol1', '-i', 'iqn.1993'), [INITIATOR])
    equal(complete(a, 'portal', 'show', '127.'),
          [f'127.0.0.1:{a.json("portal", "list")[0]["port"]}'])
    equal(complete(a, 'lun', 'clone', 'vo'), ['vol1'])
    equal(complete(a, 'pool', 'set', 'default', '--trash-yields', ''), ['no', 'yes'])
    (a.top / 'inject/clone-by-copy').touch()
    a.run('snapshot', 'schedule', 'create', 'nightly', 'vol1', '--every', '1d', '--keep', '7')
    equal(complete(a, 'snapshot', 'schedule', 'set', 'ni'), ['nightly'])
    a.run('snapshot', 'schedule', 'delete', 'nightly')
    check('--size' not in complete(a, 'lun', 'create', '--size', '1M', '--'),
          'an option that is given is offered again')
    equal(subprocess.run([VDSCTL, '__complete', 'lun', 'show', ''],
                         env={**a.env, 'VDS_URL': 'unix:/nothing'},
                         capture_output=True, timeout=DEADLINE_S, check=True).stderr, b'')
    a.run('target', 'delete', 'complete-me')


def test_completion_works_in_shells(a):
    for shell, check_syntax in (('bash', ['bash', '-n']), ('zsh', ['zsh', '-n']),
                                ('fish', ['fish', '-n'])):
        script = a.top / f'completion.{shell}'
        script.write_text(a.run('completion', shell))
        if shutil.which(shell):
            subprocess.run([*check_syntax, script], check=True, timeout=DEADLINE_S)
    a.run('completion', 'csh', code=2)
    (a.top / 'bin').mkdir()
    (a.top / 'bin' / 'vdsctl').symlink_to(VDSCTL)
    env = {**a.env, 'PATH': f'{a.top}/bin:{os.environ["PATH"]}', 'HOME': str(a.top)}
    for shell, words in (('fish',
                          ['fish', '-c',
                           f'source {a.top}/completion.fish; complete -C "vdsctl lun show vol"']),
                         ('zsh',
                          ['zsh', '-fc',
                           'compdef() { :; }; compadd() { shift; print -l -- "$@"; }; '
                                  f'source {a.top}/completion.zsh; words=(vdsctl lun show vol); CURRENT=4; _vdsctl'])):
        if shutil.which(shell):
            done = subprocess.run(words, env=env, capture_output=True, text=True,
                                  timeout=DEADLINE_S, check=False)
            equal((done.stdout.split(), done.stderr), (['vol1'], ''))
    for name in ('two words', 'at@home'):
        a.run('lun', 'create', name, '--size', '1M')
    for line, wanted in (('lun show vol', 'vol1'), ('lun associate vol1 --ad', '--add'),
                         ('lun show tw', r'two\ words'), ('lun show at@h', 'home'),
                         ('portal show 127.0.0.1:', str(a.json('portal', 'list')[0]['port']))):
        typed = f'{VDSCTL} {line}'
        done = subprocess.run(['bash', '-c',
                               f'source {a.top}/completion.bash; COMP_LINE=$1 COMP_POINT=${{#1}}; _vdsctl; '
                               'printf "%s\\n" "${COMPREPLY[@]}"', 'bash', typed], env=a.env,
                              capture_output=True, text=True, timeout=DEADLINE_S, check=False)
        equal(done.stdout.splitlines(), [wanted])
    for name in ('two words', 'at@home'):
        a.run('lun', 'delete', name)


def test_help_and_completion_need_no_array(a):
    for words in (['--help'], ['lun', 'create', '--help'], ['--version']):
        a.run(*words, '--url', 'unix:/nothing')
    check('complete' in a.run('completion', '--url', 'unix:/nothing'), 'completion')


def test_diskraid_passes_its_arguments_on(a):
    script = a.top / 'script'
    script.write_text('list subsystems\n')
    check('SERIAL' in a.run('diskraid', str(script)), 'the name alone')
    check('SERIAL' in a.run('diskraid', '/s', str(script)), '/s')
    check('SERIAL' in a.run('diskraid', '-s', str(script)), '-s')
    check('usage: vdsctl diskraid' in a.run('diskraid', '--help'), '--help')
    a.run('diskraid', '--size', '1', code=2)
