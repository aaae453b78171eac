# The gateway: pages built by Node, programs run by Python, nothing else. Debian 13 has all of it.
ARG BASE=debian:trixie-slim

FROM ${BASE} AS pages
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates nodejs npm \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src/ui
COPY ui/package.json ui/package-lock.json ./
RUN npm ci --no-fund --no-audit
COPY ui ./
RUN npm run build

FROM ${BASE} AS programs
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates python3-venv \
 && rm -rf /var/lib/apt/lists/* \
 && python3 -m venv /opt/hotline
COPY requirements/run.txt /src/requirements/run.txt
RUN /opt/hotline/bin/pip install --no-cache-dir --require-hashes -r /src/requirements/run.txt
COPY pyproject.toml README.md /src/
COPY gateway /src/gateway
RUN /opt/hotline/bin/pip install --no-cache-dir --no-deps /src

FROM ${BASE}
# libportaudio2: headsets on this host (sounddevice).
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    ca-certificates python3 libportaudio2 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --home-dir /var/lib/hotline hotline \
 && install -d -o hotline -g hotline -m 700 /var/lib/hotline
COPY --from=programs /opt/hotline /opt/hotline
COPY --from=pages /src/ui/dist /usr/share/hotline/ui
COPY config /etc/hotline

ENV PATH=/opt/hotline/bin:$PATH HOTLINE_HOME=/var/lib/hotline HOTLINE_WEB_UI_DIR=/usr/share/hotline/ui
USER hotline
WORKDIR /var/lib/hotline
VOLUME /var/lib/hotline
CMD ["hotline", "serve"]
# Healthy once the core runs, wherever the settings put the pages. The first start may have to fetch a speech model.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10m --retries=3 CMD ["python", "-c", "\
from urllib.request import urlopen; from gateway import config; web = config.load(config.default_folder()).web; \
urlopen(f'http://{web.host}:{web.port}/healthz', timeout=4)"]
