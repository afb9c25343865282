"""The oracle itself: it says yes to what is right, and no to every planted fault; its items are those that the rules give.

Runs against a stand-in for AWS (LANDFALL_TEST_ENDPOINT, else LANDFALL_TEST_MOTO_URL); fails without one.
"""
import contextlib
import io
import os
import sqlite3
import sys
import tempfile
import tomllib
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import oracle
import spoil

STACKS = Path(__file__).resolve().parents[2] / "stacks"
SEEDS = STACKS / "seed"
SEED_OF = {"users": "users", "vehicle-sales": "vehicle-sales", "vehicle-sales-single": "vehicle-sales", "imdb": "imdb"}
KEYS = {
    "Users": ["userId:N"], "Customers": ["cust_id:S"], "Products": ["prod_id:S"], "Reps": ["rep_id:S"], "Orders": ["ord_id:S"],
    "OrderLines": ["ord_id:S", "ord_line_id:S"], "VehicleSales": ["PK:S", "SK:S"], "movies": ["mpkey:S", "mskey:S"],
}
COUNTS = {
    "users": {"Users": 3},
    "vehicle-sales": {"Customers": 10, "Products": 14, "Reps": 6, "Orders": 10, "OrderLines": 20},
    "vehicle-sales-single": {"VehicleSales": 54},
}


def endpoint():
    found = os.environ.get("LANDFALL_TEST_ENDPOINT") or os.environ.get("LANDFALL_TEST_MOTO_URL")
    if not found:
        raise RuntimeError("no endpoint: run scripts/test, or scripts/test --servers COMMAND")
    return found


def create(dynamodb, table):
    names = [key.split(":") for key in KEYS[table]]
    if table in dynamodb.list_tables()["TableNames"]:
        dynamodb.delete_table(TableName=table)
        dynamodb.get_waiter("table_not_exists").wait(TableName=table, WaiterConfig={"Delay": 1})
    dynamodb.create_table(
        TableName=table, BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": name, "KeyType": kind} for (name, _), kind in zip(names, ["HASH", "RANGE"])],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in names],
    )


class Oracle(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        # The stand-ins are shared: a region of its own keeps these tables apart from everybody else's.
        os.environ["AWS_DEFAULT_REGION"] = "eu-north-1"
        self.dynamodb = oracle.client(endpoint())

    def source(self, stack):
        path = Path(self.folder.name) / f"{stack}.sqlite"
        database = sqlite3.connect(path)
        database.executescript((SEEDS / f"{SEED_OF[stack]}.sql").read_text(encoding="utf-8"))
        database.close()
        return path

    def fill(self, tables):
        for table, items in tables.items():
            create(self.dynamodb, table)
            for one in items:
                self.dynamodb.put_item(TableName=table, Item=one)

    def verdict(self, stack, path):
        with contextlib.redirect_stdout(io.StringIO()) as said:
            return oracle.check(stack, path, endpoint()), said.getvalue()

    def test_tables_and_keys_are_those_of_the_stack_files(self):
        self.assertEqual({file.stem for file in STACKS.glob("*.toml")}, set(oracle.STACKS))
        for stack in oracle.STACKS:
            file = tomllib.loads((STACKS / f"{stack}.toml").read_text(encoding="utf-8"))
            tables = {name: table["key"] for name, table in file["table"].items()}
            self.assertEqual(tables, {name: KEYS[name] for name in oracle.expected(stack, self.source(stack))})

    def test_counts_are_those_of_the_rows(self):
        for stack, counts in COUNTS.items():
            tables = oracle.expected(stack, self.source(stack))
            self.assertEqual({table: len(items) for table, items in tables.items()}, counts)

    def test_charlie_is_written_out_by_hand(self):
        (charlie,) = [one for one in oracle.expected("users", self.source("users"))["Users"] if one["userId"] == {"N": "103"}]
        self.assertEqual(charlie, {
            "userId": {"N": "103"}, "username": {"S": "charlie"}, "email": {"S": "charlie@example.com"},
            "registrationDate": {"S": "2023-03-05"}, "lastLogin": {"S": "2024-03-08T18:20:00Z"},
            "profileData": {"M": {
                "name": {"S": 'Charlie "Chaz" Møller'}, "age": {"N": "27"}, "newsletter": {"BOOL": True},
                "address": {"M": {"city": {"S": "Århus"}, "geo": {"L": [{"N": "56.1572"}, {"N": "10.2107"}]}}},
                "interests": {"L": [{"S": "🎷 jazz"}]}, "visits": {"N": "12000000000000000000"},
            }},
        })

    def test_unknown_is_no_attribute_and_empty_stays(self):
        customers = oracle.expected("vehicle-sales", self.source("vehicle-sales"))["Customers"]
        self.assertEqual(sum("phone" not in one for one in customers), 2)
        self.assertEqual(sum(one.get("phone") == {"S": ""} for one in customers), 4)

    def test_an_order_holds_its_lines_in_order(self):
        tables = oracle.expected("vehicle-sales-single", self.source("vehicle-sales-single"))
        orders = {one["PK"]["S"]: one for one in tables["VehicleSales"] if one["PK"]["S"].startswith("or-")}
        lines = [list(orders[f"or-{n:04}"].get("lines", {"L": []})["L"]) for n in range(1, 11)]
        self.assertEqual([len(one) for one in lines], [4] * 5 + [0] * 5)

    def test_of_a_region_with_two_names_one_is_the_item(self):
        path = self.source("imdb")
        wanted = sqlite3.connect(path).execute('select count(*) from (select distinct "titleId", region from title_akas where region is not null)')
        items = [one for one in oracle.expected("imdb", path)["movies"] if one["mskey"]["S"].startswith("REGN|")]
        self.assertEqual(len(items), wanted.fetchone()[0])

    def test_yes_to_what_is_right(self):
        for stack in ["users", "vehicle-sales", "vehicle-sales-single"]:
            path = self.source(stack)
            self.fill(oracle.expected(stack, path))
            good, said = self.verdict(stack, path)
            self.assertTrue(good, said)

    def test_no_to_every_planted_fault(self):
        path = self.source("users")
        for kind in [*spoil.ATTRIBUTE, "delete", "add"]:
            self.fill(oracle.expected("users", path))
            done = spoil.spoil(self.dynamodb, "Users", kind)
            self.assertIsNotNone(done, kind)
            good, said = self.verdict("users", path)
            self.assertFalse(good, f"{kind}: {done}: {said}")

    def test_no_to_lines_in_another_order(self):
        path = self.source("vehicle-sales-single")
        tables = oracle.expected("vehicle-sales-single", path)
        order = next(one for one in tables["VehicleSales"] if len(one.get("lines", {"L": []})["L"]) > 1)
        order["lines"]["L"].reverse()
        self.fill(tables)
        self.assertFalse(self.verdict("vehicle-sales-single", path)[0])

    def test_no_to_nothing_on_both_sides(self):
        path = self.source("users")
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.execute("delete from users")
        self.fill({"Users": []})
        self.assertFalse(self.verdict("users", path)[0])


if __name__ == "__main__":
    unittest.main()
