"""The command line: words behind `--` set apart, errors shown as text, exit codes."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from streamproof.commands.options import Words
from streamproof.errors import INTERRUPTED, OK, USAGE, StreamproofError


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command and exits: 0, 1, 2, 3, 5 or 130 (see `streamproof --help`)."""
    own = list(sys.argv[1:] if arguments is None else arguments)
    words = Words()
    if "--" in own:
        place = own.index("--")
        own, words = own[:place], Words(command=tuple(own[place + 1 :]))
    sys.exit(_run(own, words))


def _run(arguments: list[str], words: Words) -> int:
    from streamproof.commands.group import cli  # noqa: PLC0415 - `--version` and errors need none of the rooms

    try:
        code = cli.main(args=arguments, prog_name="streamproof", standalone_mode=False, obj=words)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show()
        return USAGE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    except SystemExit as done:
        if "PacifyFlush" in type(sys.stdout).__name__:
            # click exits with 1 when the reader of a pipe has gone: that is no verdict.
            return INTERRUPTED
        return done.code if isinstance(done.code, int) else USAGE
    except BaseExceptionGroup as group:
        return _grouped(group)
    except Exception as error:
        if (code := _told(error)) is None:
            raise
        return code
    return code if isinstance(code, int) else OK


def _told(error: BaseException) -> int | None:
    """Shows an error that is meant for the user; None for any other."""
    from streamproof.commands.mistakes import explained  # noqa: PLC0415 - it names errors of every room

    told: StreamproofError | None = error if isinstance(error, StreamproofError) else explained(error)
    if told is None:
        return None
    click.echo(f"error: {told.message}", err=True)
    if told.hint:
        click.echo(f"hint: {told.hint}", err=True)
    return told.exit_code


def _grouped(group: BaseExceptionGroup[BaseException]) -> int:
    """Exceptions of tasks come gathered: an interruption or an exit wins, then an error for the user."""
    leaves = list(_leaves(group))
    if any(isinstance(leaf, KeyboardInterrupt) for leaf in leaves):
        click.echo("interrupted", err=True)
        return INTERRUPTED
    for leaf in leaves:
        if isinstance(leaf, SystemExit):
            return leaf.code if isinstance(leaf.code, int) else USAGE
        code = _told(leaf)
        if code is not None:
            return code
    raise group


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found


if __name__ == "__main__":
    main()
