"""A pytest plugin: what ScyllaDB's Alternator tests need of the rest of their repository, and that they take us for AWS."""

import sys
import types

import pytest


def module(name, **members):
    made = types.ModuleType(name)
    vars(made).update(members)
    sys.modules[name] = made


def nothing(*_args, **_options):
    return None


@pytest.fixture(scope="session")
def host(request):
    return request.config.getoption("--host")


class Absent(Exception):
    pass


class Anything:
    LOCAL_QUORUM = LOCAL_SERIAL = ONE = QUORUM = 1

    def __init__(self, *_args, **_options):
        pass


class Cluster:
    def __init__(self, *_args, **_options):
        raise Absent


import test

module("test.conftest", dynamic_scope=lambda: "session")
for package in ("test.pylib", "test.cqlpy"):
    module(package, __path__=[])
module("test.pylib.skip_types", skip_env=lambda why: pytest.skip(why), skip_bug=lambda link, why="": pytest.skip(f"{link} {why}"))
module("test.pylib.driver_utils", safe_driver_shutdown=nothing)
module("test.pylib.connect_options", add_host_option=lambda parser: parser.addoption("--host", default="localhost"))
module("test.cqlpy.conftest", host=host)
module("test.cqlpy.util", config_value_context=nothing)
module("cassandra", ConsistencyLevel=Anything, InvalidRequest=Absent, Unauthorized=Absent, __path__=[])
module("cassandra.cluster", Cluster=Cluster, NoHostAvailable=Absent, ConsistencyLevel=Anything, ExecutionProfile=Anything, EXEC_PROFILE_DEFAULT=0)
module("cassandra.auth", PlainTextAuthProvider=Anything)
module("cassandra.policies", RoundRobinPolicy=Anything)
module("cassandra.query", SimpleStatement=Anything)

import test.alternator.util

test.alternator.util.is_aws = lambda _: True


def pytest_configure(config):
    for marker in ("skip_env", "skip_bug"):
        config.addinivalue_line("markers", f"{marker}: not run here")
