"""What mutants.py makes of small sources."""
import re
import unittest

from mutants import mutants


def made(text):
    """Without what differs in spaces alone."""
    return [re.sub(r"(?<=[(]) +| +(?=[)])", "", re.sub(" +", " ", m.apply(text))) for m in mutants(text)]


class MutantsTest(unittest.TestCase):
    def test_a_condition_never_and_always_holds(self):
        self.assertEqual(made("if (done) return;"), ["if ((false && (done))) return;", "if ((true || (done))) return;"])

    def test_each_operand_is_left_out(self):
        self.assertLessEqual({"if (b) f();", "if (a) f();"}, set(made("if (a && b) f();")))

    def test_operands_in_parentheses_too_but_no_arguments(self):
        texts = made("if (a && (b || c)) f();")
        self.assertIn("if (a && (c)) f();", texts)
        self.assertNotIn("if (f(b)) g();", made("if (f(a, b)) g();"))

    def test_a_comparison_is_flipped_and_shifted(self):
        self.assertEqual(made("return a < b;"), ["return a <= b;", "return a >= b;"])
        self.assertEqual(made("return a == b;"), ["return a != b;"])

    def test_comments_strings_and_templates_stay(self):
        self.assertEqual(made('// if (a)\nlog("a < b");\ntemplate <typename T = A < B >\n#if (X)\n'), [])

    def test_a_declaration_in_a_condition_stays_and_what_follows_it_does_not(self):
        self.assertEqual(made("if (const auto x = f()) g();"), [])
        self.assertIn("if (int n = f();(false && (n))) g();", made("if (int n = f(); n) g();"))

    def test_lines_are_told(self):
        text = "int a;\nif (a) b();\n"
        self.assertEqual({m.line(text) for m in mutants(text)}, {2})


if __name__ == "__main__":
    unittest.main()
