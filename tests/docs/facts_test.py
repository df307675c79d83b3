"""What the docs state is so: links lead somewhere, flags and fields exist, and none of them is missing."""
import functools
import os
import pathlib
import re
import subprocess
import unittest

import pages

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")
# Flags of programs that are not ours, where a text names them.
FOREIGN_FLAGS = {"--prefix", "--reference", "--auto-compaction-mode", "--auto-compaction-retention",
                 "--quota-backend-bytes", "--foreground", "--python_out", "--grpc_out", "--plugin",
                 "--grpc_python_out", "--cfg", "--cflags", "--libs", "--init", "--stop-timeout", "--build",
                 "--preset", "--target", "--install", "--allow-downgrades", "--force"}
# Of our scripts: ./dev bench, tests/cluster/run, tests/mutation/run, tests/docs/run.
SCRIPT_FLAGS = {"--quick", "--only", "--keep", "--help", "--page", "--seed"}


def anchors(page):
    """As GitHub makes them of headings."""
    found = set()
    for line in page.read_text(encoding="utf-8").splitlines():
        heading = re.match(r"#{1,6} (.*)", line)
        if heading:
            text = re.sub(r"[`*\[\]]|\([^)]*\.md[^)]*\)", "", heading.group(1)).lower()
            found.add(re.sub(r"[^\w\- ]", "", text).strip().replace(" ", "-"))
        found.update(re.findall(r'<a (?:id|name)="([^"]+)"', line))
    return found


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True, timeout=30)
    return result.stdout + result.stderr


def subcommands(text):
    return re.findall(r"^  ([a-z]+)  ", text.split("Subcommands:")[1].split("Examples:")[0], re.MULTILINE)


@functools.cache
def helps():
    """What --help says, by program and verb: "livenessd", "livenessctl", "livenessctl list", ..."""
    folder = pathlib.Path(os.environ["DOCS_BIN"])
    texts = {name: run(folder / name, "--help") for name in ("livenessd", "livenessctl")}
    for verb in subcommands(texts["livenessctl"]):
        text = texts[f"livenessctl {verb}"] = run(folder / "livenessctl", verb, "--help")
        for each in subcommands(text) if "Subcommands:" in text else ():
            texts[f"livenessctl {verb} {each}"] = run(folder / "livenessctl", verb, each, "--help")
    return texts


def flags_of(text):
    return set(re.findall(r"--[a-z][a-z0-9-]*", text))


def spans():
    """Yields (where, what stands in backticks) for all pages. A span may go over the end of a line."""
    for page in DOCS:
        text = re.sub(r"^```.*?^```", lambda match: "\n" * match.group().count("\n"),
                      page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        for match in re.finditer(r"(?<!`)`([^`]+)`(?!`)", text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{page.name}:{line}", " ".join(match.group(1).replace("\\|", "|").split())


def table_of(page, heading):
    """First cells of the rows of the tables below a heading, without their marks."""
    text = page.read_text(encoding="utf-8").split(f"\n{heading}\n", 1)[1]
    section = re.split(r"\n## ", text, maxsplit=1)[0]
    return set(re.findall(r"^\| `([\w.]+)`", section, re.MULTILINE))


class LinksTest(unittest.TestCase):
    def test_each_link_leads_somewhere(self):
        broken = []
        for page in [*DOCS, *sorted((ROOT / "docs/adr").glob("*.md"))]:
            for link in LINK.findall(page.read_text(encoding="utf-8")):
                if re.match(r"[a-z]+:", link):
                    continue
                name, _, anchor = link.partition("#")
                target = (page.parent / name).resolve() if name else page
                if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
                    broken.append(f"{page.name}: {link}")
        self.assertEqual(broken, [])

    def test_the_map_names_each_page(self):
        text = (ROOT / "docs/README.md").read_text(encoding="utf-8")
        missing = [page.name for page in DOCS[1:] if page.name != "README.md" and f"({page.name})" not in text]
        self.assertEqual(missing, [])

    def test_the_first_page_is_short(self):
        self.assertLess(len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()), 120)


class FlagsTest(unittest.TestCase):
    def test_each_flag_that_is_named_exists(self):
        known = set().union(*map(flags_of, helps().values())) | FOREIGN_FLAGS | SCRIPT_FLAGS
        unknown = [f"{where}: {flag}" for where, code in spans()
                   for flag in re.findall(r"(?<![\w-])--[a-z][a-z0-9_-]*\w", code) if flag not in known]
        self.assertEqual(unknown, [])

    def test_each_verb_that_is_named_exists_and_takes_these_flags(self):
        wrong, seen = [], 0
        for where, code in spans():
            words = code.split(" -- ")[0].split()
            if words[0] not in ("livenessctl", "livenessd") or len(words) == 1:
                continue
            bare = [word for word in words if not word.startswith("-")]
            name = next((name for name in (" ".join(bare[:3]), " ".join(bare[:2]), bare[0]) if name in helps()))
            if words[0] == "livenessctl" and name == "livenessctl" and not any(map(str.isupper, bare[1:2])):
                if bare[1:] and "..." not in code:
                    wrong.append(f"{where}: no verb in `{code}`")
                continue
            seen += 1
            # Global flags are in each verb's help.
            missing = {flag for flag in flags_of(code) if flag not in flags_of(helps()[name]) | flags_of(helps()[words[0]])}
            if missing:
                wrong.append(f"{where}: `{name}` has no {', '.join(sorted(missing))}")
        self.assertEqual(wrong, [])
        self.assertGreater(seen, 50)

    def test_each_suite_that_is_named_exists(self):
        script = (ROOT / "dev").read_text(encoding="utf-8")
        suites = set(re.search(r"^SUITES=\((.*)\)", script, re.MULTILINE).group(1).split()) | {"all", "etcd", "SUITE.."}
        suites |= {"unit", "simulation", "conformance", "integration"}
        named = {(where, word) for where, code in spans() if code.startswith("./dev test ") for word in code.split()[2:]}
        self.assertEqual({each for each in named if each[1] not in suites}, set())

    def test_each_command_of_the_script_that_is_named_exists(self):
        said = run(ROOT / "dev", "help")
        named = {(where, code.split()[1]) for where, code in spans() if re.match(r"\./dev [a-z]", code)}
        self.assertEqual({each for each in named if not re.search(rf"^  {each[1]}\b", said, re.MULTILINE)}, set())


class FiltersTest(unittest.TestCase):
    """docs/filters.md against core's schema, by what it says of a field that it does not know."""

    def fields(self, function):
        source = (ROOT / "server/core/record/client_fields.cc").read_text(encoding="utf-8")
        body = source.split(f"{function}() {{", 1)[1].split("\n}\n", 1)[0]
        return set(re.findall(r'\{"(\w+)",', body))

    def test_no_field_is_missing_and_none_is_too_many(self):
        page = ROOT / "docs/filters.md"
        self.assertEqual(table_of(page, "## Fields of every client"), self.fields("RecordFields"))
        self.assertEqual(table_of(page, "## What moves by itself"), self.fields("MovingFields"))
        self.assertEqual(table_of(page, "## Fields of a transition"), self.fields("ChangeFields"))

    def test_each_field_has_an_example_that_runs(self):
        page = ROOT / "docs/filters.md"
        text = page.read_text(encoding="utf-8")
        ran = "\n".join(command.text for block in pages.blocks(text) if block.kind == "console"
                        for command in pages.commands(block))
        named = self.fields("RecordFields") | self.fields("MovingFields") | self.fields("ChangeFields")
        self.assertEqual({field for field in named if not re.search(rf"\b{field}\b", ran)}, set())


class ThreatsTest(unittest.TestCase):
    def test_each_test_that_is_named_exists(self):
        sources = "".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "tests").rglob("*_test.cc")))
        tests = {".".join(name) for name in re.findall(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", sources, re.MULTILINE)}
        text = (ROOT / "docs/threat-model.md").read_text(encoding="utf-8")
        named = set(re.findall(r"`([A-Z]\w+\.[A-Z]\w+)`", text)) - {"Suite.Name"}
        self.assertEqual(named - tests, set())
        self.assertGreater(len(named), 40)


class CausesTest(unittest.TestCase):
    def test_each_cause_says_what_to_do(self):
        source = (ROOT / "proto/liveness/v1/client.proto").read_text(encoding="utf-8")
        causes = set(re.findall(r"\bCAUSE_([A-Z_]+) =", source)) - {"UNSPECIFIED"}
        self.assertEqual(table_of(ROOT / "docs/verdicts.md", "## What to do"), causes)


class PathsTest(unittest.TestCase):
    def test_each_path_of_the_http_port_is_listed(self):
        code = "".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "server/http").rglob("*.cc")))
        # What ends in a slash is the beginning of a path.
        served = {path for path in re.findall(r'"(/[a-z][^" ]*)"', code)
                  if not path.endswith("/") and not path.startswith("/proc/")}
        text = (ROOT / "docs/http.md").read_text(encoding="utf-8")
        listed = {path for row in re.findall(r"^\| (`(?:GET|POST) .*?) \|", text, re.MULTILINE)
                  for path in re.findall(r"`(?:GET|POST) (\S+)`", row)}
        self.assertEqual({path for path in served
                          if not any(re.fullmatch(re.escape(path).replace(r"\*", ".*"), each) for each in listed)},
                         set())
        self.assertGreater(len(served), 10)


class ErrorsTest(unittest.TestCase):
    def test_each_reason_of_http_is_listed(self):
        # Readiness has reasons too, which /metrics names.
        code = "".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "server/http").rglob("*.cc"))
                       if file.parent.name != "metrics")
        reasons = set(re.findall(r'"([A-Z]+(?:_[A-Z]+)+)"', code))
        listed = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
        self.assertEqual({reason for reason in reasons if f"`{reason}`" not in listed}, set())

    def test_each_reason_of_a_page_is_in_the_list_of_reasons(self):
        listed = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
        page = (ROOT / "docs/http.md").read_text(encoding="utf-8")
        reasons = set(re.findall(r'"reason":"([A-Z_]+)"', page))
        self.assertEqual({reason for reason in reasons if reason not in listed}, set())


if __name__ == "__main__":
    unittest.main()
