"""Test that `assets/account.js` goes only to paths of this server after a log-in."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest

SCRIPT = Path(__file__).parents[2] / "assets" / "account.js"
HERE = "https://pitwall.example"
EVIL = [
    "https://evil.example/x",
    "//evil.example/x",
    "///evil.example/x",
    "/.//evil.example/x",
    "/..//evil.example/x",
    "/a/..//evil.example/x",
    "/%2e//evil.example/x",
    "/%2E%2e//evil.example/x",
    "/./\\evil.example/x",
    "/\\evil.example/x",
    "\\\\evil.example/x",
    "\\/evil.example/x",
    "/\t/evil.example/x",
    "/\n/evil.example/x",
    "\t//evil.example/x",
    " //evil.example/x",
    "/.\t//evil.example/x",
    "https:evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "/\tjavascript:alert(1)//",
    "data:text/html,x",
    "evil.example",
    "@evil.example",
    "//pitwall.example@evil.example/",
    "http://[",
    "",
]
GOOD = {
    "/": "/",
    "/account": "/account",
    "/replay/2026-a-race?t=1:02&battle=4-81#x": "/replay/2026-a-race?t=1:02&battle=4-81#x",
    "/races?q=//evil.example": "/races?q=//evil.example",
    "/@evil.example": "/@evil.example",
    "/https://evil.example": "/https://evil.example",
    "/%2F%2Fevil.example": "/%2F%2Fevil.example",
}


@pytest.fixture(scope="module")
def goes_to() -> dict[str, str]:
    """Where the browser goes for each value, as the browser reads what the script returns."""
    node = shutil.which("node")
    assert node, "node, which builds the page, runs this"
    function = re.search(r"  function next\(\) \{.*?\n  \}\n", SCRIPT.read_text(), re.DOTALL)
    assert function
    asked = [*EVIL, *GOOD]
    program = f"""
      let location;
      {function[0]}
      const found = {{}};
      for (const [value, search] of {json.dumps([(each, quote(each)) for each in asked])}) {{
        location = {{ origin: "{HERE}", search: "?next=" + search }};
        found[value] = new URL(next(), "{HERE}/login").href;  // as location.assign does
      }}
      console.log(JSON.stringify(found));
    """
    done = subprocess.run([node, "-e", program], check=True, capture_output=True, text=True)
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("value", EVIL)
def test_a_trap_leads_home(goes_to: dict[str, str], value: str) -> None:
    # A tab inside is dropped by browsers; what remains of one of these is a path of this server.
    harmless = {"/\tjavascript:alert(1)//": f"{HERE}/javascript:alert(1)//"}

    assert goes_to[value] == harmless.get(value, f"{HERE}/")


@pytest.mark.parametrize(("value", "path"), GOOD.items())
def test_a_path_of_this_server_is_gone_on_to(
    goes_to: dict[str, str], value: str, path: str
) -> None:
    assert goes_to[value] == HERE + path
