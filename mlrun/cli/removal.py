"""Removing what is kept on this machine, and saying what became of each."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlrun.cli.narration import say
from mlrun.disk import Removal
from mlrun.errors import MlrunError
from mlrun.sizes import size_in_words


@dataclass
class Done:
    """What has become of the entries to remove.

    Attributes:
        dry_run: Whether nothing is removed, and only said what would be.
        freed: Bytes.
        stayed: How many are in use.
        refused: The folders of which not all could be removed.
    """

    dry_run: bool
    freed: int = 0
    stayed: int = 0
    refused: list[str] = field(default_factory=list)

    def note(self, removal: Removal, name: str, size: int, folder: str = "") -> None:
        """Say what became of an entry, and count it.

        Args:
            removal: How it went.
            name: The entry, in words.
            size: Its bytes.
            folder: Where it is.
        """
        if removal is Removal.REMOVED:
            verb = "would remove" if self.dry_run else "removed"
            say(f"{verb} {name} ({size_in_words(size)})")
            self.freed += size
        elif removal is Removal.IN_USE:
            say(f"in use, and stays: {name}")
            self.stayed += 1
        else:
            self.refused.append(folder)

    def sum_up(self, error: type[MlrunError], *, at_most: bool = False) -> None:
        """Say how much room there is now.

        Args:
            error: What to raise.
            at_most: Whether less may have been freed than was counted.

        Raises:
            MlrunError: Something may not be removed.
        """
        if self.freed:
            about = "up to " if at_most else ""
            verb = "would be freed" if self.dry_run else "freed"
            say(f"{about}{size_in_words(self.freed)} {verb}")
        elif not self.stayed and not self.refused:
            say("nothing to remove")
        if self.refused:
            raise error(
                f"not all could be removed of {', '.join(self.refused)}",
                hint="it belongs to another user, or the disk is read-only",
            )
