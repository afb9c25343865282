"""The table that both sides of the benchmark fill: its rows in SQLite, and each of them as an item."""
import sqlite3
from decimal import Decimal

NAME, WORKERS = "Bench", 8
COLUMNS = ["id", "customer", "email", "created", "amount", "region", "note"]


def rows(path, worker=0, workers=1):
    """The rows of one worker's share, in order of their key."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    yield from database.execute(f"select {', '.join(COLUMNS)} from bench where id % ? = ? order by id", (workers, worker))


def item(row):
    """As the stack's `"*" = "same"` rule makes it, with the source's times in UTC."""
    item = {name: value for name, value in zip(COLUMNS, row) if value is not None}
    item["amount"] = Decimal(str(item["amount"]))
    item["created"] = item["created"].replace(" ", "T") + "Z"
    return item
