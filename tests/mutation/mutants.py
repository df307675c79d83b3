"""Small faults in C++ sources: a condition that is dropped, a comparison that is flipped or shifted by one.

Works on text. What it makes need not compile; the compiler says so.
"""
import dataclasses
import re

_HIDDEN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\'|^[ \t]*#[^\n]*', re.S | re.M)
_HEAD = re.compile(r"\b(?:if|while)\s*(?:constexpr\s*)?\(")
_COMPARISON = re.compile(r" (<=|>=|==|!=|<|>) ")
_OTHERS = {"<": (">=", "<="), "<=": (">", "<"), ">": ("<=", ">="), ">=": ("<", ">"), "==": ("!=",), "!=": ("==",)}
_CLOSES = {"(": ")", "[": "]", "{": "}"}


@dataclasses.dataclass(frozen=True)
class Mutant:
    """`text[start:end]` becomes `instead`."""
    start: int
    end: int
    instead: str
    what: str

    def apply(self, text):
        return text[:self.start] + self.instead + text[self.end:]

    def line(self, text):
        return text.count("\n", 0, self.start) + 1


def mutants(text):
    """All of them, in the order of their places."""
    bare = _blank(text)
    found = {}
    for start, end in _conditions(bare):
        for mutant in _of_condition(text, bare, start, end):
            found.setdefault((mutant.start, mutant.end, mutant.instead), mutant)
    for match in _COMPARISON.finditer(bare):
        if _is_template(bare, match):
            continue
        for other in _OTHERS[match.group(1)]:
            mutant = Mutant(match.start(1), match.end(1), other, f"{match.group(1)} becomes {other}")
            found.setdefault((mutant.start, mutant.end, mutant.instead), mutant)
    return sorted(found.values(), key=lambda m: (m.start, m.end, m.instead))


def _blank(text):
    """The same length, without comments, strings and preprocessor lines."""
    return _HIDDEN.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def _conditions(bare):
    """What stands in the parentheses of each if and while, less an initialiser before a semicolon."""
    for head in _HEAD.finditer(bare):
        end = _closing(bare, head.end() - 1)
        if end is None:
            continue
        start = head.end()
        semicolons = [i for i in _top_level(bare, start, end) if bare[i] == ";"]
        if semicolons:
            start = semicolons[-1] + 1
        if re.search(r"\w[\s*&]+\w+ = ", bare[start:end]):
            continue  # it declares what it tests
        yield start, end


def _of_condition(text, bare, start, end):
    condition = text[start:end].strip()
    yield Mutant(start, end, f"(false && ({condition}))", f"never: {_short(condition)}")
    yield Mutant(start, end, f"(true || ({condition}))", f"always: {_short(condition)}")
    yield from _dropped(text, bare, start, end)


def _dropped(text, bare, start, end):
    """One operand less, of && and || at each level of parentheses."""
    places = [i for i in _top_level(bare, start, end) if bare[i:i + 2] in ("&&", "||")]
    if places:
        cuts = [start, *places, end]
        for n, (begin, until) in enumerate(zip(cuts, cuts[1:])):
            if n == 0:  # with the operator behind it
                begin, until = start, places[0] + 2
            yield Mutant(begin, until, " ", f"without {_short(text[begin:until])}")
    for i in _top_level(bare, start, end):
        if bare[i] == "(" and not re.search(r"[\w>\])]$", bare[start:i].rstrip()):
            inner = _closing(bare, i)
            if inner is not None and inner <= end:
                yield from _dropped(text, bare, i + 1, inner)


def _top_level(bare, start, end):
    """Places in no parentheses of their own; of a parenthesis, its opening."""
    i = start
    while i < end:
        yield i
        if bare[i] in _CLOSES:
            closing = _closing(bare, i)
            if closing is None:
                return
            i = closing
        i += 1


def _closing(bare, opening):
    depth = 0
    for i in range(opening, len(bare)):
        if bare[i] in "([{":
            depth += 1
        elif bare[i] in ")]}":
            depth -= 1
            if depth == 0:
                return i
    return None


def _is_template(bare, match):
    line = bare[bare.rfind("\n", 0, match.start()) + 1:match.start()]
    return "template" in line or "operator" in line


def _short(text):
    return " ".join(text.split())[:70]
