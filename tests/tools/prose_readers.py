# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Separate prose from code.

Each reader takes the text of a file and returns it with every character outside of prose replaced by CODE, so that all
words keep their places.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Iterator

import yaml

# Replaces each character outside of prose. No rule matches it. No phrase spans it.
CODE = "§"
INLINE = re.compile(
    r"`{2}.+?`{2}|(?<!`)`[^`\n]+`(?!`)"  # inline code
    r"|\b[a-z][\w+.-]*://[^\s)>\"']+"  # addresses
    r"|\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}"  # Jinja
    r"|(?<!\w)[/.~]?[\w-]*[_/.=][\w/.=-]*\w"  # identifiers, paths and domain names
    r"|\b(?:[CVOEPMU]|RV|HORIZONTALLINE)\([^()]*\)|\bL\([^()]*\)",  # markup of Ansible's documentation
    re.DOTALL,
)
MARKDOWN = re.compile(
    r"^(?P<fence> *(?:```+|~~~+)).*?^(?P=fence) *$|\]\([^)\s]*\)|<[^<>\n]*>", re.DOTALL | re.MULTILINE
)
RST_ROLE = re.compile(r":(?!ref:|doc:)[\w:.-]+:`[^`]+`|:(?:ref|doc):(?=`)|<[^<>`\n]*>(?=`)|^ *\.\. _.*$", re.MULTILINE)
RST_CODE = re.compile(r"^ *\.\. (?:code|code-block|literalinclude|raw|image|figure|toctree)::|^(?! *\.\.).*::$")
RST_DIRECTIVE = re.compile(r"^ *\.\. [\w:-]+::|^ *:[\w-]+:(?: |$)")
CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
# Keys of YAML whose values are expressions or commands
EXPRESSIONS = {"when", "changed_when", "failed_when", "until", "expr", "run", "cmd", "argv", "if", "that", "pattern"}
DOCUMENTATION = {"DOCUMENTATION", "EXAMPLES", "RETURN"}


def blank(text: str) -> str:
    """Return ``text`` with each character that is not a space replaced by CODE."""
    return re.sub(r"\S", CODE, text)


def without(pattern: re.Pattern[str], text: str) -> str:
    """Return ``text`` with the matches of ``pattern`` blanked."""
    return pattern.sub(lambda found: blank(found.group()), text)


def of_markdown(text: str) -> str:
    """Return the prose of Markdown or HTML; all readers keep the places of lines."""
    return without(MARKDOWN, text)


def of_rst(text: str) -> str:
    """Return the prose of reStructuredText."""
    lines, literal = [], -1
    for line in without(RST_ROLE, text).split("\n"):
        indent = len(line) - len(line.lstrip())
        if literal >= 0 and (not line.strip() or indent > literal):
            lines.append(blank(line))
            continue
        literal = indent if RST_CODE.match(line) else -1
        lines.append(blank(line) if literal >= 0 and ".." in line else without(RST_DIRECTIVE, line))
    return "\n".join(lines)


def of_comments(text: str) -> str:
    """Return the comments on lines of their own, and the help texts of make."""
    shown = []
    for line in text.split("\n"):
        code, mark, comment = re.match(r"(\s*|.*? (?=## ))(#+(?= )|$)(.*)|", line).groups("")  # type: ignore[union-attr]
        shown.append(blank(code) + " " * len(mark) + comment if mark else blank(line))
    return "\n".join(shown)


def of_yaml(text: str) -> str:
    """Return the comments of YAML and its texts: values of several words that are no expressions."""
    try:
        documents = [one for one in yaml.compose_all(text, yaml.SafeLoader) if one]
    except yaml.YAMLError:
        return blank(text)
    values = sorted(scalar for document in documents for scalar in _scalars(document, ""))
    shown, at = [], 0
    for start, end, is_prose in [*values, (len(text), len(text), False)]:
        shown.append(_yaml_comments(text[at:start]))
        shown.append(text[start:end] if is_prose else blank(text[start:end]))
        at = end
    return "".join(shown)


def _scalars(node: yaml.Node, key: str) -> Iterator[tuple[int, int, bool]]:
    """Yield start, end, and whether it is prose, of the scalars below ``node``, which is the value of ``key``."""
    if isinstance(node, yaml.ScalarNode):
        start, end = node.start_mark.index, node.end_mark.index
        yield start, end, key not in EXPRESSIONS and len(node.value.split()) > 2
    elif isinstance(node, yaml.SequenceNode):
        for one in node.value:
            yield from _scalars(one, key)
    elif isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _scalars(name, "if")
            yield from _scalars(value, name.value if isinstance(name, yaml.ScalarNode) else key)


def _yaml_comments(text: str) -> str:
    """Return only the comments of ``text``, which contains no values."""
    pieces = re.split(r"(?m)((?:^|(?<=\s))#.*$)", text)
    return "".join(piece.replace("#", " ", 1) if odd % 2 else blank(piece) for odd, piece in enumerate(pieces))


def of_python(text: str, strings: bool = True) -> str:
    """Return comments, docstrings and, with ``strings``, other string literals of several words."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    shown = list(blank(text))
    assigned = before = ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        start, end = starts[token.start[0] - 1] + token.start[1], starts[token.end[0] - 1] + token.end[1]
        source = text[start:end]
        if token.type == tokenize.COMMENT:
            shown[start:end] = re.sub(r"^#+", lambda found: " " * len(found.group()), source)
        elif token.type == tokenize.STRING:
            is_docstring = before in ("", "\n", ":") and source.lstrip("rR").startswith('"""')
            if is_docstring or strings:
                shown[start:end] = _literal(source, is_yaml=assigned in DOCUMENTATION)
        elif tokenize.tok_name[token.type] == "FSTRING_MIDDLE" and strings and " " in source:
            shown[start:end] = source
        if token.type == tokenize.NAME:
            assigned = token.string
        if token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            before = "\n"
        elif token.type not in (tokenize.COMMENT, tokenize.NL):
            before = token.string
    return "".join(shown)


def _literal(source: str, is_yaml: bool) -> str:
    """Return the prose of a string literal."""
    prefix, quote, content = re.match(r"(\w*)(\"{3}|'{3}|[\"'])(.*)\2$", source, re.DOTALL).groups()  # type: ignore[union-attr]
    if is_yaml and "\n" in content:
        shown = of_yaml(content)
    elif len(content.split()) < 2:
        shown = blank(content)
    else:
        shown = re.sub(r"\\.", CODE * 2, content) if "r" not in prefix.lower() else content
        shown = without(re.compile(r"\{[^{}]*\}"), shown) if "f" in prefix.lower() else shown
    # Adjacent literals are one text
    around = " " * len(quote) if len(quote) == 1 else CODE * 3
    return " " * len(prefix) + around + shown + around


READERS: dict[str, Callable[[str], str]] = {
    ".md": of_markdown,
    ".j2": of_markdown,
    ".rst": of_rst,
    ".py": of_python,
    ".yml": of_yaml,
    ".yaml": of_yaml,
    ".sh": of_comments,
    "Makefile": of_comments,
}
