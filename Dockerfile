# The same program for a lab server: `docker compose up`. See docs/server.md.
FROM node:20-bookworm-slim AS interface
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY frontend ./
RUN npm run build

FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN useradd --create-home --uid 10001 tomosift && install -d -o tomosift -m 0700 /data
WORKDIR /opt/tomosift
# Torch is the large layer; it changes least.
COPY constraints.txt ./
ARG TORCH_INDEX_URL=""
RUN pip install ${TORCH_INDEX_URL:+--index-url "$TORCH_INDEX_URL"} -c constraints.txt torch
COPY pyproject.toml README.md LICENSE ./
COPY alembic ./alembic
COPY backend ./backend
COPY worker ./worker
COPY --from=interface /src/backend/tomosift/web ./backend/tomosift/web
RUN pip install -c constraints.txt ".[worker,s3]"
USER tomosift
ENV TOMOSIFT_HOME=/data TOMOSIFT_HOST=0.0.0.0
VOLUME /data
EXPOSE 8765
CMD ["tomosift", "up", "--no-browser"]
