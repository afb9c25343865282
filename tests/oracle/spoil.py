#!/usr/bin/env python3
"""Plants one fault in a table, so that a validation can prove that it finds it.

    spoil.py ENDPOINT TABLE KIND

KIND: change (one attribute of one item gets another value of its type), delete (one item goes), add (one item more), type (one
value, here or inside, keeps its text and changes between N and S), drop (one attribute of one item goes), nest (a value inside a Map or List
changes). Prints what it did; exits 1 when the table has nothing that can be spoiled so.
"""
import copy
import sys

from oracle import client, key_names, scan


def other(value):
    """A different value of the same type."""
    (kind, held), = value.items()
    changes = {"S": lambda: held + "x", "N": lambda: str(int(float(held)) + 1), "BOOL": lambda: not held, "B": lambda: held + b"x"}
    return {kind: changes[kind]()} if kind in changes else None


def swapped(value):
    """The same text under the other of N and S."""
    (kind, held), = value.items()
    if kind == "N":
        return {"S": held}
    if kind == "S" and held.isascii() and held.isdigit():
        return {"N": held}
    return None


def inside(value, change):
    """The Map or List with its first changeable leaf changed; None for any other value, or when it has no such leaf."""
    (kind, held), = value.items()
    if kind not in ("M", "L"):
        return None
    for at in sorted(held) if kind == "M" else range(len(held)):
        changed = change(held[at]) or inside(held[at], change)
        if changed:
            spoiled = copy.deepcopy(value)
            spoiled[kind][at] = changed
            return spoiled
    return None


def nested(value):
    return inside(value, other)


def swapped_anywhere(value):
    return swapped(value) or inside(value, swapped)


def dropped(_):
    return {}


ATTRIBUTE = {"change": other, "type": swapped_anywhere, "drop": dropped, "nest": nested}


def spoil_attribute(dynamodb, table, keys, held, change):
    """Keys and index keys stay: a changed key is another item, and an index refuses a key of another type."""
    for item in sorted(scan(dynamodb, table), key=repr):
        for name in sorted(item.keys() - held):
            value = change(item[name])
            if value is None:
                continue
            spoiled = {**item, name: value} if value else {k: v for k, v in item.items() if k != name}
            dynamodb.put_item(TableName=table, Item=spoiled)
            return f"{name} of {[item[key] for key in keys]}: {item[name]} -> {value or 'gone'}"
    return None


def spoil_item(dynamodb, table, keys, kind):
    items = sorted(scan(dynamodb, table), key=repr)
    if not items:
        return None
    item = items[len(items) // 2]
    if kind == "delete":
        dynamodb.delete_item(TableName=table, Key={key: item[key] for key in keys})
        return f"deleted {[item[key] for key in keys]}"
    # A key that no row makes: the last key attribute, longer or higher than any.
    last = keys[-1]
    stray = {**item, last: {"N": "987654321"} if "N" in item[last] else {"S": item[last]["S"] + "-stray"}}
    dynamodb.put_item(TableName=table, Item=stray)
    return f"added {[stray[key] for key in keys]}"


def key_attributes(dynamodb, table):
    described = dynamodb.describe_table(TableName=table)["Table"]
    return {one["AttributeName"] for one in described["AttributeDefinitions"]}


def spoil(dynamodb, table, kind):
    """Does it, and says what it did; None when the table has nothing to spoil so."""
    keys = key_names(dynamodb, table)
    if kind in ATTRIBUTE:
        return spoil_attribute(dynamodb, table, keys, key_attributes(dynamodb, table), ATTRIBUTE[kind])
    return spoil_item(dynamodb, table, keys, kind)


def main(arguments):
    if len(arguments) != 3 or arguments[2] not in [*ATTRIBUTE, "delete", "add"]:
        raise SystemExit(__doc__)
    endpoint, table, kind = arguments
    done = spoil(client(endpoint), table, kind)
    if not done:
        raise SystemExit(f"{table}: nothing to spoil by {kind}")
    print(f"{table}: {done}")


if __name__ == "__main__":
    main(sys.argv[1:])
