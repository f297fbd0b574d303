"""That the tests have what `conftest` says."""

from __future__ import annotations

import boto3
import botocore.session

from fsql.local.models import models
from fsql.sessions import EndpointSession


def test_all_sessions_share_what_they_read_of_awss_services() -> None:
    for session in (boto3.Session(), EndpointSession("http://127.0.0.1:1")):
        assert session._session.get_component("data_loader") is models()
    assert botocore.session.Session().get_component("data_loader") is models()
