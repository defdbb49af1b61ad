"""Command line: `python -m sandbox --size S --port 8900 --seed 20240521 --days 180`."""

import gc

import click
import uvicorn

from sandbox.app import build_app
from sandbox.connections import RememberedProtocol
from sandbox.fleet import SIZES, build
from sandbox.world import World


@click.command()
@click.option(
    "--size", type=click.Choice(list(SIZES)), default="S", show_default=True, help="12, 100 or 1,000 dealers."
)
@click.option("--port", type=click.IntRange(1, 32_767), default=8900, show_default=True)
@click.option("--seed", type=int, default=20240521, show_default=True, help="The same seed gives the same documents.")
@click.option("--days", type=click.IntRange(min=1), default=180, show_default=True, help="Days a main dealer keeps.")
@click.option("--scale", type=click.IntRange(1, 50), default=1, show_default=True, help="Multiplies the documents.")
@click.option(
    "--latency", type=click.FloatRange(min=0), default=0.0, show_default=True, help="Seconds before an answer."
)
def main(size: str, port: int, seed: int, days: int, scale: int, latency: float) -> None:
    """Serve invented main dealers on 127.0.0.1 until stopped."""
    world = World(build(size, seed, scale), days, latency)
    # What is kept grows to millions of objects without cycles: searching them for some would halt answers for a second.
    gc.set_threshold(50_000, 20, 100)
    uvicorn.run(
        build_app(world),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http=RememberedProtocol,
        lifespan="off",
        access_log=False,
        log_level="warning",
        timeout_keep_alive=75,
        # Requests that are never answered must not keep the process from ending.
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
