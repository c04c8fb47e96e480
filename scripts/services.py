"""A private PostgreSQL and Redis for one command: `python scripts/services.py -- command …`.

The command finds DATABASE_URL and REDIS_URL in its environment. A variable that is already set is left alone and
nothing is started for it. The servers live in a temporary folder and stop, with it, when the command ends or SIGTERM
arrives. They are fast, not durable (fsync off): for tests and trials only.

    --need postgresql,redis    end with an error when one of these cannot be had, instead of going on without it
"""

import argparse
import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import machine

START_SECONDS = 20
PR_SET_PDEATHSIG = 1  # <sys/prctl.h>
FAST_NOT_DURABLE = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "100",
    "listen_addresses": "",
    "autovacuum_naptime": "10s",
}


def unprivileged() -> dict:
    """Popen's arguments that give up root, which PostgreSQL refuses to run as; {} for anybody else."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise SystemExit("There is no user postgres or nobody to run PostgreSQL as.")


def die_with_parent():
    """For Popen's preexec_fn: the server ends even when this program is killed and cannot stop it (Linux only)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def wait_for(ready, process, log: Path, name: str) -> None:
    """Return once `ready()` says so; RuntimeError with the log's end when the server died or took too long."""
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        if ready():
            return
        time.sleep(0.02)
    process.kill()
    raise RuntimeError(f"{name} did not start:\n{log.read_text(errors='replace')[-2000:]}")


def answers(address, question: bytes, answer: bytes, family=socket.AF_INET) -> bool:
    with socket.socket(family) as client:
        client.settimeout(1)
        try:
            client.connect(address)
            client.sendall(question)
            return client.recv(len(answer)) == answer
        except OSError:
            return False


@contextlib.contextmanager
def stopping(process, how):
    """Give the process, and stop it with signal `how` at the end, by force after five seconds."""
    try:
        yield process
    finally:
        process.send_signal(how)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def folder(owner: dict):
    path = Path(tempfile.mkdtemp(prefix="portal-"))
    if owner:
        os.chown(path, owner["user"], owner["group"])
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def postgresql(binaries: Path, *, settings=FAST_NOT_DURABLE, kept: Path | None = None):
    """A cluster of its own on a unix socket, UTF-8 with C.UTF-8, with one empty database; gives its DATABASE_URL.

    With `kept` it lives in that folder, stays there and is used again the next time.
    """
    owner = unprivileged()
    plain = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"}
    with contextlib.nullcontext(own(kept, owner)) if kept else folder(owner) as place:
        data, log = place / "data", place / "log"
        if not data.exists():
            make_cluster(binaries, data, owner=owner, env=plain)
        options = [f"--{name}={value}" for name, value in settings.items()]
        with log.open("wb") as output:
            process = subprocess.Popen(
                [binaries / "postgres", "-D", data, "-k", place, *options],
                stdout=output,
                stderr=output,
                env=plain,
                cwd=place,
                start_new_session=True,
                preexec_fn=die_with_parent,
                **owner,
            )
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients.
        with stopping(process, signal.SIGINT):
            path = str(place / ".s.PGSQL.5432")
            # a request for TLS is answered with one letter as soon as the server listens
            asked = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
            wait_for(lambda: answers(path, asked, b"N", socket.AF_UNIX), process, log, "PostgreSQL")
            yield f"postgresql://postgres@/postgres?host={place}"


def own(place: Path, owner: dict) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    if owner:
        os.chown(place, owner["user"], owner["group"])
    return place.resolve()


def make_cluster(binaries: Path, data: Path, *, owner: dict, env: dict) -> None:
    arguments = "-U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync --no-instructions"
    made = subprocess.run(
        [binaries / "initdb", "-D", data, *arguments.split()],
        capture_output=True,
        text=True,
        env=env,
        cwd=data.parent,
        **owner,
    )
    if made.returncode:
        raise RuntimeError(f"initdb failed:\n{made.stderr[-2000:]}")


@contextlib.contextmanager
def redis(binary: str):
    """A Redis on a free port of 127.0.0.1 that keeps nothing; gives its REDIS_URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with folder({}) as place:
        log = place / "log"
        arguments = f"--port {port} --bind 127.0.0.1 --appendonly no --daemonize no"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [binary, *arguments.split(), "--save", "", "--dir", place],
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        with stopping(process, signal.SIGTERM):
            wait_for(lambda: answers(("127.0.0.1", port), b"PING\r\n", b"+PONG"), process, log, "Redis")
            yield f"redis://127.0.0.1:{port}/0"


@contextlib.contextmanager
def private_services(*wanted: str):
    """Start what the environment does not name; gives {"DATABASE_URL": …, "REDIS_URL": …} of what was started."""
    machine.unwind_on_sigterm()
    starts = {
        "postgresql": ("DATABASE_URL", machine.find_postgresql, postgresql),
        "redis": ("REDIS_URL", machine.find_redis, redis),
    }
    with contextlib.ExitStack() as stack:
        urls = {}
        for name in wanted:
            variable, find, start = starts[name]
            if not os.environ.get(variable) and (found := find()):
                urls[variable] = stack.enter_context(start(found))
        yield urls


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--need", default="", help="postgresql, redis or both: an error when it cannot be had")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    needed = [name for name in options.need.split(",") if name]
    if machine.provide("postgresql", "redis") and set(needed) & set(machine.provide(*needed)):
        return 2
    with private_services("postgresql", "redis") as urls:
        for name, url in urls.items():
            print(f"{name}={url}", flush=True)
        command = subprocess.Popen(options.command, env={**os.environ, **urls})
        try:
            return command.wait()
        except KeyboardInterrupt:
            return command.wait()
        finally:
            if command.poll() is None:
                command.terminate()
                command.wait()


if __name__ == "__main__":
    sys.exit(main())
