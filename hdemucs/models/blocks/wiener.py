"""The multichannel Wiener filter, which refines the estimates of all sources of a mixture together.

A. A. Nugraha, A. Liutkus and E. Vincent, "Multichannel audio source separation with deep neural
networks", IEEE/ACM TASLP 24 (2016), section III, in the form used for music separation: each
iteration takes the estimates' power, averaged over channels, as the sources' spectra and their
spatial covariance averaged over time, and filters the mixture with these.
"""

from __future__ import annotations

import torch
from jaxtyping import Complex, Float
from torch import Tensor

EPSILON = 1e-10  # power below which a source counts as silent
LOUDEST = 10.0  # magnitude that mixtures are scaled down to, so that EPSILON always means the same

Mixture = Complex[Tensor, "batch channel frequency frame"]
Estimates = Complex[Tensor, "batch source channel frequency frame"]
Magnitudes = Float[Tensor, "batch source channel frequency frame"]


def with_mixture_phase(mixture: Mixture, magnitudes: Magnitudes) -> Estimates:
    """Give the magnitudes the phase of the mixture; phase 0 where the mixture is silent.

    What a network writes as a magnitude may be negative. torch.polar of it would have a gradient of
    the wrong sign, so phases alone are made by it.
    """
    angle = mixture.angle()
    return magnitudes * torch.polar(torch.ones_like(angle), angle)[:, None]


def shared_out(mixture: Mixture, magnitudes: Magnitudes) -> Estimates:
    """Divide the mixture among the sources in proportion to their magnitudes (a soft mask)."""
    return mixture[:, None] * (magnitudes / (EPSILON + magnitudes.sum(1, keepdim=True)))


def wiener(
    mixture: Mixture, estimates: Estimates, iterations: int, window: int | None
) -> Estimates:
    """Refine estimates by `iterations` of the filter; with 0 they are returned as they are.

    Args:
        mixture: its spectrogram.
        estimates: all of its sources' spectrograms; they should add up to about the mixture.
        iterations: how often to filter; music separation uses 1, more can lower the SDR.
        window: frames over which a source's spatial covariance is taken as constant; None: all.

    Returns:
        The refined spectrograms, in the estimates' precision. Their sum differs from the mixture
        by the regularisation, sqrt(EPSILON), only. The work is done in double precision.
    """
    if not iterations:
        return estimates
    frames = window or mixture.shape[-1]
    pieces = zip(
        torch.split(mixture.to(torch.complex128), frames, -1),
        torch.split(estimates.to(torch.complex128), frames, -1),
        strict=True,
    )
    refined = [in_one_window(x, y, iterations) for x, y in pieces]
    return torch.cat(refined, -1).to(estimates.dtype)


def in_one_window(mixture: Mixture, estimates: Estimates, iterations: int) -> Estimates:
    loudest = mixture.abs().amax((1, 2, 3), keepdim=True)
    scale = (loudest / LOUDEST).clamp(min=1)
    x, y = mixture / scale, estimates / scale[:, None]
    for _ in range(iterations):
        y = filtered(x, y)
    return y * scale[:, None]


def filtered(x: Mixture, y: Estimates) -> Estimates:
    """One iteration: y_j = v_j R_j (sum_k v_k R_k + sqrt(EPSILON) I)^-1 x in every bin.

    v_j [frequency, frame] is the mean power over channels of source j, and R_j [frequency] its
    spatial covariance, the sum over frames of y_j y_j^H divided by the sum of v_j.
    """
    power = y.abs().square().mean(2)
    spatial = torch.einsum("bscft,bsdft->bsfcd", y, y.conj())
    spatial = spatial / (EPSILON + power.sum(-1))[..., None, None]
    power = power.to(y.dtype)
    model = torch.einsum("bsft,bsfcd->bftcd", power, spatial)
    noise = EPSILON**0.5 * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    whitened = torch.linalg.solve(model + noise, x.permute(0, 2, 3, 1))
    return torch.einsum("bsfcd,bftd->bscft", spatial, whitened) * power[:, :, None]
