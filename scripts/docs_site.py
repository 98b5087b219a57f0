"""Complete the documentation's site while mkdocs builds it; `mkdocs.yml` names this as a hook.

The site also has the API's reference and the pages at the top of the project, which are not in
`docs/`. Links between them work on the site as they do in the project.
"""

from __future__ import annotations

import os
import posixpath
import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]  # mkdocs runs this file, not its package

from api_pages import api_pages  # noqa: E402

FROM_THE_TOP = {
    "README.md": "project/overview.md",
    "ARCHITECTURE.md": "project/architecture.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "CHANGELOG.md": "project/changelog.md",
    "SECURITY.md": "project/security-policy.md",
    "alembic/README.md": "project/migrations.md",
}
"""The project's pages outside `docs/`, and where the site has them."""

_LINK = re.compile(r"(?<!!)\[(?P<text>(?:[^\[\]]|\[[^\]]*\])+)\]\((?P<target>[^)\s]+)\)")
_PICTURE = re.compile(r"(!\[[^\]]*\])\((?P<target>[^)\s]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in `docs/`."""
    for source, place in FROM_THE_TOP.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, place, content=text))
    for tag, text in api_pages().items():
        files.append(File.generated(config, f"api/{tag}.md", content=text))
    return files


def on_page_markdown(markdown: str, page: Page, **_others: object) -> str:
    """Point links and pictures to where the site has their targets."""
    place = page.file.src_uri
    source = next((top for top, at in FROM_THE_TOP.items() if at == place), f"docs/{place}")
    here = posixpath.dirname(source)

    def moved(target: str) -> str | None:
        """Return the address on the site; None if the site does not have the target."""
        if re.match(r"[a-z]+:|#|/", target):
            return target
        path, mark, anchor = target.partition("#")
        wanted = posixpath.normpath(posixpath.join(here, path))
        on_site = FROM_THE_TOP.get(wanted) or wanted.removeprefix("docs/")
        if not (wanted in FROM_THE_TOP or wanted.startswith("docs/")):
            return None
        return posixpath.relpath(on_site, posixpath.dirname(place) or ".") + mark + anchor

    def link(match: re.Match[str]) -> str:
        address = moved(match["target"])
        if address is not None:
            return f"[{match['text']}]({address})"
        # A file of the project's code: a link where the site knows the project's address.
        if not (ROOT / here / match["target"].partition("#")[0]).exists():
            return match[0]  # for the strict build to complain of
        home = os.environ.get("PITWALL_REPOSITORY", "")
        wanted = posixpath.normpath(posixpath.join(here, match["target"]))
        return f"[{match['text']}]({home}/blob/main/{wanted})" if home else match["text"]

    def picture(match: re.Match[str]) -> str:
        return f"{match[1]}({moved(match['target']) or match['target']})"

    return _PICTURE.sub(picture, _LINK.sub(link, markdown))
