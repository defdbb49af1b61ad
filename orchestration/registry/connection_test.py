"""Asks a main dealer once for each module that it serves, as a pull would, and says in words what is wrong."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from dlt_sources.dgi.client import Answer, Client, Outcome
from dlt_sources.dgi.endpoints import ENDPOINTS
from dlt_sources.dgi.server import Call, Key, Server
from dlt_sources.dgi.windows import today, window_of
from orchestration.registry.credentials import to_key, to_server
from orchestration.registry.models import ApiKey
from orchestration.registry.quota import open_quota
from orchestration.registry.rules import RegistryError
from orchestration.registry.store import open_registry
from orchestration.settings import Settings

# A person waits for it: a server that needs longer says so here, and has its own limit in pulls.
_LONGEST_WAIT = 20.0
_SIDE_BY_SIDE = 4


@dataclass(frozen=True)
class Verdict:
    """What one module answered. `text` is a sentence with the remedy when it is not well."""

    key: str
    module: str
    label: str
    is_well: bool
    text: str


@dataclass(frozen=True)
class _Subject:
    server: Server
    key: Key
    key_id: int
    dealer_id: str  # "" asks for the whole group


def check_connection(settings: Settings, main_dealer_id: str, key: str | None = None) -> list[Verdict]:
    """One signed call for each served module with the named key, or with every enabled key of the main dealer.

    While a key is being replaced both its new and its old pair are tried. Raises RegistryError.
    """
    subjects = list(_subjects(settings, main_dealer_id, key))
    calls = [(subject, module) for subject in subjects for module in ENDPOINTS if module in subject.server.modules]
    with _quota(settings, subjects) as may_call:

        def ask(subject_and_module: tuple[_Subject, str]) -> Verdict:
            subject, module = subject_and_module
            return _ask(subject, module, Client(may_call))

        workers = min([_SIDE_BY_SIDE, *(subject.server.concurrency for subject in subjects)])
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(ask, calls))


def _subjects(settings: Settings, main_dealer_id: str, name: str | None) -> Iterator[_Subject]:
    with open_registry(settings) as registry:
        main_dealer = registry.main_dealer(main_dealer_id)
        if name:
            entries = [registry.key(main_dealer_id, name)]
        else:
            entries = [key for key in registry.api_keys() if key.main_dealer_id == main_dealer_id and key.is_enabled]
        if not entries:
            raise RegistryError(f"main dealer {main_dealer_id} has no enabled key to ask with: add one first")
        if not main_dealer.modules:
            raise RegistryError(f"main dealer {main_dealer_id} serves no module: tick those that it has")
        server = to_server(main_dealer, settings.outgoing())
        patient = min(server.answer_timeout, _LONGEST_WAIT)
        server = replace(server, attempts=1, answer_timeout=patient)
        dealers = registry.dealers(enabled_only=True)
        for entry in entries:
            dealer_id = next((dealer.id for dealer in dealers if dealer.api_key_id == entry.id), "")
            for key in _pairs(entry, to_key(entry, registry.encryption)):
                yield _Subject(server, key, entry.id, dealer_id)


def _pairs(entry: ApiKey, key: Key) -> Iterator[Key]:
    if key.old:
        yield replace(key, name=f"{entry.name} (new)", old=None)
        yield replace(key.old, name=f"{entry.name} (old)")
    else:
        yield key


@contextmanager
def _quota(settings: Settings, subjects: list[_Subject]) -> Iterator[Callable[[Call], bool]]:
    """These requests count as all others do."""
    url = settings.registry().set(drivername="postgresql").render_as_string(hide_password=False)
    key_ids = {(subject.server.id, subject.key.name): subject.key_id for subject in subjects}
    with open_quota(url, key_ids) as quota:
        yield quota.may_call


def _ask(subject: _Subject, module: str, client: Client) -> Verdict:
    server = subject.server
    # The longest window that pulls ask for, so that a range that is set too long shows here.
    last = today(server, datetime.now(UTC))
    days = min(server.range_days, server.max_age_days)
    dates = [last - timedelta(days=back) for back in range(days - 1, -1, -1)]
    call = Call(server, subject.key, module, subject.dealer_id, window_of(dates, server, datetime.now(UTC)))
    answer = client.call(call)
    text = _in_words(answer, call, days)
    return Verdict(subject.key.name, module, ENDPOINTS[module].label, answer.outcome.arrived, text)


def _in_words(answer: Answer, call: Call, days: int) -> str:
    period = "the last day" if days == 1 else f"the last {days} days"
    if answer.outcome is Outcome.RECORDS:
        return f"well: {len(answer.records):,} records of {period}"
    if answer.outcome is Outcome.NO_DATA:
        return f"well: no records in {period}"
    reason = answer.reason or "no reason was given"
    return f"{reason}: {_remedy(answer, reason, call)}"


def _remedy(answer: Answer, reason: str, call: Call) -> str:
    if "clock" in reason:
        return "set this machine's clock by a time server (NTP), or have the main dealer set theirs"
    if answer.stops_key:
        return "check the API key, the secret and the token separator with the main dealer, and enter them again"
    if "window" in reason:
        return f"set «range days» below {call.server.range_days}, or «max age days» lower, as the main dealer allows"
    if answer.http_status == 404:
        return f"untick the module if this main dealer does not serve it; else check the address {_address(call)}"
    if answer.attempts == 0:
        return "wait for the main dealer's next day, or raise the daily quota of the key"
    if answer.http_status is None:
        return f"check the address {_address(call)}, the network and the firewall, and whether the server is up"
    if answer.outcome is Outcome.FAILED:
        return "the fault is the server's: try again, and tell the main dealer if it stays"
    return f"ask the main dealer about it, and check the address {_address(call)}"


def _address(call: Call) -> str:
    return call.server.url(call.module)
