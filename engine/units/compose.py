"""A Compose file of a deployment: worker, scheduler and console of one image, and PostgreSQL for the ledger."""

from engine.process.supervisor import STOP_SECONDS
from storage.settings import Settings

PASSWORD = "${LOANWATCH_DB_PASSWORD:?write LOANWATCH_DB_PASSWORD=... into the file .env beside this one}"  # noqa: S105 - no password
COMPOSE = """\
# Loanwatch: `docker build -t loanwatch .` in the folder of the project makes the image. Beside this file:
#   .env       LOANWATCH_DB_PASSWORD=... (letters and digits, as of `openssl rand -hex 24`); readable for you alone
#   extracts/  the extracts, readable for the user 10001 of the image
# The console needs a login: `docker compose run --rm worker password NAME --role operator` adds a user.
# It is served on this machine's loopback; put TLS in front of it. For metrics set LOANWATCH_METRICS_PORT at the worker,
# and give Prometheus' own service `network_mode: "service:worker"`.

x-loanwatch: &loanwatch
  image: ${{LOANWATCH_IMAGE:-loanwatch}}
  init: true
  restart: unless-stopped
  stop_grace_period: {stop:.0f}s
  environment: &environment
    LOANWATCH_LEDGER: postgresql+psycopg://loanwatch:{password}@ledger:5432/loanwatch
    LOANWATCH_DATA: /extracts
    LOANWATCH_TIMEZONE: {timezone}
    LOANWATCH_LOG_FORMAT: json
  volumes:
    - home:/home/loanwatch/home
    - ./extracts:/extracts:ro
  depends_on:
    ledger:
      condition: service_healthy
  healthcheck:
    test: [CMD, python, -m, engine, health]
    interval: 30s
    timeout: 20s
    start_period: 60s
  cap_drop: [ALL]
  security_opt: ["no-new-privileges:true"]

services:
  ledger:
    image: postgres:17
    restart: unless-stopped
    environment:
      POSTGRES_USER: loanwatch
      POSTGRES_DB: loanwatch
      POSTGRES_PASSWORD: {password}
    volumes:
      - ledger:/var/lib/postgresql/data
    healthcheck:
      test: [CMD, pg_isready, --username=loanwatch, --dbname=loanwatch]
      interval: 10s
      timeout: 5s
      retries: 6

  worker:
    <<: *loanwatch
    command: [worker]
    shm_size: {shared_memory} # bytes: Ray keeps its objects there

  scheduler:
    <<: *loanwatch
    command: [scheduler]

  console:
    <<: *loanwatch
    entrypoint: [python, -m, console]
    environment:
      <<: *environment
      LOANWATCH_CONSOLE_ADDRESS: 0.0.0.0
      LOANWATCH_CONSOLE_PORT: "{port}"
    ports:
      - "127.0.0.1:{port}:{port}"

volumes:
  home:
  ledger:
"""


def compose_file(settings: Settings) -> str:
    """The text of compose.yaml. It has no secret: the password of the ledger is a variable of the environment."""
    return COMPOSE.format(
        stop=settings.stop_grace + STOP_SECONDS,
        password=PASSWORD,
        timezone=settings.timezone,
        shared_memory=2 * settings.ray_memory,
        port=settings.console_port,
    )
