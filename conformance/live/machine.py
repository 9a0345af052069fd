"""What a scenario needs of the machine it is played on."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


class MachineLack(Exception):
    """This machine has not what the scenario needs."""


def check_machine(needs: dict[str, Any]) -> None:
    """`needs` is in the form of meta.json.  Raises MachineLack."""
    for program in needs["programs"]:
        if not Path(program).exists():
            raise MachineLack(f"{program} is not here")
    for path in needs["absent"]:
        if Path(path).exists():
            raise MachineLack(f"{path} exists here")
    if needs["root"] and os.getuid() != 0:
        raise MachineLack("not root")
