"""A pytest plugin: moto's tests get a fresh embedded AWS wherever they mock AWS. LANDFALL is the program."""

import functools
import inspect
import os
import re
import subprocess

import boto3
import moto
import moto.settings
import pytest

# Nothing leaves the machine where a test mocks nothing.
os.environ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}


class Mock:
    depth, server, before = 0, None, {}

    def start(self, *_args, **_options):
        Mock.depth += 1
        if Mock.depth > 1:
            return
        command = [os.environ["LANDFALL"], "local", "--time-scale", "100000", "--access-key", "testing", "--secret-key", "testing"]
        Mock.server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for line in iter(Mock.server.stdout.readline, ""):
            if found := re.match(r"export AWS_ENDPOINT_URL=(\S+)", line):
                url = found[1]
            if line.startswith("# "):
                break
        Mock.before = dict(os.environ)
        os.environ.update(KEYS, AWS_ENDPOINT_URL=url)
        boto3.DEFAULT_SESSION = None

    def stop(self):
        Mock.depth -= 1
        if Mock.depth == 0:
            Mock.server.kill()
            Mock.server.wait()
            os.environ.clear()
            os.environ.update(Mock.before)
            boto3.DEFAULT_SESSION = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_why):
        self.stop()

    def __call__(self, test):
        if inspect.isclass(test):
            test.mocked = True
            return test

        @functools.wraps(test)
        def mocked(*args, **options):
            with Mock():
                return test(*args, **options)

        return mocked


@pytest.fixture(autouse=True)
def mocked_class(request):
    if not getattr(request.cls, "mocked", False):
        yield
        return
    with Mock():
        yield


moto.mock_aws = lambda test=None, config=None: Mock()(test) if test else Mock()
moto.settings.TEST_SERVER_MODE = True


def pytest_configure(config):
    config.addinivalue_line("markers", "aws_verified: held to AWS by moto's authors")
