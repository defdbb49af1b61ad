"""Codes and what they mean: common labels, a main dealer's own, codes nobody knows, words in place of codes."""

import csv
from pathlib import Path

import pytest
from core_tables import OTHER_DEALER, Core, new_key

from sandbox.sending import WORDS

pytestmark = pytest.mark.slow

SEED = Path(__file__).parents[2] / "dbt_project" / "seeds" / "core" / "code_label.csv"


def seed_rows() -> list[dict[str, str]]:
    """The rows of the seed."""
    with SEED.open() as stream:
        return list(csv.DictReader(stream))


def labels_of(core: Core, code: str, dealer: str = "09417") -> tuple[str | None, str | None]:
    """The labels of a prospect's status and of an order letter's payment type with that code."""
    key = new_key()
    core.load("prsp", key, {"statusProspect": code}, dealer)
    core.load("spk", key, {"unit": [{"tipePembayaran": code}]}, dealer)
    core.run("prospect", "spk", "spk_unit")
    return core.rows("prospect", key)[0]["status_prospect_label"], core.rows("spk_unit", key)[0][
        "tipe_pembayaran_label"
    ]


@pytest.mark.parametrize(
    ("code", "labels"),
    [
        ("1", ("Low", "Cash")),
        (" 2 ", ("Medium", "Credit")),
        ("77", ("77", "77")),
        ("Closed", ("Closed", "Closed")),
        ("", (None, None)),
    ],
)
def test_a_code_has_its_label_beside_it(core: Core, code: str, labels: tuple[str | None, str | None]) -> None:
    assert labels_of(core, code) == labels


def test_payment_types_of_receipts_are_the_reverse_of_those_of_order_letters(core: Core) -> None:
    key = new_key()
    core.load("inv1", key, {"tipePembayaran": "1", "caraBayar": 2, "status": "4"})
    core.load("spk", key, {"unit": [{"tipePembayaran": "1"}]})
    core.run("billing", "spk", "spk_unit")
    (receipt,) = core.rows("billing", key)
    assert receipt["tipe_pembayaran_label"] == "Credit"
    assert core.rows("spk_unit", key)[0]["tipe_pembayaran_label"] == "Cash"
    assert (receipt["cara_bayar_label"], receipt["status_label"]) == ("Transfer", "Close")


def test_a_main_dealers_own_label_comes_first_and_for_nobody_else(core: Core) -> None:
    key = new_key()
    core.load("prsp", key, {"statusProspect": "3"})
    core.load("prsp", key, {"statusProspect": "3"}, OTHER_DEALER)
    core.run("prospect")

    def labels() -> dict[str, str]:
        return {row["main_dealer_id"]: row["status_prospect_label"] for row in core.rows("prospect", key)}

    assert labels() == {"Q7X": "Hot", "K2B": "Hot"}
    with core.labels([("statusProspect", "3", "Warm", "K2B")]):
        core.run("prospect")
        assert labels() == {"Q7X": "Hot", "K2B": "Warm"}, "rows that are there already get the new label"
    core.run("prospect")
    assert labels() == {"Q7X": "Hot", "K2B": "Hot"}


def test_a_main_dealers_words_have_the_labels_of_the_codes_that_they_replace() -> None:
    labels = {(row["list"], row["code"]): row["label"] for row in seed_rows()}
    lists = {name for name, _ in labels}
    for (module, field), words in WORDS.items():
        name = f"{module}.{field}" if f"{module}.{field}" in lists else field
        for code, word in words.items():
            assert labels.get((name, word), word) == labels[name, code]


def test_a_label_is_written_once() -> None:
    rows = seed_rows()
    assert len({(row["list"], row["code"], row["main_dealer_id"]) for row in rows}) == len(rows) > 100
    assert all(row["label"].strip() == row["label"] != "" for row in rows)
