"""The words of the command line; written by `python -m mlrun.cli.completion_words`."""

# fmt: off
# ruff: noqa: E501
from mlrun.completion.vocabulary import Command, Option, Value

MLRUN = Command(
    'Run MLproject files: at once, in their environment, tracked in MLflow.',
    options=(
        Option('--version', about="Show mlrun's version and exit."),
        Option('--help', '-h', about='Show this message and exit.'),
    ),
    commands={
        'run': Command(
            'Run a project: a folder, a Git repository or an archive with an MLproject...',
            options=(
                Option('--entry-point', '-e', about='Entry point, or a script of the project.', value=Value('entry point')),
                Option('--version', '-v', about='Branch, tag or commit.', value=Value('any')),
                Option('--offline', about='Use what is cached of the project and of packages, and ask no server.'),
                Option('--keep-workdir', about="Keep the run's own folder of a project that was fetched, and print where..."),
                Option('--param-list', '-P', about='A parameter; may be repeated.', value=Value('parameter'), repeats=True),
                Option('--params-file', about='YAML or JSON file with parameters; -P comes before it.', value=Value('file')),
                Option('--docker-args', '-A', about="An option of `docker run` for the project's container; may be repeated.", value=Value('any'), repeats=True),
                Option('--experiment-name', about='Experiment to record in, made if missing.', value=Value('any')),
                Option('--experiment-id', about='Experiment to record in.', value=Value('any')),
                Option('--backend', '-b', about='Where to run.', value=Value('any')),
                Option('--backend-config', '-c', about="The backend's options.", value=Value('any')),
                Option('--no-conda', about='Same as --env-manager local.'),
                Option('--env-manager', about='What makes the environment; by default what the project asks for.', value=Value('choice', 'local', 'uv', 'virtualenv', 'conda')),
                Option('--env', about='Use this environment (a virtual environment, a conda prefix) as it is.', value=Value('file')),
                Option('--conda-exe', about='Make conda environments with this conda, mamba or micromamba.', value=Value('any')),
                Option('--as-of', about="Choose packages as they were on that day, or on that of the project's com...", value=Value('any')),
                Option('--locked', about="Refuse when the project's mlrun.lock is missing or does not fit."),
                Option('--env-limit', about='What all environments may take; the least used go after a build.', value=Value('any')),
                Option('--exact-python', about='Refuse another patch version of Python than the one that the project names.'),
                Option('--storage-dir', about='Where copies of remote `path` parameters go; by default they stay in the...', value=Value('file')),
                Option('--run-id', about='Continue this run instead of making one.', value=Value('any')),
                Option('--run-name', about="The run's name.", value=Value('any')),
                Option('--parent-run-id', about='The run to nest this one in.', value=Value('any')),
                Option('--build-image', about="Build a Docker image with the project's code in it."),
                Option('--tracking-uri', about='Where to record.', value=Value('any')),
                Option('--tag', about='A tag for the run.', value=Value('any'), repeats=True),
                Option('--no-log-params', about='Do not log the parameters to the run.'),
                Option('--no-tracking', about="Record nothing but the run's own folder."),
                Option('--grace-period', about='Time between asking the command to end and killing it.', value=Value('any')),
                Option('--buffer-tracking', '--no-buffer-tracking', about='Keep what a tracking server does not take, and deliver it later.'),
                Option('--tracking', about='best-effort: start although the tracking server cannot be used, and keep...', value=Value('choice', 'required', 'best-effort')),
                Option('--flush-timeout', about='Time to go on delivering after the command has ended; 0: no limit.', value=Value('any')),
                Option('--undelivered', about='Whether records that could not be delivered make the exit code 123', value=Value('choice', 'warn', 'fail')),
                Option('--dry-run', about='Print the plan, and do nothing.'),
                Option('--output', about='What goes to standard output.', value=Value('choice', 'text', 'json', 'json-lines')),
                Option('--result-file', about='Write the result, as JSON, to this file too.', value=Value('file')),
                Option('--quiet', about="Print nothing of mlrun's own but errors."),
                Option('--verbose', about='Print each step.'),
                Option('--help', '-h', about='Show this message and exit.'),
            ),
            arguments=(Value('project'),),
        ),
        'describe': Command(
            "Show a project's entry points, parameters and environment.",
            options=(
                Option('--version', '-v', about='Branch, tag or commit.', value=Value('any')),
                Option('--offline', about='Use what is cached of the project, and ask no server.'),
                Option('--output', about='What goes to standard output.', value=Value('choice', 'text', 'json')),
                Option('--help', '-h', about='Show this message and exit.'),
            ),
            arguments=(Value('project'),),
        ),
        'lint': Command(
            "Find everything that is wrong in a project's files.",
            options=(
                Option('--fix', about='Mend what nobody needs to think about.'),
                Option('--diff', about='Print what --fix would change, and change nothing.'),
                Option('--strict', about='Let notes fail, too.'),
                Option('--rule', about='Look for this rule alone.', value=Value('rule'), repeats=True),
                Option('--explain', about='Explain a rule, or list `all`.', value=Value('rule')),
                Option('--output', about='What goes to standard output. ', value=Value('choice', 'text', 'json', 'github')),
                Option('--help', '-h', about='Show this message and exit.'),
            ),
            arguments=(Value('file'),),
            repeats=True,
        ),
        'init': Command(
            'Write a project file for a folder with scripts.',
            options=(
                Option('--name', about="The project's name; by default the folder's.", value=Value('any')),
                Option('--force', about='Replace a project file that is there.'),
                Option('--dry-run', '--stdout', about='Print the project file, and write nothing.'),
                Option('--help', '-h', about='Show this message and exit.'),
            ),
            arguments=(Value('any'),),
        ),
        'runs': Command(
            'Look at the runs that were started on this machine.',
            options=(
                Option('--help', '-h', about='Show this message and exit.'),
            ),
            commands={
                'list': Command(
                    'List the newest runs.',
                    options=(
                        Option('--limit', about='How many to show.', value=Value('any')),
                        Option('--output', about='What goes to standard output.', value=Value('choice', 'text', 'json')),
                        Option('--help', '-h', about='Show this message and exit.'),
                    ),
                ),
                'log': Command(
                    "Print a run's output, as it was.",
                    options=(
                        Option('--help', '-h', about='Show this message and exit.'),
                    ),
                    arguments=(Value('any'),),
                ),
                'show': Command(
                    'Show what a run was, and how it ended.',
                    options=(
                        Option('--output', about='What goes to standard output.', value=Value('choice', 'text', 'json')),
                        Option('--help', '-h', about='Show this message and exit.'),
                    ),
                    arguments=(Value('any'),),
                ),
            },
        ),
        'env': Command(
            'Look after the environments that projects run in.',
            options=(
                Option('--help', '-h', about='Show this message and exit.'),
            ),
            commands={
                'build': Command(
                    "Build a project's environment, and print its key.",
                    options=(
                        Option('--entry-point', '-e', about='The entry point whose environment is meant', value=Value('entry point')),
                        Option('--version', '-v', about='Branch, tag or commit.', value=Value('any')),
                        Option('--env-manager', about='What makes the environment; by default what the project asks for.', value=Value('choice', 'local', 'uv', 'virtualenv', 'conda')),
                        Option('--exact-python', about='Refuse another patch version of Python than the one that the project names.'),
                        Option('--conda-exe', about='Make conda environments with this conda, mamba or micromamba.', value=Value('any')),
                        Option('--as-of', about="Choose packages as they were on that day, or on that of the project's com...", value=Value('any')),
                        Option('--locked', about="Refuse when the project's mlrun.lock is missing or does not fit."),
                        Option('--build-image', about="Build a Docker image with the project's code in it."),
                        Option('--offline', about='Use what is cached of the project and of packages, and ask no server.'),
                        Option('--dry-run', about='Print the key only, and build nothing.'),
                        Option('--env-limit', about='What all environments may take; the least used go after a build.', value=Value('any')),
                        Option('--output', about='What goes to standard output.', value=Value('choice', 'text', 'json')),
                        Option('--help', '-h', about='Show this message and exit.'),
                    ),
                    arguments=(Value('project'),),
                ),
                'list': Command(
                    'List what is there, the last used first.',
                    options=(
                        Option('--output', about='What goes to standard output.', value=Value('choice', 'text', 'json')),
                        Option('--help', '-h', about='Show this message and exit.'),
                    ),
                ),
                'path': Command(
                    'Print the folder of an environment: of a key, or of a project.',
                    options=(
                        Option('--entry-point', '-e', about='The entry point whose environment is meant', value=Value('entry point')),
                        Option('--version', '-v', about='Branch, tag or commit.', value=Value('any')),
                        Option('--env-manager', about='What makes the environment; by default what the project asks for.', value=Value('choice', 'local', 'uv', 'virtualenv', 'conda')),
                        Option('--exact-python', about='Refuse another patch version of Python than the one that the project names.'),
                        Option('--conda-exe', about='Make conda environments with this conda, mamba or micromamba.', value=Value('any')),
                        Option('--as-of', about="Choose packages as they were on that day, or on that of the project's com...", value=Value('any')),
                        Option('--locked', about="Refuse when the project's mlrun.lock is missing or does not fit."),
                        Option('--build-image', about="Build a Docker image with the project's code in it."),
                        Option('--offline', about='Use what is cached of the project and of packages, and ask no server.'),
                        Option('--help', '-h', about='Show this message and exit.'),
                    ),
                    arguments=(Value('any'),),
                ),
                'prune': Command(
                    'Remove what was not used for long, the least used first.',
                    options=(
                        Option('--older-than', about='Remove what was not used for so long', value=Value('any')),
                        Option('--max-size', about='Remove the least used beyond this.', value=Value('any')),
                        Option('--images', about='Remove Docker images that mlrun built so long ago, too.'),
                        Option('--dry-run', about='Only say what would be removed.'),
                        Option('--help', '-h', about='Show this message and exit.'),
                    ),
                ),
                'remove': Command(
                    'Remove environments, named by the beginnings of their keys.',
                    options=(
                        Option('--all', about='Remove all that no run uses.'),
                        Option('--help', '-h', about='Show this message and exit.'),
                    ),
                    arguments=(Value('any'),),
                    repeats=True,
                ),
                'show': Command(
                    'Show one environment: of a key, or of a project.',
                    options=(
                        Option('--entry-point', '-e', about='The entry point whose environment is meant', value=Value('entry point')),
                        Option('--version', '-v', about='Branch, tag or commit.', value=Value('any')),
                        Option('--env-manager', about='What makes the environment; by default what the project asks for.', value=Value('choice', 'local', 'uv', 'virtualenv', 'conda')),
                        Option('--exact-python', about='Refuse another patch version of Python than the one that the project names.'),
                        Option('--conda-exe', about='Make conda environments with this conda, mamba or micromamba.', value=Value('any')),
                        Option('--as-of', about="Choose packages as they were on that day, or on that of the project's com...", value=Value('any')),
                        Option('--locked', about="Refuse when the project's mlrun.lock is missing or does not fit."),
                        Option('--build-image', about="Build a Docker image with the project's code in it."),
                        Option('--offline', about='Use what is cached of the project and of packages, and ask no server.'),
                        Option('--output', about='What goes to standard output.', value=Value('choice', 'text', 'json')),
                        Option('--help', '-h', about='Show this message and exit.'),
                    ),
                    arguments=(Value('any'),),
                ),
            },
        ),
        'lock': Command(
            'Solve the environment of the project in a folder, and write it into its...',
            options=(
                Option('--check', about='Only say whether the lock fits the project; exit with 1 where it does not.'),
                Option('--upgrade', about='Solve anew, also where the lock fits.'),
                Option('--env-manager', about='What makes the environment; by default what the project asks for.', value=Value('choice', 'virtualenv', 'uv', 'conda')),
                Option('--exact-python', about='Refuse another patch version of Python than the one that the project names.'),
                Option('--conda-exe', about='Make conda environments with this conda, mamba or micromamba.', value=Value('any')),
                Option('--as-of', about="Choose packages as they were on that day, or on that of the project's com...", value=Value('any')),
                Option('--help', '-h', about='Show this message and exit.'),
            ),
            arguments=(Value('any'),),
        ),
        'cache': Command(
            'Look after what is kept of fetched projects and data.',
            options=(
                Option('--help', '-h', about='Show this message and exit.'),
            ),
            commands={
                'clear': Command(
                    'Remove all, or only what is named.',
                    options=(
                        Option('--kept', about='Remove kept folders too.'),
                        Option('--help', '-h', about='Show this message and exit.'),
                    ),
                    arguments=(Value('any'),),
                    repeats=True,
                ),
                'list': Command(
                    'List what is there, the last used first.',
                    options=(
                        Option('--output', about='What goes to standard output.', value=Value('choice', 'text', 'json')),
                        Option('--help', '-h', about='Show this message and exit.'),
                    ),
                ),
                'prune': Command(
                    'Remove what was not used for long.',
                    options=(
                        Option('--older-than', about='Remove what was not used for so long.', value=Value('any')),
                        Option('--dry-run', about='Only say what would be removed.'),
                        Option('--help', '-h', about='Show this message and exit.'),
                    ),
                ),
            },
        ),
        'sync': Command(
            'Deliver what a tracking server has not got yet.',
            options=(
                Option('--list', about='Show what is undelivered, and stop.'),
                Option('--output', about='What goes to standard output.', value=Value('choice', 'text', 'json')),
                Option('--help', '-h', about='Show this message and exit.'),
            ),
            arguments=(Value('any'),),
            repeats=True,
        ),
        'ui': Command(
            "Open MLflow's interface over the recorded runs, until Ctrl-C.",
            options=(
                Option('--tracking-uri', about='What to show.', value=Value('any')),
                Option('--run', about='Open the page of a run: its id, for a run of this machine the beginning o...', value=Value('any')),
                Option('--port', '-p', about='The port to listen on', value=Value('any')),
                Option('--host', about='The interface to listen on.', value=Value('any')),
                Option('--upgrade', about='Upgrade the database itself before, after a backup beside it.'),
                Option('--open', about='Open the page in a browser.'),
                Option('--help', '-h', about='Show this message and exit.'),
            ),
        ),
        'server': Command(
            "Start MLflow's tracking server, in an environment that mlrun makes for it.",
            options=(
                Option('--backend-store-uri', about='Where runs are recorded', value=Value('any')),
                Option('--artifacts-destination', about='Where artifacts are kept.', value=Value('any')),
                Option('--host', about='The interface to listen on.', value=Value('any')),
                Option('--port', '-p', about='The port to listen on', value=Value('any')),
                Option('--with', about="A package for its environment, such as a database's driver; may be repeated.", value=Value('any'), repeats=True),
                Option('--upgrade', about='Upgrade a local database before, after a backup beside it.'),
                Option('--help', '-h', about='Show this message and exit.'),
            ),
            arguments=(Value('any'),),
            repeats=True,
        ),
        'schema': Command(
            'Print the JSON Schema NAME, of a file or a document; without NAME, say...',
            options=(
                Option('--path', about='Print where its file is.'),
                Option('--help', '-h', about='Show this message and exit.'),
            ),
            arguments=(Value('schema'),),
        ),
        'completion': Command(
            "Print what makes a shell complete mlrun's words.",
            options=(
                Option('--help', '-h', about='Show this message and exit.'),
            ),
            arguments=(Value('choice', 'bash', 'fish', 'zsh'),),
        ),
    },
)
