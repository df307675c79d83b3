"""All mutants of a source at once: each is guarded by its number, and the environment picks one when the program runs.

`a < b` becomes `(Is(17) ? bool(a <= b) : bool(a < b))`. Line directives name the mutant to the compiler: what it
says of line kFirstLine + 17 it says of number 17.
"""
import re

from source_text import SourceText

FIRST_LINE = 5_000_000
HEADER = "tests/mutation/switch.h"


def schemata(text, numbered, path):
    """The source with them; `numbered` are (number, mutant), `path` is what messages call it."""
    if not numbered:
        return text
    source = SourceText(text)
    hosts = {}
    for number, mutant in numbered:
        hosts.setdefault((mutant.start, mutant.end), []).append((number, mutant))
    ranges = sorted(hosts, key=lambda r: (r[0], -r[1]))
    # To the compiler it is a system's header: that warns of nothing.
    return f'#include "{HEADER}"\n# 1 "{path}" 3\n' + _render(source, 0, len(text), ranges, hosts)


def _render(source, start, end, ranges, hosts):
    out, at = [], start
    for n, (begin, until) in enumerate(ranges):
        if begin < at:
            continue  # lies in one before it
        inner = [r for r in ranges[n + 1:] if r[1] <= until]
        out.append(source.code[at:begin] + "(")
        for number, mutant in hosts[begin, until]:
            instead = re.sub(r"\s*\n\s*", " ", mutant.instead)
            out.append(f"\n#line {FIRST_LINE + number}\n::liveness_mutation::Is({number}) ? bool({instead}) : ")
        out.append(f"\n#line {source.line(begin)}\nbool({_render(source, begin, until, inner, hosts)}))")
        at = until
    return "".join(out) + source.code[at:end]


def blamed(output):
    """What a compiler's output says of errors: numbers of mutants, and places (path, line) where it names none."""
    numbers, places = set(), set()
    for block in re.split(r"(?m)^(?=.*: error: )", output)[1:]:
        head, _, _ = block.partition("\n")
        lines = [int(n) for n in re.findall(r":(\d+)(?::\d+)?:", head)]
        mutants_of = {n - FIRST_LINE for n in lines if n > FIRST_LINE}
        if not mutants_of:  # a template that a mutant asks for
            mutants_of = {int(n) - FIRST_LINE for n in re.findall(r":(\d+)(?::\d+)?:", block) if int(n) > FIRST_LINE}
        numbers |= mutants_of
        if not mutants_of and (at := re.match(r"(\S+?):(\d+):", head)):
            places.add((at.group(1), int(at.group(2))))
    return numbers, places
