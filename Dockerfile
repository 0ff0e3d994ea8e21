# syntax=docker/dockerfile:1
# Two stages: the first has pip and the build tool, the second only what runs.

FROM python:3.13-slim AS build
WORKDIR /source
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /app
COPY requirements.lock ./
RUN /app/bin/pip install --require-hashes --only-binary :all: --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY inbox inbox
COPY channels channels
COPY web web
COPY migrations migrations
RUN /app/bin/pip install --no-deps .

FROM python:3.13-slim
RUN groupadd --system --gid 1000 onethread \
    && useradd --system --uid 1000 --gid onethread --home-dir /data --no-create-home onethread \
    && install -d -o onethread -g onethread -m 0700 /data
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    ONETHREAD_DATA_DIR=/data \
    ONETHREAD_LOG_FORMAT=json
USER onethread
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["onethread", "serve", "--host", "0.0.0.0", "--port", "8000"]
