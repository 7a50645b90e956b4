"""Git servers for these tests."""

from tests.git_servers import git_environment, git_servers

__all__ = ["git_environment", "git_servers"]
