"""What a check of the audit found, and how it is written down."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import pandas as pd

PASSED, FOUND, NOT_APPLICABLE = "passed", "found", "not applicable"
LISTED = 50
"""Most files that a finding names."""
EXAMPLES = 3
"""Files of a class or split that a finding names where many are alike."""


@dataclass(frozen=True)
class Finding:
    """Something to look at, with the tiles, files, splits and classes it is about."""

    statement: str
    tiles: Sequence[str] = ()
    files: Sequence[str] = ()
    splits: Sequence[str] = ()
    classes: Sequence[str] = ()


@dataclass(frozen=True)
class Check:
    """What one check found; `statement` is a sentence."""

    name: str
    statement: str
    findings: Sequence[Finding] = field(default=())
    applicable: bool = True

    @property
    def result(self) -> str:
        """`PASSED`, `FOUND` or `NOT_APPLICABLE`."""
        if not self.applicable:
            return NOT_APPLICABLE
        return FOUND if self.findings else PASSED


def tables(checks: Iterable[Check]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the audit as two tables.

    Returns
    -------
    audit : pandas.DataFrame
        A row a check: check, result, n (findings), statement.
    findings : pandas.DataFrame
        A row a finding: check, statement, and tiles, files, splits and classes, each
        separated by "; " (files beyond `LISTED` are counted).
    """
    checks = list(checks)
    audit = [(c.name, c.result, len(c.findings), c.statement) for c in checks]
    lists = ["tiles", "files", "splits", "classes"]
    findings = [
        (check.name, finding.statement, *(_listed(getattr(finding, name)) for name in lists))
        for check in checks
        for finding in check.findings
    ]
    return (
        pd.DataFrame(audit, columns=["check", "result", "n", "statement"]),
        pd.DataFrame(findings, columns=["check", "statement", *lists]),
    )


def _listed(names: Sequence[str]) -> str:
    more = f"; and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
    return "; ".join(map(str, names[:LISTED])) + more


def summary(audit: pd.DataFrame, findings: pd.DataFrame) -> str:
    """Return in one line what the audit found, with the first files of each check.

    Parameters
    ----------
    audit, findings : pandas.DataFrame
        As `tables` returns them.
    """
    if findings.empty:
        return "the audit found nothing."
    parts = []
    for check, part in findings.groupby("check", sort=False):
        files = [name for name in part["files"].iloc[0].split("; ") if name][:2]
        example = (
            f" (such as {' and '.join(files)})" if files else f" ({part['statement'].iloc[0]})"
        )
        statement = audit.loc[audit["check"] == check, "statement"].iloc[0].rstrip(".")
        parts.append(f"{check}: {statement}{example}")
    return f"the audit has {len(findings):,} findings. {'; '.join(parts)}."
