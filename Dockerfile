# livenessd, livenessctl and the example, in one small image.
#
# What they run in comes first: a build that stops there (--target runtime) needs no
# compiler, for binaries that were made elsewhere on Debian 12 (tests/e2e/run).
FROM debian:bookworm-slim AS runtime
# tini is not needed: livenessd handles its signals itself, and waits for the commands of its hooks. Only with a
# hook whose command leaves processes behind, run it with --init.
RUN apt-get update && apt-get install -y --no-install-recommends \
      libgrpc++1.51 libncursesw6 libprometheus-cpp-core1.0 libprotobuf32 libspdlog1.10 libsqlite3-0 \
      libcurl4 ca-certificates openssl \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 64700 livenessd \
    && useradd --system --uid 64700 --gid livenessd --no-create-home --home-dir /var/lib/livenessd livenessd \
    && install -d -o livenessd -g livenessd -m 700 /var/lib/livenessd
COPY --chown=root:livenessd deploy/pki.sh deploy/compose/ /usr/local/share/liveness/
# It names a receiver, whose address may be a secret: the server would warn.
RUN chmod 640 /usr/local/share/liveness/livenessd.toml
USER livenessd
VOLUME /var/lib/livenessd
EXPOSE 7700 7780
ENV LIVENESS_SERVER=127.0.0.1:7700
# Healthy is a server that is ready. Docker knows 0 and 1 alone.
HEALTHCHECK --interval=5s --timeout=3s --start-period=5s --retries=3 \
  CMD livenessctl health || exit 1
# Without certificates, or tokens over TLS (LIVENESSD_TLS_CERT and so on), it says what it is missing and ends.
CMD ["livenessd", "--listen=0.0.0.0:7700", "--http-listen=0.0.0.0:7780", "--data-dir=/var/lib/livenessd"]

# What the dashboard imports. Without it livenessd is built without a dashboard.
FROM debian:bookworm-slim AS page
RUN apt-get update && apt-get install -y --no-install-recommends nodejs npm ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY web/package.json /page/
RUN npm install --silent --no-fund --no-audit --no-package-lock --ignore-scripts --prefix /page \
    && cp /page/package.json /page/node_modules/.installed.json

FROM debian:bookworm-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
      g++ cmake ninja-build pkg-config \
      libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev libabsl-dev libssl-dev \
      libboost1.81-dev libcli11-dev libspdlog-dev libsqlite3-dev libtomlplusplus-dev prometheus-cpp-dev \
      libcurl4-openssl-dev libncurses-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY proto proto
COPY common common
COPY client client
COPY server server
COPY web web
COPY --from=page /page build/web
COPY examples examples
RUN cmake --preset release -DLIVENESS_BUILD_TESTS=OFF -DLIVENESS_INSTALL=OFF \
    && cmake --build --preset release --target livenessd livenessctl examples \
    && strip build/release/bin/*

FROM runtime
COPY --from=build /src/build/release/bin/ /usr/local/bin/
