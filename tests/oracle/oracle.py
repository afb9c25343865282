#!/usr/bin/env python3
"""The independent word on what the sample stacks should put into DynamoDB.

    oracle.py STACK SQLITE_FILE ENDPOINT

Computes the items of STACK from the SQL rows, with no code of landfall's, reads the tables from ENDPOINT by boto3, and compares
every attribute of every item, types included. Exits 0 only when something was expected and all of it, and nothing else, was found;
otherwise 1, with the first differences. STACK: users, vehicle-sales, vehicle-sales-single, imdb.

What the rules say (design, section 5): NULL: no attribute; '' stays; integers and floats: N; DATE: S as YYYY-MM-DD; a date and time
without a zone, of a source in UTC: S as YYYY-MM-DDTHH:MM:SSZ; JSON: M, L and so on; child rows: L of M in the order of the lines.
"""
import json
import os
import sqlite3
import sys
from decimal import Decimal

import boto3

SHOWN = 5


# ---- values

def of_json(value):
    """A parsed JSON value in DynamoDB's typed form."""
    if value is None:
        return {"NULL": True}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, (int, Decimal)):
        return {"N": str(value)}
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, list):
        return {"L": [of_json(one) for one in value]}
    return {"M": {name: of_json(one) for name, one in value.items()}}


def text(value):
    return {"S": value}


def number(value):
    return {"N": repr(value)}


def moment(value):
    """'2024-03-10 09:30:00' of a source in UTC."""
    return {"S": value.replace(" ", "T") + "Z"}


def document(value):
    return of_json(json.loads(value, parse_float=Decimal))


def item(**attributes):
    """Of NAME=(form, value): what SQL leaves NULL is no attribute."""
    return {name: form(value) for name, (form, value) in attributes.items() if value is not None}


def rows(database, query):
    return [dict(row) for row in database.execute(query)]


def columns(row, forms, other=text):
    """Every column under its own name."""
    return item(**{name: (forms.get(name, other), value) for name, value in row.items()})


# ---- stacks: {table: [item]}

def users(database):
    def user(row):
        return item(
            userId=(number, row["user_id"]), username=(text, row["username"]), email=(text, row["email"]),
            registrationDate=(text, row["registration_date"]), lastLogin=(moment, row["last_login"]),
            profileData=(document, row["profile_data"]),
        )
    return {"Users": [user(row) for row in rows(database, "select * from users")]}


SALES = {
    "last_updated": moment, "ord_date": moment, "ship_date": moment,
    "credit_rating": number, "list_price": number, "qty": number, "item_price": number,
}


def vehicle_sales(database):
    tables = ["Customers", "Products", "Reps", "Orders", "OrderLines"]
    return {table: [columns(row, SALES) for row in rows(database, f"select * from {table}")] for table in tables}


def vehicle_sales_single(database):
    def one(row, pk, sk, **more):
        return {"PK": text(pk), "SK": text(sk), **columns(row, SALES), **more}

    def lines(order):
        return [row for row in rows(database, "select * from OrderLines order by ord_line_id") if row["ord_id"] == order]

    def order(row):
        children = [{k: v for k, v in columns(line, SALES).items() if k != "ord_id"} for line in lines(row["ord_id"])]
        return one(row, f"or-{row['ord_id']}", "0", lines={"L": [{"M": child} for child in children]})

    found = [one(row, f"cs-{row['cust_id']}", "0") for row in rows(database, "select * from Customers")]
    found += [order(row) for row in rows(database, "select * from Orders")]
    found += [one(row, f"oln-{row['ord_id']}", row["ord_line_id"]) for row in rows(database, "select * from OrderLines")]
    found += [one(row, f"pr-{row['prod_id']}", "0") for row in rows(database, "select * from Products")]
    return {"VehicleSales": found}


def imdb(database):
    def keyed(row, pk, sk, forms=()):
        return {"mpkey": text(row[pk]), "mskey": text(sk), **columns(row, dict(forms))}

    found = [keyed(row, "tconst", f"DETL|{row['category']}|{row['ordering']}") for row in rows(database, "select * from movies")]
    regions = {}
    # Of the rows of one film and region the first by ordering, as text, is the item; a row without a region is none.
    for row in rows(database, "select * from title_akas where region is not null order by ordering desc"):
        regions[row["titleId"], row["region"]] = row
    found += [keyed(row, "titleId", f"REGN|{row['region']}") for row in regions.values()]
    forms = {"averageRating": number, "numVotes": number}
    found += [keyed(row, "tconst", "RTNG", forms) for row in rows(database, "select * from title_ratings")]
    return {"movies": found}


STACKS = {"users": users, "vehicle-sales": vehicle_sales, "vehicle-sales-single": vehicle_sales_single, "imdb": imdb}


def expected(stack, path):
    """{table: [item]} of STACK from the SQLite file at PATH."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    try:
        return STACKS[stack](database)
    finally:
        database.close()


# ---- DynamoDB

def client(endpoint):
    """A DynamoDB client; credentials and region as in the environment, else those of a rehearsal."""
    for name, value in {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "us-east-1"}.items():
        os.environ.setdefault(name, value)
    return boto3.client("dynamodb", endpoint_url=endpoint)


def key_names(dynamodb, table):
    return [key["AttributeName"] for key in dynamodb.describe_table(TableName=table)["Table"]["KeySchema"]]


def scan(dynamodb, table):
    """Every item, every page, strongly consistent."""
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


# ---- comparison

def canonical(value):
    """One form of a typed value: numbers by value, sets without order; everything else exactly as it is."""
    (kind, held), = value.items()
    if kind == "N":
        return kind, Decimal(held).normalize().as_tuple()
    if kind == "L":
        return kind, tuple(canonical(one) for one in held)
    if kind == "M":
        return kind, tuple(sorted((name, canonical(one)) for name, one in held.items()))
    if kind == "NS":
        return kind, frozenset(Decimal(one).normalize() for one in held)
    if kind in ("SS", "BS"):
        return kind, frozenset(held)
    return kind, held


def by_key(items, names, whose):
    """{key: item}; two items of one key, or an item without its key, end the comparison."""
    found = {}
    for one in items:
        missing = [name for name in names if name not in one]
        if missing:
            raise SystemExit(f"{whose}: an item lacks its key attribute {missing[0]}: {one}")
        key = tuple(canonical(one[name]) for name in names)
        if key in found:
            raise SystemExit(f"{whose}: two items have the key {[one[name] for name in names]}")
        found[key] = one
    return found


def differences(wanted, found):
    """One line for each item that is missing, different (attribute by attribute) or unexpected."""
    for key in sorted(wanted.keys() | found.keys(), key=repr):
        if key not in found:
            yield f"missing    {wanted[key]}"
        elif key not in wanted:
            yield f"unexpected {found[key]}"
        else:
            names = sorted(wanted[key].keys() | found[key].keys())
            parts = [(name, wanted[key].get(name), found[key].get(name)) for name in names]
            wrong = [f"{n}: wanted {w}, found {f}" for n, w, f in parts if None in (w, f) or canonical(w) != canonical(f)]
            if wrong:
                yield f"different  {key}: " + "; ".join(wrong)


def check(stack, path, endpoint):
    """Prints what it finds; True when all is as expected, and something was."""
    dynamodb, good = client(endpoint), True
    tables = expected(stack, path)
    for table, items in tables.items():
        names = key_names(dynamodb, table)
        wanted, found = by_key(items, names, f"expected {table}"), by_key(scan(dynamodb, table), names, f"found {table}")
        lines = list(differences(wanted, found))
        for line in lines[:SHOWN]:
            print(f"{table}: {line}")
        print(f"{table}: {len(wanted)} expected, {len(found)} found, {len(lines)} different")
        good = good and not lines and len(wanted) > 0 and len(wanted) == len(found)
    return good and bool(tables)


def main(arguments):
    if len(arguments) != 3 or arguments[0] not in STACKS:
        raise SystemExit(__doc__)
    sys.exit(0 if check(*arguments) else 1)


if __name__ == "__main__":
    main(sys.argv[1:])
