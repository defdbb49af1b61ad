"""How a main dealer's answers differ from DGI 1.3, as switches.

Each switch was seen on servers in use. `main_dealers.py` says which main dealer has which; `sending.py` applies those
that concern records, `envelope.py` those that concern the answer around them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Differences:
    """The switches of one main dealer; all off is by the book."""

    # values
    numbers_as_text: bool = False
    decimal_comma: bool = False
    """Numbers documented as float, sent as text with a comma: "20,5"."""
    time_separator: Literal["", ".", ":"] = ""
    """What stands between hours and minutes in every time; "" leaves the documented mixture."""
    year_first: bool = False
    """Times as YYYY/MM/DD HH:MM:SS in the audit fields."""
    dates_with_time: bool = False
    """Dates as DD/MM/YYYY 00:00:00."""
    swapped_coordinates: bool = False
    padded_ids: bool = False
    """A space before the document's id and behind the ids it refers to."""
    long_chassis: bool = False
    """17 characters with the prefix MH1."""
    words: bool = False
    """Words instead of codes in the fields of `sending.WORDS`."""
    own_codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Field name -> national code -> the main dealer's own."""
    over_long: bool = False
    """Street addresses with directions behind them, beyond the documented length."""

    # keys
    key_spelling: Mapping[str, str] = field(default_factory=dict)
    """Documented key -> key as sent."""
    no_value: Literal["", "null", "missing", "mixed"] = ""
    """What stands for "no value": "" as documented, null, a missing key, or all three in turn."""
    modified_time: Literal["", "empty_until_changed", "missing"] = ""
    without_dealer_id: bool = False
    """`dealerId` is left out of records when the request named the dealer."""
    doch_without_chassis: bool = False
    extra_keys: bool = False

    # documents
    delivery_row_per_record: bool = False
    """A delivery is sent as one record per unit, each with a one-line `detail`."""
    work_order_pairs: bool = False
    """A work order is sent as one record per service and part, each pair once."""
    sales_order_is_spk: bool = False
    """`bast.detail.noSO` holds the order letter's number."""
    customer_is_prospect: bool = False
    """`inv1.idCustomer` holds the prospect's number."""

    # the answer around the records
    status_as_text: bool = False
    message: Literal["object", "text", "list"] = "object"
    no_data: Literal["list", "null", "missing"] = "list"
    no_data_is_refused: bool = False
    """Status 0 and "Tidak Ada Data Pada Periode ini" when nothing matches."""
    token_refusal: str = "Token Tidak Valid !!"

    # never answers
    silent_on_unknown_key: bool = False
    silent_without_to_time: bool = False


BY_THE_BOOK = Differences()
