"""systemd units of a deployment: one for each process, and a nightly backup; hardened as far as Ray permits."""

import shlex
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy.engine import make_url

from engine.cluster.guard import PROJECT
from engine.process.supervisor import STOP_SECONDS
from storage.settings import Settings, is_remote

ENVIRONMENT = "/etc/loanwatch.env"
UNITS = "/etc/systemd/system"
BACKUPS = Path("/var/backups/loanwatch")
BACKUP, BACKUP_TIMER = ("-m", "engine", "backup"), "loanwatch-backup.timer"
PROCESSES = {
    "worker": ("executes the runs", ("-m", "engine", "worker")),
    "scheduler": ("requests the runs that are due", ("-m", "engine", "scheduler")),
    "console": ("serves the web pages", ("-m", "console")),
}
HEAD = """\
[Unit]
Description=Loanwatch {name}: {does}
Wants=network-online.target
After=network-online.target postgresql.service
StartLimitIntervalSec=0

[Service]
Type={type}
User={user}
WorkingDirectory={project}
Environment={home}
Environment=PYTHONUNBUFFERED=1
EnvironmentFile=-{environment}
ExecStart={command}
"""
KEPT_RUNNING = """\
Restart=always
RestartSec=5
# A wrong setting stays wrong.
RestartPreventExitStatus=2
# SIGTERM goes to the process alone, which stops its runs; what is left after the time is killed.
KillMode=mixed
TimeoutStopSec={stop:.0f}
# A task that runs out of memory is killed and retried, its worker goes on.
OOMPolicy=continue
LimitNOFILE=65536
"""
SANDBOX = """
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={writable}
PrivateTmp=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictSUIDSGID=yes
RestrictRealtime=yes
RestrictNamespaces=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
LockPersonality=yes
SystemCallArchitectures=native
CapabilityBoundingSet=
UMask=0027
"""
ENABLED = """
[Install]
WantedBy=multi-user.target
"""
# A backup is never removed: who keeps it knows for how long.
TIMER = """\
[Unit]
Description=Loanwatch backup: every night, to {backups}

[Timer]
OnCalendar=*-*-* 01:00:00
RandomizedDelaySec=10min
Persistent=yes

[Install]
WantedBy=timers.target
"""


def systemd_units(settings: Settings, user: str, backups: Path) -> dict[str, str]:
    """The text of each unit by the name of its file. `user` is the account of the processes, `backups` their folder."""
    common = {
        "user": user,
        "project": _escaped(str(PROJECT)),
        "home": _quoted(f"LOANWATCH_HOME={settings.home.absolute()}"),
        "environment": ENVIRONMENT,
        "stop": settings.stop_grace + STOP_SECONDS,
    }
    writable = writable_folders(settings)
    units = {}
    for name, (does, words) in PROCESSES.items():
        facts = {"name": name, "does": does, "type": "exec", "command": _command(sys.executable, *words)}
        service = HEAD + KEPT_RUNNING + SANDBOX + ENABLED
        units[f"loanwatch-{name}.service"] = service.format(**common, **facts, writable=_paths(writable))
    copy = f"exec {shlex.join((sys.executable, *BACKUP))} {shlex.quote(str(backups))}/$(date -u +%Y%m%d-%H%M%S)"
    facts = {"name": "backup", "does": "copies the deployment", "type": "oneshot"}
    facts["command"] = _command("/bin/sh", "-c", copy)
    service = (HEAD + SANDBOX).format(**common, **facts, writable=_paths([*writable, backups]))
    return {**units, "loanwatch-backup.service": service, BACKUP_TIMER: TIMER.format(backups=_escaped(str(backups)))}


def installation(settings: Settings, user: str, backups: Path, folder: Path | None) -> list[str]:
    """What to enter, as root, to use the units, a line each; `folder` has them already unless it is None.

    Settings and secrets are in a file of their own.
    """
    started = " ".join([*(f"loanwatch-{name}.service" for name in PROCESSES), BACKUP_TIMER])
    options = {"home": settings.home.absolute(), "user": user, "backups": backups, "output": UNITS}
    again = shlex.join(f"--{name}={value}" for name, value in options.items())
    folders = shlex.join(map(str, [*writable_folders(settings), backups]))
    write = f"python -m engine units systemd {again}"
    if folder is not None:
        write = f"cp {shlex.quote(str(folder.absolute()))}/loanwatch-* {UNITS}"
    return [
        f"useradd --system {user}",
        f"install -d -o {user} -g {user} -m 0750 {folders}",
        f"install -m 0600 /dev/null {ENVIRONMENT}    # LOANWATCH_LEDGER=..., one setting a line",
        write,
        f"systemctl daemon-reload && systemctl enable --now {started}",
    ]


def writable_folders(settings: Settings) -> list[Path]:
    """The folders of this machine in which the processes write: the home, and stores and ledger outside of it."""
    home = settings.home.absolute()
    return [home, *dict.fromkeys(path for path in _stores(settings) if not path.is_relative_to(home))]


def _stores(settings: Settings) -> Iterator[Path]:
    for root in (settings.datamart_root, settings.models_root, settings.reports_root):
        if not is_remote(root):
            yield Path(root).absolute()
    address = make_url(settings.ledger_url)
    if address.get_backend_name() == "sqlite" and address.database:
        yield Path(address.database).absolute().parent


def _paths(folders: Iterable[Path]) -> str:
    return " ".join(_quoted(str(folder)) for folder in folders)


def _escaped(text: str) -> str:
    return text.replace("%", "%%")


def _command(*words: str) -> str:
    """A command line; a `$` would begin a variable."""
    return " ".join(_quoted(word).replace("$", "$$") for word in words)


def _quoted(text: str) -> str:
    """A word of a unit: quoted when it has spaces; a `%` would begin a specifier."""
    escaped = _escaped(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if set(escaped) & set(' \t"\\') else escaped
