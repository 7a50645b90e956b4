"""The conda part of an environment by rattler, in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mlrun.environments.base import Report
from mlrun.environments.conda import failures
from mlrun.environments.conda import prefix as prefixes
from mlrun.environments.conda.cache_folders import contents_cache, packages_cache
from mlrun.environments.conda.channels import ChannelUrl, refuse_unwanted_places
from mlrun.environments.conda.client import connected, not_reached
from mlrun.environments.conda.locked import locked_packages, records_of
from mlrun.environments.conda.platform_bound import explain
from mlrun.environments.conda.running import run_to_end
from mlrun.environments.conda.settings import CondaSettings, without_login
from mlrun.environments.conda.solving import Index, Wish, solve
from mlrun.environments.conda.specs import MatchText, match_texts
from mlrun.environments.errand import current_errand
from mlrun.environments.installing.build_log import BuildLog
from mlrun.environments.lock.model import LockedPackage
from mlrun.environments.store.store import BuildPlace
from mlrun.errors import EnvironmentBuildError

if TYPE_CHECKING:
    from rattler.networking.client import Client
    from rattler.repo_data.record import RepoDataRecord

    from mlrun.environments.conda.environment import CondaEnvironment


class RattlerBuild:
    """Solves and installs.

    Args:
        environment: What to build.
        settings: The user's for conda.
        channels: Where packages are taken from.
        environ: The user's environment variables.
        report: Takes a line when something is begun that takes its time.
        warn: Takes what is to be known of the result: a sentence, and what to do.
    """

    def __init__(
        self,
        environment: CondaEnvironment,
        settings: CondaSettings,
        channels: Sequence[ChannelUrl],
        environ: Mapping[str, str],
        report: Report,
        warn: Callable[[str, str | None], None],
    ) -> None:
        self._environment = environment
        self._spec = environment.spec
        self._environ = environ
        self._report = report
        self._warn = warn
        self._wish = Wish(
            texts=(),
            channels=tuple(channels),
            settings=settings,
            as_of=environment.as_of,
            location=environment.spec.location,
            with_pip=settings.add_pip and "pip" not in environment.names,
            cached_only=settings.offline,
        )
        self._unreached: EnvironmentBuildError | None = None
        self._notice: str | None = None

    def install(self, place: BuildPlace, log: BuildLog) -> tuple[LockedPackage, ...]:
        """Make the prefix.

        Raises:
            EnvironmentBuildError: The packages cannot be had, or not together.
            ProjectError: A requirement cannot be understood.
        """
        self._report(f"building the environment with rattler (log: {place.log})")
        with connected(self._wish.settings, self._wish.channels) as client:
            records = self._records(client, log)
            packages = locked_packages(records)
            for package in packages:
                log.note(f"{package.name} {package.version} {package.build} {package.url}")
            count = len(records)
            self._report(f"installing {count} conda package{'' if count == 1 else 's'}")
            self._link(records, place.environment, client)
        prefixes.note_history(place.environment, [one.text for one in self._spec.packages])
        if any(without_login(c.url) != c.url for c in self._wish.channels):
            prefixes.forget_logins(place.environment)
        return packages

    def _records(self, client: Client, log: BuildLog) -> list[RepoDataRecord]:
        pinned = self._environment.pinned
        if pinned is not None:
            records = records_of(pinned.packages, self._wish.channels)
            refuse_unwanted_places(
                (record.url for record in records),
                self._wish.settings,
                self._spec.folder,
                self._spec.location,
            )
            return records
        if not self._spec.packages and not self._environment.pip:
            return []
        asked = self._asked()
        self._look_at_network()
        log.note(f"channels: {', '.join(channel.shown for channel in self._wish.channels)}")
        log.note(f"packages: {', '.join(one.written for one in asked)}")
        index = Index(replace(self._wish, texts=asked), contents_cache(self._environ), client)
        return run_to_end(lambda: self._solved(index))

    def _asked(self) -> tuple[MatchText, ...]:
        texts = match_texts(self._spec, self._wish.settings)
        if self._environment.pip and "python" not in self._environment.names:
            self._warn(
                "the file has a pip part and asks for no Python: the newest one was taken",
                "write `python=X.Y` and `pip` among its dependencies",
            )
            texts += (MatchText("python", self._spec.location, "python"),)
        return texts

    def _look_at_network(self) -> None:
        """Go on with what is known of the channels where they do not answer."""
        if self._wish.cached_only:
            return
        silent = not_reached(self._wish.channels, self._wish.settings, self._environ)
        if silent is not None:
            channel, why = silent
            self._unreached = failures.not_reachable(self._wish, channel.shown, why)
            self._notice = f"{channel.name} cannot be reached ({why}): using what is known of it"
            self._wish = replace(self._wish, cached_only=True)

    def _tell_unreached(self) -> None:
        """Say that a channel did not answer, where something is known of it."""
        if self._notice is not None:
            self._report(self._notice)

    async def _solved(self, index: Index) -> list[RepoDataRecord]:
        from rattler.exceptions import (
            CacheDirError,
            DetectVirtualPackageError,
            FetchRepoDataError,
            GatewayError,
            InvalidChannelError,
            IoError,
            ParseSubdirError,
            SolverError,
            VirtualPackageOverrideError,
        )

        try:
            records = await solve(index)
        except SolverError as error:
            self._tell_unreached()
            failure = await failures.solver_failure(index, error)
            raise explain(failure, self._spec, self._wish.settings.subdir) from error
        except (GatewayError, FetchRepoDataError, IoError, CacheDirError) as error:
            raise self._unreached or failures.channel_failure(self._wish, error) from error
        except (InvalidChannelError, ParseSubdirError) as error:
            raise failures.setting_failure(self._wish, error) from error
        except (DetectVirtualPackageError, VirtualPackageOverrideError) as error:
            raise EnvironmentBuildError(
                f"what this machine has cannot be told: {error}",
                hint="look at the variables CONDA_OVERRIDE_...",
            ) from error
        self._tell_unreached()
        return records

    def _link(self, records: list[RepoDataRecord], prefix: Path, client: Client) -> None:
        from rattler.exceptions import InstallerError, LinkError, TransactionError

        from mlrun.environments.conda.installing import install

        cache = packages_cache(self._environ)
        prefix.mkdir(parents=True)
        progress = current_errand().progress
        try:
            cache.mkdir(parents=True, exist_ok=True)
            run_to_end(lambda: install(records, prefix, cache, client, progress))
        except (InstallerError, LinkError, TransactionError) as error:
            raise failures.installation_failure(self._wish, error) from error
