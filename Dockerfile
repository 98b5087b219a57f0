# syntax=docker/dockerfile:1
# Pitwall in a container: page, API and socket on port 8000. See docs/containers.md.

FROM python:3.11-slim-bookworm AS base
ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PATH=/opt/pitwall/bin:$PATH
WORKDIR /app

# The Python packages: wheels only, so no compiler is needed. pip compiles them to bytecode here. The
# running server cannot write any, and would compile every module at every start of every worker.
FROM base AS packages
COPY requirements.txt constraints.txt ./
RUN python -m venv /opt/pitwall \
    && pip install --no-cache-dir --only-binary=:all: -r requirements.txt

# The page, built once with the packages that reflex.lock names.
FROM packages AS page
COPY --from=node:22-bookworm-slim /usr/local/bin/node /usr/local/bin/node
COPY --from=node:22-bookworm-slim /usr/local/lib/node_modules/npm /usr/local/lib/node_modules/npm
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
COPY scripts ./scripts
RUN python scripts/get_bun.py
COPY rxconfig.py ./
COPY reflex.lock ./reflex.lock
COPY assets ./assets
COPY pitwall ./pitwall
RUN python scripts/build.py

# The server: no node, no bun, no pip cache, no tests, and a user without rights.
FROM base AS server
# LightGBM's wheel needs the system's OpenMP.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --shell /usr/sbin/nologin pitwall \
    && install -d -o pitwall -g pitwall /data
COPY --from=packages /opt/pitwall /opt/pitwall
COPY rxconfig.py alembic.ini ./
COPY alembic ./alembic
COPY pitwall ./pitwall
COPY --from=page /app/.web/build/client ./.web/build/client
ENV HOME=/home/pitwall \
    PITWALL_HOST=0.0.0.0 \
    PITWALL_PORT=8000 \
    PITWALL_DATA=/data
VOLUME /data
EXPOSE 8000
USER 10001
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['PITWALL_PORT']}/health\", timeout=4)"]
CMD ["python", "-m", "pitwall.serve"]
