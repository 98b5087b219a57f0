"""Try the Dockerfile and the compose file without a container engine, in chroots.

    sudo .venv/bin/python scripts/try_containers.py FOLDER [--build | --run]

`--build` runs the Dockerfile's own lines, stage by stage, in roots made of Debian's packages, and
says where the system's OpenMP is found. `--run` starts the services of the compose file in them,
with its settings, users and read-only files, opens an account through the API and lists accounts
with the command that the documentation names. Without an option it does both. It takes minutes and
some gigabytes, and needs root, debootstrap, npm and what CONTRIBUTING.md asks for.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from container_roots import PATH, ROOT, Image, Roots, do, from_json, say
from ruamel.yaml import YAML

ALONE = "PITWALL_INTERNAL_TRY_ALONE"
WELL_WITHIN_S = 180
EMAIL, PASSWORD = "owner@example.org", "a long enough password"
REGISTER = f"""
import json, urllib.request
body = json.dumps({{"email": "{EMAIL}", "password": "{PASSWORD}"}}).encode()
asked = urllib.request.Request("http://127.0.0.1:8000/auth/register", body,
    {{"Content-Type": "application/json"}}, method="POST")
print("registered:", urllib.request.urlopen(asked).status)
"""


class Services(Roots):
    """Runs the services of the compose file in roots that were built."""

    def run(self) -> None:
        """Start every service and ask the app for what the documentation promises."""
        kept = json.loads((self.folder / "images.json").read_text())
        self.images = {name: from_json(image) for name, image in kept.items()}
        shutil.rmtree(self.folder / "running", ignore_errors=True)
        services = YAML(typ="safe").load(ROOT / "docker-compose.yml")["services"]
        (self.folder / "debian/etc/hosts").write_text("127.0.0.1 localhost database redis\n")
        secrets = self.service("secrets", [self.debian()], services["secrets"])
        do(["chroot", str(secrets), *_entry(services["secrets"])])
        database = self.service(
            "database", self.with_package("postgresql-15"), services["database"]
        )
        start_database(database, _environment(services["database"]))
        redis = self.service("redis", self.with_package("redis-server"), services["redis"])
        start = ["chroot", str(redis), *_entry(services["redis"])]
        subprocess.Popen(start)
        app = self.service("app", self.images["server"].layers, services["app"])
        image = self.images["server"]
        env = image.env | _environment(services["app"])
        begun = time.monotonic()
        inside = _container(app, image, services["app"])
        subprocess.Popen([*inside, *image.command], env=env)
        while subprocess.run([*inside, *image.health], env=env, stderr=-3, check=False).returncode:
            if time.monotonic() - begun > WELL_WITHIN_S:
                sys.exit("the app is not well")
            time.sleep(1)
        say(f"healthy after {time.monotonic() - begun:.0f} s")
        do([*inside, "python", "-c", REGISTER], env)
        listed = [*inside, "python", "-m", "pitwall", "users", "list"]
        said = subprocess.run(listed, env=env, stdout=subprocess.PIPE, text=True, check=True).stdout
        say(f"users list:\n{said}")
        if EMAIL not in said or "1 account" not in said:
            sys.exit("the command line does not see the account that the app has")

    def service(self, name: str, layers: Sequence[Path], asked: Mapping[str, Any]) -> Path:
        """Return the root of a service with its volumes and its files in memory."""
        upper = self.folder / "running" / name
        root = self.mount(layers, upper)
        for path in asked.get("tmpfs", ()):
            do(["mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", _made(root, path)])
        for volume in asked.get("volumes", ()):
            kept, inside, *_ = volume.split(":")
            (self.folder / "running/volumes" / kept).mkdir(parents=True, exist_ok=True)
            owner = _made(root, inside)
            shutil.copystat(owner, self.folder / "running/volumes" / kept)
            status = Path(owner).stat()  # an empty volume takes the image's owner, as engines do
            if not any((self.folder / "running/volumes" / kept).iterdir()):
                os.chown(self.folder / "running/volumes" / kept, status.st_uid, status.st_gid)
            do(["mount", "--bind", str(self.folder / "running/volumes" / kept), owner])
            if volume.endswith(":ro"):
                do(["mount", "-o", "remount,bind,ro", owner])
        if asked.get("read_only"):
            do(["mount", "-o", "remount,ro", str(root)])
        return root


def start_database(root: Path, env: Mapping[str, str]) -> None:
    """Do what the entry point of PostgreSQL's image does with these settings."""
    made = f"""
    binaries=/usr/lib/postgresql/15/bin
    password=$(cat {env["POSTGRES_PASSWORD_FILE"]})
    install -d -m 700 -o postgres -g postgres /var/lib/postgresql/data /var/run/postgresql
    printf %s "$password" > /tmp/password; chown postgres /tmp/password
    as() {{ setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }}
    as $binaries/initdb --username={env["POSTGRES_USER"]} --pwfile=/tmp/password \
        {env["POSTGRES_INITDB_ARGS"]} --pgdata=/var/lib/postgresql/data >/dev/null
    as $binaries/pg_ctl start -w -D /var/lib/postgresql/data -l /tmp/log >/dev/null
    PGPASSWORD=$password as $binaries/createdb -h 127.0.0.1 -U pitwall {env["POSTGRES_DB"]}
    """
    do(["chroot", str(root), "/bin/sh", "-ec", made], {"PATH": PATH, "LC_ALL": "C.UTF-8"})


def _container(root: Path, image: Image, asked: Mapping[str, Any]) -> list[str]:
    """Return what runs a command in a root as a container does: user, folder, no capabilities."""
    drop = [f"--reuid={image.user}", f"--regid={image.user}", "--clear-groups"]
    if asked.get("cap_drop") == ["ALL"]:
        drop += ["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
    return ["chroot", str(root), "setpriv", *drop, "env", f"--chdir={image.folder}"]


def _environment(asked: Mapping[str, Any]) -> dict[str, str]:
    """Return a service's environment, its defaults taken."""
    found = asked.get("environment", {}).items()
    default = r"\$\{\w+:-([^}]*)\}"
    return {name: re.sub(default, r"\1", str(value)) for name, value in found if value is not None}


def _entry(asked: Mapping[str, Any]) -> list[str]:
    return [*asked["entrypoint"], *(line.replace("$$", "$") for line in asked["command"])]


def _made(root: Path, path: str) -> str:
    made = root / path.lstrip("/")
    made.mkdir(parents=True, exist_ok=True)
    return str(made)


def main() -> int:
    """Build and run in namespaces of their own, so that no mount and no process is left over."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--build", action="store_true")
    parser.add_argument("--run", action="store_true")
    parser.add_argument(
        "--reuse", nargs="*", default=(), help="stages that stay as they were built"
    )
    chosen = parser.parse_args()
    trial, both = Services(chosen.folder.resolve(), chosen.reuse), not (chosen.build or chosen.run)
    if os.environ.get(ALONE) == "build":
        trial.build()
    elif os.environ.get(ALONE) == "run":
        do(["ip", "link", "set", "lo", "up"])
        trial.run()
    else:
        alone = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        again = [sys.executable, *sys.argv]
        if chosen.build or both:
            do([*alone, *again], {**os.environ, ALONE: "build"})
        if chosen.run or both:
            do([*alone, "--net", *again], {**os.environ, ALONE: "run"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
