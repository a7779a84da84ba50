"""The first section: the numbers that matter, and what to be careful about."""

from koopcli.evaluate.figures import labels
from koopcli.evaluate.formats import within
from koopcli.evaluate.report import OBSERVATIONS, EvalReport, Summary
from koopcli.evaluate.sections import summary_rows
from koopcli.report.blocks import Block, Lines, Section, Table, Text
from koopcli.report.material import NO_DATA, Material
from koopcli.report.run import Run
from koopcli.report.words import side_by_side, steps

BASELINES = {
    "persistence": "repeats the start",
    "linear": "least squares on one step",
}


def section(material: Material) -> Section:
    """Return the section."""
    blocks: list[Block] = [summary(material)]
    if material.held is None:
        blocks.append(Text(f"Errors and verified modes are missing. {NO_DATA}"))
    else:
        blocks += _verdicts(material.held.evaluation)
    warnings = material.warnings()
    if warnings:
        blocks.append(Lines(warnings, "warning"))
    return Section("glance", "At a glance", tuple(blocks))


def summary(material: Material) -> Table:
    """Return the errors and the spectrum of each run, beside the baselines."""
    facts = {run.name: _facts(material, run) for run in material.runs}
    if material.held is not None:
        evaluation = material.held.evaluation
        for each in evaluation.summaries:
            if each.run is None:
                what = {"model": BASELINES[each.model]}
                facts[each.model] = what | _errors(evaluation, each)
    return side_by_side("Runs and baselines", tuple(facts), list(facts.values()))


def _facts(material: Material, run: Run) -> dict[str, str]:
    facts = {"model": f"{run.kind}, {run.parameters:,} parameters"}
    if material.held is not None:
        evaluation = material.held.evaluation
        for each in evaluation.summaries:
            if each.run == str(run.path):
                facts |= _errors(evaluation, each)
    spectrum = material.spectrum_of(run)
    if spectrum is not None:
        facts["spectral radius"] = f"{spectrum.summary.spectral_radius:.6g}"
        if spectrum.verification is not None:
            held = spectrum.verification
            facts["verified modes"] = f"{len(held.verified)} of {len(held.eigenvalues)}"
            facts["verdict on stability"] = held.verdict()
    return facts


def _errors(evaluation: EvalReport, summary: Summary) -> dict[str, str]:
    facts = {
        f"NRMSE, {steps(row.horizon)} ahead": within(row.nrmse, row.interval["nrmse"])
        for row in evaluation.rows
        if row.quantity == OBSERVATIONS
        and (row.run, row.model) == (summary.run, summary.model)
    }
    place = evaluation.summaries.index(summary)
    _, _, diverged, valid = summary_rows(evaluation)[place]
    threshold = evaluation.protocol.valid_threshold
    facts[f"steps with NRMSE ≤ {threshold:g}"] = valid
    return facts | {"rollouts that diverged": diverged}


def _verdicts(evaluation: EvalReport) -> list[Block]:
    # Runs against each other: against baselines the table says it all.
    short = labels(evaluation)
    runs = {full for full in short if full not in BASELINES}
    lines = [
        f"{short[row['first']]} against {short[row['second']]}, mean NMSE over "
        f"{row['horizon']} steps, paired by start: difference "
        f"{within(row['difference'], row['interval'])}; better: "
        f"{short.get(row['better'], row['better'])}"
        for row in evaluation.more.get("comparisons", ())
        if row["measure"] == "mean_nmse" and {row["first"], row["second"]} <= runs
    ]
    return [Lines(tuple(lines))] if lines else []
