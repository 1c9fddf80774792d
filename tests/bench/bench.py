"""`make bench`: figures side by side in one run, against simulated AWS on this machine.

Each contender is a whole process from a cold shell: a bare boto3 script, one that makes the same
reads and containing calls as firedoor, Cloud Custodian (in an environment of its own) and firedoor
without Prefect, in a fresh home and in one that knows the runbook already. They disable the keys of
one user among 201. "Contained after" is when the last containing call was answered, from the start
of the process: firedoor goes on with the hunt, the slow evidence and the report. Then Prefect's
first flow, with nothing prepared and prepared. Times are wall-clock seconds, the median of rounds
that take turns; ratios are to the whole process of the script with the same reads. Compare those,
the machine is noisy.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import boto3
import fan_out

from firedoor.clock import RealClock, VirtualClock
from firedoor.library import Library
from firedoor.simulator.server import SimulatedAws

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CUSTODIAN = ROOT / ".bench" / "custodian"
ROUNDS = 3
AGAIN = "  in a home used before"
SAME_READS = "bare, the same reads"
LATENCIES = {0.0: "no network: processor time alone", 0.04: "40 ms a call, as over a network"}
NEIGHBOURS = 200


def main() -> None:
    """Print the table."""
    print("Preparing: Cloud Custodian in its own environment (once)", flush=True)
    custodian = install_custodian()
    home = Path(tempfile.mkdtemp(prefix="firedoor-bench-"))
    for latency, where in LATENCIES.items():
        rows: dict[str, list[tuple[float, int, float]]] = {}
        for number in range(ROUNDS):
            for name, command in contenders(custodian, home / f"{latency}-{number}"):
                with victim(latency) as (aws, environment):
                    if name == AGAIN:
                        used_before(environment)
                    rows.setdefault(name, []).append(timed(command, aws, environment))
        show(rows, where)
    fan_out.main()
    prefect(home)
    shutil.rmtree(home, ignore_errors=True)


def contenders(custodian: Path | None, home: Path) -> Iterator[tuple[str, list[str]]]:
    """The commands, each to be run in an account of its own."""
    python = sys.executable
    yield "bare boto3 script", [python, str(HERE / "bare.py"), "victim-1"]
    yield SAME_READS, [python, str(HERE / "same_reads.py"), "victim-1"]
    if custodian:
        policy = str(HERE / "custodian.yml")
        yield (
            "Cloud Custodian",
            [str(custodian), "run", "-s", str(home / "out"), "--cache", "memory", policy],
        )
    run = [
        *(python, "-m", "firedoor.cli.main", "run", "compromised-credentials"),
        *("user=victim-1", "--yes", "--break-glass", "--json"),
    ]
    yield "firedoor --break-glass", run
    yield AGAIN, run


def used_before(environment: dict[str, str]) -> None:
    """Have the runbook checked in this home, as any command about it does."""
    home = os.environ.get("FIREDOOR_HOME")
    os.environ["FIREDOOR_HOME"] = environment["FIREDOOR_HOME"]
    Library.open().program("compromised-credentials")
    del os.environ["FIREDOOR_HOME"]
    if home:
        os.environ["FIREDOOR_HOME"] = home


@contextmanager
def victim(latency: float = 0.0) -> Iterator[tuple[SimulatedAws, dict[str, str]]]:
    """Simulated AWS with one user to contain among many, and an environment that reaches it.

    `latency`: seconds that each call takes besides, as it would over a network.
    """
    clock = RealClock() if latency else VirtualClock(datetime.now(UTC))
    with SimulatedAws(clock, latency=latency) as aws:
        who = aws.responder()
        secret = {
            "AWS_ACCESS_KEY_ID": who.access_key_id,
            "AWS_SECRET_ACCESS_KEY": who.secret_access_key,
            "AWS_SESSION_TOKEN": who.session_token or "",
        }
        iam = boto3.client(
            "iam",
            endpoint_url=aws.endpoint,
            region_name="us-east-1",
            aws_access_key_id=who.access_key_id,
            aws_secret_access_key=who.secret_access_key,
            aws_session_token=who.session_token,
        )
        with aws.setting_the_scene():
            for number in range(NEIGHBOURS):
                iam.create_user(UserName=f"neighbour-{number}")
            iam.create_user(UserName="victim-1")
            iam.create_access_key(UserName="victim-1")
            iam.create_access_key(UserName="victim-1")
            iam.create_login_profile(UserName="victim-1", Password="Correct-horse-7-battery")
        yield (
            aws,
            {
                **os.environ,
                **secret,
                "AWS_ENDPOINT_URL": aws.endpoint,
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_REGION": "us-east-1",
                "FIREDOOR_HOME": tempfile.mkdtemp(prefix="firedoor-bench-home-"),
            },
        )
        left = iam.list_access_keys(UserName="victim-1")["AccessKeyMetadata"]
        if any(key["Status"] != "Inactive" for key in left):
            raise SystemExit("a contender left a key active: its figure would mean nothing")


def timed(
    command: list[str], aws: SimulatedAws, environment: dict[str, str]
) -> tuple[float, int, float]:
    """(whole seconds, AWS requests, seconds to the last containing call) of one process."""
    began = time.time()
    done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=300)
    whole = time.time() - began
    if done.returncode != 0:
        raise SystemExit(f"{command[0]} failed:\n{done.stderr.decode()[-2000:]}")
    return whole, aws.calls.total(), aws.last_change - began


def show(rows: dict[str, list[tuple[float, int, float]]], where: str) -> None:
    """The table, with ratios to the script that makes the same reads."""
    base = statistics.median(row[0] for row in rows[SAME_READS])
    print(f"\nDisable one user's keys among {NEIGHBOURS + 1}; {where}; median of {ROUNDS}\n")
    print(f"{'':<26}{'seconds':>9}{'ratio':>8}{'contained after':>18}{'ratio':>8}{'requests':>10}")
    for name, found in rows.items():
        whole = statistics.median(row[0] for row in found)
        contained = statistics.median(row[2] for row in found)
        requests = found[-1][1]
        print(
            f"{name:<26}{whole:>9.2f}{whole / base:>8.2f}{contained:>18.2f}"
            f"{contained / base:>8.2f}{requests:>10}"
        )


def install_custodian() -> Path | None:
    """Cloud Custodian's program; None, and said, when it cannot be installed."""
    program = CUSTODIAN / "bin" / "custodian"
    if program.exists():
        return program
    CUSTODIAN.parent.mkdir(exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", str(CUSTODIAN)], check=True)
    done = subprocess.run(
        [str(CUSTODIAN / "bin" / "pip"), "install", "-q", "--disable-pip-version-check", "c7n"],
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        print(f"Cloud Custodian could not be installed: {done.stderr.decode()[-400:]}")
        return None
    return program


def prefect(home: Path) -> None:
    """Seconds from the start of a process to the end of its first flow, cold and prepared."""
    print("\nPrefect: first flow of a process\n")
    for template in (Path(sys.prefix) / "share" / "firedoor").glob("prefect-*.db"):
        # What `make install` has prepared; the first process makes it anew.
        template.unlink()
    for name in ("nothing prepared", "prepared", "prepared again"):
        environment = {**os.environ, "FIREDOOR_HOME": str(home / "prefect")}
        began = time.time()
        done = subprocess.run(
            [sys.executable, str(HERE / "first_flow.py")],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
        whole = time.time() - began
        if done.returncode != 0:
            print(f"{name:<26} failed: {done.stderr.strip().splitlines()[-1:]}")
            continue
        print(f"{name:<26}{whole:>9.2f} s  {done.stdout.strip()}")


if __name__ == "__main__":
    main()
