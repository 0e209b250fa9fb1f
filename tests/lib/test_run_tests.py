# SPDX-License-Identifier: LGPL-2.1-or-later
"""Tests of the counting and the progress lines of tools/run-tests, and of the naming rules of
tools/lint.

A test run must never miss a failure, so the counting has a test of its own.
"""
import importlib.machinery
import importlib.util
import os
import pathlib
import re
import sys
import threading
import unittest

sys.dont_write_bytecode = True
TOOLS = pathlib.Path(__file__).resolve().parents[2] / 'tools'


def load(name, program):
    """A program of tools/ as a module."""
    loader = importlib.machinery.SourceFileLoader(name, str(TOOLS / program))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


run_tests, lint = load('run_tests', 'run-tests'), load('lint', 'lint')


class CountTap(unittest.TestCase):
    def test_each_line_counts_by_its_status_and_directive(self):
        text = (
            '1..6\nok 1 - a\nnot ok 2 - b # 5\nok 3 # skip no cpu\nnot ok 4 # TODO later\nok 5 # TODO now\n'
                '# ok - tests\nok 6 - x #1 y\nokay\n')
        self.assertEqual(run_tests.count_tap(text), (2, 2, 2))

    def test_nothing_is_nothing(self):
        self.assertEqual(run_tests.count_tap('1..0\n# ok\n'), (0, 0, 0))


class CountTest(unittest.TestCase):
    def setUp(self):
        self.ci = os.environ.pop('CI', None)

    def tearDown(self):
        os.environ.pop('CI', None)
        if self.ci is not None:
            os.environ['CI'] = self.ci

    def tally(self, result, stdout='', ci=False):
        if ci:
            os.environ['CI'] = '1'
        tally = run_tests.Tally()
        run_tests.count_test(tally, {'name': 'x', 'result': result, 'stdout': stdout})
        return tally.passed, tally.failed, tally.skipped

    def test_tap_counts_by_its_lines(self):
        self.assertEqual(self.tally('OK', '1..2\nok 1\nok 2 # SKIP x\n'), (1, 0, 1))

    def test_a_program_counts_as_one(self):
        self.assertEqual(self.tally('OK', 'hello\n'), (1, 0, 0))
        self.assertEqual(self.tally('FAIL', 'hello\n'), (0, 1, 0))
        self.assertEqual(self.tally('EXPECTEDFAIL'), (0, 0, 1))

    def test_subtests_that_pass_do_not_hide_a_bad_end(self):
        for result in ('ERROR', 'TIMEOUT', 'FAIL', 'INTERRUPT', 'UNEXPECTEDPASS'):
            self.assertEqual(self.tally(result, '1..2\nok 1\nok 2\n'), (2, 1, 0))

    def test_failures_of_subtests_are_counted_once(self):
        self.assertEqual(self.tally('FAIL', '1..3\nok 1\nnot ok 2\nnot ok 3\n'), (1, 2, 0))
        self.assertEqual(self.tally('OK', '1..2\nok 1\nnot ok 2\n'), (1, 1, 0))

    def test_the_end_names_what_failed_in_any_stage(self):
        stage, whole = run_tests.Tally(), run_tests.Tally()
        run_tests.count_test(stage, {'name': 'x', 'result': 'FAIL',
                                     'stdout': '1..2\nok 1 - a\nnot ok 2 - b\n# why\nok 3\n'},
                             'tsan ')
        whole.add(stage)
        self.assertEqual([*run_tests.failures(whole)],
                         ['FAILED tsan x: FAIL', '   not ok 2 - b', '   # why'])

    def test_the_end_says_what_a_sanitizer_has_found(self):
        tally = run_tests.Tally()
        for found in ('SUMMARY: ThreadSanitizer: data race a.c:7 in f',
                      'a.c:8:9: runtime error: signed integer overflow'):
            run_tests.count_test(tally, {'name': 'x', 'result': 'ERROR', 'stdout': 'ok 1\n',
                                         'stderr': f'WARNING\n{found}\nthe end\n'})
            self.assertIn(f'   {found}', run_tests.failures(tally))

    def test_a_missing_tool_skips_at_home_and_fails_in_ci(self):
        self.assertEqual(self.tally('SKIP', '1..0 # SKIP needs x\n'), (0, 0, 1))
        self.assertEqual(self.tally('SKIP', '1..0 # SKIP needs x\n', ci=True), (0, 1, 0))


class ProgressLines(unittest.TestCase):
    def setUp(self):
        self.progress = run_tests.Progress('gcc', {'unit': 2, 'system': 1})

    def test_a_suite_is_named_when_its_last_test_has_ended(self):
        self.assertEqual(
            self.progress.feed('1/3 vds:unit / base-bytes      OK     0.02s   4 subtests passed\n'),
            [])
        lines = self.progress.feed(' 2/3 vds:unit / base-str        OK     0.02s\n')
        self.assertEqual(len(lines), 1)
        self.assertIn('gcc: suite unit ended, 2 test programs (', lines[0])

    def test_a_failure_is_shown_at_once(self):
        lines = self.progress.feed(
            '1/3 vds:unit / base-bytes      FAIL     0.02s   exit status 1\n')
        self.assertEqual(lines, ['   gcc: base-bytes FAIL (0 s)'])
        lines = self.progress.feed('2/3 vds:unit / base-str        TIMEOUT     90.02s\n')
        self.assertIn('2 FAILED', lines[-1])

    def test_a_long_test_is_shown(self):
        lines = self.progress.feed('3/3 vds:system / truth        OK     95.10s\n')
        self.assertEqual(lines[0], '   gcc: truth OK (95 s)')
        self.assertIn('suite system ended', lines[1])

    def test_other_lines_are_passed_over(self):
        for line in ('Ok:     131\n', '\n', 'ninja: no work to do.\n'):
            self.assertEqual(self.progress.feed(line), [])


class Stages(unittest.TestCase):
    def order_of(self, names):
        """The stages in the order in which they begin."""
        steps = []

        def result(name):
            steps.append(name)
            tally = run_tests.Tally()
            tally.passed = 1
            return tally
        self.assertEqual(run_tests.run_all(names, result).passed, len(names))
        return steps

    def test_lint_begins_when_what_it_reads_is_built(self):
        steps = self.order_of([*run_tests.STAGES, *run_tests.SPECIAL])
        self.assertEqual(steps[:2], ['gcc', 'clang'])
        self.assertEqual(set(steps), {*run_tests.STAGES, *run_tests.SPECIAL})

    def test_each_stage_may_run_alone(self):
        for name in run_tests.STAGES:
            self.assertEqual(self.order_of([name]), [name])

    def test_lint_is_polite_and_nobody_else(self):
        def nice(name):
            tally = run_tests.Tally()
            tally.passed = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
            return tally
        here = nice('').passed
        self.assertEqual(run_tests.run_all(['lint'], nice).passed, 15)
        self.assertEqual(run_tests.run_all(['gcc'], nice).passed, here)

    def test_a_stage_makes_what_its_tests_depend_on(self):
        tests = [{'name': 'a', 'depends': ['1', '2']}, {'name': 'b', 'depends': ['3']}]
        targets = [{'id': str(n), 'filename': [f'/b/t/{n}']} for n in (1, 2, 3)]
        self.assertEqual(run_tests.needed_by({'a'}, tests, targets, '/b'), ['t/1', 't/2'])

    def test_the_folders_that_thread_sanitizer_leaves_out_start_no_thread(self):
        text = (TOOLS.parent / 'tests/unit/meson.build').read_text()
        folders = re.findall(r"'([\w/]+)'", re.search(r'^one_thread = \[(.*?)\]', text, re.M)[1])
        starts = re.compile(r'\b(pthread_create|thrd_create|thread_start|workers_new)\b')
        files = [file for folder in folders for top in ('src', 'tests/unit')
                 for file in (TOOLS.parent / top / folder).glob('*.[ch]')]
        self.assertGreater(len(files), 100)
        self.assertEqual([file for file in files if starts.search(file.read_text())], [])


class LintNames(unittest.TestCase):
    def test_a_tag_needs_its_folders_prefix_in_headers_only(self):
        sources = {'src/scsi/scsi.h': 'struct unit {\n', 'src/scsi/ua.c': 'struct pending {\n'}
        self.assertEqual(lint.tag_complaints(sources),
                         ['src/scsi/scsi.h: the tag unit has no prefix of its folder'])

    def test_no_tag_is_defined_twice(self):
        sources = {'src/array/lun.c': 'struct create {\n',
                   'src/array/portal.c': '\tenum create {\n'}
        self.assertEqual(lint.tag_complaints(sources),
                         ['src/array/lun.c: the tag create is also defined in src/array/portal.c'])

    def test_a_symbol_needs_its_folders_prefix(self):
        text = '0000000000000000 T ctl_help\n0000000000000010 T help\n0000000000000000 R IID_IVdsLun\n'
        self.assertEqual(len(lint.symbol_complaints('vdsctl', text)), 2)
        self.assertEqual(lint.symbol_complaints('com',
                                                '0000000000000000 R IID_IVdsLun\n0000000000000000 T com_new\n'), [])

    def test_base_and_model_have_their_own_nouns(self):
        self.assertEqual(lint.symbol_complaints('base',
                                                '0000000000000000 T guid_parse\n0000000000000000 T strbuf_add\n'), [])
        self.assertEqual(len(lint.symbol_complaints('base', '0000000000000000 T lun_find\n')), 1)


if __name__ == '__main__':
    unittest.main()
