# The gateway: pages built by Node, programs run by Python, nothing else.
# Debian 13 has the Node the pages need; the programs run on Debian 12 and 13 alike.
ARG PAGES_BASE=debian:trixie-slim
ARG BASE=debian:bookworm-slim

FROM ${PAGES_BASE} AS pages
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates nodejs npm \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src/ui
COPY ui/package.json ui/package-lock.json ./
RUN npm ci --no-fund --no-audit
COPY ui ./
RUN npm run build

FROM ${BASE}
# libportaudio2: headsets on this host (sounddevice). libgomp1: the speech engines' threads.
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    ca-certificates python3 python3-venv libportaudio2 libgomp1 \
 && rm -rf /var/lib/apt/lists/* \
 && python3 -m venv /opt/hotline \
 && useradd --system --create-home --home-dir /var/lib/hotline hotline
COPY requirements/run.txt /src/requirements/run.txt
RUN /opt/hotline/bin/pip install --no-cache-dir --require-hashes -r /src/requirements/run.txt
COPY pyproject.toml README.md /src/
COPY gateway /src/gateway
RUN /opt/hotline/bin/pip install --no-cache-dir --no-deps /src
COPY --from=pages /src/ui/dist /usr/share/hotline/ui
COPY config /etc/hotline

ENV PATH=/opt/hotline/bin:$PATH HOTLINE_HOME=/var/lib/hotline HOTLINE_WEB_UI_DIR=/usr/share/hotline/ui
USER hotline
WORKDIR /var/lib/hotline
VOLUME /var/lib/hotline
CMD ["hotline", "serve", "--config", "/etc/hotline"]
