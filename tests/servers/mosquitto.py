"""Run a real MQTT broker for tests: plain, over TLS, over WebSocket, and over both.

It can be asked for a password, frozen, killed and started again.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from pathlib import Path
from types import TracebackType

from tests.servers.ports import free_port
from tests.servers.requirement import missing

STARTS_WITHIN_S = 10.0
SCHEMES = ("mqtt", "mqtts", "ws", "wss")


class Mosquitto:
    """`mosquitto` on four free ports of this machine; a context manager.

    Args:
        folder: For its files.
        login: The user and the password that it asks for; None to let everybody in.

    Attributes:
        urls: Its address for each scheme.
        certificate: The file with its certificate.
    """

    def __init__(self, folder: Path, login: tuple[str, str] | None = None) -> None:
        self._folder = folder
        self._login = login
        self.certificate = folder / "cert.pem"
        self._process: subprocess.Popen[bytes] | None = None
        self._ports = {scheme: free_port() for scheme in SCHEMES}
        self.urls = {scheme: f"{scheme}://127.0.0.1:{self._ports[scheme]}" for scheme in SCHEMES}

    def __enter__(self) -> Mosquitto:
        self._make_certificate()
        config = self._folder / "mosquitto.conf"
        config.write_text(self._entry() + "".join(map(self._listener, SCHEMES)))
        self.start()
        return self

    def start(self) -> None:
        """Start it, also again after `kill`; it remembers nothing."""
        config = self._folder / "mosquitto.conf"
        self._process = subprocess.Popen(
            [_program(), "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + STARTS_WITHIN_S
        for port in self._ports.values():
            while not _answers(port):
                assert self._process.poll() is None, "mosquitto ended by itself"
                assert time.monotonic() < deadline, "mosquitto does not answer"
                time.sleep(0.02)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self.kill()

    def kill(self) -> None:
        """End it at once, frozen or not."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=10)

    def freeze(self) -> None:
        """Let it answer nothing, while connections to it stay open and new ones are taken."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def trust(self) -> ssl.SSLContext:
        """Return what accepts this broker's certificate and no other."""
        return ssl.create_default_context(cafile=str(self._folder / "cert.pem"))

    def _entry(self) -> str:
        if self._login is None:
            return "allow_anonymous true\n"
        user, password = self._login
        salt = os.urandom(12)
        hashed = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101, 64)
        parts = [base64.b64encode(part).decode() for part in (salt, hashed)]
        file = self._folder / "passwords"
        file.write_text(f"{user}:$7$101${parts[0]}${parts[1]}\n")
        return f"allow_anonymous false\npassword_file {file}\n"

    def _listener(self, scheme: str) -> str:
        lines = [f"listener {self._ports[scheme]} 127.0.0.1"]
        lines += ["protocol websockets"] if scheme.startswith("ws") else []
        if scheme.endswith("s") and scheme != "ws":
            lines += [f"certfile {self._folder}/cert.pem", f"keyfile {self._folder}/key.pem"]
        return "\n".join(lines) + "\n"

    def _make_certificate(self) -> None:
        openssl = shutil.which("openssl")
        if openssl is None:
            missing("no openssl is installed, to make a certificate with")
        words = [
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=127.0.0.1",
        ]
        words += ["-addext", "subjectAltName=IP:127.0.0.1"]
        files = ["-keyout", str(self._folder / "key.pem"), "-out", str(self._folder / "cert.pem")]
        subprocess.run([openssl, *words, *files], check=True, capture_output=True, timeout=60)
        (self._folder / "key.pem").chmod(0o644)  # started as root, the broker becomes another
        self._folder.chmod(0o755)


def _program() -> str:
    found = os.environ.get("PITWALL_MOSQUITTO") or shutil.which(
        "mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin"
    )
    if found is None:
        missing("no mosquitto is installed (Debian: mosquitto)")
    return found


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
