"""The microscope of the simulation: optics, uneven light, and a 12-bit camera."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import ndimage

SATURATION = 4095  # largest grey level of a 12-bit camera


@dataclass(frozen=True)
class Microscope:
    """Optics and camera; a 40x/0.95 objective over 6.5 um camera pixels."""

    pixel_size: float = 0.1625  # um/px in the specimen
    psf_sigma: float = 0.12  # um, in focus: 0.21 x wavelength / numerical aperture
    defocus: float = 0.12  # um, scale (half-normal) of the field's additional blur
    haze_sigma: float = 2.0  # um, blur of the light from above and below the focus
    haze: float = 0.30  # fraction of the light that is out of focus
    background: float = 80.0  # photons/px, medium and autofluorescence
    background_field_spread: float = 0.45  # from field to field (of the logarithm)
    lamp_width: float = 1.15  # sigma of the illumination / half the field's diagonal
    lamp_shift: float = 0.30  # sd of its center from the field's, same unit
    quantum_efficiency: float = 0.80  # electrons/photon
    read_noise: float = 2.5  # electrons, sd
    gain: float = 0.70  # grey levels/electron
    offset: float = 100.0  # grey levels, without light


def light_on_camera(
    images: dict[str, np.ndarray], microscope: Microscope, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Return what reaches the camera of each image, photons/px: blurred, lit, on a background."""
    shape = next(iter(images.values())).shape
    defocus = microscope.defocus * abs(rng.standard_normal())
    sharp = np.hypot(microscope.psf_sigma, defocus) / microscope.pixel_size
    half = np.hypot(*shape) / 2
    shift = rng.normal(0, microscope.lamp_shift, 2) * half
    y, x = np.ogrid[: shape[0], : shape[1]]
    square = (y - shape[0] / 2 - shift[0]) ** 2 + (x - shape[1] / 2 - shift[1]) ** 2
    lamp = np.exp(-square / (2 * (microscope.lamp_width * half) ** 2)).astype(np.float32)
    lit = {}
    for name, image in images.items():
        background = microscope.background * rng.lognormal(0, microscope.background_field_spread)
        focused = ndimage.gaussian_filter(image, sharp, mode="nearest")
        haze = _wide_blur(image, microscope.haze_sigma / microscope.pixel_size)
        lit[name] = lamp * ((1 - microscope.haze) * focused + microscope.haze * haze + background)
    return lit


def _wide_blur(image: np.ndarray, sigma: float, coarse: int = 4) -> np.ndarray:
    """Return the image blurred by many pixels.

    The blur is computed on the means of squares of `coarse` pixels: as good and much faster.
    """
    height, width = image.shape
    rows, columns = -(-height // coarse), -(-width // coarse)
    padded = np.pad(
        image, ((0, rows * coarse - height), (0, columns * coarse - width)), mode="edge"
    )
    means = padded.reshape(rows, coarse, columns, coarse).mean(axis=(1, 3))
    means = ndimage.gaussian_filter(means, sigma / coarse, mode="nearest")
    fine = ndimage.zoom(means, coarse, order=1, mode="nearest", grid_mode=True)
    return fine[:height, :width]


def camera(photons: ArrayLike, microscope: Microscope, rng: np.random.Generator) -> np.ndarray:
    """Record light with a 12-bit camera.

    On even light the mean grey level is ``offset + gain x electrons`` and its variance
    ``gain^2 x (electrons + read_noise^2) + 1/12`` (shot noise, read noise, rounding), with
    ``electrons = quantum_efficiency x photons``.

    Parameters
    ----------
    photons : array_like of float, any shape
        Mean photons on each pixel, >= 0.
    microscope : Microscope
        Its camera's efficiency, noise, gain and offset.
    rng : numpy.random.Generator
        Source of the noise.

    Returns
    -------
    numpy.ndarray of uint16, same shape
        Grey levels 0..4095. Anything brighter is saturated at 4095.
    """
    electrons = rng.poisson(np.asarray(photons) * microscope.quantum_efficiency)
    read = microscope.read_noise * rng.standard_normal(electrons.shape)
    levels = np.rint((electrons + read) * microscope.gain + microscope.offset)
    return np.clip(levels, 0, SATURATION).astype(np.uint16)
