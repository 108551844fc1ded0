# What the rules share: the study, checked before any job starts, and the paths of its results.
import os
import re
import shutil
import sys
from itertools import product
from pathlib import Path

import jsonschema
import yaml
from snakemake.exceptions import WorkflowError
from snakemake.logging import logger
from snakemake.settings.enums import Quietness
from snakemake.utils import validate

sys.path.insert(0, str(Path(workflow.basedir) / "scripts"))
from manyseeds import inventory, patterns, remedies, walks
from manyseeds.errors import InputError

# glibc returns large buffers to the system after every training step and fetches them back in
# the next; kept, they double the speed of training. In pages of 2 MB instead of 4 kB they make
# it a third faster still. It reads these once, when a process starts: set here they reach the
# scripts of local jobs and of jobs on a cluster alike.
for variable, value in {
    "MALLOC_MMAP_THRESHOLD_": "4294967296",
    "MALLOC_TRIM_THRESHOLD_": "4294967296",
    "MALLOC_TOP_PAD_": "268435456",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}.items():
    os.environ.setdefault(variable, value)
# Where the studies of real images look for them, unless the user says so.
os.environ.setdefault("MANYSEEDS_DATA", "../shared/data")


def inherit(datasets, name, heirs=()):
    """Return all that a dataset says, its own keys laid over those of the one it is `like`."""
    own = datasets[name]
    # What is of the wrong type is left as it is: the schema says so.
    if not isinstance(own, dict) or not isinstance(own.get("like"), str):
        return own if isinstance(own, dict) else {}
    parent, key = own["like"], f"config key datasets.{name}.like"
    if parent in (name, *heirs):
        raise WorkflowError(f"{key}: {parent} is like itself in the end. Name another dataset.")
    if parent not in datasets:
        raise WorkflowError(
            f"{key}: no dataset is named {parent!r}. Choose one of {', '.join(datasets)}."
        )
    whole = {**inherit(datasets, parent, (name, *heirs)), **own}
    if "label" not in own:
        whole.pop("label", None)
    for part in ("slice", "split", "rotate"):
        if isinstance(own.get(part), dict) and isinstance(datasets[parent].get(part), dict):
            whole[part] = {**datasets[parent][part], **own[part]}
    datasets[name] = whole
    return whole


def comes_split(source):
    """Whether a dataset's source has splits of its own."""
    return source.get("kind") in ("idx", "torchvision") or "splits" in source


def choose_split(name, dataset):
    """Split a dataset that does not say how as its source is, so that no test set is drawn anew."""
    source, split = dataset.get("source"), dataset.get("split", {})
    # What is of the wrong type is left as it is: the schema says so.
    if not isinstance(source, dict) or not isinstance(split, dict) or "by" in split:
        return
    if comes_split(source) and "test" in split:
        raise WorkflowError(
            f"config key datasets.{name}.split.test: the source comes split. Leave this key out to "
            f"take its splits, or say by what to split anew: split.by: field, or group."
        )
    dataset["split"] = {"by": "source" if comes_split(source) else "field", **split}


def check_study(config):
    """Stop, naming the key and what is allowed, when the study has a fault."""
    datasets = config.get("datasets")
    datasets = datasets if isinstance(datasets, dict) else {}
    for name in datasets:
        inherit(datasets, name)
    # Not before all have inherited: what is chosen here is no key of the dataset.
    for name, dataset in datasets.items():
        if isinstance(dataset, dict):
            choose_split(name, dataset)
    try:
        validate(config, "../schemas/config.schema.yaml")
    except WorkflowError:
        with open(workflow.source_path("../schemas/config.schema.yaml")) as file:
            validator = jsonschema.Draft202012Validator(yaml.safe_load(file))
        error = jsonschema.exceptions.best_match(validator.iter_errors(config))
        key = ".".join(map(str, error.absolute_path)) or "the study"
        allowed = error.schema.get("properties", {})
        hint = f" Allowed here: {', '.join(allowed)}." if allowed else ""
        meaning = error.schema.get("description")
        meaning = f" ({key.split('.')[-1]}: {meaning})" if meaning and not allowed else ""
        raise WorkflowError(f"config key {key}: {said(error)}.{hint}{meaning}") from None
    for dataset in datasets.values():
        # As their folders are called, and the classes in all tables.
        if dataset["source"]["kind"] in ("idx", "torchvision") and "classes" in dataset:
            dataset["classes"] = [walks.safe_name(name) for name in dataset["classes"]]
    for number, experiment in enumerate(config["experiments"]):
        name = experiment["dataset"]
        if name not in config["datasets"]:
            raise WorkflowError(
                f"config key experiments.{number}.dataset: no dataset is named {name!r}. "
                f"Choose one of {', '.join(config['datasets'])}, or add it under datasets."
            )
        check_dataset(name)
    check_experiments()
    check_sources()


def check_experiments():
    """Stop when two experiments train the same network on the same dataset."""
    trained = {}
    for number, experiment in enumerate(config["experiments"]):
        name = experiment["dataset"]
        for architecture in experiment["architectures"]:
            first = trained.setdefault((name, architecture), number)
            if first != number:
                raise WorkflowError(
                    f"config key experiments.{number}: experiments.{first} has {architecture} on "
                    f"{name} already. For other settings name a second dataset under datasets, "
                    f"{name}-2: {{like: {name}}}, and use it here."
                )


def said(error):
    """What is wrong in the words of jsonschema, but for alternative keys, which it spells out."""
    options = error.validator_value if error.validator == "oneOf" else []
    if options and all(set(option) == {"required"} for option in options):
        keys = [f"`{key}`" for option in options for key in option["required"]]
        return f"give {' or '.join(keys)}, not both"
    return error.message


def check_sources():
    """Stop when paths of the study's sources are missing, naming all of them."""
    missing = {}
    for name in dict.fromkeys(experiment["dataset"] for experiment in config["experiments"]):
        where = config["datasets"][name]["source"]
        fault = remedies.missing(where, location(name))
        if fault:
            key = f"datasets.{name}.source.{'path' if 'path' in where else 'url'}"
            missing.setdefault(fault, []).append(key)
    if missing:
        lines = [f"config key {', '.join(keys)}: {fault}" for fault, keys in missing.items()]
        raise WorkflowError("\n".join(lines))


def check_dataset(name):
    """Stop when a dataset of an experiment cannot be made, before any work starts."""
    dataset = config["datasets"][name]
    source, split = dataset["source"], dataset["split"]
    key = f"config key datasets.{name}"
    try:
        walks.split_folders(source.get("splits"))
        for what in ("class", "group", "angle"):
            if what in source:
                patterns.compiled(source[what], what)
    except InputError as fault:
        raise WorkflowError(f"{key}.{fault}") from None
    if isinstance(dataset["scale"], dict):
        scale = dataset["scale"]
        low, high = scale.get("percentiles") or (scale["low"], scale["high"])
        if not low < high:
            raise WorkflowError(
                f"{key}.scale: {low:g} is not below {high:g}. Give two values that differ, the "
                f"lower one first."
            )
    if source["kind"] == "simulated":
        classes = ["control", source["phenotype"]]
        if sorted(dataset.get("classes", classes)) != sorted(classes):
            raise WorkflowError(f"{key}.classes: a simulated dataset has the classes {classes}.")
    if split["by"] == "source" and not comes_split(source):
        raise WorkflowError(
            f"{key}.split.by: the source does not come split. Name its folders under "
            f"source.splits, or split by field or group."
        )
    if split["by"] == "group" and "group" not in source:
        raise WorkflowError(
            f"{key}.split.by: no groups are known. Give source.group, a regular expression "
            f"whose first group names the group in a file's path, or split by field."
        )
    if "angle" in source and dataset["rotate"]["angles"] != [0]:
        raise WorkflowError(
            f"{key}.rotate.angles: the images came turned already (source.angle). Leave this key "
            f"out."
        )
    if split["by"] == "tile" and dataset["rotate"]["splits"] != ["train"]:
        raise WorkflowError(
            f"{key}.rotate.splits: split tile by tile, every split has rotated tiles. "
            f"Leave this key out."
        )
    check_held_out(name)
    unknown = set(dataset["rotate"]["splits"]) - set(splits(name))
    if unknown:
        raise WorkflowError(
            f"{key}.rotate.splits: no split is named {', '.join(sorted(unknown))}. "
            f"Choose from {', '.join(splits(name))}."
        )


def check_held_out(name):
    """Stop when the test splits of a dataset cannot be held out as the study says."""
    by, test = split_by(name), held_out(name)
    key = f"config key datasets.{name}.split.test"
    named = {split: groups for split, groups in test.items() if isinstance(groups, list)}
    if named and by in ("source", "tile"):
        raise WorkflowError(
            f"{key}: by: {by} holds out no groups by name. Split by field or group, or leave this "
            f"key out."
        )
    if named and named != test:
        raise WorkflowError(
            f"{key}: shares and lists of groups do not mix. Give every test split a share, or "
            f"the names of its groups."
        )
    names = [group for groups in named.values() for group in groups]
    twice = [group for group in names if names.count(group) > 1]
    if twice:
        raise WorkflowError(f"{key}: group {twice[0]!r} is in two splits. Name it in one.")
    if by != "source" and not named and sum(test.values()) >= 1:
        raise WorkflowError(
            f"{key}: nothing is left to train on. The fractions must add up to less than 1."
        )


def location(name):
    """Path or URL of a dataset's source, environment variables filled in."""
    source = config["datasets"][name]["source"]
    return os.path.expanduser(os.path.expandvars(source.get("path") or source.get("url") or ""))


def held_out(name):
    """Fractions of a dataset's test splits, or lists of their groups, by name."""
    test = config["datasets"][name]["split"]["test"]
    return test if isinstance(test, dict) else {"test": test}


def splits(name):
    """Names of a dataset's splits, train first."""
    dataset = config["datasets"][name]
    if dataset["split"]["by"] == "source":
        rest = [s for s in dataset["source"].get("splits", ["train", "test"]) if s != "train"]
    else:
        rest = list(held_out(name))
    return ["train", *rest]


def parent_with(name, *keys):
    """The dataset that this one is like, if that has its images and these settings too."""
    dataset = config["datasets"][name]
    if "like" not in dataset:
        return None
    parent = config["datasets"][dataset["like"]]
    same = all(dataset.get(key) == parent.get(key) for key in ("source", *keys))
    within = "classes" not in parent or set(dataset["classes"]) <= set(parent["classes"])
    return dataset["like"] if same and within else None


def fetch_of(name):
    """The dataset whose images, as fetched, this one uses: another it is like, or its own."""
    parent = parent_with(name, "on_bad_image")
    return fetch_of(parent) if parent else name


def tiling_of(name):
    """The dataset whose tiles this one uses: another it is like, or its own."""
    parent = parent_with(name, "on_bad_image", "size", "color", "pages", "scale", "slice")
    return tiling_of(parent) if parent else name


def stream(name):
    """The name that a dataset's random choices go by: those alike in the end share it.

    So they differ in nothing but what they say: a monochrome twin has the same test fields, and
    a network begins from the same weights.
    """
    dataset = config["datasets"][name]
    return stream(dataset["like"]) if "like" in dataset else name


def leaky_twins():
    """Datasets split tile by tile, each with the one it is like, and the networks of both."""
    trained = {name: set() for name in DATASETS}
    for experiment in config["experiments"]:
        trained[experiment["dataset"]].update(experiment["architectures"])
    twins = []
    for leaky in DATASETS:
        honest = config["datasets"][leaky].get("like")
        if honest in DATASETS and split_by(leaky) == "tile" != split_by(honest):
            twins += [(honest, leaky, a) for a in sorted(trained[honest] & trained[leaky])]
    return twins


def differences(honest, leaky, architecture):
    """The keys, besides split.by, in which what two datasets are and are trained with differs."""
    first, second = (config["datasets"][name] for name in (honest, leaky))
    shown_alone = {"like", "label", "audit", "expert_accuracy"}
    keys = [key for key in unlike(first, second) if key not in shown_alone | {"split"}]
    # How much the splits of a source hold is not said in the study.
    if split_by(honest) != "source" and held_out(honest) != held_out(leaky):
        keys.append("split.test")
    trained = unlike(*(training_settings(name, architecture) for name in (honest, leaky)))
    return keys + [f"training.{key}" for key in trained]


def unlike(first, second):
    """Keys of which two mappings have different values."""
    both = dict.fromkeys([*first, *second])
    return [key for key in both if first.get(key) != second.get(key)]


def leaky_pairs():
    """Those twins that differ in how they are split alone: their difference is the leak's worth."""
    return [twins for twins in leaky_twins() if not differences(*twins)]


def say_unpaired():
    """Say which twins cannot tell what a leak is worth, before any work."""
    for honest, leaky, architecture in leaky_twins():
        keys = differences(honest, leaky, architecture)
        if keys:
            logger.info(
                f"What the leak of {leaky} is worth with {architecture} is not drawn: it differs "
                f"from {honest} in {', '.join(keys)}, too.",
                extra={"quietness": Quietness.PROGRESS},
            )


def leaky_evaluations(wildcards):
    """What the networks of those pairs of datasets reach."""
    return [
        f"{RESULTS}/evaluation/{dataset}/{architecture}/{seeds}/evaluation.csv"
        for *datasets, architecture in LEAKY
        for dataset in datasets
        for seeds in stacks()
    ]


def split_by(name):
    return config["datasets"][name]["split"]["by"]


def simulated(name):
    return config["datasets"][name]["source"]["kind"] == "simulated"


def one_of(names):
    """Regular expression of a wildcard that is one of these names, and matches nothing if none."""
    return "|".join(re.escape(name) for name in names) or "(?!)"


def label(name):
    """Name of a dataset in figures; simulated images and leaky splits are always called so."""
    shown = config["datasets"][name].get("label", name)
    if split_by(name) == "tile" and "leak" not in shown:
        shown = f"{shown}, leaky split"
    return shown if not simulated(name) or "simulated" in shown else f"{shown} (simulated)"


def figure_labels():
    """Names of the study's datasets in figures."""
    return {name: label(name) for name in DATASETS}


def training_settings(name, architecture):
    """How an architecture is trained on a dataset."""
    laid_over = dict(config["training"][architecture])
    for experiment in config["experiments"]:
        if experiment["dataset"] == name and architecture in experiment["architectures"]:
            laid_over.update(experiment["training"])
    return laid_over


def stacks():
    """Names of the jobs' seeds: seeds-000-005, seeds-006-011, ..."""
    n, step = config["seeds"], config["engine"]["seeds_per_job"]
    return [f"seeds-{a:03d}-{min(a + step, n) - 1:03d}" for a in range(0, n, step)]


def seeds_of(wildcards):
    """Seeds of a job, from the name of its folder."""
    _, first, last = wildcards.seeds.split("-")
    return list(range(int(first), int(last) + 1))


def source(wildcards):
    """Where a dataset's images come from, as the study says it."""
    return config["datasets"][wildcards.dataset]["source"]


def source_files(wildcards):
    """The files a dataset is fetched from, as far as they are on this machine and few."""
    path = location(wildcards.dataset)
    kind = source(wildcards)["kind"]
    if "path" not in source(wildcards) or kind in ("folder", "torchvision"):
        return []
    if kind == "idx":
        return [f"{path}/{name}" for name in remedies.IDX_FILES]
    return [path]


def fingerprint(wildcards):
    """Digest of the files that a folder as a source reads; nothing for other sources."""
    described = source(wildcards)
    if described["kind"] != "folder":
        return ""
    return walks.fingerprint(
        location(wildcards.dataset), described.get("splits"), described.get("class")
    )


def say_inventory():
    """Say where the images of the study come from, before any work."""
    sources = {name: (config["datasets"][name]["source"], location(name)) for name in DATASETS}
    fetched = {
        name for name in DATASETS if Path(f"{RESULTS}/fetch/{fetch_of(name)}/images.csv").exists()
    }
    try:
        table = inventory.render(
            inventory.take(sources, fetched=fetched), shutil.get_terminal_size((110, 0)).columns
        )
    except ImportError:  # a bare Snakemake, whose jobs have their packages from envs/
        return
    # Silent with --quiet, as what Snakemake itself says then.
    logger.info(f"Sources of the images:\n{table}\n", extra={"quietness": Quietness.PROGRESS})


def chosen(wildcards, *keys):
    """Some settings of a dataset, those left open without a default as None."""
    return {key: config["datasets"][wildcards.dataset].get(key) for key in keys}


def angles(name, split):
    """Angles at which a split has its tiles; split tile by tile, all splits have all."""
    rotate = config["datasets"][name]["rotate"]
    turned = split in rotate["splits"] or split_by(name) == "tile"
    return rotate["angles"] if turned else [0]


def rotated(wildcards):
    """Whether a split of a dataset has rotated tiles."""
    return angles(wildcards.dataset, wildcards.split) != [0]


def tiles_of(wildcards):
    """The array a split is packed from."""
    if rotated(wildcards):
        return f"{RESULTS}/rotated/{wildcards.dataset}/{wildcards.split}.npy"
    return f"{RESULTS}/tiles/{tiling_of(wildcards.dataset)}/tiles.npy"


def table_of(wildcards):
    """The table of that array."""
    if rotated(wildcards):
        return f"{RESULTS}/rotated/{wildcards.dataset}/{wildcards.split}.csv"
    return f"{RESULTS}/splits/{wildcards.dataset}/split.csv"


def packs_of(name, suffix):
    """The packs of a dataset (npy) or their indices (csv), a file a split."""
    return [f"{RESULTS}/packs/{name}/{split}.{suffix}" for split in splits(name)]


def images_table(wildcards):
    """The table of a dataset's images as fetched."""
    return f"{RESULTS}/fetch/{fetch_of(wildcards.dataset)}/images.csv"


def audited(wildcards):
    """Nothing, but only after the audits of this dataset and of all strict ones are passed."""
    strict = [name for name in DATASETS if config["datasets"][name]["audit"] == "strict"]
    for name in dict.fromkeys([*strict, wildcards.dataset]):
        checkpoints.audit_gate.get(dataset=name)
    return []


def first_test(wildcards, suffix):
    """The pack that training is watched on."""
    return packs_of(wildcards.dataset, suffix)[1]


def every(pattern):
    """Expand a path over the experiments of the study, keeping their order."""
    return list(
        dict.fromkeys(
            pattern.format(dataset=e["dataset"], architecture=a, seeds=s, split=split)
            for e in config["experiments"]
            for a, s, split in product(e["architectures"], stacks(), splits(e["dataset"]))
        )
    )


check_study(config)

RESULTS = f"results/{config['study']}"
# All cores of a local run: each of these jobs shares its images among so many processes. A job on
# a cluster gets four.
DATA_THREADS = workflow.resource_settings.cores or 4
DATASETS = every("{dataset}")
# Those whose images, and whose tiles, the others use too.
FETCHED = list(dict.fromkeys(map(fetch_of, DATASETS)))
TILED = list(dict.fromkeys(map(tiling_of, DATASETS)))
LEAKY = leaky_pairs()
FIGURES = [
    *every(f"{RESULTS}/figures/{{dataset}}/training_panel.screen.png"),
    *every(f"{RESULTS}/figures/{{dataset}}/audit.screen.png"),
    *every(f"{RESULTS}/figures/{{dataset}}/closest_pairs.screen.png"),
    *every(f"{RESULTS}/figures/{{dataset}}/{{architecture}}/architecture.screen.png"),
    *every(f"{RESULTS}/figures/{{dataset}}/{{architecture}}/predictions_panel.screen.png"),
    f"{RESULTS}/figures/accuracy_boxplot.screen.png",
    f"{RESULTS}/figures/training_curves.screen.png",
    *([f"{RESULTS}/figures/leakage.screen.png"] if LEAKY else []),
]
