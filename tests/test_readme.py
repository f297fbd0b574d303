"""The documentation is true: every code block on a page runs, in order, and prints what it shows.

- A `python` block runs in one namespace per page. A `text` block right below it is what it prints.
- A `console` block holds commands after `$ `, each followed by what it prints, if that is shown.
- A `bash` or `sh` block holds commands, a line each.
- `...` in shown output stands for anything.
- `export X=Y` holds to the end of the page.
- `make X` must be a target, and `pip install X` must name extras that fsql has; of these only
  `make demo` runs, without setting up a `.venv`.
- A block that can't run here stands below a comment `<!-- not run: reason -->`.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import importlib.util
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]

FENCE = re.compile(r"^```(?P<language>\w*)$")
NOT_RUN = re.compile(r"^<!-- not run: (?P<reason>.+) -->$")
SHELLS = frozenset({"bash", "sh"})
SECONDS = 300  # for one command

# The target whose recipe runs here, because what follows on the page explores its store.
RUN_TARGETS = frozenset({"demo"})


@dataclass(frozen=True)
class Block:
    """A fenced block; `line` is that of its fence, `reason` says why it doesn't run."""

    page: str
    line: int
    language: str
    text: str
    shown: str | None = None
    reason: str | None = None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@dataclass(frozen=True)
class Command:
    """A shell command, and what the page shows of its output, if it does."""

    text: str
    shown: str | None = None


def fenced(page: str, text: str) -> Iterator[Block]:
    """The page's fenced blocks, outputs still apart."""
    above, opened, body = "", None, list[str]()
    for number, line in enumerate(text.splitlines(), start=1):
        if opened is not None and line == "```":
            reason = NOT_RUN.match(above)
            code = "\n".join(body) + "\n"
            yield Block(page, opened[0], opened[1], code, reason=reason and reason["reason"])
            above, opened, body = "", None, []
        elif opened is not None:
            body.append(line)
        elif fence := FENCE.match(line):
            opened = (number, fence["language"])
        elif line.strip():
            above = line
    assert opened is None, f"{page}:{opened[0] if opened else 0}: a block that isn't closed"


def blocks(page: str, text: str) -> list[Block]:
    """The page's blocks; a `text` block below a `python` block has become its output."""
    lines, found = text.splitlines(), list[Block]()
    for block in fenced(page, text):
        last = found[-1] if found else None
        if block.language == "text" and last and last.language == "python":
            end = last.line + last.text.count("\n") + 1
            if not any(line.strip() for line in lines[end : block.line - 1]):
                found[-1] = Block(page, last.line, "python", last.text, block.text, last.reason)
                continue
        found.append(block)
    return found


def commands(block: Block) -> list[Command]:
    lines = block.text.replace("\\\n", " ").splitlines()
    if block.language in SHELLS:
        return [Command(line) for line in lines if shlex.split(line, comments=True)]
    found: list[Command] = []
    for line in lines:
        if line.startswith("$ "):
            found.append(Command(line[2:]))
        else:
            assert found, f"{block}: a console block starts with a command after `$ `"
            found[-1] = Command(found[-1].text, (found[-1].shown or "") + line + "\n")
    return found


def check_output(where: object, shown: str | None, printed: str) -> None:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    if shown is not None and not doctest.OutputChecker().check_output(shown, printed, flags):
        raise AssertionError(f"{where} shows\n{shown}\nbut prints\n{printed}")


def run_python(block: Block, namespace: dict[str, Any]) -> None:
    """Run a block in `namespace`; a traceback names the page and its line."""
    code = compile("\n" * block.line + block.text, block.page, "exec")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(code, namespace)
    check_output(block, block.shown, printed.getvalue())


def recipes() -> dict[str, str]:
    """The Makefile's targets, each with its recipe's commands as one types them in its `.venv`."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    found = re.findall(r"^([a-z-]+):(?!=).*\n((?:\t.*\n)*)", makefile, re.MULTILINE)
    return {
        target: "\n".join(line.strip("\t@").replace("$(BIN)/", "") for line in recipe.splitlines())
        for target, recipe in found
    }


def check_make(words: list[str]) -> str:
    """Check that the Makefile has each target that the command names; what of it runs here."""
    targets = [word for word in words[1:] if "=" not in word]
    missing = set(targets) - set(recipes())
    assert not missing, f"the Makefile has no target {', '.join(sorted(missing))}"
    return "\n".join(recipes()[target] for target in targets if target in RUN_TARGETS)


def check_pip(words: list[str]) -> str:
    """Check that `pip install` names fsql and extras that it has; nothing is installed."""
    assert words[1] == "install", words
    known = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for word in words[2:]:
        name, _, extras = word.rstrip("]").partition("[")
        assert name in {known["name"], "."}, f"pip install {word}: the page installs only fsql"
        missing = set(filter(None, extras.split(","))) - set(known["optional-dependencies"])
        assert not missing, f"fsql has no extra {', '.join(sorted(missing))}"
    return ""


CHECKED: dict[str, Callable[[list[str]], str]] = {"make": check_make, "pip": check_pip}


def run_command(where: object, command: Command, folder: Path) -> None:
    words = shlex.split(command.text, comments=True)
    if words[0] == "export":
        name, _, value = words[1].partition("=")
        os.environ[name] = value
    elif words[0] in CHECKED:
        run_shell(CHECKED[words[0]](words), folder)
    else:
        check_output(where, command.shown, run_shell(command.text, folder))


def run_shell(text: str, folder: Path) -> str:
    """What the command prints; AssertionError with all that it said if it fails."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-c", text],
        cwd=folder,
        env={**os.environ, "PATH": path, "COLUMNS": "100"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"{text}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def run_page(page: str, text: str, folder: Path) -> None:
    """Run the page's blocks in `folder`, which is also where this process works."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page, text):
        if block.reason is not None:
            continue
        if block.language == "python":
            run_python(block, namespace)
        else:
            for command in commands(block):
                run_command(block, command, folder)


def paths(group: click.Group, above: str) -> Iterator[str]:
    """Every command below a click group as one types it, groups left out."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from paths(command, f"{above} {name}")
        elif not command.hidden:
            yield f"{above} {name}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to work in, as far as pages need it a clone's; the page's exports end with it."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "migrations", tmp_path / "migrations")
    before = dict(os.environ)
    yield tmp_path
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_page_runs(page: Path, folder: Path) -> None:
    run_page(page.name, page.read_text("utf-8"), folder)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_runs_or_says_why_not(page: Path) -> None:
    for block in blocks(page.name, page.read_text("utf-8")):
        if block.reason is None:
            assert block.language in SHELLS | {"python", "console"}, f"{block}: {block.language!r}"
        else:
            assert re.search("AWS|until it is stopped", block.reason), f"{block}: why not?"


def test_first_use_comes_early() -> None:
    readme = blocks("README.md", PAGES[0].read_text("utf-8"))
    first = next(block for block in readme if block.language == "python")
    assert first.line <= 30
    assert "FeatureGroup(" in first.text


def test_every_command_is_documented() -> None:
    if importlib.util.find_spec("fsql.cli") is None:
        pytest.skip("fsql.cli is not written yet")
    main = importlib.import_module("fsql.cli").main
    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    missing = [path for path in paths(main, "fsql") if not re.search(rf"\b{path}\b", text)]
    assert not missing, f"in no page: {', '.join(missing)}"


# The machinery above, on pages that are wrong.

RIGHT = """\
```python
x = 1
print("one", x)
```

```text
one ...
```

```console
$ echo hello
hello
$ export MEANING=42
$ test $MEANING = 42
```

<!-- not run: needs an AWS account -->
```sh
exit 1
```
"""


def test_a_right_page_runs(folder: Path) -> None:
    run_page("page.md", RIGHT, folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("one ...", "two ...", "page.md:1 shows\ntwo"),
        ("hello\n$", "goodbye\n$", "page.md:10 shows\ngoodbye"),
        ("42\n$", "41\n$", "exit 1"),
        ("<!-- not run: needs an AWS account -->", "", "exit 1"),
        ("$ test $MEANING = 42", "$ make no-such-target", "no target no-such-target"),
        ("$ test $MEANING = 42", "$ pip install 'fsql[nothing]'", "no extra nothing"),
    ],
)
def test_a_wrong_page_fails(folder: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(message)):
        run_page("page.md", RIGHT.replace(old, new), folder)


def test_blocks_share_a_namespace_and_know_their_lines(folder: Path) -> None:
    page = "```python\nx = 1\n```\n\ntext\n\n```python\nx / 0\n```\n"
    with pytest.raises(ZeroDivisionError) as caught:
        run_page("page.md", page, folder)
    assert (caught.traceback[-1].path, caught.traceback[-1].lineno + 1) == ("page.md", 8)


def test_text_below_other_text_is_no_output() -> None:
    page = "```python\nprint(1)\n```\nIt prints nothing.\n\n```text\n2\n```\n"
    assert [block.shown for block in blocks("page.md", page)] == [None, None]
