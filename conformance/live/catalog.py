"""All scenarios: those in Python and those in files."""

from __future__ import annotations

from live import (
    scenario_player, scenarios_commands, scenarios_copy, scenarios_files, scenarios_mcp, scenarios_project,
    scenarios_recovery, scenarios_setup, scenarios_terminals)
from live.scenario import Scenario
from live.toml_table import BadScenario


def all_scenarios() -> tuple[Scenario, ...]:
    """The long ones first.  Raises BadScenario."""
    in_python = (
        scenarios_commands.SCENARIOS + scenarios_terminals.SCENARIOS + scenarios_recovery.SCENARIOS
        + scenarios_files.SCENARIOS + scenarios_copy.SCENARIOS + scenarios_mcp.SCENARIOS + scenarios_setup.SCENARIOS
        + scenarios_project.SCENARIOS)
    in_files = scenario_player.scenarios()
    for twice in {scenario.name for scenario in in_python} & {scenario.name for scenario in in_files}:
        raise BadScenario(f"{twice}.toml: a scenario in Python has that name")
    return in_python + in_files
