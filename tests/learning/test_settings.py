import pytest
import torch

from fxstudy.errors import TrainingError
from fxstudy.learning.settings import TrainingSettings, rate_at, resolve_precision, torch_optimiser


def test_the_papers_rate_falls_to_a_tenth_every_ten_epochs_down_to_1e7():
    """Oracle: Kim MW 2021, Methods, CNN: 1e-4, minus 90 % every 10 epochs, not below 1e-7."""
    settings = TrainingSettings(
        epochs=100, batch_size=4, lr=1e-4, schedule="step", lr_factor=0.1, lr_every=10, lr_min=1e-7
    )
    rate = rate_at(settings)
    for epoch in range(100):
        expected = max(1e-4 * 0.1 ** (epoch // 10), 1e-7)
        assert rate(epoch / 100) == pytest.approx(expected, rel=1e-12)
        assert rate((epoch + 0.999) / 100) == pytest.approx(expected, rel=1e-12)


def test_one_cycle_peaks_after_a_quarter_and_ends_near_zero():
    rate = rate_at(TrainingSettings(epochs=4, batch_size=4, lr=1e-2, schedule="one_cycle"))
    assert rate(0) == pytest.approx(1e-2 / 25)
    assert rate(0.25) == pytest.approx(1e-2)
    assert rate(1) == pytest.approx(1e-7)


def test_adam_is_pytorchs_with_the_printed_constants():
    settings = TrainingSettings(epochs=1, batch_size=4, lr=1e-4, weight_decay=1e-4)
    optimiser = torch_optimiser(settings)([torch.nn.Parameter(torch.zeros(1))], lr=1e-4)
    assert type(optimiser) is torch.optim.Adam
    group = optimiser.param_groups[0]
    assert (group["lr"], group["betas"], group["eps"], group["weight_decay"]) == (
        1e-4,
        (0.9, 0.999),
        1e-8,
        1e-4,
    )


def test_all_wrong_settings_are_named_at_once():
    with pytest.raises(TrainingError, match="schedule must be one of .*epochs must be positive, not 0"):
        TrainingSettings(epochs=0, batch_size=4, lr=1e-4, schedule="steps")


def test_half_precision_without_a_gpu_is_refused_and_auto_is_fp32():
    cpu = torch.device("cpu")
    assert resolve_precision("auto", cpu) == "fp32"
    with pytest.raises(TrainingError, match="precision bf16 needs a CUDA device, not cpu"):
        resolve_precision("bf16", cpu)
