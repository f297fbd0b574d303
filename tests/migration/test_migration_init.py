"""`fsql init`: a project that Alembic, ruff and git take as it is, and nothing overwritten."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from click.testing import CliRunner, Result

from fsql.cli import main
from fsql.errors import ConfigError
from fsql.migration.projects.project import Project


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fsql(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def everything(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


def test_a_project_in_an_empty_folder(folder: Path) -> None:
    done = fsql("init")
    assert done.exit_code == 0, done.output
    assert list(everything(folder)) == [
        ".gitignore",
        "features.py",
        "migrations/env.py",
        "migrations/script.py.mako",
        "migrations/versions/.gitkeep",
        "pyproject.toml",
    ]
    settings = tomllib.loads((folder / "pyproject.toml").read_text())["tool"]["alembic"]
    assert settings["script_location"] == "%(here)s/migrations"
    assert settings["sqlalchemy.url"] == "fsql://"
    assert "alembic upgrade head" in done.output


def test_another_folder_is_named_in_what_comes_next(folder: Path) -> None:
    done = fsql("init", "shop", "--url", "fsql:///shop-store")
    assert "cd shop\n" in done.output
    assert '"sqlalchemy.url" = "fsql:///shop-store"' in (folder / "shop/pyproject.toml").read_text()


@pytest.mark.parametrize("ini", [False, True])
def test_what_is_written_passes_ruff(folder: Path, ini: bool) -> None:
    Project(folder, ini=ini).make()
    config = Config(str(folder / "alembic.ini")) if ini else Config(toml_file="pyproject.toml")
    command.revision(config, "by hand", rev_id="one")
    command.revision(config, "another branch", head="base", splice=True, rev_id="two")
    command.merge(config, "heads", "both", rev_id="three")
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "."]
    done = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    ruff[3:] = ["format", "--isolated", "--check", "."]
    done = subprocess.run(ruff, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_settings_join_a_pyproject_that_is_there(folder: Path) -> None:
    before = '[project]\nname = "shop"\nversion = "1"'
    (folder / "pyproject.toml").write_text(before)
    Project(folder).make()
    text = (folder / "pyproject.toml").read_text()
    assert text.startswith(before + "\n\n[tool.alembic]\n")
    assert tomllib.loads(text)["project"]["name"] == "shop"


@pytest.mark.parametrize(
    ("before", "after"),
    [(None, "/.fsql/\n"), ("*.pyc", "*.pyc\n/.fsql/\n"), ("a\n.fsql/\n", "a\n.fsql/\n")],
)
def test_the_embedded_store_is_nothing_for_git(
    folder: Path, before: str | None, after: str
) -> None:
    if before is not None:
        (folder / ".gitignore").write_text(before)
    Project(folder).make()
    assert (folder / ".gitignore").read_text() == after


def test_the_projects_own_models_are_imported_and_not_written(folder: Path) -> None:
    Project(folder, models="shop.features:groups").make()
    assert not (folder / "features.py").exists()
    env = (folder / "migrations/env.py").read_text()
    assert "from shop.features import groups\n" in env
    assert "fsql.migration.run(groups)" in env


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("features.py", "x = 1\n", "features.py"),
        ("migrations/env.py", "x = 1\n", "migrations/"),
        ("migrations", "", "migrations/"),
        ("alembic.ini", "[alembic]\n", "alembic.ini"),
        ("pyproject.toml", "[tool.alembic]\n", r"\[tool.alembic\] in pyproject.toml"),
    ],
)
def test_nothing_is_overwritten(folder: Path, name: str, text: str, told: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    before = everything(folder)
    with pytest.raises(ConfigError, match=f"has {told} already. Nothing was written"):
        Project(folder).make()
    assert everything(folder) == before


def test_a_pyproject_that_is_no_toml_stays_as_it_is(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[project\n")
    with pytest.raises(ConfigError, match=r"pyproject.toml cannot be read"):
        Project(folder).make()
    assert list(everything(folder)) == ["pyproject.toml"]


@pytest.mark.parametrize("models", ["features", "features:", ":metadata", "a b:c", "features.py"])
def test_models_that_are_no_module_and_name_are_refused(folder: Path, models: str) -> None:
    with pytest.raises(ConfigError, match="Expected a module and the name of its MetaData"):
        Project(folder, models=models).make()
    assert not everything(folder)


@pytest.mark.parametrize("ini", [False, True])
def test_a_url_of_any_characters_comes_back(folder: Path, ini: bool) -> None:
    url = 'fsql://KEY:a%2Fb%25"\\@eu-west-1/shop?s3_staging_dir=s3%3A%2F%2Fb%2Fs'
    Project(folder, url, ini=ini).make()
    config = Config("alembic.ini") if ini else Config(toml_file="pyproject.toml")
    assert config.get_alembic_option("sqlalchemy.url") == url
