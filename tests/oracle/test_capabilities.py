"""The table of capabilities is true of the pinned stand-ins: every named row is probed, and a changed answer fails.

Runs against LANDFALL_TEST_MOTO_URL and LANDFALL_TEST_MINISTACK_URL; fails without them.
"""
import itertools
import os
import unittest
import urllib.error
import urllib.request
import uuid
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

TABLE = Path(__file__).resolve().parents[1] / "capabilities.md"
SERVERS = {"moto": "LANDFALL_TEST_MOTO_URL", "ministack": "LANDFALL_TEST_MINISTACK_URL"}
CAPACITY = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}


def index(name, attribute, **more):
    return {"IndexName": name, "KeySchema": [{"AttributeName": attribute, "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}, **more}


class Probe:
    """One server, and a fresh table (one index `by-a` on the text `a`, provisioned 5/5) for each question."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.dynamodb = boto3.client(
            "dynamodb", endpoint_url=endpoint, region_name="eu-west-3", aws_access_key_id="local", aws_secret_access_key="local"
        )
        self.tables = []

    def table(self, attributes="ka", indexes=(), **more):
        name = f"probe-{uuid.uuid4()}"
        self.dynamodb.create_table(
            TableName=name, KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}], ProvisionedThroughput=CAPACITY,
            AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in attributes],
            GlobalSecondaryIndexes=list(indexes) or [index("by-a", "a", ProvisionedThroughput=CAPACITY)], **more,
        )
        self.tables.append(name)
        return name

    def clean(self):
        for name in self.tables:
            self.dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
            self.dynamodb.delete_table(TableName=name)

    def refused(self, call, *codes, **arguments):
        """Whether the call is refused, and as AWS does it: with one of CODES."""
        try:
            getattr(self.dynamodb, call)(**arguments)
        except ClientError as error:
            return error.response["Error"]["Code"] in codes
        return False

    def two_index_creates(self):
        creates = [{"Create": index(name, "b", ProvisionedThroughput=CAPACITY)} for name in ("by-b", "by-b-too")]
        return self.refused(
            "update_table", "LimitExceededException", TableName=self.table(), GlobalSecondaryIndexUpdates=creates,
            AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in "kab"],
        )

    def unchanged_capacity(self):
        return self.refused("update_table", "ValidationException", TableName=self.table(), ProvisionedThroughput=CAPACITY)

    def index_capacity(self):
        name, wanted = self.table(), {"ReadCapacityUnits": 7, "WriteCapacityUnits": 6}
        self.dynamodb.update_table(TableName=name, GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "by-a", "ProvisionedThroughput": wanted}}])
        found = self.dynamodb.describe_table(TableName=name)["Table"]["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]
        return wanted.items() <= found.items()

    def ttl_twice(self):
        arguments = {"TableName": self.table(), "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "t"}}
        self.dynamodb.update_time_to_live(**arguments)
        return self.refused("update_time_to_live", "ValidationException", **arguments)

    def batch_of_26(self):
        puts = [{"PutRequest": {"Item": {"k": {"S": str(at)}}}} for at in range(26)]
        return self.refused("batch_write_item", "ValidationException", RequestItems={self.table(): puts})

    def index_key_type(self):
        return self.refused("put_item", "ValidationException", TableName=self.table(), Item={"k": {"S": "1"}, "a": {"N": "1"}})

    def plain_number(self):
        name = self.table()
        self.dynamodb.put_item(TableName=name, Item={"k": {"S": "1"}, "n": {"N": "1E3"}})
        return self.dynamodb.get_item(TableName=name, Key={"k": {"S": "1"}})["Item"]["n"] == {"N": "1000"}

    def wrong_secret(self):
        stranger = boto3.client("dynamodb", endpoint_url=self.endpoint, region_name="eu-west-3", aws_access_key_id="local", aws_secret_access_key="no")
        try:
            stranger.list_tables()
        except ClientError:
            return True
        return False

    def rust_metrics(self):
        request = urllib.request.Request(
            f"{self.endpoint}/service/GraniteServiceVersion20100801/operation/ListMetrics", data=b"\xa0",
            headers={
                "smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor", "accept": "application/cbor",
                "authorization": "AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-3/monitoring/aws4_request, SignedHeaders=host, Signature=0",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.headers["content-type"] == "application/cbor"
        except urllib.error.HTTPError:
            return False

    def multi_key_index(self):
        keys = [{"AttributeName": one, "KeyType": "HASH"} for one in "ab"]
        wide = {**index("by-a-b", "a", ProvisionedThroughput=CAPACITY), "KeySchema": keys}
        name = self.table("kab", [wide])
        return self.dynamodb.describe_table(TableName=name)["Table"]["GlobalSecondaryIndexes"][0]["KeySchema"] == keys

    def deletion_protection(self):
        return self.refused("delete_table", "ValidationException", TableName=self.table(DeletionProtectionEnabled=True))


def rows():
    """{probe: {server: whether the table says yes}} of the rows with a name."""
    # The first table alone: those after it are not probed.
    text = TABLE.read_text(encoding="utf-8").splitlines()
    table = itertools.takewhile(lambda line: line.startswith("|"), itertools.dropwhile(lambda line: not line.startswith("|"), text))
    lines = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in table]
    head, found = lines[0], lines[2:]
    return {line[0]: {server: line[head.index(server)].split(",")[0].split(":")[0] for server in SERVERS} for line in found if line[0]}


class Capabilities(unittest.TestCase):
    def test_every_row_is_probed_and_every_probe_has_a_row(self):
        kept = {"table", "clean", "refused"}
        probes = {name.replace("_", "-") for name in vars(Probe) if not name.startswith("_") and name not in kept}
        self.assertEqual(set(rows()), probes)

    def test_the_table_is_true(self):
        for server, variable in SERVERS.items():
            endpoint = os.environ.get(variable)
            self.assertTrue(endpoint, f"{variable} is not set: run scripts/test")
            probe = Probe(endpoint)
            self.addCleanup(probe.clean)
            for name, cells in rows().items():
                with self.subTest(server=server, probe=name):
                    self.assertIn(cells[server], ("yes", "no"))
                    self.assertEqual(getattr(probe, name.replace("-", "_"))(), cells[server] == "yes")


if __name__ == "__main__":
    unittest.main()
