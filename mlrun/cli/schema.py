"""`mlrun schema`."""

from __future__ import annotations

import click

from mlrun.errors import UsageError
from mlrun.schema_files import choices, read_schema, schema_file, schema_names


@click.command()
@click.argument("schema", metavar="[NAME]", required=False)
@click.option("--path", "is_path", is_flag=True, help="Print where its file is.")
def command(schema: str | None, is_path: bool) -> None:
    """Print the JSON Schema NAME, of a file or a document; without NAME, say which there are.

    An editor with a YAML language server completes and checks a project file whose first line
    is `# yaml-language-server: $schema=` and what `mlrun schema mlproject --path` prints.
    """
    if schema is not None and is_path:
        click.echo(schema_file(schema))
    elif schema is not None:
        click.echo(schema_file(schema).read_text(encoding="utf-8"), nl=False)
    elif is_path:
        raise UsageError("--path needs the name of a schema", hint=choices())
    else:
        rows = [(known, str(read_schema(known)["description"])) for known in schema_names()]
        lines = click.get_current_context().make_formatter()
        lines.write_dl(rows)
        click.echo(lines.getvalue(), nl=False)
