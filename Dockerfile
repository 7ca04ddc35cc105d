# One static program in an empty image: docker build -t tidegate . && docker run --rm -v "$PWD:/work:ro" tidegate lint .
FROM rust:1.95-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /source
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY rules rules
RUN cargo build --release --locked --bin tidegate

FROM scratch
COPY --from=build /source/target/release/tidegate /tidegate
# Nobody: the program reads what is mounted and writes to standard output.
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/tidegate"]
