# What the report shows: helpers for the rules of figures and tables.
TARGETS = []  # the figures and tables of the report, in the order of the rules
FIGURES = {}  # the title of each figure by the name of its rule


def as_rst(text):
    """Return text as reStructuredText that shows it as it is, on one line."""
    return re.sub(r"([^\w\s]|_)", r"\\\1", " ".join(text.split()))


# What figures and captions need to know of a dataset, and of the whole study. A caption calls a
# dataset by its `caption_title`: a title may have the marks of reStructuredText.
ABOUT_DATASET = {
    **of_dataset("splits", "simulated", title="label"),
    "caption_title": lambda wildcards: as_rst(study.datasets[wildcards.dataset].label),
    "study_seed": study.seed,
}
ABOUT_STUDY = {
    "labels": by_dataset("label"),
    "simulated": [as_rst(dataset.name) for dataset in study.used if dataset.simulated],
}


def figure(stem, category, title, svg=False, when=True):
    """Return the versions of a figure, the outputs of the rule that has the name of the file.

    There are a PNG and a PDF for print, a PNG for the screen, which the report shows, and for some
    figures an SVG for pages. `when` says whether this study has the figure. If so, it is drawn for
    all values of the wildcards in its path.
    """
    path, name = f"<results>/figures/{stem}", Path(stem).name
    FIGURES[name] = title
    shown = in_report(f"{path}.screen.png", category, title, name, when)
    versions = {"png": f"{path}.png", "pdf": f"{path}.pdf", "screen": shown}
    return versions | ({"svg": f"{path}.svg"} if svg else {})


def in_report(path, category, title, caption, when=True):
    """Return the path of a figure or table, marked to be shown in the report."""
    TARGETS.extend(expand_over_study(path) if when else [])
    others = "" if "{dataset}" in path else "all"
    labels = {
        "figure": title,
        "dataset": "{dataset}" if "{dataset}" in path else others,
        "network": "{architecture}" if "{architecture}" in path else others,
    }
    return report(path, f"../report/captions/{caption}.rst", category, labels=labels)


def finish_figures():
    """Give all figure rules what they have in common."""
    # By their own names: as rules of a module they may have others.
    lost = [name for name in FIGURES if not hasattr(rules, name)]
    if lost:
        raise WorkflowError(
            f"A figure's file must have the name of its rule, unlike {', '.join(lost)}."
        )
    for name, title in FIGURES.items():
        drawn = getattr(rules, name).rule
        drawn.conda_env = "../envs/figures.yaml"
        names = [f"{{wildcards.{name}}}" for name in sorted(drawn.wildcard_names, reverse=True)]
        of = f" of {', '.join(names)}" if names else ""
        drawn.message = f"Draw the figure '{title}'{of}."
