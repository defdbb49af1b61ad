# The pipeline: Dagster's webserver, daemon and code location, the registry's command line, the data API, the demo's sandbox.
FROM python:3.11.15-slim-bookworm AS build
ENV UV_CACHE_DIR=/uv-cache UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app
# The packages change seldom: a layer of their own, made again only with the pins.
COPY pyproject.toml ./
# The project itself is not installed, so the one program of it that Dagster starts by name is put there.
RUN --mount=type=cache,target=/uv-cache uv sync --no-dev --no-install-project \
    && printf '#!/app/.venv/bin/python\nfrom orchestration.dbt_process import main\nmain()\n' > .venv/bin/dbt-of-run \
    && chmod 755 .venv/bin/dbt-of-run

FROM python:3.11.15-slim-bookworm
ENV PATH=/app/.venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 HOME=/tmp \
    VAR_DIR=/app/var DAGSTER_HOME=/app/var/dagster_home DEMO=0 \
    MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=33554432 ARROW_DEFAULT_MEMORY_POOL=system
WORKDIR /app
RUN useradd --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin app \
    && mkdir var && chown app:app var
COPY --from=build /app/.venv .venv
COPY pyproject.toml ./
COPY deploy/docker/entrypoint.py deploy/docker/databases.py deploy/docker/demo_fleet.py deploy/docker/workspace.yaml deploy/docker/
COPY stack stack
COPY sandbox sandbox
COPY dlt_sources dlt_sources
COPY orchestration orchestration
COPY dbt_project dbt_project
COPY data_api data_api
USER 10001:10001
ENTRYPOINT ["python", "deploy/docker/entrypoint.py", "--pipeline"]
CMD ["python", "-m", "orchestration.cli", "--help"]
