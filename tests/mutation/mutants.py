"""Small faults in C++ sources: a condition that always or never holds, an operand less, a comparison shifted by one.

Works on text. What it makes need not compile; the compiler says so.
Left out is what a test of another fault finds too: who sees that `a` or `b` is gone from `a && b` sees that it always holds.
"""
import dataclasses
import re

from source_text import LOGICAL, SourceText

_HEAD = re.compile(r"\b(if|while|for)\s*\(")
_COMPARISON = re.compile(r"(?<=\s)(<=|>=|==|!=|<|>)(?=\s)")
_SHIFTED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_DECLARES = re.compile(r"\w[\s*&]+\w+ = |\w(?:::|<)\S*>? \w+ = ")


@dataclasses.dataclass(frozen=True)
class Mutant:
    """The boolean expression `text[start:end]` becomes `instead`."""
    start: int
    end: int
    instead: str
    what: str


def mutants(text):
    """All of them, in the order of their places."""
    source = SourceText(text)
    found = {}
    for mutant in _all(source):
        if _fits(source, mutant):
            found.setdefault((mutant.start, mutant.end, mutant.instead), mutant)
    return sorted(found.values(), key=lambda m: (m.start, m.end, m.instead))


def _all(source):
    for start, end, loops in _conditions(source):
        yield from _constants(source, start, end, ("false",) if loops else ("false", "true"))
    for match in LOGICAL.finditer(source.bare):
        yield from _of_chain(source, match.start(), match.group())
    for match in _COMPARISON.finditer(source.bare):
        start, end = source.operand(match.start())
        if (start, end) == source.expression(match.start()):
            yield from _constants(source, start, end, ("false", "true"))
        if (other := _SHIFTED.get(match.group(1))) is not None:
            yield Mutant(start, end, source.code[start:match.start()] + other + source.code[match.end():end],
                         f"{_short(source.code[start:end])}: {match.group(1)} becomes {other}")


def _conditions(source):
    """What if, while, for and ?: ask, and whether it is a loop that asks."""
    for head in _HEAD.finditer(source.bare):
        start, end = head.end(), source.closing(head.end() - 1)
        if end is None:
            continue
        parts = [i for i in range(start, end) if source.bare[i] == ";" and source.expression(i)[1] <= end]
        if head.group(1) == "for":
            if len(parts) == 2:
                yield *source.trimmed(parts[0] + 1, parts[1]), True
        else:
            yield *source.trimmed(parts[-1] + 1 if parts else start, end), head.group(1) == "while"
    for match in re.finditer(r" \? |\n\s+\? ", source.bare):
        yield *source.expression(match.start() - 1), False


def _constants(source, start, end, values):
    operators = {source.bare[a:b] for a, b in source.operators(start, end)}
    for value in values:
        if operators and value == ("false" if "||" in operators else "true"):
            continue
        yield Mutant(start, end, value, f"{'never' if value == 'false' else 'always'}: {_short(source.code[start:end])}")


def _of_chain(source, place, operator):
    """One operand less, and the constant that no operand's absence comes to."""
    start, end = source.expression(place)
    ors = [at for at in source.operators(start, end) if source.bare[at[0]:at[1]] == "||"]
    if operator == "&&":  # it binds tighter
        start = max([start, *(b for _, b in ors if b <= place)])
        end = min([end, *(a for a, _ in ors if a > place)])
        start, end = source.trimmed(start, end)
    yield from _constants(source, start, end, ("false", "true"))
    cuts = [at for at in source.operators(start, end) if source.bare[at[0]:at[1]] == operator]
    begins, ends = [start, *(b for _, b in cuts)], [*(a for a, _ in cuts), end]
    parts = [source.code[a:b].strip() for a, b in zip(begins, ends)]
    for n, part in enumerate(parts):
        rest = f" {operator} ".join(parts[:n] + parts[n + 1:])
        yield Mutant(start, end, rest, f"without {_short(part)} in {_short(source.code[start:end])}")


def _fits(source, mutant):
    text = source.bare[mutant.start:mutant.end]
    return (text not in ("", "true", "false") and not _DECLARES.search(text) and "#" not in text
            and text.count("(") == text.count(")") and text.count("{") == text.count("}"))


def _short(text):
    return " ".join(text.split())[:90]
