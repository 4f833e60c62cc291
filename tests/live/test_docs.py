"""What the documentation says to type at a terminal, typed."""

import re
import shutil
import subprocess
from typing import Any

import pytest

from cast import SECRET
from live.house import House
from rollbook.api.contract import document

DOCUMENT = document.build()
SIGNING: str = DOCUMENT["components"]["securitySchemes"]["oauth"]["description"]
QUIET = "curl() { command curl --silent --output /dev/null --write-out '%{http_code}' \"$@\"; }"

COMMANDS: list[Any] = [
    pytest.param(operation["x-codeSamples"][0]["source"], id=operation["operationId"])
    for methods in DOCUMENT["paths"].values()
    for method, operation in sorted(methods.items(), reverse=True)  # PUT, then GET
    if method != "parameters"
]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_works(house: House, command: str) -> None:
    """
    With the address, the key and the secret filled in, each command of /docs is answered.
    """
    settings = "\n".join(re.findall(r"^    (\w+=.*)$", SIGNING, re.MULTILINE))
    for placeholder, value in [
        ("http://127.0.0.1:8460", house.url),
        ("KEY", house.cast.keys["alice"]),
        ("SECRET", SECRET),
    ]:
        assert placeholder in settings
        settings = settings.replace(placeholder, value)
    typed = subprocess.run(
        ["bash", "-ceu", f"{QUIET}\n{settings}\n{command}"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert typed.stdout in ("200", "303"), typed
