"""Which documents match a window: a lazy index per dealer.

Journeys are planned once, in blocks of days, and kept as sorted arrays of integers (about 45 bytes a document), so that
a thousand dealers fit into memory. What a document says is made anew when asked for.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from sandbox.fleet import Dealer, Fleet
from sandbox.model.journey import Document, Journey
from sandbox.model.kinds import JOURNEYS, KINDS_OF_MODULE, begun
from sandbox.model.volume import Kind, set_strides
from sandbox.times import DAY

BLOCK_DAYS = 14
MOST_DOCUMENTS = 10_000_000
"""Documents indexed at once; the oldest blocks go first, and are planned again when needed."""


class Found(NamedTuple):
    """One version of one document: `place` among its journey's documents."""

    dealer: Dealer
    kind: Kind
    day: int
    number: int
    place: int
    created: int
    version: int


class _Block:
    """The documents of one module from the journeys of one kind begun in one block of days."""

    __slots__ = ("change_document", "change_sorted", "changes", "created", "deleted", "first_change", "references")

    def __init__(self, planned: list[tuple[int, int, Document]]) -> None:
        planned.sort(key=lambda entry: entry[:2])
        self.created = array("I", (entry[0] for entry in planned))
        self.references = array("Q", (entry[1] for entry in planned))
        self.deleted = array("I", (entry[2].deleted for entry in planned))
        self.first_change = array("I", (0,))
        self.changes = array("I")
        owners: list[tuple[int, int]] = []
        for place, (_, _, document) in enumerate(planned):
            self.changes.extend(document.changes)
            self.first_change.append(len(self.changes))
            owners.extend((change, place) for change in document.changes)
        owners.sort()
        self.change_sorted = array("I", (change for change, _ in owners))
        self.change_document = array("I", (place for _, place in owners))

    def version(self, place: int, now: int) -> int:
        """The version a document has at `now`."""
        first = self.first_change[place]
        return bisect_right(self.changes, now, first, self.first_change[place + 1]) - first

    def created_within(self, first: int, last: int) -> range:
        """Documents created from `first` to `last`, both included."""
        return range(bisect_left(self.created, first), bisect_right(self.created, last))

    def match(self, first: int, last: int, now: int) -> list[int]:
        """Documents that exist at `now` and whose created or modified time lies within the window."""
        until = min(last, now)
        made = self.created_within(first, until)
        deleted = self.deleted
        places = [place for place in made if deleted[place] > now]
        change_sorted = self.change_sorted
        for turn in range(bisect_left(change_sorted, first), bisect_right(change_sorted, until)):
            place = self.change_document[turn]
            if place in made or deleted[place] <= now:
                continue
            version = self.version(place, now)
            if self.changes[self.first_change[place] + version - 1] == change_sorted[turn]:
                places.append(place)
        return places


@lru_cache(maxsize=1024)
def journey(dealer: Dealer, kind: Kind, day: int, number: int) -> Journey:
    """A journey, planned again from seed, dealer and day."""
    return JOURNEYS[kind](dealer, day, number)


def canonical(found: Found) -> dict[str, Any]:
    """The document as DGI 1.3 documents it."""
    whole = journey(*found[:4])
    return whole.canonical(whole.documents[found.place], found.version)


class Store:
    """The documents of a fleet."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self._blocks: OrderedDict[tuple[int, Kind, int], dict[str, _Block]] = OrderedDict()
        self._documents = 0
        for dealer in fleet.dealers.values():
            set_strides(dealer)

    def _block(self, dealer: Dealer, kind: Kind, number: int) -> dict[str, _Block]:
        key = (dealer.number, kind, number)
        known = self._blocks.get(key)
        if known is not None:
            return known
        planned: dict[str, list[tuple[int, int, Document]]] = {}
        build = JOURNEYS[kind]
        for day in range(number * BLOCK_DAYS, (number + 1) * BLOCK_DAYS):
            for turn in range(begun(dealer, kind, day)):
                for place, document in enumerate(build(dealer, day, turn).documents):
                    reference = day << 32 | turn << 8 | place
                    planned.setdefault(document.module, []).append((document.created, reference, document))
        blocks = {module: _Block(entries) for module, entries in planned.items()}
        self._blocks[key] = blocks
        self._documents += sum(len(entries) for entries in planned.values())
        while self._documents > MOST_DOCUMENTS:
            _, oldest = self._blocks.popitem(last=False)
            self._documents -= sum(len(block.created) for block in oldest.values())
        return blocks

    def _blocks_for(self, dealer: Dealer, module: str, first: int, last: int) -> Iterator[tuple[Kind, _Block]]:
        """The blocks whose journeys can have documents of the module created or changed in the window."""
        for kind in KINDS_OF_MODULE[module]:
            earliest = (first // DAY - JOURNEYS[kind].reach) // BLOCK_DAYS
            for number in range(earliest, last // DAY // BLOCK_DAYS + 1):
                block = self._block(dealer, kind, number).get(module)
                if block is not None:
                    yield kind, block

    def matching(self, dealer: Dealer, module: str, first: int, last: int, now: int) -> list[Found]:
        """What a request for the window is answered with at `now` (local moments), oldest first."""
        result = []
        for kind, block in self._blocks_for(dealer, module, first, min(last, now)):
            result += [self._found(dealer, kind, block, place, now) for place in block.match(first, last, now)]
        result.sort(key=lambda found: found.created)
        return result

    def created(self, dealer: Dealer, module: str, first: int, last: int, now: int) -> Iterator[tuple[Found, bool]]:
        """Every document created in the window up to `now`, and whether it is deleted by then."""
        until = min(last, now)
        for kind, block in self._blocks_for(dealer, module, first, until):
            for place in block.created_within(first, until):
                yield self._found(dealer, kind, block, place, now), block.deleted[place] <= now

    @staticmethod
    def _found(dealer: Dealer, kind: Kind, block: _Block, place: int, now: int) -> Found:
        reference = block.references[place]
        return Found(
            dealer,
            kind,
            reference >> 32,
            reference >> 8 & 0xFFFFFF,
            reference & 0xFF,
            block.created[place],
            block.version(place, now),
        )
