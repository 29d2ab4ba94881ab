import json

from fxstudy.progress import Progress, duration, line


def test_progress_goes_to_the_file_that_the_parent_reads(tmp_path, monkeypatch):
    file = tmp_path / "progress.json"
    monkeypatch.setenv("FXSTUDY_PROGRESS", str(file))
    with Progress(4, "training", unit="epochs") as progress:
        progress.update(1, loss=0.5)
        progress.update(3, loss=0.25)
    state = json.loads(file.read_text())
    assert (state["done"], state["total"], state["facts"]) == (4, 4, {"loss": 0.25})
    assert list(tmp_path.iterdir()) == [file]


def test_the_time_left_counts_only_what_was_done_now(monkeypatch):
    clock = iter([0.0, 0.0, 10.0, 10.0, 10.0])
    monkeypatch.setattr("fxstudy.progress.time.monotonic", lambda: next(clock))
    progress = Progress(100, "resumed", done=50)
    progress.update(10)
    assert progress.seconds_left == 10.0 / 10 * 40


def test_a_line_shows_bar_facts_and_time():
    state = {
        "label": "a",
        "unit": "epochs",
        "done": 1,
        "total": 2,
        "seconds_left": 75.0,
        "facts": {"loss": 0.1},
    }
    assert line(state, width=4) == "a ██·· 1/2 epochs  loss 0.1  1 min 15 s left"


def test_a_full_disk_does_not_stop_the_work(tmp_path, monkeypatch):
    monkeypatch.setenv("FXSTUDY_PROGRESS", str(tmp_path / "gone" / "progress.json"))
    with Progress(1, "x") as progress:
        progress.update()
    assert progress.done == 1


def test_durations_in_words():
    assert [duration(s) for s in (5, 75, 3700)] == ["5 s", "1 min 15 s", "1 h 1 min"]
