# The edge server. Build: docker build -t tinysplit .   Run: docker compose up

FROM debian:bookworm-slim AS build
WORKDIR /src
# The packages are a layer of their own: it is made again only when their list changes.
COPY scripts/ scripts/
RUN scripts/setup
COPY . .
RUN cmake --preset release -DTINYSPLIT_TESTS=OFF -DTINYSPLIT_BENCHMARKS=OFF \
 && cmake --build --preset release --target tinysplit \
 && strip build/release/tinysplit

FROM debian:bookworm-slim
COPY docker/runtime-packages.txt /tmp/
RUN apt-get update \
 && xargs -a /tmp/runtime-packages.txt apt-get install -y --no-install-recommends \
 && rm -rf /var/lib/apt/lists/* /tmp/runtime-packages.txt \
 && useradd --uid 1000 --no-create-home --shell /usr/sbin/nologin tinysplit
COPY --from=build /src/build/release/tinysplit /usr/local/bin/
COPY docker/healthcheck /usr/local/bin/tinysplit-healthcheck
# Fails here rather than in the field if a library is missing from docker/runtime-packages.txt.
RUN tinysplit --version
# Writable: the measurements of a model are kept in its folder.
COPY --chown=tinysplit models/ /models/
USER tinysplit
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["tinysplit-healthcheck", "8080"]
# Inside the container every address is needed; which of them the world sees is for `-p` to say.
ENTRYPOINT ["tinysplit"]
CMD ["serve", "--models", "/models", "--host", "0.0.0.0", "--port", "8080"]
