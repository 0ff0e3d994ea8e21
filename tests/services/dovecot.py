"""A real IMAP server: Dovecot 2.3 with plain Maildirs, where every user exists and logs in with `pw`."""

import grp
import imaplib
import os
import pwd
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.services.certificates import Certificate
from tests.services.launch import ServerProcess, free_port, is_root, own_folder, require, unavailable

PASSWORD = "pw"

CONFIGURATION = """\
base_dir = {folder}/run
state_dir = {folder}/state
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
log_path = {folder}/log
mail_location = maildir:{folder}/mail/%u
mailbox_list_index = no
auth_failure_delay = 0
default_internal_user = {internal}
default_login_user = {login}
first_valid_uid = 1
{unchained}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
# Else whoever signs in after somebody who failed waits longer each time, up to 15 seconds.
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
auth_mechanisms = plain login xoauth2 oauthbearer
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u allow_all_users=yes
}}
"""

# Tokens are shown to an authorisation server of the test's own (RFC 7662).
INTROSPECTION = """\
introspection_mode = get
introspection_url = http://127.0.0.1:{port}/introspect?token=
username_attribute = username
active_attribute = active
active_value = true
"""

# Only root may lock a process into a folder.
WITHOUT_ROOT = """\
default_internal_group = {group}
service imap-login {{
  chroot =
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


class DovecotServer:
    """IMAP on `port` (plain, with STARTTLS) and `tls_port`; mail goes in by `deliver()` or by IMAP itself.

    Who shows an access token is looked up at an authorisation server on `introspection_port`.
    """

    def __init__(self) -> None:
        self._program = require("dovecot")
        self._doveadm = require("doveadm")
        self._require_version()
        self._user = "mail" if is_root() else pwd.getpwuid(os.geteuid()).pw_name
        self._folder = own_folder("dovecot", self._user)
        self._folder.chmod(0o755)
        self.port, self.tls_port, self.introspection_port = free_port(), free_port(), free_port()
        self.certificate = Certificate.self_signed(self._folder / "certificate")
        self._configuration = self._folder / "dovecot.conf"
        self._configuration.write_text(self._settings())
        (self._folder / "oauth2.conf").write_text(INTROSPECTION.format(port=self.introspection_port))
        self.start()

    def url(self, user: str, *, tls: bool = False) -> str:
        """What `--imap` takes for this user; the password is `pw`."""
        scheme, port = ("imaps", self.tls_port) if tls else ("imap", self.port)
        return f"{scheme}://{user}@127.0.0.1:{port}"

    def new_user(self) -> str:
        """The name of a user who has no mail yet."""
        return f"u{secrets.token_hex(4)}"

    def deliver(self, user: str, raw: bytes, mailbox: str = "INBOX") -> Path:
        """Put a mail into the user's Maildir, as a delivery agent would; returns its file."""
        folder = self._maildir(user, mailbox)
        for name in ("tmp", "new", "cur"):
            self._make_folder(folder / name)
        # The time stands in front (maildir(5)): Dovecot gives UIDs in its order.
        seconds, nanoseconds = divmod(time.time_ns(), 10**9)
        name = f"{seconds}.M{nanoseconds // 1000:06}R{secrets.token_hex(8)}.test"
        draft = folder / "tmp" / name
        draft.write_bytes(raw)
        shutil.chown(draft, user=self._user)
        return draft.rename(folder / "new" / name)

    def append(self, user: str, raw: bytes, mailbox: str = "INBOX", *, flags: str = "") -> None:
        """Put a mail into a mailbox by APPEND; *flags* as in `r"(\\Seen)"`."""
        with self.login(user) as imap:
            expect(imap.append(mailbox, flags, "", raw))

    def messages(self, user: str, mailbox: str = "INBOX") -> dict[int, bytes]:
        """Every mail of a mailbox by UID."""
        with self.login(user) as imap:
            expect(imap.select(mailbox, readonly=True))
            found = expect(imap.uid("SEARCH", "ALL"))[0].split()
            return {int(uid): expect(imap.uid("FETCH", uid.decode(), "(BODY.PEEK[])"))[0][1] for uid in found}

    def flags(self, user: str, mailbox: str = "INBOX") -> list[tuple[str, ...]]:
        """The flags of every mail of a mailbox, in order."""
        with self.login(user) as imap:
            expect(imap.select(mailbox, readonly=True))
            lines = expect(imap.fetch("1:*", "(FLAGS)"))
        return [tuple(flag.decode() for flag in imaplib.ParseFlags(line)) for line in lines if line]

    def create(self, user: str, mailbox: str) -> None:
        """Make a mailbox."""
        with self.login(user) as imap:
            expect(imap.create(mailbox))

    def uidvalidity(self, user: str, mailbox: str = "INBOX") -> int:
        """The mailbox's UIDVALIDITY (RFC 9051, 2.3.1.1)."""
        with self.login(user) as imap:
            expect(imap.select(mailbox, readonly=True))
            return int(imap.response("UIDVALIDITY")[1][0])

    def recreate(self, user: str, mailbox: str = "INBOX") -> None:
        """Delete a mailbox and make it again, empty: all UIDs are void and UIDVALIDITY is another."""
        before = self.uidvalidity(user, mailbox)
        folder = self._maildir(user, mailbox)
        for entry in ["cur", "new", "tmp"] if mailbox == "INBOX" else ["."]:
            shutil.rmtree(folder / entry)
        for left in folder.glob("dovecot*"):
            left.unlink()
        for name in ("tmp", "new", "cur"):
            self._make_folder(folder / name)
        self._administer("mailbox", "update", "-u", user, "--uid-validity", str(before + 1), mailbox)

    def disconnect(self, user: str) -> None:
        """Throw out the user's sessions, of which there must be one."""
        self._administer("kick", user)

    def start(self) -> None:
        """Start it, again with the same mail on the same ports."""
        command: list[str | Path] = [self._program, "-F", "-c", self._configuration]
        self._process = ServerProcess(command, port=self.port, log=self._folder / "output")

    def stop(self) -> None:
        """Stop it and keep the mail; whoever is connected loses the connection."""
        self._process.stop()

    def restart(self) -> None:
        """Stop it and start it on the same ports."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop it for good and remove the mail."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def login(self, user: str) -> Iterator[imaplib.IMAP4]:
        """A session of the standard library's client, to look from outside."""
        with imaplib.IMAP4("127.0.0.1", self.port, timeout=20) as imap:
            expect(imap.login(user, PASSWORD))
            yield imap

    def _settings(self) -> str:
        account = pwd.getpwnam(self._user)
        return CONFIGURATION.format(
            folder=self._folder,
            certificate=self.certificate.certificate,
            key=self.certificate.key,
            internal="dovecot" if is_root() else self._user,
            login="dovenull" if is_root() else self._user,
            unchained="" if is_root() else WITHOUT_ROOT.format(group=grp.getgrgid(account.pw_gid).gr_name),
            port=self.port,
            tls_port=self.tls_port,
            password=PASSWORD,
            uid=account.pw_uid,
            gid=account.pw_gid,
        )

    def _maildir(self, user: str, mailbox: str) -> Path:
        root = self._folder / "mail" / user
        return root if mailbox == "INBOX" else root / f".{mailbox}"

    def _make_folder(self, folder: Path) -> None:
        for part in reversed([folder, *folder.parents]):
            if not part.exists():
                part.mkdir(mode=0o700)
                shutil.chown(part, user=self._user)

    def _administer(self, *arguments: str) -> None:
        subprocess.run(
            [self._doveadm, "-c", self._configuration, *arguments],
            check=True,
            capture_output=True,
            timeout=20,
        )

    def _require_version(self) -> None:
        printed = subprocess.run(
            [self._program, "--version"], capture_output=True, text=True, timeout=20, check=True
        )
        if not printed.stdout.startswith("2.3."):
            unavailable(f"these tests speak the settings of Dovecot 2.3, not of {printed.stdout.strip()}")


def expect(answer: tuple[str, list[Any]]) -> list[Any]:
    """The data of an IMAP answer that must be OK."""
    status, data = answer
    if status != "OK":
        raise AssertionError(f"IMAP said {status}: {data!r}")
    return data
