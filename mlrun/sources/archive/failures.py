"""What a failed download of an archive means for a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from mlrun.errors import SourceError, SourceRefusedError, SourceUnavailableError
from mlrun.web.failures import WebError, WebRefusedError, WebTryAgainError, WebUnavailableError


@contextmanager
def source_errors() -> Iterator[None]:
    """Turn a failure of the web's into the source's.

    Raises:
        WebTryAgainError: As it was: a failure that may be over in a moment.
        SourceUnavailableError: There is no connection, or it stands still.
        SourceRefusedError: The server answered no.
        SourceError: There can be no such request.
    """
    try:
        yield
    except WebTryAgainError:
        raise
    except WebUnavailableError as error:
        raise SourceUnavailableError(error.message, hint=error.hint) from error
    except WebRefusedError as error:
        raise SourceRefusedError(error.message, hint=error.hint) from error
    except WebError as error:
        raise SourceError(error.message, hint=error.hint) from error
