"""A call of one dealer that ended, as the loader takes it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from dlt_sources.dgi.client import Answer
from dlt_sources.dgi.documents import Document, Reading, Rejected
from dlt_sources.dgi.server import Call


@dataclass
class Fetched:
    """A call that ended, with what its answer held. What is new of it is filled in against what raw knows already.

    `request_id` is what calls have in common that one request was made for. `asked_alone` says why a call of which a
    whole group's was tried was made by itself after all.
    """

    call: Call
    answer: Answer
    reading: Reading
    by_day: Mapping[tuple[str, date], tuple[int, int]]
    received: int  # records; the records themselves are let go of
    is_whole: bool = True  # no rejected record of it may be the very document that seems to be missing
    request_id: str | None = None
    asked_alone: str | None = None
    new_documents: list[Document] = field(default_factory=list)
    new_rejected: list[Rejected] = field(default_factory=list)
    missing: list[dict[str, Any]] = field(default_factory=list)
    size: int = field(init=False)  # bytes of documents

    def __post_init__(self) -> None:
        self.size = sum(len(document.payload) for document in self.reading.documents)
        self.new_documents = self.reading.documents
        self.new_rejected = self.reading.rejected

    def let_go(self) -> None:
        """Free the documents, which are in the load: whoever waits for the next call still has this one in hand."""
        for some in (self.reading.documents, self.reading.rejected):
            some.clear()
        self.new_documents, self.new_rejected, self.missing = [], [], []


def days_of(documents: Iterable[Document], dates: Iterable[date]) -> dict[tuple[str, date], tuple[int, int]]:
    """How many documents, of how many bytes, each dealer has on each of `dates`."""
    wanted = set(dates)
    documents_on: Counter[tuple[str, date]] = Counter()
    bytes_on: Counter[tuple[str, date]] = Counter()
    for document in documents:
        for day in document.days() & wanted:
            documents_on[document.dealer_id, day] += 1
            bytes_on[document.dealer_id, day] += len(document.payload)
    return {place: (count, bytes_on[place]) for place, count in documents_on.items()}
