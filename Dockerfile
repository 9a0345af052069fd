# paned in an image: the server as a container's first process, a user without privileges, tmux.
#   docker build -t paned .
#   docker run --rm --read-only -p 127.0.0.1:8765:8765 -v "$PWD:/workspace" paned
# Anyone who reaches the port can run commands in the container: publish it to loopback or to a
# trusted network only, or ask for a token (README). conformance/image builds and checks this file without a registry.
ARG BASE=debian:bookworm-slim

# What building takes; a stage of its own, so that a new source does not fetch it again. ccache is for builds that are given
# its cache (--volume CACHE:/root/.cache/ccache, as conformance/image does).
FROM ${BASE} AS tools
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
      ccache cmake g++ libasio-dev libcurl4-openssl-dev libtomlplusplus-dev libwebsocketpp-dev nettle-dev ninja-build rapidjson-dev \
 && rm -rf /var/lib/apt/lists/*

FROM tools AS build
WORKDIR /src
COPY . .
RUN cmake --preset release -DPANED_BUILD_TESTS=OFF \
 && cmake --build --preset release --target paned \
 && strip build/release/server/paned

FROM ${BASE}
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates libcurl4 libstdc++6 tmux \
 && rm -rf /var/lib/apt/lists/* /var/cache/ldconfig/* /var/log/apt /var/log/*.log \
 && groupadd --gid 1000 paned \
 && useradd --uid 1000 --gid paned --no-log-init --create-home --home-dir /workspace \
      --skel /dev/null --shell /bin/bash paned \
 && install -d -o paned -g paned -m 0700 /run/paned-user
COPY --from=build /src/LICENSE /usr/share/doc/paned/copyright
COPY --from=build /src/build/release/server/paned /usr/local/bin/paned

# PANED_* and the like do not reach the commands; these do. C.UTF-8 is part of the base.
ENV LANG=C.UTF-8 HOME=/workspace XDG_RUNTIME_DIR=/run/paned-user
# The one place the server itself writes to: a volume is writable even if the root is read-only.
VOLUME /run/paned-user
WORKDIR /workspace
# By number, so that an orchestrator can tell that it is not root.
USER 1000:1000
EXPOSE 8765
HEALTHCHECK --interval=30s --timeout=5s --start-period=5s --retries=3 CMD ["paned", "healthcheck"]
ENTRYPOINT ["paned"]
CMD ["serve", "--init", "--listen", "ws://0.0.0.0:8765", "--insecure-no-auth"]

ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="paned" \
      org.opencontainers.image.description="A codex-compatible exec-server" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
