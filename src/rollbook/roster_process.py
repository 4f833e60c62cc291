"""An import of a roster that a page began, in a process of its own."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import msgspec

from rollbook.config import Config
from rollbook.domain.errors import Unavailable
from rollbook.exchange.outcome import Outcome

_IMPORT_WITHIN = 600  # seconds, for a roster that was sent in at the pages


class RosterProcess:
    """Takes rosters in with `rollbook import`, in a process of its own: it takes many seconds."""

    def __init__(self, config: Config) -> None:
        self._config = config

    async def __call__(
        self, district_id: int, path: Path, *, by: int, dry_run: bool, allow_ending: bool
    ) -> Outcome:
        """Return what came of it; raises `Unavailable` when nobody knows."""
        options = [
            *(["--dry-run"] if dry_run else []),
            *(["--allow-ending"] if allow_ending else []),
        ]
        command = [sys.executable, "-m", "rollbook", "import", "oneroster", str(path), "--json"]
        command += ["--district", str(district_id), "--by", str(by), *options]
        # The address of a database may have a password in it, and who runs `ps` sees a command.
        named = {"ROLLBOOK_DATABASE": self._config.database}
        try:
            done = await asyncio.to_thread(
                subprocess.run,
                command,
                env=os.environ | named,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_IMPORT_WITHIN,
                check=True,
            )
            return msgspec.json.decode(done.stdout, type=Outcome)
        except subprocess.CalledProcessError as error:
            raise Unavailable(error.stderr.decode(errors="replace").strip()) from None
        except (subprocess.TimeoutExpired, msgspec.DecodeError, OSError) as error:
            raise Unavailable(f"The import did not end as it should: {error}") from error
