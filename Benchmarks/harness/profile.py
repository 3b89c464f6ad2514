"""Records one target with perf while one row's load runs through it, and prints where its time went."""

from __future__ import annotations

import argparse
import shlex
import shutil
import signal
import sys
from pathlib import Path

from .alternation import WARM_UP_SHARE, start_checked
from .cpu import process_tree, sample
from .figures import microseconds, rate
from .options import REPOSITORY, tools_folder
from .parts import PARTS, TARGETS, Way
from .processes import Failure, Workspace, raise_descriptor_limit, stop_on_signals
from .progress import say
from .rows import Row, rows_of
from .servers import start_server
from .site import Site

PERF = "/usr/bin/perf"
# No round number, so that samples do not fall in step with a timer.
SAMPLES_PER_SECOND = 997
EXAMPLES = """\
examples:
  Benchmarks/profile redis-get-64B-c50-p1
  Benchmarks/profile s3-get-4KiB --target nginx --seconds 5
  Benchmarks/profile translated-get-64B-c50-p16 --target fairlead-swift
  Benchmarks/profile postgres-simple-c32 --callers --keep /tmp/fairlead.perf
"""


def main() -> int:
    rows = {row.key: row for part in PARTS for row in rows_of(part, quick=False)}
    parser = argparse.ArgumentParser(
        prog="Benchmarks/profile", epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
        description=(__doc__ or "").strip())
    parser.add_argument("row", choices=rows, metavar="ROW", help=f"one of: {' '.join(rows)}")
    parser.add_argument("--target", choices=TARGETS, default="fairlead", help="the target to record (default fairlead)")
    parser.add_argument("--seconds", type=float, default=5.0, help="about how long the load runs (default 5)")
    parser.add_argument("--top", type=int, default=40, help="how many symbols to print (default 40)")
    parser.add_argument("--callers", action="store_true", help="print each symbol's callers too")
    parser.add_argument("--keep", type=Path, metavar="PATH", help="keep perf's recording here, for perf report")
    parser.add_argument("--fairlead", type=Path, default=REPOSITORY / ".build/release/fairlead", metavar="PATH")
    parser.add_argument("--fairlead-options", type=shlex.split, default=[], metavar="TEXT")
    given = parser.parse_args()
    row = rows[given.row]
    way = PARTS[row.part].get(given.target)
    if way is None or way.wire not in row.loads:
        parser.error(f"{given.target} has no part in this row")
    if not way.peer and not way.is_compared:
        parser.error(f"{given.target} is no proxy")
    descriptors = raise_descriptor_limit()
    stop_on_signals()
    try:
        with Workspace() as workspace:
            site = Site(workspace, tools_folder(), given.fairlead.absolute(), given.fairlead_options,
                        descriptors=descriptors)
            _profile(site, row, way, given)
    except KeyboardInterrupt:
        return 130
    except Failure as failure:
        say(f"stopped: {failure}")
        return 2
    return 0


def _profile(site: Site, row: Row, way: Way, given: argparse.Namespace) -> None:
    say(f"starting {given.target}")
    load = row.loads[way.wire]
    server = start_server(site, way.server)
    endpoint = start_checked(site, given.target, way, server)
    if endpoint.process is None:
        raise Failure(f"{given.target} has no process to record")
    site.workspace.needed = [server.process, endpoint.process]
    load.lay_out(site, server, endpoint)
    load.plan(site, server, endpoint, given.seconds)
    load.run(site, server, endpoint, WARM_UP_SHARE)
    pids = process_tree(endpoint.process.pid)
    recording = site.workspace.folder_for("perf") / "perf.data"
    # This clock is there on machines whose processor lends its counters to nobody, as virtual ones often do.
    perf = site.workspace.start("perf", [
        PERF, "record", "-e", "cpu-clock", "-F", str(SAMPLES_PER_SECOND), "-g", "-o", recording,
        "-p", ",".join(str(pid) for pid in pids)], stop_signal=signal.SIGINT)
    say(f"recording {given.target}: {row.title}")
    before = sample(pids)
    done = load.run(site, server, endpoint)
    spent = sample(pids).since(before)
    perf.stop(patience=30)
    if not recording.exists() or recording.stat().st_size == 0:
        raise Failure(f"perf recorded nothing:\n{perf.log_tail()}")
    print(f"{row.title}: {rate(done.rate)} {row.unit}s/s, user {microseconds(spent.user * 1e6 / done.requests)}, "
          f"kernel {microseconds(spent.kernel * 1e6 / done.requests)} for each, while recorded")
    calls = ["-g", "caller,0.5,callee"] if given.callers else ["-g", "none"]
    said = site.workspace.run([
        PERF, "report", "--stdio", "--no-children", "--percent-limit", "0.3", "--sort", "dso,symbol", *calls,
        "-i", recording])
    lines = [line.rstrip() for line in said.splitlines() if line.strip() and not line.startswith("#")]
    print("\n".join(lines if given.callers else lines[: given.top]))
    if given.keep:
        shutil.copy(recording, given.keep)
        print(f"the recording is in {given.keep}: perf report -i {given.keep}")


sys.exit(main())
