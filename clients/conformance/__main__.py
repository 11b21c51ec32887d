"""python -m clients.conformance --language LANGUAGE [--scenario NAME …] [--smoke] [--write]"""

import argparse
import asyncio
import sys

from clients.conformance.languages import Language, languages
from clients.conformance.runner import Outcome, run
from clients.conformance.scenario import Scenario, load


def main() -> int:
    """The exit code: 0 where no scenario failed."""
    arguments = _arguments()
    table = languages()
    chosen = [table[name] for name in arguments.language or table if table[name].exists]
    scenarios = _chosen(load(), arguments.scenario, arguments.smoke)
    return max((asyncio.run(_run(language, scenarios)) for language in chosen), default=0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m clients.conformance")
    parser.add_argument(
        "--language", action="append", choices=sorted(languages()), help="all that exist, where not given"
    )
    parser.add_argument("--scenario", action="append", metavar="NAME", help="only this one; may be repeated")
    parser.add_argument("--smoke", action="store_true", help="only the scenarios of the short run")
    return parser.parse_args()


def _chosen(scenarios: list[Scenario], names: list[str] | None, smoke: bool) -> list[Scenario]:
    if names and (unknown := set(names) - {scenario.name for scenario in scenarios}):
        sys.exit(f"There is no scenario {', '.join(sorted(unknown))}.")
    return [each for each in scenarios if (not names or each.name in names) and (each.smoke or not smoke)]


async def _run(language: Language, scenarios: list[Scenario]) -> int:
    language.make()
    failed = 0
    async for outcome in run(language, scenarios):
        failed += outcome.state == "failed"
        _show(language, outcome)
    return int(failed > 0)


def _show(language: Language, outcome: Outcome) -> None:
    line = f"{language.name} {outcome.scenario} {outcome.state} {outcome.seconds:.1f} s"
    print(f"{line}: {outcome.reason}" if outcome.reason else line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
