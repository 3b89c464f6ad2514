"""Runs the shop's tests: python -m shop PART=ARGUMENT[,ARGUMENT…] …; prints a line of JSON for each test."""

import json
import sys

from . import checks


def main() -> None:
    for part in sys.argv[1:]:
        name, _, arguments = part.partition("=")
        try:
            tests = getattr(checks, name)(*arguments.split(","))
        except Exception as error:
            tests = [_failing(error)]
        for test in tests:
            try:
                test()
                result = ""
            except Exception as error:
                result = f"{type(error).__name__}: {error}"
            print(json.dumps({"part": name, "test": test.__name__, "problem": result}), flush=True)


def _failing(error: Exception):
    def opens():
        raise error
    return opens


if __name__ == "__main__":
    main()
