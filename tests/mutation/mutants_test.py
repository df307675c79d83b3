"""What mutants.py makes of small sources, what schemata.py makes of those, and what left.py says of survivors."""
import pathlib
import re
import unittest

from left import Left
from mutants import mutants
from schemata import blamed, schemata


def made(text):
    """The expressions that come of it, without what differs in spaces alone."""
    return [" ".join((text[:m.start] + m.instead + text[m.end:]).split()) for m in mutants(text)]


class MutantsTest(unittest.TestCase):
    def test_a_condition_never_and_always_holds(self):
        self.assertEqual(made("if (done) return;"), ["if (false) return;", "if (true) return;"])
        self.assertEqual(made("x = done ? 1 : 2;"), ["x = false ? 1 : 2;", "x = true ? 1 : 2;"])

    def test_a_loop_is_not_made_endless(self):
        self.assertEqual(made("while (more) f();"), ["while (false) f();"])
        self.assertEqual(made("for (int i = 0; done(i); ++i) f();"), ["for (int i = 0; false; ++i) f();"])
        self.assertEqual(made("for (auto& each : all) f();"), [])

    def test_each_operand_is_left_out(self):
        self.assertEqual(set(made("if (a && b) f();")), {"if (b) f();", "if (a) f();", "if (false) f();"})
        self.assertEqual(set(made("return a || b;")), {"return b;", "return a;", "return true;"})

    def test_operands_in_parentheses_too_but_no_arguments(self):
        self.assertIn("if (a && (c)) f();", made("if (a && (b || c)) f();"))
        self.assertNotIn("if (f(b)) g();", made("if (f(a, b)) g();"))

    def test_and_binds_tighter_than_or(self):
        self.assertIn("return a || c;", made("return a || b && c;"))
        self.assertNotIn("return c;", made("return a || b && c;"))

    def test_a_comparison_is_shifted(self):
        self.assertEqual(set(made("return a < b;")), {"return a <= b;", "return false;", "return true;"})
        self.assertEqual(set(made("f(x, a == b);")), {"f(x, false);", "f(x, true);"})
        self.assertIn("if (a >= b && c) f();", made("if (a > b && c) f();"))

    def test_comments_strings_templates_and_references_stay(self):
        self.assertEqual(made('// if (a)\nlog("a < b");\ntemplate <typename T>\n#if (X)\nvoid f(T&& t);\n'), [])

    def test_a_declaration_in_a_condition_stays_and_what_follows_it_does_not(self):
        self.assertEqual(made("if (const auto x = f()) g();"), [])
        self.assertIn("if (int n = f(); false) g();", made("if (int n = f(); n) g();"))


class SchemataTest(unittest.TestCase):
    def all_in_one(self, text):
        return schemata(text, list(enumerate(mutants(text), 1)), "a.cc")

    def test_each_is_guarded_by_its_number_and_stands_on_a_line_of_its_own(self):
        text = self.all_in_one("int a;\nif (a < b) f();\n")
        for number, instead in enumerate(("a <= b", "false", "true"), 1):
            self.assertIn(f"\n#line {5_000_000 + number}\n::liveness_mutation::Is({number}) ? bool({instead}) :", text)
        self.assertTrue(text.endswith("\n#line 2\nbool(a < b))) f();\n"))

    def test_without_the_guards_it_is_the_source(self):
        source = "if (a && (b || c < d)) {\n  return x == y ? 1 : 2;  \n}\n"
        text = re.sub(r"\n#line.*|\n::liveness_mutation.*?: (?=\n)|^#.*\n", "", self.all_in_one(source), flags=re.M)
        self.assertEqual(re.sub(r"bool|[()\s]", "", text), re.sub(r"[()\s]", "", source))

    def test_an_error_names_its_mutant(self):
        self.assertEqual(blamed("a.cc:5000017:4: error: no\n x\na.cc:8:1: error: neither\n"), ({17}, {("a.cc", 8)}))
        self.assertEqual(blamed("t.h:9:1: error: no\na.cc:5000018:2:   required from here\n"), ({18}, set()))


class LeftTest(unittest.TestCase):
    HEAD = "# FILE | MUTANT | REASON\n#   equivalent  nothing differs\n#   race        of two threads\n\n"

    def test_an_entry_stands_for_one_survivor_of_its_file(self):
        left = Left(self.HEAD + "a.cc | without b in a || b | equivalent\na.cc | never: x | race\n")
        self.assertEqual(left.new([("a.cc", "without b in a || b"), ("a.cc", "never: x")]), [])
        self.assertEqual(left.new([("a.cc", "never: x"), ("b.cc", "never: x"), ("a.cc", "never: x")]), [1, 2])

    def test_an_entry_without_its_mutant_is_named_and_those_of_other_files_are_not(self):
        left = Left(self.HEAD + "a.cc | never: x | race\na.cc | never: x | race\nb.cc | never: y | race\n")
        self.assertEqual(left.gone([("a.cc", "never: x"), ("a.cc", "never: x")]), [])
        self.assertEqual(left.gone([("a.cc", "never: x")]), [("a.cc", "never: x")])
        self.assertEqual(left.gone([("b.cc", "always: y")]), [("b.cc", "never: y")])

    def test_a_reason_that_the_head_does_not_explain_is_an_error(self):
        with self.assertRaisesRegex(ValueError, "left.txt:5"):
            Left(self.HEAD + "a.cc | never: x | whim\n")

    def test_the_file_can_be_read(self):
        self.assertTrue(Left((pathlib.Path(__file__).parent / "left.txt").read_text()).entries)


if __name__ == "__main__":
    unittest.main()
