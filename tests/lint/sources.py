"""What the rules have in common."""
import re

LITERAL = re.compile(r'//[^\n]*|/\*.*?\*/|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)


def strip_comments_and_strings(text):
    """The same number of lines, with all that is no code blanked out."""
    return LITERAL.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
