"""Who asks, and whether the window may be asked for: the checks of DGI 1.3 on headers and body.

All clocks here are real ones; the business clock decides only which documents exist.
"""

import hashlib
import hmac
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from sandbox.fleet import ApiKey, Dealer, Fleet
from sandbox.main_dealers import MainDealer
from sandbox.times import DAY, local_moment, read_request_time

CLOCK_SKEW_SECONDS = 10

CLOCK = "Unix Timestamp Diluar Validasi Detik"
RANGE = "Melebihi Rentang Waktu Pengambilan Data"
SERVER_FAILURE = "Gagal Mengambil Data"
QUOTA = "Kuota Permintaan Harian Telah Habis"
NO_FROM_TIME = "Parameter fromTime Wajib Diisi"
BAD_TIME = "Format Waktu Tidak Valid"
BAD_BODY = "Body Permintaan Tidak Valid"
NO_DEALER = "Parameter dealerId Wajib Diisi"
UNKNOWN_DEALER = "Dealer Tidak Terdaftar"


class Refused(Exception):
    """The main dealer answers with status 0 and this reason."""


class Silent(Exception):
    """The main dealer never answers."""


@dataclass(frozen=True, slots=True)
class Window:
    """What is asked for: local moments, both included, and the dealers meant."""

    first: int
    last: int
    dealers: tuple[Dealer, ...]
    dealer_asked: bool


def token(key: str, secret: str, request_time: str, separator: str = "") -> str:
    """The DGI-API-Token: lower-case hex SHA-256 of key, secret and time."""
    return hashlib.sha256(separator.join((key, secret, request_time)).encode()).hexdigest()


class Gate:
    """Checks requests of a fleet; counts calls against daily quotas."""

    def __init__(self, fleet: Fleet, max_age_days: int) -> None:
        self.fleet = fleet
        self.max_age_days = max_age_days
        self._used: Counter[tuple[str, int]] = Counter()

    def key(self, main_dealer: MainDealer, headers: Mapping[str, str]) -> ApiKey:
        """The key that signed the request. Raises `Refused` or, where an unknown key is ignored, `Silent`."""
        differences = main_dealer.differences
        key = self.fleet.keys.get(headers.get("dgi-api-key", "").strip())
        if key is None or key.main_dealer is not main_dealer:
            raise Silent if differences.silent_on_unknown_key else Refused(differences.token_refusal)
        asked_at = headers.get("x-request-time", "")
        if not asked_at.isdigit() or abs(time.time() - int(asked_at)) > CLOCK_SKEW_SECONDS:
            raise Refused(CLOCK)
        expected = token(key.api_key, key.secret_key, asked_at, main_dealer.token_separator)
        if not hmac.compare_digest(expected.encode(), headers.get("dgi-api-token", "").encode()):
            raise Refused(differences.token_refusal)
        if key.daily_quota is not None:
            today = (key.api_key, self.local_now(main_dealer) // DAY)
            self._used[today] += 1
            if self._used[today] > key.daily_quota:
                raise Refused(QUOTA)
        return key

    def window(self, key: ApiKey, body: Mapping[str, Any]) -> Window:
        """The window and dealers of a request. Raises `Refused` or `Silent`."""
        main_dealer = key.main_dealer
        if not body.get("fromTime"):
            raise Refused(NO_FROM_TIME)
        first = read_request_time(body["fromTime"])
        now = self.local_now(main_dealer)
        if body.get("toTime"):
            last = read_request_time(body["toTime"])
        elif main_dealer.differences.silent_without_to_time:
            raise Silent
        else:
            last = now
        if first is None or last is None:
            raise Refused(BAD_TIME)
        # Whole days are kept: the oldest day can be asked for from its first second.
        if not 0 <= last - first <= main_dealer.range_days * DAY or first // DAY < now // DAY - self.max_age_days:
            raise Refused(RANGE)
        dealers = self.fleet.of_key[key.api_key]
        asked = body.get("dealerId")
        if asked:
            dealers = tuple(dealer for dealer in dealers if dealer.id == str(asked).strip())
            if not dealers:
                raise Refused(UNKNOWN_DEALER)
        return Window(first, last, dealers, bool(asked))

    @staticmethod
    def local_now(main_dealer: MainDealer) -> int:
        """The real time on the main dealer's clock."""
        return local_moment(datetime.now(UTC), main_dealer.zone)


def read_body(raw: bytes) -> dict[str, Any]:
    """The request's JSON object. Raises `Refused` when it is none."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refused(BAD_BODY) from error
    if not isinstance(body, dict):
        raise Refused(BAD_BODY)
    return body
