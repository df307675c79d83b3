"""C++ as text: where an expression that contains a given place begins and ends.

Leans on the project's format: binary operators stand between spaces, references and template brackets do not.
"""
import bisect
import re

_COMMENT = r"//[^\n]*|/\*.*?\*/"
_LITERAL = r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])\''
_HIDDEN = re.compile(rf"{_COMMENT}|{_LITERAL}|^[ \t]*#[^\n]*", re.S | re.M)
_COMMENT_OR_LITERAL = re.compile(f"({_COMMENT})|{_LITERAL}", re.S)
# What ends an expression to its left or right, unless it stands in parentheses of its own.
_BOUND = re.compile(r"[,;?]|(?<!:):(?!:)|(?<![=!<>])=(?!=)|\b(?:return|co_return|throw|case|else|do)\b|\}(?=\s*\n)")
LOGICAL = re.compile(r"(?<=\s)(?:&&|\|\|)(?=\s)")
_OPENS, _CLOSES = "([{", ")]}"


class SourceText:
    def __init__(self, text):
        self.code = _COMMENT_OR_LITERAL.sub(lambda m: _spaces(m) if m.group(1) else m.group(), text)
        self.bare = _HIDDEN.sub(_spaces, text)  # the same length, without literals and preprocessor lines too
        self._lines = [m.start() for m in re.finditer("\n", text)]
        self._partner, self._opener = _brackets(self.bare)
        self._bounds = [(m.start(), m.end()) for m in _BOUND.finditer(self.bare)]
        self._logical = [(m.start(), m.end()) for m in LOGICAL.finditer(self.bare)]

    def line(self, place):
        return bisect.bisect_left(self._lines, place) + 1

    def closing(self, opening):
        """Of a bracket; None without one."""
        return self._partner.get(opening)

    def expression(self, place):
        """The whole expression around a place: an argument, a condition, what is returned or assigned."""
        return self._around(place, self._bounds)

    def operand(self, place):
        """The operand of && and || around a place."""
        return self._around(place, self._bounds + self._logical)

    def operators(self, start, end):
        """&& and || that stand in no parentheses of their own within the range."""
        outer = self._opener[start]
        return [(a, b) for a, b in self._logical if start <= a < end and self._opener[a] == outer]

    def trimmed(self, start, end):
        inside = self.bare[start:end]
        return start + len(inside) - len(inside.lstrip()), end - len(inside) + len(inside.rstrip())

    def _around(self, place, bounds):
        opener = self._opener[place]
        begin = opener + 1 if opener is not None else 0
        until = self._partner.get(opener, len(self.bare)) if opener is not None else len(self.bare)
        for start, end in bounds:
            if self._opener[start] != opener:
                continue
            if end <= place:
                begin = max(begin, end)
            elif start >= place:
                until = min(until, start)
        return self.trimmed(begin, until)


def _spaces(match):
    return re.sub(r"[^\n]", " ", match.group())


def _brackets(bare):
    """Each bracket's partner, and of each place the bracket that is open there; a bracket lies outside itself."""
    partner, opener, stack = {}, [], []
    for i, letter in enumerate(bare):
        if letter in _CLOSES and stack:
            partner[i] = stack[-1]
            partner[stack.pop()] = i
        opener.append(stack[-1] if stack else None)
        if letter in _OPENS:
            stack.append(i)
    return partner, opener
