"""Database URLs: where they point, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import fsql
from fsql.dialect import catalog_of
from fsql.errors import ConfigError, StorageError
from fsql.urls import parse_url


def test_folders(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FSQL_URL", raising=False)
    assert parse_url("fsql:///some/folder").folder == tmp_path / "some" / "folder"
    assert parse_url(f"fsql:///{tmp_path}").folder == tmp_path
    assert parse_url("fsql://").folder == parse_url(None).folder == tmp_path / ".fsql"
    assert parse_url("fsql:///x").database == "feature_store"
    assert parse_url("fsql:///x?database=other").database == "other"


def test_the_environment_names_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FSQL_URL", "fsql://eu-west-1/features?work_group=team")
    location = parse_url("fsql://")
    assert (location.region, location.database) == ("eu-west-1", "features")
    assert location.arguments == {"work_group": "team"}


def test_aws() -> None:
    location = parse_url(
        "fsql://KEY:SE%2FCRET@us-east-1/db?s3_staging_dir=s3://b/p/&poll_interval=0.5"
        "&kill_on_interrupt=false&endpoint_url=http://127.0.0.1:1&role_arn=arn:aws:iam::1:role/r"
    )
    assert (location.key, location.secret) == ("KEY", "SE/CRET")
    assert location.arguments["poll_interval"] == 0.5
    assert location.arguments["kill_on_interrupt"] is False
    assert "SE/CRET" not in repr(location)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("fsql:///x?stagingdir=s3://b/", "Unknown URL argument 'stagingdir'"),
        ("fsql:///x?work_grup=a", "Did you mean 'work_group'"),
        ("fsql:///x?poll_interval=fast", "Expected a number"),
        ("fsql:///x?kill_on_interrupt=maybe", "Expected true or false"),
        ("fsql:///x?work_group=a&work_group=b", "given 2 times"),
        ("sqlite:///x", "Expected 'fsql'"),
        ("no url", "cannot be read"),
        ("fsql:///x?warehouse=/tmp/x", "is no S3 location"),
        ("fsql://us-east-1/db", "work_group=name"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    url: str, said: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=said) as caught:
        fsql.connect(url)
    assert "Known: " in str(caught.value) or "Unknown" not in said


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cannot be used as a store"):
        fsql.create_engine(f"fsql:///{tmp_path}/file/store")


def test_secrets_stay_out_of_what_is_printed() -> None:
    engine = fsql.create_engine(
        "fsql://KEY:SECRET@us-east-1/db?work_group=w&aws_session_token=TOKEN"
    )
    shown = repr(engine) + str(engine.url) + repr(catalog_of(engine).aws)
    assert "SECRET" not in shown
    assert "TOKEN" not in engine.url.render_as_string(hide_password=False)
    credentials = catalog_of(engine).aws.session.get_credentials()
    assert credentials is not None
    assert credentials.token == "TOKEN"


def test_a_wrong_url_does_not_repeat_its_secret() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_url("fsql//KEY:SECRET@us-east-1/db")
    assert "SECRET" not in str(caught.value)


def test_an_engine_of_sqlalchemys_own_making(tmp_path: Path) -> None:
    engine = sa.create_engine(f"fsql:///{tmp_path}/store")
    assert engine.dialect.name == "fsql"
    assert (tmp_path / "store").is_dir()
