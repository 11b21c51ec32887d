"""python -m clients.conformance --language LANGUAGE [--scenario NAME …] [--smoke] [--write]"""

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from clients.conformance import results
from clients.conformance.exchange import exchange
from clients.conformance.languages import Language, languages
from clients.conformance.outcome import Outcome
from clients.conformance.runner import run
from clients.conformance.scenario import Scenario, load


def main() -> int:
    """The exit code: 0 where no scenario failed."""
    arguments = _arguments()
    table, scenarios = languages(), load()
    chosen = _chosen(scenarios, arguments.scenario, arguments.smoke)
    failed = 0
    run_languages = [table[name] for name in arguments.language or table if table[name].exists]
    for language in run_languages:
        outcomes = asyncio.run(_run(language, chosen))
        failed += sum(outcome.state == "failed" for outcome in outcomes)
        if arguments.write:
            results.record(language.name, outcomes, datetime.now(UTC).date())
            results.write_page(scenarios)
    return int(failed > 0 or (len(run_languages) > 1 and not _exchanged(run_languages)))


def _exchanged(run_languages: list[Language]) -> bool:
    """Whether each client decodes what the others encode; prints the differences."""
    differences = asyncio.run(exchange(run_languages))
    print("\n".join(differences) or "each client decodes what the others encode", flush=True)
    return not differences


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m clients.conformance")
    parser.add_argument(
        "--language", action="append", choices=sorted(languages()), help="all that exist, where not given"
    )
    parser.add_argument("--scenario", action="append", metavar="NAME", help="only this one; may be repeated")
    parser.add_argument("--smoke", action="store_true", help="only the scenarios of the short run")
    parser.add_argument("--write", action="store_true", help="record the results of everything, and write their table")
    arguments = parser.parse_args()
    if arguments.write and (arguments.scenario or arguments.smoke):
        parser.error("--write records whole runs only")
    return arguments


def _chosen(scenarios: list[Scenario], names: list[str] | None, smoke: bool) -> list[Scenario]:
    if names and (unknown := set(names) - {scenario.name for scenario in scenarios}):
        sys.exit(f"There is no scenario {', '.join(sorted(unknown))}.")
    return [each for each in scenarios if (not names or each.name in names) and (each.smoke or not smoke)]


async def _run(language: Language, scenarios: list[Scenario]) -> list[Outcome]:
    language.make()
    outcomes = []
    async for outcome in run(language, scenarios):
        _show(language, outcome)
        outcomes.append(outcome)
    return outcomes


def _show(language: Language, outcome: Outcome) -> None:
    line = f"{language.name} {outcome.scenario} {outcome.state} {outcome.seconds:.1f} s"
    print(f"{line}: {outcome.reason}" if outcome.reason else line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
