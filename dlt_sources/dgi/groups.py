"""Calls for a key's whole group: which calls of single dealers become one, and whose is what in its answer.

Whoever comes after the fetching sees calls of single dealers only: each with its own documents, counts and verdict.
What they share is the request, whose attempts are counted with the first of them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from dlt_sources.dgi.client import Answer
from dlt_sources.dgi.documents import Reading, Rejected
from dlt_sources.dgi.fetched import Fetched, days_of
from dlt_sources.dgi.server import Call
from dlt_sources.dgi.verdicts import Outcome

# A main dealer and the name of one of its keys.
KeyName = tuple[str, str]


def is_worth_it(asked: int, of: int) -> bool:
    """Whether one answer about all `of` dealers of a key is better than `asked` answers of single ones.

    The answer brings the others' documents too: as long as they are not the most of it, it costs the server less.
    """
    return asked >= 2 and 2 * asked >= of


def put_together(
    calls: Iterable[Call], groups: Mapping[KeyName, frozenset[str]], apart: Collection[tuple[str, str, str]] = ()
) -> list[Call]:
    """The calls, those of one key for the same module and window as one where its main dealer allows it.

    `groups` names all dealers of each key. `apart` are the main dealers, keys and modules of which it has been tried
    in vain. Calls keep their order; one for a group stands where the first of it stood.
    """
    together: dict[object, list[Call]] = {}
    for call in calls:
        place = (call.server.id, call.key.name, call.module)
        alone = not call.server.whole_group_calls or place in apart
        together.setdefault(call.id if alone else (*place, call.window), []).append(call)
    found: list[Call] = []
    for some in together.values():
        first = some[0]
        group = groups.get((first.server.id, first.key.name), frozenset())
        if is_worth_it(len(some), len(group)):
            found.append(
                Call(first.server, first.key, first.module, "", first.window, members=tuple(some), group=group)
            )
        else:
            found += some
    return found


def not_whose(reading: Reading) -> list[Rejected]:
    """Records of a group's answer of which nobody can tell whose they are."""
    return [record for record in reading.rejected if not record.dealer_id]


def taken_apart(call: Call, answer: Answer, reading: Reading) -> list[Fetched]:
    """A group's answer as the answers of its members. `reading` holds nothing of dealers of the group but them.

    The first has the request's attempts, what there is of the answer beside the members' records, and documents and
    rejected records of dealers of no group of this key.
    """
    ours = {member.dealer_id: Reading() for member in call.members}
    first = ours[call.members[0].dealer_id]
    for document in reading.documents:
        ours.get(document.dealer_id, first).documents.append(document)
    for record in reading.rejected:
        ours.get(record.dealer_id, first).rejected.append(record)
    first.undocumented = reading.undocumented
    left_out = sum(reading.records[dealer_id] for dealer_id in call.group - ours.keys())
    foreign = sum(count for dealer_id, count in reading.records.items() if dealer_id not in call.group | ours.keys())
    sizes = {dealer_id: reading.sizes[dealer_id] for dealer_id in ours}
    sizes[call.members[0].dealer_id] += answer.body_bytes - sum(sizes.values())
    fetched = []
    for member in call.members:
        own, is_first = ours[member.dealer_id], member is call.members[0]
        received = reading.records[member.dealer_id] + (foreign if is_first else 0)
        notes = answer.notes
        if is_first and left_out:
            notes += (f"{left_out} records of the group's dealers that were not asked for were left out",)
        part = replace(
            answer,
            outcome=Outcome.RECORDS if received else Outcome.NO_DATA,
            attempts=answer.attempts if is_first else 0,
            body_bytes=sizes[member.dealer_id],
            # The turn is given back when all of the answer has been taken.
            is_large=answer.is_large and member is call.members[-1],
            records=(),
            notes=notes,
        )
        fetched.append(
            Fetched(
                member,
                part,
                own,
                days_of(own.documents, member.window.dates),
                received,
                is_whole=all(record.dealer_id != member.dealer_id for record in own.rejected),
                request_id=call.id,
            )
        )
    return fetched


def all_failed(call: Call, answer: Answer) -> list[Fetched]:
    """The end of a group's call without an answer, for each member."""
    return [
        Fetched(
            member,
            replace(answer, attempts=answer.attempts if number == 0 else 0, records=()),
            Reading(),
            {},
            0,
            # Where no request was made there is none that they share.
            request_id=call.id if answer.attempts else None,
        )
        for number, member in enumerate(call.members)
    ]


def not_asked(call: Call, reason: str) -> Fetched:
    """The end of a call that was not made."""
    now = datetime.now(UTC)
    return Fetched(call, Answer(Outcome.FAILED, now, now, attempts=0, reason=reason), Reading(), {}, 0)
