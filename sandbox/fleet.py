"""The fleet of one run: main dealers, keys (dealer groups) and dealers, all derived from size and seed."""

import hashlib
from dataclasses import dataclass, field
from random import Random

from sandbox.main_dealers import MAIN_DEALERS, MainDealer
from sandbox.names import names
from sandbox.places import City, cities

SIZES = {"S": (2, 12), "M": (5, 100), "L": (10, 1_000)}
"""Size -> number of main dealers, number of dealers."""

FIRST_DEALER_NUMBER = 9_417


@dataclass(frozen=True, slots=True)
class ApiKey:
    """The credentials of one dealer group."""

    main_dealer: MainDealer
    name: str
    api_key: str
    secret_key: str
    daily_quota: int | None


@dataclass(slots=True, eq=False)
class Dealer:
    """One dealer. `size` is its share of trade (1.0 is average), `volume` the run's multiplier of documents."""

    number: int
    id: str
    name: str
    main_dealer: MainDealer
    key: ApiKey
    city: City
    size: float
    volume: int
    seed: int
    strides: dict[int, int] = field(default_factory=dict)
    """Journeys of a kind that one day can have at most; filled by the model."""

    def stream(self, kind: int, day: int, number: int = 0) -> Random:
        """The random numbers of one journey (or, with number 0, of a day): the same in every process."""
        return Random((((self.seed << 8 | kind) << 20 | day) << 20) | number)


@dataclass(frozen=True, slots=True)
class Fleet:
    """All main dealers, keys and dealers of a run."""

    seed: int
    main_dealers: dict[str, MainDealer]
    keys: dict[str, ApiKey]
    dealers: dict[str, Dealer]
    of_key: dict[str, tuple[Dealer, ...]]
    """API key -> its dealers."""

    def select(self, main_dealers: list[str], dealers: list[str]) -> list[Dealer]:
        """The dealers named, or all of the main dealers named, or all."""
        return [
            dealer
            for dealer in self.dealers.values()
            if (not main_dealers or dealer.main_dealer.id in main_dealers) and (not dealers or dealer.id in dealers)
        ]


def _digest(*parts: object) -> str:
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def _keys(main_dealer: MainDealer, seed: int) -> list[ApiKey]:
    return [
        ApiKey(
            main_dealer,
            group,
            f"dgi-key-{main_dealer.id.lower()}-{place + 1}-{_digest(seed, main_dealer.id, group, 'key')[:12]}",
            f"dgi-secret-{_digest(seed, main_dealer.id, group, 'secret')[:32]}",
            main_dealer.daily_quota if place == 0 else None,
        )
        for place, group in enumerate(main_dealer.groups)
    ]


def build(size: str, seed: int, volume: int = 1) -> Fleet:
    """The fleet of a size (S, M, L). `volume` multiplies every dealer's documents. Raises KeyError on another size."""
    main_dealer_count, dealer_count = SIZES[size]
    chosen = MAIN_DEALERS[:main_dealer_count]
    keys: dict[str, ApiKey] = {}
    dealers: dict[str, Dealer] = {}
    of_key: dict[str, tuple[Dealer, ...]] = {}
    number = 0
    for place, main_dealer in enumerate(chosen):
        share = dealer_count // main_dealer_count
        groups = _keys(main_dealer, seed)
        keys.update((key.api_key, key) for key in groups)
        members: dict[str, list[Dealer]] = {key.api_key: [] for key in groups}
        for turn in range(share):
            key = groups[turn * len(groups) // share]
            dealer = _dealer(number, turn, place, main_dealer, key, share, seed, volume)
            dealers[dealer.id] = dealer
            members[key.api_key].append(dealer)
            number += 1
        of_key.update((key, tuple(group)) for key, group in members.items())
    return Fleet(seed, {main_dealer.id: main_dealer for main_dealer in chosen}, keys, dealers, of_key)


def _dealer(
    number: int, turn: int, place: int, main_dealer: MainDealer, key: ApiKey, share: int, seed: int, volume: int
) -> Dealer:
    # 37 and 90,000 have no common divisor: numbers repeat only after 90,000 dealers.
    dealer_id = f"{(FIRST_DEALER_NUMBER + number * 37) % 90_000:05d}"
    city = cities()[main_dealer.cities[turn % len(main_dealer.cities)]]
    name_draw = Random(int(_digest(seed, dealer_id, "name")[:16], 16))
    # From about 0.4 to 2.0, every step taken once in a main dealer's share, in an order that is not the numbers'.
    step = (turn * 7 + place) % share if share % 7 else turn
    size = 0.4 * 5 ** (step / max(share - 1, 1))
    return Dealer(
        number,
        dealer_id,
        f"{name_draw.choice(names().dealers)} {name_draw.choice(names().dealers)} Motor {city.name}",
        main_dealer,
        key,
        city,
        size,
        volume,
        int(_digest(seed, dealer_id)[:16], 16),
    )
