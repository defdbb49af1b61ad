"""Secrets that can be recognised wherever they turn up, and where they are looked for."""

import base64
import io
import os
import secrets
import subprocess
import threading
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, quote_plus

import psutil
import psycopg2
from psycopg2 import sql
from sqlalchemy import make_url

from orchestration.postgres_programs import connection_environment, wheel_binaries


def canary(kind: str) -> str:
    """A secret like no other text, with characters that are written otherwise in addresses and in JSON."""
    return f"{kind}-{secrets.token_hex(8)}/%+{secrets.token_urlsafe(12)}"


def forms(secret: str) -> set[bytes]:
    """How a secret may be written: as it is, in an address, in base64 (at any place in a longer text), in hex."""
    plain = secret.encode()
    found = {plain, quote(secret).encode(), quote(secret, safe="").encode(), quote_plus(secret).encode()}
    found |= {secret.replace("/", "\\/").encode(), plain.hex().encode(), plain.hex().upper().encode()}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for shift in range(3):
            # The first and last groups hold what stands beside it as well.
            encoded = encode(b"\0" * shift + plain + b"\0" * 3)
            found.add(encoded[4 if shift else 0 : len(plain) // 3 * 4])
    return found


class Search:
    """Looks for secrets in places; remembers how many places of a kind were looked at and what was found where."""

    def __init__(self, wanted: Mapping[str, str]) -> None:
        self._forms = {name: forms(secret) for name, secret in wanted.items()}
        self.places: dict[str, int] = {}
        self.hits: list[str] = []

    def look(self, kind: str, where: str, content: bytes | str) -> None:
        """Look at one place."""
        held = content.encode(errors="surrogateescape") if isinstance(content, str) else content
        self.places[kind] = self.places.get(kind, 0) + 1
        for name, written in self._forms.items():
            if any(form in held for form in written):
                self.hits.append(f"{name} in {kind}: {where}")

    def look_at_files(self, kind: str, folder: Path) -> None:
        """Look at every file below a folder, and into archives."""
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                self.look(kind, str(path), path.read_bytes())

    def look_into_zip(self, kind: str, content: bytes) -> None:
        """Look at every file of an archive."""
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                self.look(kind, name, archive.read(name))

    def look_at_database(self, kind: str, url: str) -> None:
        """Look at a dump of everything in a database."""
        command = [str(wheel_binaries() / "pg_dump"), "--format=plain"]
        env = {**os.environ, **connection_environment(url)}
        self.look(kind, str(make_url(url).database), subprocess.run(command, env=env, capture_output=True).stdout)

    @contextmanager
    def looking_at_commands(self) -> Iterator[None]:
        """Look at the command lines of all processes, over and over, while the block runs; again when one changes."""
        stop = threading.Event()
        seen: dict[int, bytes] = {}

        def look() -> None:
            while not stop.wait(0.05):
                for process in psutil.pids():
                    try:
                        command = Path(f"/proc/{process}/cmdline").read_bytes()
                    except OSError:
                        continue  # it has ended
                    if seen.get(process) != command:
                        seen[process] = command
                        self.look("command lines", str(process), command)

        thread = threading.Thread(target=look)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def report(self) -> str:
        """Places searched and hits, a line each."""
        counted = [f"{kind}: {count}" for kind, count in sorted(self.places.items())]
        return "\n".join([*counted, *sorted(set(self.hits))])


def new_role(server_url: str, name: str, password: str, *databases: str) -> dict[str, str]:
    """A role with this password that owns new databases; their addresses by name."""
    role = f"{name}_{secrets.token_hex(3)}"
    urls = {}
    connection = psycopg2.connect(server_url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        create = sql.SQL("create role {} login password {}").format(sql.Identifier(role), sql.Literal(password))
        cursor.execute(create)
        for database in databases:
            own = f"{database}_{secrets.token_hex(3)}"
            made = sql.SQL("create database {} owner {}").format(sql.Identifier(own), sql.Identifier(role))
            cursor.execute(made)
            url = make_url(server_url).set(username=role, password=password, database=own)
            urls[database] = url.render_as_string(hide_password=False)
    connection.close()
    return urls
