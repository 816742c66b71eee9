# Copyright (c) 2026, deskops
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The translations of the README and of the guide for the first run are complete and up to date.

translated.json has a digest of each English section as it was last translated. After you translate a change, run
``python tests/unit/test_translations.py`` to update the digests.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
DIGESTS = Path(__file__).with_name("translated.json")
GUIDE = "docs/docsite/rst/guide_first_run"
TRANSLATIONS = {
    "README.md": ["README.zh-TW.md", "README.ja.md"],
    f"{GUIDE}.rst": [f"{GUIDE}_zh_tw.rst", f"{GUIDE}_ja.rst"],
}
ALL = [(english, name) for english, names in TRANSLATIONS.items() for name in names]
PAIRS = [(english, name) for english, name in ALL if (ROOT / name).is_file()]


class Format(NamedTuple):
    """The patterns of a markup language."""

    parts: re.Pattern[str]
    literal: re.Pattern[str]
    link: re.Pattern[str]


MARKDOWN = Format(
    re.compile(
        r"^(?P<code> *```\w+\n(?s:.*?)\n *```)$"
        r"|^(?P<mark>#+) (?P<title>.+)$"
        r"|^(?P<prose>.*)$",
        re.MULTILINE,
    ),
    re.compile(r"`([^`]+)`"),
    re.compile(r"\]\((\S+?)\)|<(https://\S+?)>"),
)
RST = Format(
    re.compile(
        r"^(?P<code>\.\. code-block::.*\n(?:\n|   .*\n)+)"
        r"|^(?P<skipped>\.\..*\n(?: +.*\n)*)"
        r"|^(?P<title>\S.*)\n(?P<mark>[=~^-])(?P=mark)+$"
        r"|^(?P<prose>.*)$",
        re.MULTILINE,
    ),
    re.compile(r"``([^`]+)``"),
    re.compile(r":ref:`[^`<]*<(\S+)>`|`([^`<]+)`_"),
)

# A link to a different language of the document itself, and the part of a target that names the language
LANGUAGE_LINK = re.compile(r".+/blob/main/README(?:\.[\w-]+)?\.md|.+\.docsite\.guide_first_run(?:_\w+)?")
LANGUAGE = re.compile(r"(?<=guide_first_run)_(?:zh_tw|ja)\b")

CJK, KANA, LATIN = "[\u3041-\u30fa\u4e00-\u9fff]", "[\u3041-\u30fa]", "[A-Za-z]"
ENGLISH_SENTENCE = re.compile(r"(?:[A-Za-z][a-z]+[ ,.:;]+){5}")
NOT_TAIWANESE = re.compile(
    "[为这们个时说会对发务设应户证码录选执报状态验权间请过还进运实现从无与关机开网门问题变读写标类给让须级种经条听见东车长动传输处显览续确认该将档载识换连删库隐号]"
    "|服務器|默認|令牌|重定向|軟件|網絡|菜單|客戶端|租戶"
)


@dataclass
class Section:
    """A heading and the text up to the next one."""

    title: str
    level: int = 0
    code: list[str] = field(default_factory=list)
    prose: str = ""
    literals: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)

    def digest(self) -> str:
        """Stays the same if lines are wrapped differently."""
        return hashlib.sha256(" ".join(self.prose.split()).encode()).hexdigest()[:12]


def sections(name: str) -> list[Section]:
    """The sections of a document. A link to one of them has its number as its target."""
    markup = MARKDOWN if name.endswith(".md") else RST
    found = [Section("")]
    marks: list[str] = []
    for part in markup.parts.finditer((ROOT / name).read_text("utf-8")):
        if part["title"]:
            marks += [] if part["mark"] in marks else [part["mark"]]
            found.append(Section(part["title"], marks.index(part["mark"])))
        elif part["code"]:
            found[-1].code.append(part["code"].rstrip())
        elif part["prose"]:
            found[-1].prose += part["prose"] + "\n"
    titles = [section.title for section in found]
    for section in found:
        section.literals = set(markup.literal.findall(section.prose))
        targets = ["".join(groups) for groups in markup.link.findall(markup.literal.sub("", section.prose))]
        section.links = [f"section {titles.index(each)}" if each in titles else each for each in targets]
    return found


def side_by_side(english: str, translation: str) -> list[tuple[Section, Section]]:
    """The sections of a document and those of its translation."""
    originals, translated = sections(english), sections(translation)
    outlines = [[f"{'  ' * each.level}{each.title}" for each in these] for these in (originals, translated)]
    assert [each.level for each in originals] == [each.level for each in translated], (
        f"{translation} needs the same headings as {english}:\n"
        + "\n".join(outlines[0])
        + "\n\nIt has:\n"
        + "\n".join(outlines[1])
    )
    return list(zip(originals, translated, strict=True))


def content(section: Section, what: str) -> list[str]:
    """The code blocks in their order, or the sorted names or targets of links, as they should be in each language."""
    if what == "code blocks":
        return section.code
    if what == "names in code font":
        return sorted(section.literals)
    return sorted(LANGUAGE.sub("", link) for link in section.links if not LANGUAGE_LINK.fullmatch(link))


def sentences(section: Section, markup: Format) -> list[str]:
    """The title and the lines of a section, without what is not translated."""
    return [markup.link.sub("", markup.literal.sub("", line)) for line in [section.title, *section.prose.splitlines()]]


@pytest.mark.parametrize(("english", "translation"), ALL)
def test_it_is_translated(english: str, translation: str) -> None:
    assert (ROOT / translation).is_file(), f"Translate {english} as {translation}"


@pytest.mark.parametrize(("english", "translation"), PAIRS)
@pytest.mark.parametrize("what", ["code blocks", "names in code font", "link targets"])
def test_the_same_stands_in_each_section(english: str, translation: str, what: str) -> None:
    problems = []
    for original, translated in side_by_side(english, translation):
        wanted, present = content(original, what), content(translated, what)
        if wanted != present:
            missing, surplus = (
                list((Counter(a) - Counter(b)).elements()) for a, b in ((wanted, present), (present, wanted))
            )
            order = "" if missing or surplus else "\nThe order differs."
            problems.append(
                f"{translation}, {translated.title!r}: {what} are not those of {english}, {original.title!r}."
                + "".join(f"\nMissing: {each}" for each in missing)
                + "".join(f"\nNot in English: {each}" for each in surplus)
                + order
            )
    assert not problems, "\n\n".join(problems)


@pytest.mark.parametrize("english", TRANSLATIONS)
def test_no_english_section_has_changed_since(english: str) -> None:
    translated = json.loads(DIGESTS.read_text("utf-8"))[english]
    changed = [each for each in sections(english) if each.prose and translated.get(each.title) != each.digest()]
    assert not changed, (
        f"The English text of {english} has changed. Translate the changes in {' and '.join(TRANSLATIONS[english])}, "
        "then run python tests/unit/test_translations.py. Changed sections:\n"
        + "\n".join(f"\n{each.title}\n{each.prose}" for each in changed)
    )


@pytest.mark.parametrize("translation", [translation for _english, translation in PAIRS])
def test_it_is_in_its_language(translation: str) -> None:
    markup = MARKDOWN if translation.endswith(".md") else RST
    lines = [line for section in sections(translation) for line in sentences(section, markup)]
    left = [line for line in lines if ENGLISH_SENTENCE.search(line)]
    assert not left, f"{translation}: translate\n" + "\n".join(left)
    cjk, kana, latin = (len(re.findall(letters, "\n".join(lines))) for letters in (CJK, KANA, LATIN))
    assert cjk > latin, f"{translation} has {latin} Latin letters and only {cjk} Chinese or Japanese characters"
    if "zh" in translation:
        assert not kana, f"{translation} has Japanese characters"
        odd = [(match[0], line) for line in lines for match in NOT_TAIWANESE.finditer(line)]
        assert not odd, f"{translation}: write as in Taiwan:\n" + "\n".join(f"{found} in {line}" for found, line in odd)
    else:
        assert kana > cjk / 4, f"{translation} has {kana} kana among {cjk} characters"


@pytest.mark.parametrize("translation", [translation for english, translation in PAIRS if english == "README.md"])
def test_the_languages_are_linked(translation: str) -> None:
    here, there = (
        {Path(link).name for section in sections(name) for link in section.links} for name in (translation, "README.md")
    )
    language = translation.removeprefix("README.").removesuffix(".md").replace("-", "_").lower()
    assert translation in there, f"Link README.md to {translation}"
    others = {"README.md", *TRANSLATIONS["README.md"], f"guide_first_run_{language}.rst"} - {translation}
    assert others <= here, f"{translation} needs links to {', '.join(others - here)}"


def update() -> None:
    """Record that all English sections are translated."""
    digests = {name: {each.title: each.digest() for each in sections(name) if each.prose} for name in TRANSLATIONS}
    DIGESTS.write_text(json.dumps(digests, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    update()
