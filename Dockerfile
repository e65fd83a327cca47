# The image: the one program and the C library, nothing else. See docs/guides/deploy.md.
#
#     docker build --tag rollcall:0.1.0 .
#
# Needs BuildKit, which Docker has since 23 and Podman calls Buildah.
#
# The base images are named by tags, which move, because no registry could be asked for digests where this was written. To pin
# them, copy both to a mirror of your own, and write its names and digests below: `registry.example.com/rust@sha256:…`.
ARG RUST=1.95
FROM rust:${RUST}-bookworm AS build
WORKDIR /source
COPY . .
# What is compiled and fetched stays on the builder, for the next time.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/source/target,sharing=locked \
    cargo build --release --locked --package server --bin rollcall \
    && install -D target/release/rollcall /image/usr/local/bin/rollcall \
    && install -d -o 65532 -g 65532 /image/data

# Of the same Debian, so that the C library is the one that the program was linked against.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /image/ /
# The user `nonroot` of that image, as a number: Kubernetes cannot tell whether a name is root's.
USER 65532:65532
WORKDIR /
# The data folder is for the embedded home alone; on PostgreSQL nothing is written. Nothing is measured without metrics.port.
ENV ROLLCALL__HTTP__HOST=0.0.0.0 ROLLCALL__METRICS__HOST=0.0.0.0 ROLLCALL__DATA_DIR=/data
EXPOSE 8080 9464
ENTRYPOINT ["/usr/local/bin/rollcall"]
CMD ["serve"]
LABEL org.opencontainers.image.title="Rollcall" \
      org.opencontainers.image.description="User provisioning (SCIM 2.0) and single sign-on for the enterprise customers of a SaaS product" \
      org.opencontainers.image.licenses="Apache-2.0"
