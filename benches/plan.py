#!/usr/bin/env python3
"""How long `landfall plan` takes over many tables, what it calls, and what Terraform needs for the same tables at the same endpoint.

    plan.py LANDFALL [--tables N] [--no-terraform]       run scripts/bench-plan, which builds LANDFALL

The tables are made through boto3 on an embedded AWS of its own: a tenth have three global indexes, a tenth a TTL, a tenth point-in-time
recovery. Calls are counted by a proxy in a run of their own; the wall time is taken without it. Peak memory is that of the largest process:
for Terraform its AWS provider. Terraform plans tables that it has taken over by `import` before, so both sides compare what is there.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
from botocore.config import Config

HEAD = 'name = "many"\naccount = "123456789012"\nregion = "us-east-1"\n'
TERRAFORM = """\
terraform {{
  required_providers {{
    aws = {{ source = "hashicorp/aws" }}
  }}
}}
provider "aws" {{
  region                      = "us-east-1"
  access_key                  = "local"
  secret_key                  = "local"
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {{
    dynamodb = "{url}"
    sts      = "{url}"
  }}
}}
"""


class Shape:
    """Table number `at`: what every side says of it."""

    def __init__(self, at):
        self.name = f"many-{at:04}"
        self.indexes = [f"by-{n}" for n in range(3)] if at % 10 == 0 else []
        self.ttl, self.recovery = at % 10 == 1, at % 10 == 2

    def stack(self):
        lines = [f'[table."{self.name}"]', 'key = ["pk:S", "sk:S"]', "protect = false"]
        lines += ['ttl = "expires"'] * self.ttl + ["recovery = { days = 35 }"] * self.recovery
        for index in self.indexes:
            lines += [f'[table."{self.name}".index.{index}]', f'key = ["{index}:S"]']
        return "\n".join(lines)

    def terraform(self):
        attributes = "".join(f'  attribute {{\n    name = "{n}"\n    type = "S"\n  }}\n' for n in ["pk", "sk", *self.indexes])
        indexes = "".join(
            f'  global_secondary_index {{\n    name = "{n}"\n    hash_key = "{n}"\n    projection_type = "ALL"\n  }}\n' for n in self.indexes
        )
        ttl = '  ttl {\n    attribute_name = "expires"\n    enabled = true\n  }\n' if self.ttl else ""
        recovery = "  point_in_time_recovery {\n    enabled = true\n  }\n" if self.recovery else ""
        tags = '  tags = { "landfall:stack" = "many" }\n'
        return (
            f'resource "aws_dynamodb_table" "{self.name}" {{\n  name = "{self.name}"\n  billing_mode = "PAY_PER_REQUEST"\n'
            f'  hash_key = "pk"\n  range_key = "sk"\n{attributes}{indexes}{ttl}{recovery}{tags}}}\n'
            f'import {{\n  to = aws_dynamodb_table.{self.name}\n  id = "{self.name}"\n}}\n'
        )


class Counter(ThreadingHTTPServer):
    """Forwards to `upstream` and counts calls by name."""

    daemon_threads = True

    def __init__(self, upstream):
        self.upstream, self.calls, self.lock = upstream.removeprefix("http://"), collections.Counter(), threading.Lock()
        super().__init__(("127.0.0.1", 0), Forward)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Forward(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_one(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        target = self.headers.get("x-amz-target", "").rsplit(".", 1)[-1]
        name = target or re.sub(r".*Action=(\w+).*", r"\1", body.decode(errors="replace")) if body else f"{self.command} {self.path}"
        with self.server.lock:
            self.server.calls[name] += 1
        upstream = HTTPConnection(self.server.upstream)
        upstream.request(self.command, self.path, body, dict(self.headers))
        answer = upstream.getresponse()
        data = answer.read()
        self.send_response_only(answer.status)
        for key, value in answer.getheaders():
            if key.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(key, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        upstream.close()

    do_GET = do_POST = do_PUT = do_HEAD = handle_one

    def log_message(self, *_):
        pass


def measure(command, folder, codes=(0,)):
    """(seconds, peak MiB of its largest process, stdout, seconds of CPU: on a busy machine the better measure)."""
    began = time.monotonic()
    with open(folder / "output", "w+b") as output:
        process = subprocess.Popen([str(part) for part in command], stdout=output, stderr=subprocess.STDOUT, cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
        seconds, process.returncode = time.monotonic() - began, os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().decode(errors="replace")
    if process.returncode not in codes:
        sys.exit(f"{' '.join(map(str, command))}: exit {process.returncode}\n{said[-3000:]}")
    return round(seconds, 2), round(usage.ru_maxrss / 1024), said, round(usage.ru_utime + usage.ru_stime, 2)


def recover(client, name, specification):
    """AWS offers backups of a new table only a moment after the table is there."""
    for _ in range(100):
        try:
            return client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=specification)
        except client.exceptions.ContinuousBackupsUnavailableException:
            time.sleep(0.1)
    sys.exit(f"{name}: recovery stays unavailable")


def make(url, shapes):
    """Every table as its shape says, in the stack's name."""
    client = boto3.client("dynamodb", endpoint_url=url, config=Config(max_pool_connections=16))

    def one(shape):
        attribute = lambda name: {"AttributeName": name, "AttributeType": "S"}  # noqa: E731
        key = lambda name, kind: {"AttributeName": name, "KeyType": kind}  # noqa: E731
        index = lambda name: {"IndexName": name, "KeySchema": [key(name, "HASH")], "Projection": {"ProjectionType": "ALL"}}  # noqa: E731
        more = {"GlobalSecondaryIndexes": [index(name) for name in shape.indexes]} if shape.indexes else {}
        client.create_table(
            TableName=shape.name, BillingMode="PAY_PER_REQUEST", KeySchema=[key("pk", "HASH"), key("sk", "RANGE")],
            AttributeDefinitions=[attribute(name) for name in ["pk", "sk", *shape.indexes]],
            Tags=[{"Key": "landfall:stack", "Value": "many"}], **more,
        )
        if shape.ttl or shape.recovery:
            client.get_waiter("table_exists").wait(TableName=shape.name, WaiterConfig={"Delay": 1})
        if shape.ttl:
            client.update_time_to_live(TableName=shape.name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires"})
        if shape.recovery:
            specification = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 35}
            recover(client, shape.name, specification)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(one, shapes))


def ours(landfall, folder, url, command=("plan",), codes=(0,)):
    os.environ["AWS_ENDPOINT_URL"] = url
    return measure([landfall, *command, folder / "many.toml"], folder, codes)


def terraform(folder, url, shapes):
    """`terraform plan` of tables that its state has already, twice: for the clock, and for the calls."""
    if not shutil.which("terraform"):
        return "terraform is not installed: not measured"
    place = folder / "terraform"
    place.mkdir()
    plugins = next((p for p in [os.environ.get("TF_PLUGINS", ""), "/usr/share/terraform/plugins"] if p and Path(p).exists()), None)
    (place / "main.tf").write_text(TERRAFORM.format(url=url) + "".join(shape.terraform() for shape in shapes))
    os.environ.pop("TF_CLI_CONFIG_FILE", None)
    init = ["terraform", "init", "-input=false", *([f"-plugin-dir={plugins}"] if plugins else [])]
    began = subprocess.run(init, cwd=place, capture_output=True, text=True, check=False)
    if began.returncode != 0:
        return f"terraform init failed: not measured\n{began.stdout[-500:]}{began.stderr[-800:]}"
    version = subprocess.run(["terraform", "version", "-json"], cwd=place, capture_output=True, text=True, check=False).stdout
    taken = subprocess.run(["terraform", "apply", "-auto-approve", "-input=false"], cwd=place, capture_output=True, text=True, check=False)
    if taken.returncode != 0:
        return f"terraform could not take the tables over: not measured\n{taken.stdout[-500:]}{taken.stderr[-1500:]}"
    seconds, peak, said, cpu = measure(["terraform", "plan", "-input=false", "-detailed-exitcode"], place, (0, 2))
    counter = Counter(url)
    text = (place / "main.tf").read_text().replace(url, counter.url)
    (place / "main.tf").write_text(text)
    measure(["terraform", "plan", "-input=false", "-detailed-exitcode"], place, (0, 2))
    told = json.loads(version)
    return {
        "seconds": seconds, "cpu_seconds": cpu, "peak_mib": peak, "clean": "No changes" in said, "calls": sum(counter.calls.values()),
        "by_api": dict(counter.calls.most_common()), "version": told["terraform_version"], "provider": told["provider_selections"],
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("landfall", type=Path)
    parser.add_argument("--tables", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-terraform", action="store_true")
    arguments = parser.parse_args()
    keys = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1"}
    os.environ.update({**keys, "AWS_EC2_METADATA_DISABLED": "true"})
    landfall, shapes = arguments.landfall.resolve(), [Shape(at) for at in range(arguments.tables)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "many.toml").write_text(HEAD + "\n".join(shape.stack() for shape in shapes) + "\n")
        check = measure([landfall, "check", folder / "many.toml"], folder)
        server = subprocess.Popen([landfall, "local"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            url = server.stdout.readline().split("=", 1)[1].strip()
            empty = ours(landfall, folder, url)
            began = time.monotonic()
            make(url, shapes)
            made = round(time.monotonic() - began, 2)
            runs = [ours(landfall, folder, url) for _ in range(arguments.runs)]
            counter = Counter(url)
            said = ours(landfall, folder, counter.url)[2]
            other = "left out" if arguments.no_terraform else terraform(folder, url, shapes)
        finally:
            server.kill()
            server.wait()
    result = {
        "tables": arguments.tables, "cores": os.cpu_count(), "binary": str(arguments.landfall), "made_seconds": made,
        "check": {"seconds": check[0], "peak_mib": check[1]},
        "plan_of_nothing": {"seconds": empty[0], "peak_mib": empty[1]},
        "plan": {
            "seconds": [run[0] for run in runs], "cpu_seconds": [run[3] for run in runs], "peak_mib": max(run[1] for run in runs), "clean": "No changes" in said,
            "calls": sum(counter.calls.values()), "by_api": dict(counter.calls.most_common()),
        },
        "terraform": other,
    }
    print(json.dumps(result, indent=2))
    Path("target/bench-plan.json").write_text(json.dumps(result, indent=2) + "\n")


main()
