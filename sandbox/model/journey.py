"""A journey: documents that belong together, begun on one day at one dealer.

Building a journey only *plans* it (which documents, when they are created, changed and deleted), since a dealer's index
needs no more. What a document says is drawn from a second stream of random numbers when somebody asks for it.
"""

from bisect import bisect
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import accumulate
from random import Random
from typing import Any, ClassVar, Generic, TypeVar

from sandbox.fleet import Dealer
from sandbox.times import DAY, FOREVER, HOUR, is_sunday, month_text, stamp

SERIAL_DAYS = 200
"""Document numbers of a journey repeat after that many days; longer than any journey, so never within a month."""

TWIN_SHARE = 0.011
"""Documents entered twice by mistake, of which the second is deleted on a later day."""

T = TypeVar("T")

_FACTS = 64
"""Added to a journey's kind for its second stream."""


class Document:
    """When one document exists: moments of creation, of its changes and of its deletion."""

    __slots__ = ("changes", "created", "deleted", "module", "part", "twin")

    def __init__(
        self, module: str, created: int, changes: tuple[int, ...], deleted: int, part: int, twin: bool
    ) -> None:
        self.module = module
        self.created = created
        self.changes = changes
        self.deleted = deleted
        self.part = part
        self.twin = twin

    def modified(self, version: int) -> int:
        """When a version (0 is the first) was written."""
        return self.changes[version - 1] if version else self.created


class Journey:
    """What all journeys share. `kind` numbers the sort of journey, `reach` is the most days one lasts."""

    kind: ClassVar[int]
    reach: ClassVar[int]
    modules: ClassVar[tuple[str, ...]]

    def __init__(self, dealer: Dealer, day: int, number: int) -> None:
        self.dealer = dealer
        self.day = day
        self.number = number
        self.rng = dealer.stream(self.kind, day, number)
        self.documents: list[Document] = []
        self.plan()
        # Done with, and a generator weighs 2.5 kB.
        del self.rng

    def plan(self) -> None:
        """Fill `documents`, drawing from `rng` alone."""
        raise NotImplementedError

    @cached_property
    def facts_rng(self) -> Random:
        """Random numbers for what documents say."""
        return self.dealer.stream(self.kind + _FACTS, self.day, self.number)

    @property
    def serial(self) -> int:
        """The journey's number in document numbers: unique at its dealer for `SERIAL_DAYS`."""
        return self.day % SERIAL_DAYS * self.dealer.strides[self.kind] + self.number + 1

    def serial_text(self, document: Document) -> str:
        """The five digits at the end of a document's number."""
        return f"{self.serial + (SERIAL_DAYS * self.dealer.strides[self.kind] if document.twin else 0):05d}"

    def document_number(self, prefix: str, document: Document) -> str:
        """prefix/dealer/YY/MM/serial, the form of most document numbers."""
        return f"{prefix}/{self.dealer.id}/{month_text(document.created // DAY)}/{self.serial_text(document)}"

    def number_at(self, prefix: str, moment: int) -> str:
        """The number of this journey's document of that prefix, created at `moment`."""
        return f"{prefix}/{self.dealer.id}/{month_text(moment // DAY)}/{self.serial:05d}"

    def add(
        self, module: str, created: int, changes: tuple[int, ...] = (), deleted: int = FOREVER, part: int = 0
    ) -> Document:
        """Plan one document and, seldom, its mistaken twin."""
        document = Document(module, created, changes, deleted, part, False)
        self.documents.append(document)
        draw = self.rng.random()
        if draw < TWIN_SHARE:
            spread = int(draw / TWIN_SHARE * 5 * DAY)
            self.documents.append(Document(module, created + 60 + spread % 900, (), created + DAY + spread, part, True))
        return document

    def canonical(self, document: Document, version: int) -> dict[str, Any]:
        """The document as DGI 1.3 documents it, in one of its versions."""
        write: Callable[[Document, int], dict[str, Any]] = getattr(self, document.module)
        record = write(document, version)
        record["dealerId"] = self.dealer.id
        times = {"createdTime": stamp(document.created), "modifiedTime": stamp(document.modified(version))}
        record.update(times)
        for value in record.values():
            if type(value) is list:
                for line in value:
                    line.update(times)
        return record


class Weighted(Generic[T]):
    """Picks values with given weights."""

    def __init__(self, values: Sequence[T], weights: Sequence[float]) -> None:
        self.values = values
        self.sums = list(accumulate(weights))

    def pick(self, draw: float) -> T:
        """The value that `draw`, from [0, 1), falls on."""
        return self.values[bisect(self.sums, draw * self.sums[-1])]


def open_moment(day: int, rng: Random, opens: int = 8, closes: int = 17) -> int:
    """A moment in opening hours, more often around noon."""
    draw = rng.random
    return day * DAY + int((opens + (draw() + draw()) * 0.5 * (closes - opens)) * HOUR)


def work_moment(day: int, rng: Random, opens: int = 8, closes: int = 17) -> int:
    """The same for what is not done on Sundays: it moves to Monday or Tuesday."""
    return open_moment(day + is_sunday(day) * (1 + int(rng.random() * 2)), rng, opens, closes)
