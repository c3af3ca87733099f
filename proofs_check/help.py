"""The options of ``check-theorem``: made from the table, and shown in groups, for one statement those that count."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

import click

from proofs_check.errors import InputError
from proofs_check.options import GROUPS, OPTIONS, Option
from proofs_check.registry import Entry, find

GENERAL: Final = "Running and reporting"
CLAIM: Final = "claims"


def report_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """A decorator that adds every option of the table; each is given as text."""
    for option in reversed(OPTIONS):
        add = click.option(
            f"--{option.name}",
            option.parameter,
            is_flag=option.is_flag,
            multiple=option.multiple,
            default=None if not option.is_flag else False,
            metavar=option.metavar or None,
            help=option.help,
        )
        function = add(function)
    return function


def given_options(options: dict[str, Any]) -> dict[str, str]:
    """Take the options of the table out of the parameters of a function: those that were given, as text."""
    given = {}
    for option in OPTIONS:
        value = options.pop(option.parameter)
        if option.multiple:
            value = ",".join(value) if value else None
        if option.is_flag:
            value = "" if value else None
        if value is not None:
            given[option.name] = value
    return given


class GroupedCommand(click.Command):
    """A command whose help has a heading for each group of options.

    ``check-theorem figure-1 --help`` shows the options that count for this statement, with its defaults.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.obj = _statement(args)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        entry: Entry | None = ctx.obj
        table = {option.parameter: option for option in OPTIONS}
        records: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record, option = parameter.get_help_record(ctx), table.get(str(parameter.name))
            if (
                record is None
                or isinstance(parameter, click.Argument)
                or not _counts(str(parameter.name), option, entry)
            ):
                continue
            words = record[1] + _default(option, entry)
            records.setdefault(option.group if option else GENERAL, []).append((record[0], words))
        for group in (*GROUPS, GENERAL):
            if group in records:
                with formatter.section(group):
                    formatter.write_dl(records[group])


def _statement(args: Iterable[str]) -> Entry | None:
    """The statement that help is asked about."""
    words = list(args)
    if not {"-h", "--help"} & set(words) or not words or words[0].startswith("-"):
        return None
    try:
        return find(words[0])
    except InputError:
        return None


def _counts(name: str, option: Option | None, entry: Entry | None) -> bool:
    if entry is None:
        return True
    return option.name in entry.options if option else name != CLAIM or bool(entry.targets)


def _default(option: Option | None, entry: Entry | None) -> str:
    """The default, unless the help says it in words."""
    default = None if option is None else entry.default(option) if entry else option.default
    return "" if default is None else f"  [default: {default}]"
