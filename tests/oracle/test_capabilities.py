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
from botocore.config import Config
from botocore.exceptions import ClientError

TABLE = Path(__file__).resolve().parents[1] / "capabilities.md"
SERVERS = {"moto": "LANDFALL_TEST_MOTO_URL", "ministack": "LANDFALL_TEST_MINISTACK_URL"}
CAPACITY = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
WARM = {"ReadUnitsPerSecond": 15000, "WriteUnitsPerSecond": 5000}
MAXIMUM = {"MaxReadRequestUnits": 50, "MaxWriteRequestUnits": 60}
POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},'
    '"Action":"dynamodb:GetItem","Resource":"%s"}]}'
)


def index(name, attribute, **more):
    return {"IndexName": name, "KeySchema": [{"AttributeName": attribute, "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}, **more}


class Probe:
    """One server, and a fresh table (one index `by-a` on the text `a`, provisioned 5/5) for each question."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        self.dynamodb = self.client("dynamodb")
        self.tables = []

    def client(self, service):
        """Without repeats: an answer is judged as it comes."""
        once = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
        return boto3.client(
            service, endpoint_url=self.endpoint, region_name="eu-west-3", aws_access_key_id="local", aws_secret_access_key="local", config=once
        )

    def table(self, attributes="ka", indexes=(), **more):
        name = f"probe-{uuid.uuid4()}"
        asked = {
            "TableName": name, "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}], "ProvisionedThroughput": CAPACITY,
            "AttributeDefinitions": [{"AttributeName": one, "AttributeType": "S"} for one in attributes],
            "GlobalSecondaryIndexes": list(indexes) or [index("by-a", "a", ProvisionedThroughput=CAPACITY)], **more,
        }
        self.dynamodb.create_table(**{name: value for name, value in asked.items() if value is not None})
        self.tables.append(name)
        return name

    def on_demand(self, **more):
        return self.table(indexes=[index("by-a", "a")], BillingMode="PAY_PER_REQUEST", ProvisionedThroughput=None, **more)

    def described(self, name):
        return self.dynamodb.describe_table(TableName=name)["Table"]

    def described_index(self, name):
        return self.described(name)["GlobalSecondaryIndexes"][0]

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

    def creating(self):
        name = self.on_demand()
        return [self.described(name)["TableStatus"], self.described_index(name)["IndexStatus"]] == ["CREATING"] * 2

    def warm_throughput(self):
        name = self.on_demand()
        self.dynamodb.update_table(TableName=name, WarmThroughput=WARM)
        return WARM.items() <= self.described(name)["WarmThroughput"].items()

    def index_warm_throughput(self):
        return self.index_keeps("WarmThroughput", WARM)

    def maximums(self):
        name = self.on_demand(OnDemandThroughput=MAXIMUM)
        return self.described(name).get("OnDemandThroughput") == MAXIMUM

    def index_maximums(self):
        return self.index_keeps("OnDemandThroughput", MAXIMUM)

    def index_keeps(self, attribute, wanted):
        name = self.on_demand()
        self.dynamodb.update_table(TableName=name, GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "by-a", attribute: wanted}}])
        return wanted.items() <= (self.described_index(name).get(attribute) or {}).items()

    def table_class(self):
        name = self.on_demand(TableClass="STANDARD_INFREQUENT_ACCESS")
        return self.described(name).get("TableClassSummary", {}).get("TableClass") == "STANDARD_INFREQUENT_ACCESS"

    def policy_at_creation(self):
        return self.has_policy(self.on_demand(ResourcePolicy=POLICY % "*"))

    def policy(self):
        name = self.on_demand()
        arn = self.described(name)["TableArn"]
        self.dynamodb.put_resource_policy(ResourceArn=arn, Policy=POLICY % arn)
        return self.has_policy(name)

    def has_policy(self, name):
        return not self.refused("get_resource_policy", "PolicyNotFoundException", ResourceArn=self.described(name)["TableArn"])

    def insights(self):
        return self.insights_of({}) == "ENABLED"

    def index_insights(self):
        return self.insights_of({"IndexName": "by-a"}) == "ENABLED"

    def insights_of(self, where):
        """The status there after turning them on there; None where the server fails, or where the table's went on with the index's."""
        name = self.on_demand()
        try:
            self.dynamodb.update_contributor_insights(TableName=name, ContributorInsightsAction="ENABLE", **where)
            if where and self.dynamodb.describe_contributor_insights(TableName=name)["ContributorInsightsStatus"] != "DISABLED":
                return None
            return self.dynamodb.describe_contributor_insights(TableName=name, **where)["ContributorInsightsStatus"]
        except ClientError:
            return None

    def insights_mode(self):
        name, mode = self.on_demand(), "THROTTLED_KEYS"
        try:
            self.dynamodb.update_contributor_insights(TableName=name, ContributorInsightsAction="ENABLE", ContributorInsightsMode=mode)
            return self.dynamodb.describe_contributor_insights(TableName=name).get("ContributorInsightsMode") == mode
        except ClientError:
            return False

    def auto_scaling(self):
        scaling, where = self.client("application-autoscaling"), {"ServiceNamespace": "dynamodb", "ResourceId": f"table/{self.table()}"}
        dimension = "dynamodb:table:ReadCapacityUnits"
        try:
            scaling.register_scalable_target(**where, ScalableDimension=dimension, MinCapacity=5, MaxCapacity=50)
            found = scaling.describe_scalable_targets(ServiceNamespace="dynamodb", ResourceIds=[where["ResourceId"]])["ScalableTargets"]
        except ClientError:
            return False
        return [(one["MinCapacity"], one["MaxCapacity"]) for one in found] == [(5, 50)]

    def bundled_concerns(self):
        stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
        seven = {"ReadCapacityUnits": 7, "WriteCapacityUnits": 7}
        return self.refused("update_table", "ValidationException", TableName=self.table(), ProvisionedThroughput=seven, StreamSpecification=stream)

    def decreases_budget(self):
        return self.spent([{"ProvisionedThroughput": {"ReadCapacityUnits": 99 - at, "WriteCapacityUnits": 99}} for at in range(29)])

    def class_budget(self):
        return self.spent([{"TableClass": one} for one in ("STANDARD_INFREQUENT_ACCESS", "STANDARD", "STANDARD_INFREQUENT_ACCESS")])

    def spent(self, updates):
        """Whether these updates of one table, one after the other, meet a limit."""
        name = self.table()
        return any(self.refused("update_table", "LimitExceededException", TableName=name, **update) for update in updates)

    def ttl_cooldown(self):
        name = self.table()
        self.dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "t"})
        off = {"Enabled": False, "AttributeName": "t"}
        return self.refused("update_time_to_live", "ValidationException", TableName=name, TimeToLiveSpecification=off)

    def tag_again(self):
        arn = self.described(self.on_demand(Tags=[{"Key": "x", "Value": "1"}]))["TableArn"]
        self.dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "x", "Value": "2"}])
        return self.dynamodb.list_tags_of_resource(ResourceArn=arn)["Tags"] == [{"Key": "x", "Value": "2"}]

    def tags_over_50(self):
        arn, tags = self.described(self.on_demand())["TableArn"], [{"Key": f"x{at}", "Value": "1"} for at in range(51)]
        return self.refused("tag_resource", "ValidationException", ResourceArn=arn, Tags=tags)

    def stream_again(self):
        name = self.on_demand(StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
        before = self.described(name)["LatestStreamLabel"]
        self.dynamodb.update_table(TableName=name, StreamSpecification={"StreamEnabled": False})
        try:
            self.dynamodb.update_table(TableName=name, StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
        except ClientError:
            return False
        return self.described(name)["LatestStreamLabel"] != before

    def stream_view(self):
        name = self.on_demand(StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"})
        other, codes = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}, ("ValidationException", "ResourceInUseException")
        return self.refused("update_table", *codes, TableName=name, StreamSpecification=other)

    def versioned_bucket(self):
        s3, name = self.client("s3"), f"probe-{uuid.uuid4()}"
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-3"})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        first, _ = (s3.put_object(Bucket=name, Key="k", Body=body)["VersionId"] for body in (b"1", b"2"))
        s3.delete_object(Bucket=name, Key="k")
        found = s3.list_object_versions(Bucket=name)
        counts = len(found["Versions"]), len(found["DeleteMarkers"])
        return counts == (2, 1) and s3.get_object(Bucket=name, Key="k", VersionId=first)["Body"].read() == b"1"

    def recovery_days(self):
        name, wanted = self.on_demand(), {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 7}
        self.dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=wanted)
        found = self.dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        return found["PointInTimeRecoveryDescription"].get("RecoveryPeriodInDays") == 7

    def sorted_tables(self):
        # Random names: three in order by chance would be one run in six.
        for _ in range(12):
            self.on_demand()
        found = self.dynamodb.list_tables()["TableNames"]
        return found == sorted(found)

    def deep_nesting(self):
        value = {"S": "x"}
        for _ in range(40):
            value = {"M": {"m": value}}
        return self.refused("put_item", "ValidationException", TableName=self.on_demand(), Item={"k": {"S": "1"}, "v": value})


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
        kept = {"client", "table", "on_demand", "described", "described_index", "index_keeps", "has_policy", "insights_of", "spent", "clean", "refused"}
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
