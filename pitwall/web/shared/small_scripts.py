"""Make the scripts of `assets/` small in a build; the bundler leaves them as they are written."""

from __future__ import annotations

import subprocess
from pathlib import Path

import reflex as rx
from reflex.utils.path_ops import get_bun_path


class SmallScriptsPlugin(rx.plugins.Plugin):
    """Takes comments and long names out of the scripts that pages load by themselves."""

    def post_build(self, **context: Path) -> None:
        """Rewrite the scripts at the top of the build. Each is for itself and exports nothing."""
        bun = get_bun_path()
        if bun is None:
            return
        for script in sorted(context["static_dir"].glob("*.js")):
            command = [str(bun), "build", "--no-bundle", "--minify", str(script)]
            small = subprocess.run(command, capture_output=True, check=True).stdout
            script.write_bytes(small)
