"""`dealers import` and `dealers export`."""

from pathlib import Path

import pytest
from registry_support import Admin, Tables

from orchestration.registry.store import open_registry
from orchestration.settings import Settings

pytestmark = pytest.mark.slow
HEADING = "dealer_id,name,city,main_dealer,key,enabled\n"


@pytest.fixture
def admin(admin: Admin) -> Admin:
    admin.adds_main_dealer()
    admin.adds_key()
    admin.adds_dealer("00001", "Satu")
    return admin


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "dealers.csv"


def everything(tables: Tables) -> list[tuple[object, ...]]:
    return tables.rows("select d.*, (select count(*) from registry.change) from registry.dealer as d order by id")


def verdicts(said: str) -> dict[str, str]:
    """Row number -> dealer and verdict."""
    rows = [line.split(maxsplit=1) for line in said.splitlines() if not line.endswith("rows imported")]
    return {row[0]: " ".join(row[1].split()) for row in rows if row[0].isdecimal()}


def test_rows_are_added_changed_or_left(admin: Admin, file: Path) -> None:
    file.write_text(HEADING + "00001,Satu,,Q7X,GROUP,yes\n00002,Dua,Malang,Q7X,GROUP,no\n00003,Tiga,,,,\n")
    said = admin.does("import", str(file))
    assert verdicts(said) == {"2": "00001 unchanged", "3": "00002 added", "4": "00003 added"}
    assert "3 rows imported" in said
    assert admin.row("list", of="00002") == "00002 Dua Malang Q7X GROUP disabled"
    assert admin.row("list", of="00003") == "00003 Tiga lacks a key enabled"

    file.write_text(HEADING + "00002,Dua Motor,Malang,Q7X,GROUP,yes\n")
    assert verdicts(admin.does("import", str(file))) == {"2": "00002 changed: name, is_enabled"}


def test_a_dry_run_gives_the_same_verdicts_and_changes_nothing(admin: Admin, tables: Tables, file: Path) -> None:
    file.write_text(HEADING + "00001,Uno,,Q7X,GROUP,yes\n00002,Dua,,Q7X,GROUP,yes\n")
    before = everything(tables)
    said = admin.does("import", "--dry-run", str(file))
    assert everything(tables) == before
    assert said.endswith("dry run: nothing was changed\n")
    assert verdicts(said) == verdicts(admin.does("import", str(file)))
    assert len(everything(tables)) == 2


def test_one_refused_row_and_nothing_is_imported(admin: Admin, tables: Tables, file: Path) -> None:
    file.write_text(
        HEADING
        + "00002,Dua,,Q7X,GROUP,yes\n"
        + "0|3,Tiga,,Q7X,GROUP,yes\n"
        + "00004,,,Q7X,GROUP,yes\n"
        + "00005,Lima,,ZZ,GROUP,yes\n"
        + "00006,Enam,,Q7X,NONE,yes\n"
        + "00007,Tujuh,,,GROUP,yes\n"
        + "00008,Delapan,,Q7X,GROUP,perhaps\n"
        + "00002,Dua lagi,,Q7X,GROUP,yes\n"
        + "00001,Satu, Motor,,Q7X,GROUP,yes\n"
        + "1,Satu,,Q7X,GROUP,yes\n"
        + "00001,Satu,,ZZ,,yes\n"
    )
    before = everything(tables)
    for options in ((), ("--dry-run",)):
        result = admin.run("import", *options, str(file))
        assert result.exit_code == 1
        assert result.stderr == "dealers: 10 of 11 rows are refused; nothing was imported\n"
        assert everything(tables) == before
        told = verdicts(result.stdout)
        assert told["2"] == "00002 added"
        assert told["3"].startswith("0|3 refused: id: «0|3» is not a dealer number")
        assert told["4"] == "00004 refused: name: must not be empty"
        assert told["5"].startswith("00005 refused: there is no main dealer ZZ")
        assert told["6"].startswith("00006 refused: main dealer Q7X has no key «NONE»")
        assert told["7"].startswith("00007 refused: key «GROUP» means nothing without its main dealer")
        assert told["8"] == "00008 refused: enabled: «perhaps» is neither yes nor no"
        assert told["9"] == "00002 refused: row 2 has the same dealer number"
        assert told["10"].startswith("00001 refused: it has more cells than the heading")
        assert told["11"] == "1 refused: dealer 00001 is in the registry: did a spreadsheet change the zeros of 1?"
        assert told["12"] == "00001 refused: row 10 has the same dealer number"


def test_an_unknown_main_dealer_of_a_dealer_that_is_there(admin: Admin, file: Path) -> None:
    file.write_text(HEADING + "00001,Satu,,ZZ,,yes\n")
    assert "refused: there is no main dealer ZZ" in admin.run("import", str(file)).stdout


def test_columns_that_the_file_has_not_stay_as_they_are(admin: Admin, file: Path) -> None:
    admin.does("edit", "00001", "--city", "Malang")
    admin.does("disable", "00001")
    file.write_text("KEY , dealer_id,main_dealer,name,remark\nGROUP,00001,Q7X,Uno,hello\n")
    admin.does("import", str(file))
    assert admin.row("list", of="00001") == "00001 Uno Malang Q7X GROUP disabled"


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + HEADING.encode() + "00002,Dua «Jaya»,Malang,Q7X,GROUP,yes\r\n".encode(),
        (HEADING + "00002,Dua «Jaya»,Malang,Q7X,GROUP,yes").replace(",", ";").encode(),
        (HEADING + '\n00002,"Dua «Jaya»","Malang",Q7X,GROUP\n,,,,,\n\n').encode(),
    ],
    ids=["byte order mark", "semicolons", "blank rows and short rows"],
)
def test_the_ways_in_which_spreadsheets_write(admin: Admin, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert "1 rows imported" in admin.does("import", str(file))
    assert admin.row("list", of="00002") == "00002 Dua «Jaya» Malang Q7X GROUP enabled"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "lacks the column dealer_id, name, main_dealer, key; `dealers export` shows the form"),
        (b"dealer_id,name,city\n1,a,b\n", "lacks the column main_dealer, key;"),
        (HEADING.encode() + b"2,\xff\xfe,,Q7X,GROUP,yes\n", "is no UTF-8 text: save it as «CSV UTF-8»"),
        (HEADING.encode() + b'2,"Dua,,Q7X,GROUP,yes\n', "is no CSV file: unexpected end of data"),
        (HEADING.encode() + b"0\0,Dua,,Q7X,GROUP,yes\n", "is no CSV file: it holds zero bytes"),
    ],
    ids=["empty", "missing columns", "another encoding", "open quote", "binary"],
)
def test_what_is_no_such_file(admin: Admin, tables: Tables, file: Path, content: bytes, sentence: str) -> None:
    file.write_bytes(content)
    before = everything(tables)
    assert sentence in admin.is_refused("import", str(file))
    assert everything(tables) == before


def test_only_a_heading(admin: Admin, file: Path) -> None:
    file.write_text(HEADING)
    assert "0 rows imported" in admin.does("import", str(file))


def test_export_is_what_import_takes(admin: Admin, tables: Tables, settings: Settings, file: Path) -> None:
    admin.adds_dealer("00002", 'Dua, "Jaya" Motor')
    admin.adds_dealer("00003", "Tiga; Lima")
    admin.does("edit", "00003", "--city", "Malang")
    admin.does("disable", "00003")
    with open_registry(settings) as registry:
        registry.add_dealer("00004", "Empat", "Q7X")
        registry.add_dealer("00005", "Lima")
    exported = admin.does("export")
    assert exported.splitlines()[:2] == [HEADING.strip(), "00001,Satu,,Q7X,GROUP,yes"]
    assert "00005,Lima,,,,yes" in exported

    file.write_text(exported)
    before = everything(tables)
    assert set(verdicts(admin.does("import", str(file))).values()) == {f"0000{n} unchanged" for n in range(1, 6)}
    assert everything(tables) == before

    tables.execute("delete from registry.dealer")
    admin.does("import", str(file))
    assert admin.does("export") == exported
