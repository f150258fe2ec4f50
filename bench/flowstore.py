"""What a flow saves, against MLflow's file store and joblib: frames, small outputs, progress."""

from bench.child import Child
from bench.environments import MLFLOW, peer_python
from bench.measure import Line, Samples, Setting, Target, speedup, take_turns

_MODULE = "bench.peers.flows"
_LABELS = 10


def flowstore(setting: Setting) -> list[Line]:
    """Save and load a frame of 100 MB, ten thousand small outputs, ten thousand updates."""
    python = peer_python("mlflow", MLFLOW, setting.say)
    with (
        Child(f"{_MODULE}:Nacre") as ours,
        Child(f"{_MODULE}:Mlflow", python) as mlflow,
        Child(f"{_MODULE}:Joblib", python) as joblib,
    ):
        for child in (ours, mlflow, joblib):
            megabytes = setting.size(100, 10)
            child.call("make", path=str(setting.place("flows")), megabytes=megabytes)
        return [
            *_frames(setting, ours, mlflow, joblib),
            *_small(setting, ours, mlflow),
            _labels(setting, ours),
            *_progress(setting, ours),
        ]


def _frames(setting: Setting, ours: Child, mlflow: Child, joblib: Child) -> list[Line]:
    """Each round is another label, so that nothing is there already but the content."""
    setting.say("frames")
    children = {"ours": ours, "mlflow": mlflow, "joblib": joblib}
    saved: dict[str, list[float]] = {name: [] for name in children}
    loaded: dict[str, list[float]] = {name: [] for name in children}
    for number in range(setting.rounds):
        for name, child in children.items():
            if name == "ours":
                place = str(setting.place("fresh"))
                child.call("make", path=place, megabytes=setting.size(100, 10))
            saved[name].append(child.seconds("save_frame", label=f"frame{number}"))
        for _ in range(3):
            for name, child in children.items():
                loaded[name].append(child.seconds("load_frame", label=f"frame{number}"))
    lines = []
    for peer, bound in (("mlflow", 3), ("joblib", 1)):
        against = "MLflow, log_artifact of parquet" if peer == "mlflow" else "joblib, uncompressed"
        for work, taken in (("save", saved), ("load", loaded)):
            lines.append(
                _faster(f"{work} a frame of 100 MB as an asset", against, taken, peer, bound)
            )
    return lines


def _faster(
    work: str, against: str, taken: dict[str, list[float]], peer: str, bound: float
) -> Line:
    ours = Samples(tuple(1000 * value for value in taken["ours"]))
    theirs = Samples(tuple(1000 * value for value in taken[peer]))
    return Line(
        work=work,
        against=against,
        ours=ours,
        theirs=theirs,
        unit="ms",
        value=speedup(ours, theirs),
        target=Target(bound, "x"),
    )


def _small(setting: Setting, ours: Child, mlflow: Child) -> list[Line]:
    setting.say("small outputs")
    count, few = setting.size(10_000, 1000), setting.size(500, 100)
    samples = take_turns(
        setting.rounds,
        {
            "run": lambda: 1000 * ours.seconds("save_small", count=count) / count,
            "apart": lambda: 1000 * ours.seconds("save_apart", count=few) / few,
            "mlflow": lambda: 1000 * mlflow.seconds("save_small", count=few) / few,
        },
    )
    lines = [
        Line(
            work=f"save a small output, {how}",
            against="MLflow, log_dict into files",
            ours=samples[name],
            theirs=samples["mlflow"],
            unit="ms",
            value=speedup(samples[name], samples["mlflow"]),
            target=target,
        )
        for name, how, target in (
            ("run", f"one of {count:,} of a step that runs", Target(20, "x")),
            ("apart", "each durable when the call returns", None),
        )
    ]
    listed = Samples(tuple(1000 * ours.seconds("list_small") for _ in range(setting.rounds)))
    return [*lines, _bounded(f"list {count:,} outputs", listed, 100, "ms")]


def _labels(setting: Setting, ours: Child) -> Line:
    setting.say("ten labels")
    place = str(setting.place("labels"))
    ours.call("make", path=place, megabytes=setting.size(100, 10))
    ours.call("save_frame", label="label 0")
    before = ours.call("used_bytes")
    for number in range(1, _LABELS):
        ours.call("save_frame", label=f"label {number}")
    after = ours.call("used_bytes")
    assert isinstance(before, int)
    assert isinstance(after, int)
    return Line(
        work=f"the same frame under {_LABELS} labels, on disk",
        against="under one",
        ours=Samples((after / 1e6,)),
        theirs=Samples((before / 1e6,)),
        unit="MB",
        value=after / before,
        target=Target(1.02, "x", at_most=True),
    )


def _progress(setting: Setting, ours: Child) -> list[Line]:
    setting.say("progress")
    found = [ours.call("progress", count=10_000) for _ in range(setting.rounds)]
    pairs = [(one[0], one[1]) for one in found if isinstance(one, list)]
    taken = Samples(tuple(1000 * seconds for seconds, _ in pairs))
    commits = Samples(tuple(float(commits) for _, commits in pairs))
    return [
        _bounded("10,000 progress updates", taken, 1000, "ms"),
        _bounded("commits of 10,000 progress updates", commits, 20, "commits"),
    ]


def _bounded(work: str, ours: Samples, bound: float, unit: str) -> Line:
    return Line(
        work=work,
        against="",
        ours=ours,
        unit=unit,
        value=ours.median,
        value_unit=unit,
        target=Target(bound, unit, at_most=True),
    )
