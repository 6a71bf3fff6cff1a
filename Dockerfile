# chaos and mock-claude in an image of their own:
#   docker build -t chaos .
#   docker run --rm chaos run concurrent
#   docker run --rm -p 127.0.0.1:8787:8787 chaos mock --host 0.0.0.0 --port 8787
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev
WORKDIR /src
COPY . .
RUN cargo build --locked --release -p harness -p mock-claude --bins

FROM debian:bookworm-slim
COPY --from=build /src/target/release/chaos /src/target/release/mock-claude /usr/local/bin/
RUN useradd --create-home chaos
USER chaos
WORKDIR /home/chaos
ENTRYPOINT ["chaos"]
CMD ["--help"]
