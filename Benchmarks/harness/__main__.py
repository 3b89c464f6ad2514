"""One run of the benchmark, from its options to its last table."""

from __future__ import annotations

import sys

from . import marks, report
from .alternation import Alternation
from .machine import describe
from .memory import MEASURED_PARTS, measure_memory
from .options import MEMORY, Options, parse
from .parts import PARTS, ways_of
from .processes import Failure, Workspace, raise_descriptor_limit, stop_on_signals
from .progress import say
from .results import MemoryResult, RowResult
from .rows import rows_of
from .site import Site

INTERRUPTED = 130


def main() -> int:
    options = parse()
    descriptors = raise_descriptor_limit()
    stop_on_signals()
    rows: list[RowResult] = []
    memory: list[MemoryResult] = []
    about: dict = {"quick": options.quick, "rounds": options.rounds, "seconds": options.seconds}
    try:
        with Workspace(options.disk) as workspace:
            site = Site(workspace, options.tools, options.fairlead, options.fairlead_options,
                        descriptors=descriptors)
            parts = [*options.parts, *(MEASURED_PARTS if MEMORY in options.parts else ())]
            about |= describe(site, parts, options.targets)
            _measure(site, options, rows, memory)
        code = 0
    except KeyboardInterrupt:
        say("interrupted: everything started was stopped; what was measured until then follows")
        code = INTERRUPTED
    except Failure as failure:
        say(f"stopped: {failure}")
        code = 2
    about["complete"] = code == 0
    finished = [result for result in rows if any(result.rounds.values())]
    if not finished and not memory:
        return code
    report.print_rows(finished)
    report.print_memory(memory)
    judged = marks.marks_of(finished, memory)
    marks.print_marks(judged)
    report.write_json(options.output, about, finished, memory, marks.as_json(judged))
    print(f"\nwritten to {options.output}")
    failed = any(result.failures for result in rows) or any(result.failures for result in memory)
    return code or (1 if failed else 0)


def _measure(site: Site, options: Options, rows: list[RowResult], memory: list[MemoryResult]) -> None:
    for part in PARTS:
        chosen = rows_of(part, options.quick, options.rows)
        if part in options.parts and chosen:
            Alternation(site, part, ways_of(part, options.targets), options.rounds, options.seconds).run(chosen, rows)
    if MEMORY in options.parts and not options.rows:
        measure_memory(site, options.targets, options.pairs, memory)


sys.exit(main())
