#!/usr/bin/env python3
"""landfall against a plain Python loader and validator, alternately, on the embedded AWS.

    bench.py LANDFALL [--rows N] [--pairs N]       the benchmark (run scripts/bench, which builds LANDFALL)
    bench.py --peer ENDPOINT [--rows N]            only the Python side, once, to see that it works

Each measurement has a server of its own with an empty table. Time is wall time, memory is the peak of the measured process alone
(the server is another one); both sides and the server share the machine's cores. What landfall loaded is checked by the Python side
before its time counts: loading nothing would be fast.
"""
import argparse
import json
import os
import random
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3

PEER = Path(__file__).resolve().parent / "peer"
STACK = """\
name = "bench"
account = "123456789012"
region = "us-east-1"
[source]
url = "sqlite:bench.sqlite"
timezone = "UTC"
[table.Bench]
key = ["id:N"]
protect = false
[[table.Bench.rows]]
from = "bench"
item = { "*" = "same" }
"""


def make_source(path, count):
    """`count` rows of about 400 bytes as items, always the same."""
    chance, database = random.Random(1), sqlite3.connect(path)
    database.execute("""create table bench (id integer primary key, customer varchar(40) not null, email varchar(80) not null,
        created timestamp not null, amount decimal(10,2) not null, region varchar(10), note varchar(400))""")
    letters = "abcdefghijklmnopqrstuvwxyz éß€🚚"

    def row(at):
        day = f"2024-{1 + at % 12:02}-{1 + at % 28:02} {at % 24:02}:{at % 60:02}:00"
        note = "".join(chance.choices(letters, k=200))
        return (at, f"customer {at:09}", f"customer.{at:09}@mail.example", day, chance.randrange(1, 10**6) / 100, None if at % 7 == 0 else "north", note)

    with database:
        database.executemany("insert into bench values (?, ?, ?, ?, ?, ?, ?)", map(row, range(1, count + 1)))
    database.close()


def create_table(endpoint):
    boto3.client("dynamodb", endpoint_url=endpoint).create_table(
        TableName="Bench", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
    )


def measure(command, folder):
    """Runs COMMAND; (seconds, peak bytes of that process). Anything but success ends the benchmark."""
    began = time.monotonic()
    with open(folder / "output", "w+b") as output:
        process = subprocess.Popen([str(part) for part in command], stdout=output, stderr=subprocess.STDOUT, cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
        seconds, process.returncode = time.monotonic() - began, os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            sys.exit(f"{' '.join(map(str, command))}: exit {process.returncode}\n{output.read().decode(errors='replace')[-3000:]}")
    return seconds, usage.ru_maxrss * 1024


class Server:
    """`landfall local` on a port of its own, its environment taken over; gone at the end of the `with`."""

    def __init__(self, landfall, folder):
        self.landfall, self.log = landfall, open(folder / "local.log", "w+b")

    def __enter__(self):
        self.process = subprocess.Popen([self.landfall, "local", "--addr", "127.0.0.1:0"], stdout=self.log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 30
        while True:
            self.log.seek(0)
            said = self.log.read().decode(errors="replace")
            # The last line may still be on its way.
            exports = dict(re.findall(r"^export (\w+)=[\"']?(\S*?)[\"']?\n", said, re.M))
            if "AWS_ENDPOINT_URL" in exports and "AWS_SECRET_ACCESS_KEY" in exports:
                os.environ.update(exports)
                return exports["AWS_ENDPOINT_URL"]
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                sys.exit(f"landfall local did not start:\n{said}")
            time.sleep(0.02)

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


def peer(script, source, endpoint):
    return [sys.executable, PEER / script, source, endpoint]


def landfall_run(landfall, folder, source):
    with Server(landfall, folder) as endpoint:
        # The table is there before, so that both sides write by BatchWriteItem.
        measure([landfall, "apply", folder / "bench.toml", "--yes"], folder)
        load = measure([landfall, "load", folder / "bench.toml", "--yes", "-o", "json=load.json"], folder)
        measure(peer("validate.py", source, endpoint), folder)
        validate = measure([landfall, "validate", folder / "bench.toml", "-o", "json=validate.json"], folder)
    return load, validate


def peer_run(landfall, folder, source):
    with Server(landfall, folder) as endpoint:
        create_table(endpoint)
        return measure(peer("load.py", source, endpoint), folder), measure(peer("validate.py", source, endpoint), folder)


def report(rows, runs):
    """Medians: {side: {task: {rows_per_s, peak_mib}}} and the ratios."""
    median = statistics.median
    sides = {
        side: {
            task: {"rows_per_s": round(rows / median(s for s, _ in taken)), "peak_mib": round(median(m for _, m in taken) / 2**20)}
            for task, taken in zip(["load", "validate"], zip(*measured))
        }
        for side, measured in runs.items()
    }
    print(f"{'':10}{'task':10}{'rows/s':>10}{'peak MiB':>10}")
    for side, tasks in sides.items():
        for task, figures in tasks.items():
            print(f"{side:10}{task:10}{figures['rows_per_s']:>10}{figures['peak_mib']:>10}")
    for task in ["load", "validate"]:
        ours, theirs = sides["landfall"][task], sides["python"][task]
        print(f"{task}: {ours['rows_per_s'] / theirs['rows_per_s']:.1f} times as fast, {ours['peak_mib'] / theirs['peak_mib']:.2f} of the memory")
    return {"rows": rows, "cores": os.cpu_count(), "pairs": len(runs["landfall"]), "medians": sides}


def peer_only(endpoint, folder, source, rows):
    for name, value in {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}.items():
        os.environ.setdefault(name, value)
    create_table(endpoint)
    for script in ["load.py", "validate.py"]:
        seconds, peak = measure(peer(script, source, endpoint), folder)
        print(f"{script}: {rows / seconds:.0f} rows/s, {peak / 2**20:.0f} MiB")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("landfall", nargs="?", type=Path)
    parser.add_argument("--peer")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--pairs", type=int, default=3)
    arguments = parser.parse_args()
    os.environ.update({"AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"})
    with tempfile.TemporaryDirectory() as name:
        folder, source = Path(name), Path(name) / "bench.sqlite"
        make_source(source, arguments.rows)
        (folder / "bench.toml").write_text(STACK)
        if arguments.peer:
            return peer_only(arguments.peer, folder, source, arguments.rows)
        if not arguments.landfall:
            parser.error("the path of landfall is missing")
        landfall, runs = arguments.landfall.resolve(), {"landfall": [], "python": []}
        for pair in range(arguments.pairs):
            sides = [("landfall", landfall_run), ("python", peer_run)]
            # Neither side always comes second, when the machine is warm.
            for side, run in sides if pair % 2 == 0 else reversed(sides):
                runs[side].append(run(landfall, folder, source))
                print(f"pair {pair + 1}, {side}: load {runs[side][-1][0][0]:.1f} s, validate {runs[side][-1][1][0]:.1f} s", file=sys.stderr)
        result = report(arguments.rows, runs)
    Path("target/bench.json").write_text(json.dumps(result, indent=2) + "\n")


main()
