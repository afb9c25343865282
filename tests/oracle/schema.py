#!/usr/bin/env python3
"""Checks every stack file of the repository against the JSON Schema that landfall ships, with a validator that is not landfall's.

Exits 1 when one does not fit, when there are none, when the schema is no valid schema, or when it would accept a mistake.
"""
import copy
import json
import sys
import tomllib
from pathlib import Path

import jsonschema

STACKS = Path(__file__).resolve().parents[2] / "stacks"


def mistakes(stack):
    """Copies of a good stack, each with one mistake that the schema has to refuse."""
    for change in (
        lambda s: s.update(no_such_key=1),
        lambda s: s.pop("name"),
        lambda s: s.update(account=123456789012),
        lambda s: next(iter(s["table"].values())).update(keys=["PK:S"]),
        lambda s: next(iter(s["table"].values())).update(capacity="a lot"),
    ):
        spoiled = copy.deepcopy(stack)
        change(spoiled)
        yield spoiled


def main():
    schema = json.loads((STACKS / "stack.schema.json").read_text(encoding="utf-8"))
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    validator, bad, files = kind(schema), 0, sorted(STACKS.glob("*.toml"))
    for file in files:
        stack = tomllib.loads(file.read_text(encoding="utf-8"))
        for error in validator.iter_errors(stack):
            print(f"{file.name}: {error.json_path}: {error.message}")
            bad += 1
        for at, spoiled in enumerate(mistakes(stack)):
            if validator.is_valid(spoiled):
                print(f"{file.name}: the schema accepts mistake {at}")
                bad += 1
    print(f"{len(files)} stacks, {bad} findings")
    sys.exit(0 if files and not bad else 1)


main()
