"""What docker-compose.yml would run, run without Docker.

An image is laid out as its Dockerfile says: the files that it copies and no others, in a folder of its own, with this
checkout's installed packages in place of its `.venv`. A service's command starts there through the image's entry point,
with the image's and the service's environment. What Docker alone does is put in: secrets lie in a folder, and services
are found on 127.0.0.1.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from servers import unused_port

ROOT = Path(__file__).resolve().parents[2]
# Docker Compose itself, not the package's script, which always ends with 0.
COMPOSE = Path(next(iter(getattr(find_spec("compose"), "submodule_search_locations", ())), "")) / "docker-compose"
SETTINGS = {"DOMAIN": "dashboards.example.org", "ACME_EMAIL": "admin@example.org"}
SUPERSET_PORT, SMTP_PORT = unused_port(), unused_port()
LEFT_OUT = shutil.ignore_patterns(".venv", "__pycache__", "uv.lock", "target", "logs")  # .dockerignore


def composed(**settings: str) -> dict[str, Any]:
    """docker-compose.yml as Docker Compose itself reads it, all profiles. Raises CalledProcessError."""
    command = [str(COMPOSE), "--file", str(ROOT / "docker-compose.yml"), "--env-file", os.devnull, "--profile", "*"]
    env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **SETTINGS, **settings}
    text = subprocess.run([*command, "config", "--format", "json"], env=env, check=True, stdout=subprocess.PIPE).stdout
    return dict(json.loads(text))


@dataclass
class Image:
    """One target of a Dockerfile, laid out in `folder`."""

    folder: Path
    directory: Path = Path("/")
    entrypoint: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "root"

    def inside(self, path: str) -> Path:
        """Where a path of the image lies here."""
        return self.folder / os.path.normpath(self.directory / path).lstrip("/")

    def here(self, text: str) -> str:
        """The text with the image's paths below /app turned into ours."""
        return re.sub(r"(?<![\w/])/app\b", str(self.folder / "app"), text)


def stages(dockerfile: Path) -> dict[str, list[tuple[str, str]]]:
    """The instructions of each stage by its name ("" if it has none); the first is FROM with what it builds on."""
    found: dict[str, list[tuple[str, str]]] = {}
    lines = "\n".join(line for line in dockerfile.read_text().splitlines() if not line.lstrip().startswith("#"))
    for line in filter(None, (line.strip() for line in lines.replace("\\\n", " ").splitlines())):
        word, rest = line.split(None, 1)
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found[name] = []
            rest = base
        list(found.values())[-1].append((word, rest))
    return found


def lay_out(dockerfile: Path, target: str, folder: Path) -> Image:
    """Do what the stage's instructions say but RUN, which needs the image's own Debian."""
    known = stages(dockerfile)
    chain = [target]
    while (base := known[chain[-1]][0][1]) in known:
        chain.append(base)
    image = Image(folder)
    for word, rest in (instruction for name in reversed(chain) for instruction in known[name]):
        _follow(image, word, rest)
    return image


def _follow(image: Image, word: str, rest: str) -> None:
    if word == "WORKDIR":
        image.directory = Path(rest)
        image.inside(".").mkdir(parents=True, exist_ok=True)
    elif word == "ENV":
        image.environment |= dict(part.split("=", 1) for part in shlex.split(rest))
    elif word == "ENTRYPOINT":
        image.entrypoint = json.loads(rest)
    elif word == "USER":
        image.user = rest
    elif word == "COPY":
        *sources, target = shlex.split(rest)
        if sources[0].startswith("--from"):
            image.inside(target).symlink_to(ROOT / sources[1].removeprefix("/app").lstrip("/"))
            return
        for source in sources:
            _copy(ROOT / source, image.inside(target) / (Path(source).name if target.endswith("/") else ""))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=LEFT_OUT, dirs_exist_ok=True)
    elif target.is_dir():
        shutil.copy(source, target / source.name)
    else:
        shutil.copy(source, target)


@dataclass
class Host:
    """The server of the test: images laid out, secrets in files, services on ports of 127.0.0.1."""

    services: Mapping[str, Any]
    folder: Path
    secrets: Path
    changes: dict[str, str]  # of the environment: what Docker's network would make right
    images: dict[str, Image] = field(default_factory=dict)

    def image(self, name: str) -> Image:
        """The image of a service, laid out when it is first asked for. Services of one image share its volume."""
        build = self.services[name]["build"]
        target = build.get("target", "")
        key = Path(build["dockerfile"]).stem + (f"-{target}" if target else "")
        if key not in self.images:
            self.images[key] = lay_out(ROOT / build["dockerfile"], target, self.folder / key)
        return self.images[key]

    def environment(self, name: str) -> dict[str, str]:
        """What a service's programs have in their environment, and no more: nothing of ours."""
        image = self.image(name)
        own = {key: value for key, value in (self.services[name].get("environment") or {}).items() if value is not None}
        env = {"PATH": os.environ["PATH"], **image.environment, **own, **self.changes}
        env["PATH"] = env["PATH"].replace("$PATH", os.environ["PATH"])
        env = {key: image.here(value).replace("/run/secrets", str(self.secrets)) for key, value in env.items()}
        Path(env["VAR_DIR"]).mkdir(parents=True, exist_ok=True)
        return env | {"HOME": str(self.folder)}

    def command(self, name: str, *changed: tuple[str, str]) -> list[str]:
        """A service's command with the image's entry point before it; `changed` are arguments and what stands here."""
        replaced = dict(changed)
        return [replaced.get(part, part) for part in (*self.image(name).entrypoint, *self.services[name]["command"])]

    def run(self, name: str, command: list[str] | None = None, seconds: float = 180) -> str:
        """Run a service's command, or another in its image and environment, to its end; what it said.

        Raises AssertionError with what it said when it fails.
        """
        done = subprocess.run(
            command or self.command(name), cwd=self.image(name).inside("."), env=self.environment(name),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{name} ended with {done.returncode}:\n{done.stdout[-4000:]}"
        return done.stdout

    def health(self, name: str) -> list[str]:
        """The command of a service's health check."""
        kind, *command = self.services[name]["healthcheck"]["test"]
        # compose's own way to write a dollar sign
        command = [part.replace("$$", "$") for part in command]
        return ["/bin/sh", "-c", *command] if kind == "CMD-SHELL" else command

    @contextmanager
    def running(self, name: str, command: list[str] | None = None) -> Iterator[Path]:
        """A service while the block runs; gives the file of what it says."""
        log = self.folder / f"{name}.log"
        with log.open("ab") as stream:
            process = subprocess.Popen(
                command or self.command(name), cwd=self.image(name).inside("."), env=self.environment(name),
                stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True,
            )  # fmt: skip
        try:
            yield log
            assert process.poll() is None, f"{name} ended: {log.read_text()[-4000:]}"
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):  # Docker too kills what has not ended when its time is up
                process.wait(20)
            with suppress(ProcessLookupError):  # a container ends with all its processes
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)
