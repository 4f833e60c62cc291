"""
Long fuzzing, guided by coverage: `make fuzz` runs it, for ten minutes a parser.

Each parser is fuzzed by a process of its own, as many at a time as there are cores. What it
learns is kept in `.fuzz/`, so that the next run goes on where this one ended; an input that makes
a parser fail is left in `.fuzz/findings/`. The exit code is 1 when there is one.

    python -m fuzz             all of them; ROLLBOOK_FUZZ_SECONDS says for how long
    python -m fuzz json        one
    python -m fuzz --save      write the least input that covers as much into tests/fuzz/saved
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fuzz import seeds

GROUND = Path(__file__).resolve().parents[2] / ".fuzz"
FINDINGS = GROUND / "findings"
SECONDS = os.environ.get("ROLLBOOK_FUZZ_SECONDS", "600")
MOST = 4096  # bytes of one input
_SHORT = 400  # bytes of one that is saved

_STATUS = re.compile(r"cov: (\d+) ft: (\d+) corp: (\d+)")
_EXECUTED = re.compile(r"stat::number_of_executed_units:\s+(\d+)")


def main(names: Sequence[str]) -> int:
    """Fuzz the parsers of these names, or all; return the exit code."""
    FINDINGS.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        clean = list(pool.map(fuzz, names or seeds.WORDS))
    return 0 if all(clean) else 1


def fuzz(name: str) -> bool:
    """Fuzz one parser in a process of its own, say how it went and whether it went well."""
    options = [
        f"-max_total_time={SECONDS}",
        f"-artifact_prefix={FINDINGS / name}-",
        f"-dict={_dictionary(name)}",
        *(f"-max_len={MOST}", "-timeout=10", "-rss_limit_mb=1500", "-print_final_stats=1"),
    ]
    log = GROUND / f"{name}.log"
    with tempfile.TemporaryDirectory(prefix="rollbook-fuzz-") as given, log.open("w") as out:
        for number, data in enumerate(seeds.seeds(name)):
            (Path(given) / str(number)).write_bytes(data)
        places = [_learnt(name), Path(given), *seeds.folders(name)]
        code = _run(name, [*options, *map(str, places)], out=out)
    text = log.read_text(errors="replace")
    print(_account(name, text, code), flush=True)
    return not code and bool(_STATUS.search(text))


def _learnt(name: str) -> Path:
    folder = GROUND / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _dictionary(name: str) -> Path:
    file = GROUND / f"{name}.dict"
    words = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in seeds.WORDS[name])
    file.write_text("".join(f'"{word}"\n' for word in words))
    return file


def _run(name: str, options: Sequence[str], *, out: object) -> int:
    """Run libFuzzer; it ends its process without a word, so its house is removed from here."""
    with tempfile.TemporaryDirectory(prefix="rollbook-fuzz-") as folder:
        command = [sys.executable, "-m", "fuzz.child", name, folder, *options]
        return subprocess.run(command, stdout=out, stderr=out, check=False).returncode  # type: ignore[call-overload,no-any-return]


def _account(name: str, log: str, code: int) -> str:
    executed, statuses = _EXECUTED.search(log), _STATUS.findall(log)
    if code or not executed:
        return f"{name}: a finding (exit code {code}), see {FINDINGS} and {name}.log beside it"
    if not statuses:
        return f"{name}: nothing is covered: was it imported before it was instrumented?"
    (first, *_), (last, features, kept) = statuses[0], statuses[-1]
    return (
        f"{name}: nothing but 4xx in {executed[1]} executions; coverage {first} -> {last} "
        f"branches, {features} features, {kept} inputs kept"
    )


def save(names: Sequence[str]) -> None:
    """Write down the least of what was learnt that covers as much; long input is left out."""
    known = {
        file.read_bytes()
        for name in seeds.WORDS
        for folder in seeds.folders(name)
        for file in folder.iterdir()
    }
    seeds.SAVED.mkdir(exist_ok=True)
    for name in names or seeds.WORDS:
        with tempfile.TemporaryDirectory(prefix="rollbook-fuzz-") as least:
            _run(name, ["-merge=1", least, str(_learnt(name))], out=subprocess.DEVNULL)
            found = {file.read_bytes() for file in Path(least).iterdir()} - known
        short = sorted(data for data in found if data and len(data) <= _SHORT)
        lines = (data.decode("latin-1").encode("unicode_escape").decode() for data in short)
        (seeds.SAVED / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))
        print(f"{name}: {len(short)} inputs saved")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--save"]:
        save(sys.argv[2:])
    else:
        sys.exit(main(sys.argv[1:]))
