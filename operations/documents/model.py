"""What a paper is made of: sections with paragraphs, lists, tables, quotations and blanks. All text is plain.

Nothing in these texts is markup: a writer escapes every one of them for its format.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A few sentences."""

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list. `done` has one entry for each item where they are tasks, else it is empty."""

    items: tuple[str, ...]
    done: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """A table with one heading row; every row has as many cells."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text word for word, with its line breaks."""

    text: str


@dataclass(frozen=True, slots=True)
class Subtitle:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Blank:
    """What only a person can write, and has not written yet."""

    asks: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture: as SVG that we wrote ourselves, and as text for where there is none."""

    title: str
    svg: str
    text: str


Block = Paragraph | Bullets | Table | Verbatim | Subtitle | Blank | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole paper. `language` is its words' own (BCP 47)."""

    title: str
    sections: tuple[Section, ...]
    language: str = "en"

    @property
    def blanks(self) -> tuple[str, ...]:
        """What is still to be written."""
        return tuple(block.asks for section in self.sections for block in section.blocks if isinstance(block, Blank))
