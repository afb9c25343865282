#!/usr/bin/env python3
"""What a team would write in an afternoon: rows from SQLite by boto3's batch_writer, in a few threads.

    load.py SQLITE_FILE ENDPOINT
"""
import sys
from concurrent.futures import ThreadPoolExecutor

import boto3
from table import NAME, WORKERS, item, rows


def share(path, endpoint, worker):
    """Writes every WORKERS-th row; batch_writer makes batches of 25 and sends again what was left over."""
    table, written = boto3.session.Session().resource("dynamodb", endpoint_url=endpoint).Table(NAME), 0
    with table.batch_writer() as batch:
        for row in rows(path, worker, WORKERS):
            batch.put_item(Item=item(row))
            written += 1
    return written


def main(path, endpoint):
    with ThreadPoolExecutor(WORKERS) as pool:
        print(sum(pool.map(lambda worker: share(path, endpoint, worker), range(WORKERS))))


main(*sys.argv[1:])
