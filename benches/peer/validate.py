#!/usr/bin/env python3
"""What a team would write in an afternoon: every row's item in memory, a parallel scan, and a comparison attribute by attribute.

    validate.py SQLITE_FILE ENDPOINT

Prints how many items are right; exits 1 when one is missing, different or unexpected.
"""
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from table import NAME, WORKERS, item, rows


def segment(endpoint, number):
    """One segment of the scan, page by page."""
    table, start = boto3.session.Session().resource("dynamodb", endpoint_url=endpoint).Table(NAME), {}
    while True:
        page = table.scan(Segment=number, TotalSegments=WORKERS, **start)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def main(path, endpoint):
    expected = {row[0]: item(row) for row in rows(path)}

    def compare(number):
        right = wrong = 0
        for found in segment(endpoint, number):
            # The key is unique on both sides, so each expected item is asked for once; the number of right ones tells what is missing.
            good = expected.get(int(found["id"])) == found
            right, wrong = right + good, wrong + (not good)
        return right, wrong

    with ThreadPoolExecutor(WORKERS) as pool:
        counts = list(pool.map(compare, range(WORKERS)))
    right, wrong = (sum(column) for column in zip(*counts))
    print(right)
    sys.exit(0 if right == len(expected) > 0 and wrong == 0 else 1)


main(*sys.argv[1:])
