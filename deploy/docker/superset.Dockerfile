# Superset. Target `web` serves it; target `reports` has a headless browser besides, for dashboards by e-mail.
FROM python:3.11.15-slim-bookworm AS build
ENV UV_CACHE_DIR=/uv-cache UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir uv==0.13.9
WORKDIR /app/superset
# The packages change seldom: a layer of their own, made again only with the pins.
COPY superset/pyproject.toml ./
RUN --mount=type=cache,target=/uv-cache uv sync

FROM build AS build-reports
RUN --mount=type=cache,target=/uv-cache uv sync --group reports

FROM python:3.11.15-slim-bookworm AS base
ENV PATH=/app/superset/.venv/bin:$PATH PYTHONUNBUFFERED=1 PGTZ=UTC HOME=/tmp \
    VAR_DIR=/app/var SUPERSET_HOME=/app/var/superset SUPERSET_CONFIG_PATH=/app/superset/superset_config.py
WORKDIR /app/superset
RUN useradd --uid 10002 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin app \
    && mkdir -p /app/var/superset && chown -R app:app /app/var
ENTRYPOINT ["python", "../deploy/docker/entrypoint.py"]
CMD ["superset", "--help"]

FROM base AS reports
# Fonts: without them a picture has boxes for letters.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends chromium fonts-inter fonts-liberation \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build-reports /app/superset/.venv .venv
COPY deploy/docker/link_browser.py ../deploy/docker/
ENV PLAYWRIGHT_BROWSERS_PATH=/app/browsers
RUN python ../deploy/docker/link_browser.py /usr/bin/chromium
COPY deploy/docker/entrypoint.py ../deploy/docker/
COPY superset .
USER 10002:10002

FROM base AS web
COPY --from=build /app/superset/.venv .venv
COPY deploy/docker/entrypoint.py ../deploy/docker/
COPY superset .
USER 10002:10002
