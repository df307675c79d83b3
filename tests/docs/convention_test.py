"""What the tests of the docs rest on: blocks are found, and a page that does not tell the truth is noticed."""
import pathlib
import tempfile
import unittest

import compare
import page
import pages


def faults(text):
    return [message for _, message in pages.faults(text)]


class BlocksTest(unittest.TestCase):
    def test_commands_with_their_output(self):
        (block,) = pages.blocks("a\n```console\n$ one \\\n> two\nout\n\n$ three\n```\n")
        self.assertEqual(list(pages.commands(block)), [pages.Command(3, "one \\\ntwo", ["out", ""]),
                                                      pages.Command(7, "three", [])])

    def test_a_hidden_block_is_a_console_block(self):
        (block,) = pages.blocks("<!-- console\n$ true\n-->\n")
        self.assertEqual((block.kind, block.lines), ("console", ["$ true"]))

    def test_a_block_in_a_list_is_indented(self):
        (block,) = pages.blocks("1. a\n   ```console\n   $ true\n   ```\n")
        self.assertEqual(block.lines, ["$ true"])

    def test_a_block_with_a_name_is_a_file(self):
        self.assertEqual([type(step).__name__ for step in pages.steps("```js a.cjs\n1\n```\n```console\n$ node a.cjs\n```\n")],
                         ["Block", "Command"])

    def test_what_cannot_be_run_says_why(self):
        self.assertEqual(faults("```sh no-run: needs systemd\nsystemctl start x\n```\n"), [])
        self.assertEqual(len(faults("```sh\nsystemctl start x\n```\n")), 1)
        self.assertEqual(len(faults("```sh no-run:\nsystemctl start x\n```\n")), 1)

    def test_a_command_cannot_hide(self):
        self.assertEqual(len(faults("```text\n$ ls\n```\n")), 1)
        self.assertEqual(len(faults("```\nlivenessctl list\n```\n")), 1)
        self.assertEqual(len(faults("Text:\n\n    livenessctl list\n")), 1)
        self.assertEqual(faults("```text\n  Verdict: dead\n```\n"), [])

    def test_output_before_a_command_is_a_fault(self):
        self.assertEqual(len(faults("```console\nout\n```\n")), 1)


class CompareTest(unittest.TestCase):
    def test_blanks_times_revisions_and_random_ids_are_alike(self):
        self.assertTrue(compare.reads(["2026-01-31T12:00:00.001Z  web-1  1795749271421413 5b00e2b8f3f2d06a"],
                                      "2027-02-01T01:02:03Z web-1 1795749271499999 aa00e2b8f3f2d06b\n"))
        self.assertFalse(compare.reads(["2026-01-31T12:00:00.001Z  web-1"], "2026-01-31T12:00:00.001Z  web-2\n"))

    def test_all_else_is_compared(self):
        self.assertFalse(compare.reads(["timeout 3s"], "timeout 4s\n"))
        self.assertFalse(compare.reads([], "something\n"))
        self.assertFalse(compare.reads(["one"], "one\ntwo\n"))
        self.assertFalse(compare.reads(["one", "two"], "one\n"))

    def test_any_text_and_any_lines(self):
        self.assertTrue(compare.reads(["took … ms"], "took 12 ms\n"))
        self.assertFalse(compare.reads(["took … ms"], "took 12 s\n"))
        self.assertTrue(compare.reads(["one", "…", "four"], "one\ntwo\nthree\nfour\n"))
        self.assertTrue(compare.reads(["one", "…"], "one\n"))

    def test_lines_of_a_background_command_may_have_others_between_them(self):
        self.assertTrue(compare.reads(["b", "d"], "a\nb\nc\nd\ne\n", between=True))
        self.assertFalse(compare.reads(["d", "b"], "a\nb\nc\nd\n", between=True))

    def test_what_the_shell_says_of_a_killed_job_is_left_out(self):
        self.assertTrue(compare.reads([], "./1.sh: line 1:  4711 Killed                  sleep 9\n"))


class PageTest(unittest.TestCase):
    def difference(self, text):
        with tempfile.TemporaryDirectory() as folder:
            written = pathlib.Path(folder) / "page.md"
            written.write_text(text, encoding="utf-8")
            page.PATIENCE, before = 0.3, page.PATIENCE
            try:
                return page.run_page(written, pathlib.Path(folder))
            finally:
                page.PATIENCE = before

    def test_the_truth_passes(self):
        self.assertIsNone(self.difference("```console\n$ echo a\na\n$ false\n$ echo $?\n1\n$ sleep 5 &\n"
                                          "$ kill $!\n$ x=b\n$ echo $x\nb\n```\n"))

    def test_a_file_is_written_in_its_turn(self):
        self.assertIsNone(self.difference("```python a.py\nprint(1)\n```\n```console\n$ cat a.py\nprint(1)\n```\n"))

    def test_a_lie_is_noticed(self):
        self.assertIn("page.md:2: $ echo a\n--- the page says\nb\n--- it printed\na",
                      self.difference("```console\n$ echo a\nb\n```\n"))

    def test_output_that_is_not_shown_is_noticed(self):
        self.assertIsNotNone(self.difference("```console\n$ echo a\n```\n"))

    def test_a_command_that_fails_in_silence_is_noticed(self):
        self.assertIsNotNone(self.difference("```console\n$ false\n```\n"))

    def test_a_background_command_that_does_not_say_it_is_noticed(self):
        self.assertIsNotNone(self.difference("```console\n$ echo a &\nlistening\n```\n"))

    def test_a_command_that_is_not_there_is_noticed(self):
        self.assertIsNotNone(self.difference("```console\n$ livenesctl list\n```\n"))


if __name__ == "__main__":
    unittest.main()
