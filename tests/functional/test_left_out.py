"""Arguments without a value, flags and secrets in the command of a run."""

from __future__ import annotations

from tests.functional.commands import Place

PROJECT = """\
entry_points:
  main:
    parameters:
      limit: {type: int, optional: true}
      shuffle: {type: bool, flag: true, default: false}
      cache: {type: bool, flag: --cache/--no-cache, default: false}
      api-key: {secret: true, default: "@key"}
    command: |
      export KEY={api-key}
      printf '<%s>' a --limit {limit}
        {shuffle} {cache} --end
      bash -c 'printf "<%s>" b --limit {limit} "$KEY" "$API_KEY"'
  glued:
    parameters:
      fast: {type: bool, flag: true, default: true}
    command: echo --fast={fast}
  redirected:
    parameters:
      log: {optional: true}
    command: echo a > {log}
"""


def test_what_has_no_value_leaves_the_command(place: Place) -> None:
    place.write(PROJECT, key="it's $1")
    answer = place.run_project("--no-tracking")
    assert answer.stdout == "<a><--no-cache><--end><b><it's $1><it's $1>", answer.stderr
    answer = place.run_project(
        *("--no-tracking", "-P", "limit=3", "-P", "shuffle=true", "-P", "cache=true")
    )
    assert answer.stdout == (
        "<a><--limit><3><--shuffle><--cache><--end><b><--limit><3><it's $1><it's $1>"
    )
    logs = {(folder / "output.log").read_text()[-32:] for folder in place.run_folders()}
    assert {log.partition("<b>")[2] for log in logs} == {"<***><***>", "<--limit><3><***><***>"}


def test_what_cannot_be_left_out_is_pointed_at(place: Place) -> None:
    place.write(PROJECT)
    for name, line, column in (("glued", 16, 26), ("redirected", 20, 23)):
        answer = place.run_project("-e", name)
        assert answer.returncode == 125
        assert f"MLproject:{line}:{column}: " in answer.stderr
