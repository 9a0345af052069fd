#!/usr/bin/python3
"""The last words of ./test: why tests were skipped, which failed, and the sum.

usage: sum_results.py FOLDER-OF-JUNIT-FILES [FAILED-STEP...]

The files are called BUILD.NUMBER.xml.
"""
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree


def skip_reason(case: ElementTree.Element) -> str:
    """What the test itself said: a line that begins with SKIP, or GoogleTest's skip message."""
    output = case.findtext("system-out") or ""
    said = re.search(r"^(?:SKIP|NOT-OFFERED):?\s+(.+)$", output, re.MULTILINE)
    if said:
        return said.group(1)
    said = re.search(r"Skipped\n(.+?)\n", output)
    return said.group(1).strip() if said else "no reason given"


def main() -> int:
    """Prints the summary; the exit code is 1 when anything failed."""
    folder, failed_steps = pathlib.Path(sys.argv[1]), sys.argv[2:]
    passed, failed, skipped = 0, [], []
    for path in sorted(folder.glob("*.xml")):
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            name = f"{path.name.split('.')[0]}: {case.get('name')}"
            status = case.get("status")
            if status == "run":
                passed += 1
            elif status == "fail":
                failed.append(name)
            else:
                skipped.append((name, skip_reason(case)))
    for name, reason in skipped:
        print(f"SKIPPED {name}: {reason}")
    for name in failed:
        print(f"FAILED {name}")
    for step in failed_steps:
        print(f"FAILED STEP {step}")
    # A step that fails without a failing test (a build, a linter) counts as one failure.
    stems = {name.split(":")[0] for name in failed}
    silent = [step for step in failed_steps if step.split(":")[0] not in stems]
    print(f"{passed} passed, {len(failed) + len(silent)} failed, {len(skipped)} skipped")
    return 1 if failed or failed_steps else 0


if __name__ == "__main__":
    sys.exit(main())
