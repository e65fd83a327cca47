"""Servers of their own for measurements: PostgreSQL, Redis and Rollcall on free loopback ports, gone afterwards.

For the programs beside it. Needs nothing but Python 3.11.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STARTED = time.monotonic()


class Trouble(Exception):
    """What keeps a measurement from going on, in one sentence."""


def say(text):
    print(f"[{time.monotonic() - STARTED:4.0f} s] {text}", file=sys.stderr, flush=True)


def build(*arguments, target):
    """Builds with cargo, and tells the folder of what was built."""
    words = ["cargo", "build", "--release", "--locked", *map(str, arguments)]
    say(" ".join(words))
    environment = os.environ | {"CARGO_TARGET_DIR": str(target)}
    if subprocess.run([*words, "--quiet"], cwd=ROOT, env=environment, stdout=sys.stderr).returncode:
        raise Trouble("cargo build failed")
    return target / "release"


def program(options):
    """The path of rollcall, built if none was given."""
    target = ROOT / os.environ.get("CARGO_TARGET_DIR", "target")
    path = options.rollcall or build("--package", "server", target=target) / "rollcall"
    if not os.access(path, os.X_OK):
        raise Trouble(f"{path} cannot be run; name another program with --rollcall")
    return path.resolve()


def command(words, **how):
    """What a program prints. Its last words become the trouble when it fails."""
    words = list(map(str, words))
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, **how)
    if done.returncode:
        raise Trouble(f"{' '.join(words[:6])} failed: {done.stderr.strip()[-400:]}")
    return done.stdout


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def postgres_folder():
    """The folder of the newest PostgreSQL there is, else of the one in the path."""
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    folders = sorted(installed, key=lambda folder: float(folder.parent.name), reverse=True)
    folders += [Path(found).resolve().parent for found in [shutil.which("postgres")] if found]
    for folder in folders:
        if all((folder / program).is_file() for program in ("initdb", "pg_ctl", "psql", "pgbench")):
            return folder
    raise Trouble("no PostgreSQL with pgbench: install postgresql")


class Cluster:
    """A PostgreSQL of our own on a free loopback port, for as long as the `with` lasts."""

    def __init__(self, home):
        self.folder, self.home, self.port = postgres_folder(), home / "postgres", free_port()
        self.data = self.home / "data"
        self.version = command([self.folder / "postgres", "--version"]).split()[2]

    def __enter__(self):
        say(f"PostgreSQL {self.version}: a cluster of our own")
        self.home.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.home, "postgres", "postgres")
        # Not the locale C: there alone a plain index serves prefixes.
        how = ["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        self.administer("initdb", *how)
        settings = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=100"
        try:
            self.administer("pg_ctl", "start", "--wait", "--log", self.home / "log", "--options", settings)
            self.pid = int((self.data / "postmaster.pid").read_text().split()[0])
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if (self.data / "postmaster.pid").exists():
            self.administer("pg_ctl", "stop", "--wait", "--mode", "immediate")

    def administer(self, program, *arguments):
        """Runs a program that refuses to be run by root."""
        as_postgres = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        command([*as_postgres, self.folder / program, "--pgdata", self.data, *arguments], cwd=self.home)

    def client(self, program, database, *arguments, role=None):
        address = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "postgres", "PGDATABASE": database}
        address |= {"PGOPTIONS": f"-c role={role}"} if role else {}
        return command([self.folder / program, *arguments], env=os.environ | address)

    def psql(self, database, *arguments):
        self.client("psql", database, "-X", "-q", "-v", "ON_ERROR_STOP=1", *arguments)

    @contextlib.contextmanager
    def database(self, name):
        """A fresh database, which does not pay for the dirty pages of the one before."""
        self.psql("postgres", "-c", f"create database {name}", "-c", "checkpoint")
        try:
            yield f"postgres://postgres@127.0.0.1:{self.port}/{name}"
        finally:
            self.psql("postgres", "-c", f"drop database {name} with (force)")


def stop(process):
    process.terminate()
    try:
        process.wait(timeout=40)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextlib.contextmanager
def running(name, words, port, home, **how):
    """Runs a server for as long as the `with` lasts, from when it listens."""
    say(f"{name} on port {port}")
    with open(home / f"{name}.log", "w") as log:
        how |= {"cwd": home, "stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        process = subprocess.Popen(list(map(str, words)), **how)
    try:
        wait_until_listening(name, process, port, home)
        yield process
        if process.poll() is not None:
            raise Trouble(f"{name} ended: {last_words(name, home)}")
    finally:
        stop(process)


def wait_until_listening(name, process, port, home):
    for _ in range(600):
        if process.poll() is not None:
            raise Trouble(f"{name} did not start: {last_words(name, home)}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise Trouble(f"{name} does not listen after a minute")


def last_words(name, home):
    return (home / f"{name}.log").read_text(errors="replace").strip()[-600:]


def redis(home):
    """A Redis that writes nothing to disk."""
    found, port = shutil.which("redis-server"), free_port()
    if not found:
        raise Trouble("no Redis: install redis-server")
    words = [found, "--bind", "127.0.0.1", "--port", port, "--save", "", "--appendonly", "no", "--dir", home]
    return port, running("redis", words, port, home)
