"""SQLAlchemy's pytest plugin, over an embedded store that this process makes for itself."""

from __future__ import annotations

import os
import tempfile

_FOLDER = tempfile.TemporaryDirectory(prefix="fsql-suite-")
os.environ["FSQL_URL"] = f"fsql:///{_FOLDER.name}"

import pytest  # noqa: E402

pytest.register_assert_rewrite("sqlalchemy.testing.assertions")

from sqlalchemy.testing.plugin.pytestplugin import *  # noqa: E402,F403

import tests.suite.provisioning  # noqa: E402,F401

pytest_plugins = ["tests.suite.skipping"]
