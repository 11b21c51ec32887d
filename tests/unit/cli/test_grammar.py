"""Every command has help, completion and --json, and the help of the root imports no command."""

import os
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from iotflow_cli.command_line.durations import Duration
from iotflow_cli.command_line.grammar import LazyGroup
from iotflow_cli.command_line.root import root
from iotflow_cli.main import main, run
from iotflow_cli.older_commands.scripts import scripts

LIGHT = (
    "iotflow_cli.connections.server",
    "iotflow_cli.device_commands.watching",
    "iotflow_cli.device_config.commands",
    "iotflow_cli.profiles.commands",
    "iotflow_cli.registry.devices",
    "iotflow_cli.registry.schema",
    "iotflow_cli.running.lifecycle",
    "iotflow_cli.running.log_reading",
    "iotflow_cli.shells.python",
    "iotflow_cli.telemetry.reading",
)
HEAVY = ("alembic", "grpc", "numpy", "pyarrow", "rich", "sqlalchemy", "iotflow_server", "iotflow_simulators")


def commands(group: LazyGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """All commands and groups below a group, with their paths."""
    for name, lazy in group.lazy.items():
        command = lazy.load()
        yield (*path, name), command
        if isinstance(command, LazyGroup):
            yield from commands(command, (*path, name))


def groups(group: LazyGroup) -> Iterator[LazyGroup]:
    yield group
    for _, command in commands(group):
        if isinstance(command, LazyGroup):
            yield command


ALL = dict(commands(root))
OLDER = dict(commands(scripts))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_a_command_has_help_at_its_level(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*path, "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"Usage: iotflow {' '.join(path)} ")
    assert "--json" in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("path", OLDER, ids=" ".join)
def test_a_command_of_a_script_has_help_that_names_the_script(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(scripts, "", [*path, "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"Usage: {' '.join(path)} ")
    assert "--json" in shown
    assert max(map(len, shown.splitlines())) <= 80


NUMBERS = (click.types.IntParamType, click.types.FloatParamType, Duration)
NUMERIC = [
    (f"{' '.join(path)} {parameter.name}", parameter)
    for path, command in (ALL | OLDER).items()
    for parameter in command.params
    if isinstance(parameter.type, NUMBERS)
]


@pytest.mark.parametrize("parameter", [each for _, each in NUMERIC], ids=[name for name, _ in NUMERIC])
def test_a_number_has_bounds_that_its_refusal_names(parameter: click.Parameter) -> None:
    kind = parameter.type
    if isinstance(kind, Duration):
        wrong, bound = str(kind.most + 1), str(kind.most // 86_400 if kind.most % 86_400 == 0 else kind.most)
    else:
        assert isinstance(kind, click.IntRange | click.FloatRange), "a number without bounds"
        assert kind.min is not None
        assert kind.max is not None
        wrong, bound = f"{kind.max + 1}", f"{kind.max:g}" if isinstance(kind, click.FloatRange) else f"{kind.max}"
    for text in [wrong, *(["nan"] if isinstance(kind, click.FloatRange) else [])]:
        with pytest.raises(click.BadParameter) as refused:
            parameter.type_cast_value(click.Context(click.Command("any")), text)
        assert bound in refused.value.message


def has_default(option: click.Parameter) -> bool:
    """Whether the option has a default that the help must show; 0 and an empty text stand for nothing."""
    default = option.get_default(click.Context(click.Command("any")))
    return isinstance(default, str | int | float) and bool(default)


SHOWN = [
    (f"{' '.join(path)} {option.name}", option)
    for path, command in (ALL | OLDER).items()
    for option in command.params
    if isinstance(option, click.Option) and not option.is_flag and has_default(option)
]


@pytest.mark.parametrize("option", [each for _, each in SHOWN], ids=[name for name, _ in SHOWN])
def test_the_help_of_an_option_shows_its_default(option: click.Option) -> None:
    record = option.get_help_record(click.Context(click.Command("any")))
    assert record is not None
    assert "[default: " in record[1]


@pytest.mark.parametrize("tree", [root, scripts])
def test_the_list_of_a_group_has_the_first_sentences_of_its_commands(tree: LazyGroup) -> None:
    for group in groups(tree):
        for name, lazy in group.lazy.items():
            description = lazy.load().help or ""
            assert description.split("\n")[0] == lazy.help, name


def test_the_root_imports_no_command_to_show_its_help() -> None:
    code = f"import sys; from iotflow_cli.main import main; main(['--help']); sys.exit([m for m in {HEAVY} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert run.stderr.strip() == "[]"


def test_everything_is_imported_where_ctrl_c_is_caught() -> None:
    code = (
        "import sys; import iotflow_cli.main; sys.exit(str([m for m in ('click', 'json', 'rich') if m in sys.modules]))"
    )
    run = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert run.stderr.strip() == "[]"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_completion(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    assert "_IOTFLOW_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "found"), [("iotflow repl", {"replay"}), ("iotflow completion z", {"zsh"}), ("iotflow up --rest", None)]
)
def test_words_are_completed(words: str, found: set[str] | None) -> None:
    env = {
        **os.environ,
        "_IOTFLOW_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    code = "import sys; from iotflow_cli.main import main; sys.exit(main([]))"
    run = subprocess.run([sys.executable, "-P", "-c", code], env=env, capture_output=True, text=True)
    offered = {line.partition(",")[2] for line in run.stdout.splitlines()}
    assert offered == (found or {"--rest-host", "--rest-port"}), run.stderr


def test_commands_import_only_what_they_need() -> None:
    code = (
        "import importlib, sys\n"
        "for module in sys.argv[1:]:\n"
        "    importlib.import_module(module)\n"
        "    if heavy := {'alembic', 'numpy', 'pyarrow', 'sqlalchemy'} & {*sys.modules}:\n"
        "        sys.exit(f'{module} imports {heavy}')\n"
    )
    run = subprocess.run([sys.executable, "-P", "-c", code, *LIGHT], capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
