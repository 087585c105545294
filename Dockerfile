# Builds the console, then the one binary that carries it, and puts that alone on a small Debian.
# The SQL was checked beforehand (.sqlx/), so the build needs no database.
FROM node:22-bookworm-slim AS console
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY web ./
RUN npm run build

FROM rust:1-bookworm AS build
WORKDIR /src
ENV SQLX_OFFLINE=true CARGO_TERM_COLOR=never
COPY . .
COPY --from=console /src/web/dist web/dist
# The caches live outside the image, so the binary is copied out in the same step.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin pintle \
    && install -D -m 0755 target/release/pintle /out/pintle

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="Pintle" \
      org.opencontainers.image.description="A configuration centre for fleets of services" \
      org.opencontainers.image.licenses="Apache-2.0"
# The certificates are for TLS to PostgreSQL and to an OTLP collector.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/pintle /usr/local/bin/pintle
COPY LICENSE NOTICE /usr/share/doc/pintle/
# A number, so that an orchestrator can see without a passwd file that it is not root.
USER 65532:65532
EXPOSE 8080
# No HEALTHCHECK: the image holds no HTTP client. Alive is GET /healthz; ready is GET /readyz,
# which answers 503 until the store is loaded and while the node drains.
# By itself `serve` listens on loopback; to be reached from outside the container it needs
# `--listen` and TLS, `--behind-proxy` or an explicit `--insecure`.
ENTRYPOINT ["pintle"]
CMD ["serve"]
