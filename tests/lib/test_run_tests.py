# SPDX-License-Identifier: LGPL-2.1-or-later
"""The counting of tools/run-tests: a failure that is not counted would be the worst of all."""
import importlib.machinery
import importlib.util
import os
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
PATH = str(pathlib.Path(__file__).resolve().parents[2] / 'tools' / 'run-tests')
LOADER = importlib.machinery.SourceFileLoader('run_tests', PATH)
run_tests = importlib.util.module_from_spec(importlib.util.spec_from_loader('run_tests', LOADER))
LOADER.exec_module(run_tests)


class CountTap(unittest.TestCase):
    def test_each_line_counts_by_its_status_and_directive(self):
        text = ('1..6\nok 1 - a\nnot ok 2 - b # 5\nok 3 # skip no cpu\nnot ok 4 # TODO later\nok 5 # TODO now\n'
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

    def test_a_missing_tool_skips_at_home_and_fails_in_ci(self):
        self.assertEqual(self.tally('SKIP', '1..0 # SKIP needs x\n'), (0, 0, 1))
        self.assertEqual(self.tally('SKIP', '1..0 # SKIP needs x\n', ci=True), (0, 1, 0))


if __name__ == '__main__':
    unittest.main()
