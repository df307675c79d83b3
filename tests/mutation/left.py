"""Mutants that no test notices, each with its reason: left.txt, whose head says what its lines are."""
import collections
import re


class Left:
    """Entries go by file and by what the mutant does, not by line: they hold while others edit the file. Where a
    file says the same thing in several places, an entry stands for one of them, whichever."""

    def __init__(self, text):
        self.reasons = dict(re.findall(r"(?m)^#   (\S+)  +(\S.*)$", text))
        self.entries = collections.Counter()
        for number, line in enumerate(text.splitlines(), 1):
            if not line or line.startswith("#"):
                continue
            path, _, rest = line.partition(" | ")
            what, _, reason = rest.rpartition(" | ")
            if not what or reason not in self.reasons:
                raise ValueError(f"left.txt:{number}: not FILE | MUTANT | one of {', '.join(self.reasons)}")
            self.entries[path, what] += 1

    def new(self, survivors):
        """Of them, each (path, what), those beyond the entries: their indexes."""
        free = collections.Counter(self.entries)
        return [n for n, key in enumerate(survivors) if (free.subtract([key]) or free[key] < 0)]

    def gone(self, mutants):
        """The entries for the files of these mutants, each (path, what), that none of them is."""
        paths = {path for path, _ in mutants}
        stands = collections.Counter(mutants)
        return [key for key, n in self.entries.items() if key[0] in paths and n > stands[key]]
