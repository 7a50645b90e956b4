"""What git writes when it fails, in one line that says what to do."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlrun.errors import (
    SourceError,
    SourceRefusedError,
    SourceUnavailableError,
    VersionNotFoundError,
)
from mlrun.sources.git.server.failures import ShallowRefusedError, failure, stalled
from mlrun.sources.git.url import GitUrl

SECRET = "s3cret-pass"
HTTPS = GitUrl("https://code.invalid/team/it.git", "https", "code.invalid", "alice", SECRET)
SSH = GitUrl("ssh://git@code.invalid:2222/team/it.git", "ssh", "code.invalid:2222")
SCP = GitUrl("git@code.invalid:team/it.git", "ssh", "code.invalid")
GIT = GitUrl("git://code.invalid/team/it.git", "git", "code.invalid")
FILE = GitUrl("file:///srv/it.git", "file")
NO_READ = "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct\n"

CASES = [
    # What git 2.25 to 2.50, curl with OpenSSL and GnuTLS, and OpenSSH say.
    (HTTPS, "Could not resolve host: code.invalid", SourceUnavailableError, "no host code.invalid"),
    (SSH, "ssh: Could not resolve hostname code.invalid: Name or service not known\r\n" + NO_READ,
     SourceUnavailableError, "no host code.invalid"),
    (GIT, "fatal: unable to look up code.invalid (port 9418) (Name or service not known)",
     SourceUnavailableError, "no host code.invalid"),
    (HTTPS, "Could not resolve proxy: proxy.invalid", SourceUnavailableError, "the proxy proxy"),
    (HTTPS, "Failed to connect to code.invalid port 443: Connection refused",
     SourceUnavailableError, "nothing answers at code.invalid"),
    (HTTPS, "fatal: unable to access 'https://code.invalid/it/': Failed to connect to proxy.invalid"
     " port 3128 after 0 ms: Couldn't connect to server",
     SourceUnavailableError, "nothing answers at proxy.invalid:3128"),
    (HTTPS, "CONNECT tunnel failed, response 501",
     SourceRefusedError, "the proxy does not connect to code.invalid .its answer: 501"),
    (HTTPS, "Received HTTP code 503 from proxy after CONNECT",
     SourceRefusedError, "the proxy does not connect to code.invalid .its answer: 503"),
    (HTTPS, "CONNECT tunnel failed, response 407", SourceRefusedError, "the proxy wants a user"),
    (HTTPS, "Failed to connect to code.invalid port 443 after 130000 ms: Connection timed out",
     SourceUnavailableError, "does not answer in time"),
    (SSH, "ssh: connect to host code.invalid port 2222: Connection timed out\r\n" + NO_READ,
     SourceUnavailableError, "does not answer in time"),
    (GIT, "fatal: unable to connect to code.invalid:\ncode.invalid[0: 10.0.0.1]: errno=No route to"
     " host", SourceUnavailableError, "cannot be reached"),
    (HTTPS, "SSL certificate problem: self-signed certificate", SourceRefusedError, "not trusted"),
    (HTTPS, "server certificate verification failed. CAfile: none CRLfile: none",
     SourceRefusedError, "not trusted"),
    (HTTPS, "SSL certificate problem: certificate has expired", SourceRefusedError, "has expired"),
    (HTTPS, "SSL: no alternative certificate subject name matches target host name 'code.invalid'",
     SourceRefusedError, "of another host"),
    (HTTPS, "gnutls_handshake() failed: The TLS connection was non-properly terminated.",
     SourceUnavailableError, "no encrypted connection"),
    (HTTPS, "fatal: unable to access 'https://code.invalid/it/': gnutls_handshake() failed",
     SourceUnavailableError, "https://code.invalid comes about: gnutls_handshake"),
    (HTTPS, "fatal: could not read Username for 'https://code.invalid': terminal prompts disabled",
     SourceRefusedError, "git has no user name and password for https://code.invalid "),
    (HTTPS, "fatal: could not read Username for 'https://code.invalid': No such device or address",
     SourceRefusedError, "git has no user name and password"),
    (HTTPS, "fatal: could not read Password for 'https://alice@code.invalid': terminal prompts"
     " disabled", SourceRefusedError, "no password"),
    (HTTPS, "remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://x/'",
     SourceRefusedError, "does not accept"),
    (HTTPS, "remote: Repository not found.\nfatal: repository 'https://x/' not found",
     SourceRefusedError, "there is no repository https://code.invalid/team/it.git, or it is priv"),
    (SSH, "ERROR: Repository not found.\n" + NO_READ, SourceRefusedError, "there is no repository"),
    (SSH, "remote: ERROR: The project you were looking for could not be found or you don't have"
     " permission to view it.\n" + NO_READ, SourceRefusedError, "there is no repository"),
    (GIT, "fatal: remote error: access denied or repository not exported: /team/it.git",
     SourceRefusedError, "there is no repository"),
    (FILE, "fatal: '/srv/it.git' does not appear to be a git repository\n" + NO_READ,
     SourceRefusedError, "there is no repository file:///srv/it.git$"),
    (SCP, "git@code.invalid: Permission denied (publickey,password).\r\n" + NO_READ,
     SourceRefusedError, r"git@code.invalid does not let you in \(publickey,password\)"),
    (SSH, "No ED25519 host key is known for code.invalid and you have requested strict checking.\n"
     "Host key verification failed.\n" + NO_READ, SourceRefusedError, "is not known here"),
    (SSH, "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\nHost key verification"
     " failed.\n" + NO_READ, SourceRefusedError, "has changed"),
    (SSH, "Bad owner or permissions on /home/a/.ssh/config\n" + NO_READ, SourceError,
     "ssh does not take /home/a/.ssh/config"),
    (SSH, "error: cannot run ssh: No such file or directory\nfatal: unable to fork", SourceError,
     "no program `ssh`"),
    (HTTPS, "git: 'remote-https' is not a git command. See 'git --help'.", SourceError,
     "cannot speak HTTP"),
    (HTTPS, "fatal: Unable to find remote helper for 'https'", SourceError, "cannot speak HTTP"),
    (HTTPS, "fatal: write error: No space left on device\nfatal: fetch-pack: invalid index-pack"
     " output", SourceError, "the disk is full"),
    (HTTPS, "fatal: write error: Disk quota exceeded\nfatal: early EOF", SourceError, "quota"),
    (HTTPS, "error: RPC failed; curl 18 transfer closed with outstanding read data remaining\n"
     "fatal: early EOF\nfatal: fetch-pack: invalid index-pack output", SourceUnavailableError,
     "broke the connection off"),
    (HTTPS, "error: index-pack died of signal 9\nfatal: index-pack failed", SourceError,
     "ended by signal 9"),
    (SSH, "kex_exchange_identification: Connection closed by remote host\r\n" + NO_READ,
     SourceUnavailableError, "broke the connection off"),
    (HTTPS, "fatal: https://x/info/refs not valid: is this a git repository?", SourceRefusedError,
     "is no Git repository"),
    (HTTPS, "fatal: https://x/info/refs not valid: could not determine hash algorithm; is this a"
     " git repository?", SourceRefusedError, "is no Git repository"),
    (GIT, "fatal: protocol error: bad line length character: HTTP", SourceRefusedError,
     "is no Git repository"),
    (FILE, "fatal: detected dubious ownership in repository at '/srv/it.git'\nTo add an exception",
     SourceRefusedError, "belongs to another user"),
    (FILE, "fatal: unsafe repository ('/srv/it.git' is owned by someone else)", SourceRefusedError,
     "belongs to another user"),
    (HTTPS, "fatal: transport 'http' not allowed", SourceRefusedError, "the transport http"),
    (HTTPS, 'Protocol "http" not supported or disabled in libcurl', SourceRefusedError,
     "redirects to http"),
    (HTTPS, 'Protocol "http" disabled', SourceRefusedError, "redirects to http"),
    (HTTPS, "The requested URL returned error: 502", SourceUnavailableError, "error 502"),
    (HTTPS, "fatal: couldn't find remote ref refs/heads/gone", VersionNotFoundError,
     "has no refs/heads/gone"),
    (HTTPS, "fatal: mismatched algorithms: client sha1; server sha256", SourceError, "sha256"),
    (SSH, "Unable to negotiate with 10.0.0.1 port 22: no matching host key type found.\n" + NO_READ,
     SourceError, "cannot read .*: Unable to negotiate"),
    (HTTPS, "fatal: something new", SourceError, "git cannot read .*: something new"),
    (HTTPS, "", SourceError, "it gave no reason"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "text", "error", "message"), CASES)
def test_each_failure_has_its_message(
    url: GitUrl, text: str, error: type[SourceError], message: str
) -> None:
    found = failure(url, text)
    assert type(found) is error
    with pytest.raises(error, match=message):
        raise found
    assert "\n" not in f"{found}{found.hint}" if isinstance(found, SourceError) else False


@pytest.mark.parametrize(
    "text",
    [
        f"error: Server does not allow request for unadvertised object {'1' * 40}",
        f"fatal: remote error: upload-pack: not our ref {'1' * 40}",
        "fatal: dumb http transport does not support shallow capabilities",
        "fatal: Server does not support shallow clients",
        f"fatal: couldn't find remote ref {'1' * 40}",
    ],
)
def test_where_all_must_be_fetched(text: str) -> None:
    assert isinstance(failure(HTTPS, text), ShallowRefusedError)


def test_a_disk_that_is_full_over_there_is_not_ours() -> None:
    found = failure(HTTPS, "remote: fatal: No space left on device\nfatal: early EOF")
    assert isinstance(found, SourceUnavailableError)


def test_a_signal_is_said_where_git_said_nothing() -> None:
    assert "ended by signal 9" in str(failure(HTTPS, "", -9))


def test_what_the_server_says_beside_its_no_is_passed_on() -> None:
    found = failure(HTTPS, "remote: Sign in\nremote:  at https://a:b@x \x1b[31m\n error: 403\n"
                    "fatal: unable to access: The requested URL returned error: 403")  # fmt: skip
    assert isinstance(found, SourceRefusedError)
    assert str(found.hint).endswith("the server says: Sign in at https://***@x  [31m")


def test_hints_name_what_to_type() -> None:
    changed = failure(SSH, "Host key for [code.invalid]:2222 has changed")
    unknown = failure(SSH, "Host key verification failed.")
    denied = failure(SCP, "git@code.invalid: Permission denied (publickey).")
    dubious = failure(FILE, "fatal: unsafe repository ('/srv/it.git' is owned by someone else)")
    hints = [
        e.hint or "" for e in (changed, unknown, denied, dubious) if isinstance(e, SourceError)
    ]
    assert "ssh-keygen -R '[code.invalid]:2222'" in hints[0]
    assert "`ssh -T -p 2222 git@code.invalid`" in hints[1]
    assert "`ssh -T git@code.invalid`" in hints[2]
    assert "safe.directory '/srv/it.git'" in hints[3]


def test_a_stall_says_how_far_it_was() -> None:
    assert "has not answered for 60 s" in str(stalled(HTTPS, 60.0))
    assert str(stalled(HTTPS, 1.5, "45 %")).endswith("stands still for 1.5 s, at 45 %")


@given(
    st.lists(
        st.one_of(
            st.text(max_size=40),
            st.sampled_from([text for _, text, _, _ in CASES]),
            st.sampled_from([SECRET, f"https://alice:{SECRET}@code.invalid/", "remote: " + SECRET]),
        ),
        max_size=6,
    ),
    st.sampled_from(["", " ", "\n"]),
)
def test_whatever_git_writes_is_one_line_without_the_password(
    parts: list[str], between: str
) -> None:
    found = failure(HTTPS, between.join(parts))
    said = f"{found} {found.hint if isinstance(found, SourceError) else ''}"
    assert SECRET not in said
    assert said.isprintable()
    assert len(said) < 2000


@pytest.mark.parametrize("part", ["a@", "@", "Host key for "])
def test_a_flood_of_nonsense_is_read_in_an_instant(part: str) -> None:
    script = (
        "import sys\n"
        "from mlrun.sources.git.server.failures import failure\n"
        "from mlrun.sources.git.url import parse_git_url\n"
        "print(failure(parse_git_url('git@host:it.git'), sys.argv[1] * 300_000).message)"
    )
    answer = subprocess.run(
        (sys.executable, "-c", script, part), capture_output=True, text=True, timeout=30, check=True
    )
    assert answer.stdout.startswith("git cannot read git@host:it.git: ")
