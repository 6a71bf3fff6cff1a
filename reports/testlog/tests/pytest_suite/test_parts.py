"""Tests with parts."""
import unittest


class TestParts(unittest.TestCase):
    def test_some_fail(self):
        for number in range(3):
            with self.subTest("part - x", number=number):
                self.assertNotEqual(number, 1)

    def test_all_hold(self):
        for number in range(2):
            with self.subTest(number=number):
                self.assertTrue(True)


def test_fixture(subtests):
    for number in range(3):
        with subtests.test(msg="m [x] PASSED", number=number):
            assert number != 2
