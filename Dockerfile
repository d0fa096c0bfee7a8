# The gateway as one image: the binary with its built-in plugins, and nothing else.
#
#   docker build -t ccr .
#   docker run -p 3456:3456 -e APIKEY=choose-one -v ccr-data:/data ccr
#
# In a container the gateway must listen beyond loopback to be reached at all, and it does so only with an API
# key: without APIKEY (here or in /data/config.json) it stays on the container's own loopback, and
# the published port answers nothing.
#
# Every step is a command that runs without Docker too: `cargo xtask build` in a checkout, then
# `CCR_HOME=/data ccr start`.

FROM rust:1.95-bookworm AS build
WORKDIR /src
# The image has the pinned release already; naming it keeps rustup from fetching lints and formatter as well.
ENV RUSTUP_TOOLCHAIN=1.95.0
COPY . .
RUN cargo xtask build

FROM debian:bookworm-slim
# The roots that TLS to the providers is checked against.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
# A user with no rights; both folders exist and are its own before they become volumes.
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin ccr \
    && install -d -o ccr -g ccr /data /data/plugins
COPY --from=build /src/target/release/ccr /usr/local/bin/ccr
USER ccr
# /data holds config.json, logs and the compile cache; /data/plugins is where .wasm files are dropped,
# apart so that it can be mounted by itself and read-only.
ENV CCR_HOME=/data HOST=0.0.0.0
VOLUME ["/data", "/data/plugins"]
EXPOSE 3456
# No curl in this image, and none needed: bash speaks to a socket. Start-up with a cold cache takes seconds.
HEALTHCHECK --interval=30s --timeout=3s --start-period=20s CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/${PORT:-3456} && printf 'GET /health HTTP/1.1\\r\\nhost: 127.0.0.1\\r\\nconnection: close\\r\\n\\r\\n' >&3 && read -r _ status _ <&3 && [ \"$status\" = 200 ]"]
CMD ["ccr", "start"]
