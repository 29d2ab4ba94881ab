"""The command: what it says, what it returns."""

import pytest

from fxstudy.cli import INTERRUPTED, NOT_OK, OK, WRONG_INPUT, main


def test_help_names_every_command(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    told = capsys.readouterr().out
    assert all(word in told for word in ("run", "status", "collect", "cohort", "Not a medical device"))


def test_wrong_parameters_are_all_named_before_anything_starts(repository, monkeypatch, capsys):
    monkeypatch.chdir(repository)
    status = main(["run", "50_wrist_delong", "-p", "epoch", "3", "-p", "lr", "fast", "-p", "seeds", "7"])
    told = capsys.readouterr().err
    assert status == WRONG_INPUT
    assert "epoch" in told and "epochs" in told and "lr" in told and "seeds" in told
    assert "Traceback" not in told


def test_missing_weights_are_named_before_anything_starts(repository, monkeypatch, capsys):
    monkeypatch.chdir(repository)
    status = main(["run", "50_wrist_delong", "-p", "weights", "[nowhere.safetensors, random]"])
    assert status == WRONG_INPUT and "nowhere.safetensors" in capsys.readouterr().err


def test_parameters_do_not_belong_to_a_plan(repository, monkeypatch, capsys):
    monkeypatch.chdir(repository)
    assert main(["run", "params/plans/study.yaml", "-p", "epochs", "3"]) == WRONG_INPUT
    assert "a plan holds its own parameters" in capsys.readouterr().err


def test_a_dry_run_starts_nothing_and_says_why(repository, monkeypatch, capsys):
    monkeypatch.chdir(repository)
    assert main(["run", "params/plans/study.yaml", "--dry-run"]) == OK
    assert "wrist_delong: " in capsys.readouterr().out


def test_an_importer_that_finds_nothing_says_what_it_wants(tmp_path, capsys):
    assert main(["cohort", "import", "fracatlas", str(tmp_path), "--to", str(tmp_path / "c")]) == WRONG_INPUT
    assert "dataset.csv" in capsys.readouterr().err
    assert not (tmp_path / "c").exists()


def test_an_interrupt_is_told_by_its_own_status(monkeypatch, capsys):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("fxstudy.runs.reading.status", interrupted)
    assert main(["status"]) == INTERRUPTED != NOT_OK
    assert "interrupted" in capsys.readouterr().err


def test_every_command_that_the_manifests_name_exists(repository):
    """data_manifest/ tells users what to type; the arguments must be understood."""
    import re
    import shlex

    from fxstudy.cli import _parser

    texts = [file.read_text(encoding="utf-8") for file in (repository / "data_manifest").rglob("*.*")]
    lines = re.findall(r"fxstudy (cohort (?:import|audit|deidentify|synthesize) [^`\n]*)", "\n".join(texts))
    assert len(lines) >= 6
    for line in lines:
        _parser().parse_args(shlex.split(line))


def test_a_synthetic_cohort_is_computed_audited_and_found_sound(tmp_path, capsys, repository):
    tiny = str(repository / "tests/imaging/tiny_wrist.yaml")
    assert main(["cohort", "synthesize", tiny, "--to", str(tmp_path / "tiny")]) == OK
    main(["cohort", "audit", str(tmp_path / "tiny"), "--no-files", "--json", str(tmp_path / "audit.json")])
    assert "tiny" in capsys.readouterr().out and (tmp_path / "audit.json").stat().st_size > 100


def test_a_cluster_that_is_not_there_is_refused_in_words(repository, monkeypatch, capsys):
    monkeypatch.chdir(repository)
    monkeypatch.setenv("PATH", "")
    assert main(["run", "params/plans/study.yaml", "--engine", "slurm"]) == WRONG_INPUT
    assert "Traceback" not in capsys.readouterr().err
