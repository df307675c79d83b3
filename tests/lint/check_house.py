#!/usr/bin/env python3
"""Keeps the shape of the code: who includes whom (includes.py), who reads a clock and what may grow
under the registry's lock (habits.py), how long a file is and where a class lives (shape.py), and that what
the documents name is there (docs.py).

    check_house.py [ROOT]   prints each fault as FILE:LINE: what is wrong; exits 1 if there is one

Its own test is check_house_test.py.
"""
import pathlib
import sys

import docs
import habits
import includes
import shape

FOLDERS = ("common", "server", "client", "examples", "tests", "bench")


def sources(root):
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*")):
            if file.suffix in (".h", ".cc") and "node_modules" not in file.parts:
                yield file


def documents(root):
    return sorted((*root.glob("*.md"), *(root / "docs").rglob("*.md")))


def own_header(root, file):
    """The text of the header of that name: beside a .cc, and the library's public one."""
    headers = [file.with_suffix(".h")]
    if file.parent == root / "client/src":
        headers.append(root / "client/include/liveness" / f"{file.stem}.h")
    return "".join(header.read_text(encoding="utf-8") for header in headers if header.exists())


def faults(root):
    """Yields (path, line, message), and prints nothing."""
    paths, code = [], []
    for file in sources(root):
        path, text = file.relative_to(root).as_posix(), file.read_text(encoding="utf-8")
        paths.append(path)
        code.append(text)
        for check in (includes.check, habits.clocks, habits.hash_tables, shape.lines):
            yield from ((path, line, message) for line, message in check(path, text))
        yield from ((path, line, message) for line, message in shape.members(path, text, own_header(root, file)))
    yield from shape.folders(paths)
    for file in documents(root):
        text = file.read_text(encoding="utf-8")
        yield from ((file.relative_to(root).as_posix(), line, message)
                    for line, message in docs.check(root, text, code))


def main(argv):
    root = pathlib.Path(argv[1] if len(argv) > 1 else pathlib.Path(__file__).parents[2])
    found = list(faults(root))
    for path, line, message in found:
        print(f"{path}:{line}: {message}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
