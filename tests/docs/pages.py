"""What a page of documentation has in its fenced blocks.

A block's first line says what it is:

    ```console             `$ command` lines that a test runs, in order, each with what it prints
    ```sh no-run: REASON   commands that no test can run here, and why
    ```text, ```cpp, ...   everything else: no commands. ```python NAME is also written to the file NAME, in its turn

In a console block a line that begins with `> ` goes on with the command above it. `…` stands for any text within
a line, and alone on a line for any lines. `<!-- console` to `-->` is a console block that a reader need not see.
"""
import dataclasses
import re

TEXTS = ("text", "cpp", "cmake", "python", "js", "json", "ini", "yaml", "toml", "proto", "promql", "sql", "http")
FENCE = re.compile(r"^( *)(```+)(.*)$")
HIDDEN = "<!-- console"
# How a command looks that stands where no test would find it.
COMMAND = re.compile(r"^\s*(?:\$ |(?:livenessctl|livenessd|curl|openssl|etcdctl|sqlite3|docker(?:-compose)?|systemctl|"
                     r"apt-get|cmake|ctest|npm|protoc|promtool) \S|\./dev\b)")


@dataclasses.dataclass
class Command:
    line: int
    text: str
    output: list


@dataclasses.dataclass
class Block:
    line: int
    info: str
    lines: list

    @property
    def kind(self):
        return self.info.split(" ", 1)[0]

    @property
    def file(self):
        """The file that a reader is to make of it, or an empty string."""
        return self.info.partition(" ")[2] if self.kind in TEXTS else ""


def blocks(text):
    """Yields each fenced or hidden block of a page."""
    opened, fence, indent = None, "", 0
    for number, line in enumerate(text.splitlines(), 1):
        match = FENCE.match(line)
        if opened is None:
            if line.rstrip() == HIDDEN:
                opened, fence, indent = Block(number, "console", []), "-->", 0
            elif match:
                opened = Block(number, match.group(3).strip(), [])
                fence, indent = match.group(2), len(match.group(1))
        elif line.strip() == fence:
            yield opened
            opened = None
        else:
            opened.lines.append(line[indent:])
    if opened is not None:
        yield opened


def commands(block):
    """Yields the commands of a console block. Output before the first command is an error of the page."""
    command = None
    for number, line in enumerate(block.lines, block.line + 1):
        if line.startswith("$ "):
            if command:
                yield command
            command = Command(number, line[2:], [])
        elif command is None:
            raise ValueError(f"line {number}: a console block begins with a `$ command`")
        elif line.startswith("> ") and not command.output:
            command.text += "\n" + line[2:]
        else:
            command.output.append(line)
    if command:
        yield command


def steps(text):
    """Yields what a reader does, in order: each Command, and each Block that is to be a file."""
    for block in blocks(text):
        if block.kind == "console":
            yield from commands(block)
        elif block.file:
            yield block


def faults(text):
    """Yields (line, message) for each block that is not as the convention has it."""
    within = set()
    for block in blocks(text):
        within.update(range(block.line, block.line + len(block.lines) + 2))
        if block.kind == "console":
            if block.info != "console":
                yield block.line, "nothing follows `console`"
            try:
                list(commands(block))
            except ValueError as error:
                yield block.line, str(error)
        elif block.kind == "sh":
            if not re.fullmatch(r"sh no-run: \S.*", block.info):
                yield block.line, "`sh` says why no test runs it: ```sh no-run: REASON"
        elif block.kind not in TEXTS or not re.fullmatch(r"\w+(?: [\w.-]+)?", block.info):
            yield block.line, f"a block is console, sh, {', '.join(TEXTS)}; not '{block.info}'"
        else:
            for number, line in enumerate(block.lines, block.line + 1):
                if COMMAND.match(line):
                    yield number, "a command that no test runs: make it a console block"
    for number, line in enumerate(text.splitlines(), 1):
        if number not in within and line.startswith("    ") and COMMAND.match(line):
            yield number, "a command that no test runs: make it a console block"
