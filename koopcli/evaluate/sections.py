"""The tables of an evaluation for people, the same on a terminal, in Markdown and LaTeX."""

from typing import Any, NamedTuple

from koopcli.evaluate.breakdown import WORST
from koopcli.evaluate.formats import number, within
from koopcli.evaluate.naming import label
from koopcli.evaluate.report import OBSERVATIONS, RETURNS, REWARDS, EvalReport, Summary

COLUMNS = ("model", "quantity", "horizon", "nrmse", "rmse", "mae", "r2", "starts")


class Section(NamedTuple):
    """A title, column names and rows."""

    title: str
    columns: tuple[str, ...]
    rows: list[list[str]]


def sections(report: EvalReport) -> list[Section]:
    """Return all tables that have rows."""
    percent = f"{100 * report.protocol.confidence:g} % interval"
    if not report.protocol.bootstrap:
        percent = "no interval"
    threshold = f"valid steps (NRMSE <= {report.protocol.valid_threshold:g})"
    longest = report.protocol.horizons[-1]
    all_tables = [
        Section(
            "Error by steps ahead (NRMSE: 1 = training standard deviation; "
            f"{percent})",
            COLUMNS,
            overall_rows(report),
        ),
        Section(
            "The same against simple baselines, and in percent",
            ("model", "horizon", "skill persistence", "skill linear", "fit %", "VAF %",
             "sum NRMSE"),
            _skill_rows(report),
        ),
        Section(
            f"Steps 1 to {longest}",
            ("model", "mean NMSE", "diverged", threshold),
            summary_rows(report),
        ),
        Section(
            f"Error by Lyapunov times ({percent})",
            ("model", "Lyapunov times", "step", "NRMSE"),
            [
                [label(row["run"], row["model"]), f"{row['lyapunov_times']:g}",
                 str(row["horizon"]), within(row["nrmse"], row["interval"]["nrmse"])]
                for row in report.more.get("lyapunov", ())
            ],
        ),
        Section(
            "Long-run statistics of free rollouts "
            f"(D_stsp: {report.protocol.state_space_form}; 0: alike; {percent})",
            ("model", "D_stsp", "D_H", "episodes", "steps"),
            _long_run_rows(report),
        ),
        Section(
            f"Which is better (paired by start; {percent})",
            ("first", "second", "measure", "difference", "first wins", "better"),
            _comparison_rows(report),
        ),
        Section(
            "Re-encoding every k steps",
            ("model", "k", "mean NMSE", "diverged", "best"),
            _sweep_rows(report),
        ),
        Section(
            "Latents (rolled out against encoded) and reconstruction",
            ("model", "horizon", "latent error", "reconstruction NRMSE"),
            [
                [label(row["run"], row["model"]), str(row["horizon"]),
                 number(row["latent_error"]), number(row["reconstruction_nrmse"])]
                for row in report.more.get("latents", ())
            ],
        ),
        Section(
            "Error by source",
            ("model", "source", "episodes", "mean NMSE", "diverged"),
            _source_rows(report),
        ),
        Section(
            f"Worst episodes (at most {WORST})",
            ("model", "episode", "source", "mean NMSE", "diverged"),
            _worst_rows(report),
        ),
    ]  # fmt: skip
    return [section for section in all_tables if section.rows]


def overall_rows(report: EvalReport) -> list[list[str]]:
    """Return observations, rewards and returns, as `COLUMNS`."""
    return [
        [
            label(row.run, row.model),
            row.quantity,
            str(row.horizon),
            within(row.nrmse, row.interval["nrmse"]),
            *map(number, (row.rmse, row.mae, row.r2)),
            str(row.starts),
        ]
        for row in report.rows
        if row.quantity in (OBSERVATIONS, REWARDS, RETURNS)
    ]


def summary_rows(report: EvalReport) -> list[list[str]]:
    """Return model, mean NMSE, divergence rate and valid prediction time."""
    return [
        [
            label(summary.run, summary.model),
            within(summary.mean_nmse, summary.interval.get("mean_nmse", ())),
            f"{100 * summary.divergence_rate:.2f} %",
            _valid(report, summary),
        ]
        for summary in report.summaries
    ]


def _valid(report: EvalReport, summary: Summary) -> str:
    steps = ("> " if summary.valid_to_the_end else "") + str(summary.valid_steps)
    if not report.protocol.dt_known:
        return steps
    if report.protocol.lyapunov_exponent is not None:
        times = number(summary.valid_lyapunov_times)
        return f"{steps} ({number(summary.valid_seconds)} s, {times} Lyapunov times)"
    return f"{steps} ({number(summary.valid_seconds)} s)"


def _skill_rows(report: EvalReport) -> list[list[str]]:
    return [
        [
            label(row.run, row.model),
            str(row.horizon),
            within(row.skill_persistence, row.interval["skill_persistence"]),
            within(row.skill_linear, row.interval["skill_linear"]),
            *map(number, (row.fit, row.vaf, row.sum_nrmse)),
        ]
        for row in report.rows
        if row.quantity == OBSERVATIONS and row.run is not None
    ]


def _comparison_rows(report: EvalReport) -> list[list[str]]:
    runs = {label(s.run, s.model) for s in report.summaries if s.run is not None}
    return [
        [
            row["first"],
            row["second"],
            f"{row['measure']}@{row['horizon']}",
            within(row["difference"], row["interval"]),
            f"{100 * row['share_first']:.1f} %",
            row["better"],
        ]
        for row in report.more.get("comparisons", ())
        # Against baselines the mean says enough; every horizon is in the files.
        if row["measure"] == "mean_nmse" or row["second"] in runs
    ]


def _sweep_rows(report: EvalReport) -> list[list[str]]:
    return [
        [
            label(row["run"], row["model"]),
            str(row["reencode_every"] or "never"),
            within(row["mean_nmse"], row["interval"]["mean_nmse"]),
            f"{100 * row['divergence_rate']:.2f} %",
            "best" if row["best"] else "",
        ]
        for row in report.more.get("reencoding", ())
    ]


def _long_run_rows(report: EvalReport) -> list[list[str]]:
    return [
        [
            label(row["run"], row["model"]),
            *(
                within(row[name], row["interval"][name])
                if row["episodes"]
                else "n/a (too short)"
                for name in ("d_stsp", "d_h")
            ),
            str(row["episodes"]),
            str(row["steps"]),
        ]
        for row in report.more.get("long_run", ())
        if row["episode"] is None and row["quantity"] == OBSERVATIONS
    ]


def _source_rows(report: EvalReport) -> list[list[str]]:
    rows = report.more.get("sources", [])
    if len({row["source"] for row in rows}) < 2:
        return []
    return [
        [label(row["run"], row["model"]), row["source"], str(row["episodes"]),
         number(row["mean_nmse"]), _rate(row)]
        for row in rows
    ]  # fmt: skip


def _worst_rows(report: EvalReport) -> list[list[str]]:
    shown: list[list[str]] = []
    several: dict[str | None, list[dict[str, Any]]] = {}
    for row in report.more.get("episodes", ()):
        if row["run"] is not None:
            several.setdefault(row["run"], []).append(row)
    for rows in several.values():
        shown += [
            [label(row["run"], row["model"]), str(row["episode"]), row["source"],
             number(row["mean_nmse"]), _rate(row)]
            for row in rows[:WORST]
        ]  # fmt: skip
    return shown


def _rate(row: dict[str, Any]) -> str:
    return f"{row['diverged']} of {row['starts']}"
