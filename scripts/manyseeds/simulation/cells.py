"""The cells of the simulation: their outlines, nuclei, stains and puncta."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

_ANGLES = np.linspace(-np.pi, np.pi, 181)  # where outlines are tabulated, radians
_STAMP = 10  # half-width of the square in which one punctum is drawn, px


@dataclass(frozen=True)
class Effect:
    """How the protein of one cell is gathered: the only thing that depletion changes."""

    puncta_per_cell: float  # mean number of puncta
    punctate_fraction: float  # mean fraction of the cell's protein that is in puncta
    penetrance: float = 1.0  # fraction of cells in which depletion worked; others are control


@dataclass(frozen=True)
class Specimen:
    """The cells and their stains; `..._spread` is the standard deviation of a logarithm."""

    cell_radius: float = 10.5  # um, median before neighbors press on each other
    cell_spread: float = 0.16  # from cell to cell
    cell_field_spread: float = 0.12  # of the mean cell from field to field
    cell_spacing: float = 13.0  # um, smallest distance between two cells' centers
    confluence: tuple[float, float] = (0.55, 1.0)  # fraction of the free places taken
    elongation_spread: float = 0.22  # of the ratio of a cell's axes
    roughness: float = 0.10  # bumps of the outline, as a fraction of the radius
    nucleus_radius: float = 0.42  # as a fraction of the cell's
    protein: float = 1500.0  # photons/px, diffuse, where a cell is thickest
    protein_spread: float = 0.30  # expression from cell to cell
    stain: float = 1600.0  # photons/px, nuclear dye
    stain_spread: float = 0.18  # from nucleus to nucleus
    staining_field_spread: float = 0.30  # of either stain from field to field
    protein_in_nucleus: float = 0.55  # of the protein elsewhere in the cell
    reticulum: float = 0.45  # depth of the network-like texture of the cytoplasm
    reticulum_scale: float = 0.55  # um, its grain
    puncta_spread: float = 0.80  # of the gathering (number and fraction), from cell to cell
    punctum_diameter: float = 0.75  # um, median, full width at half maximum
    punctum_spread: float = 0.30
    punctum_limits: tuple[float, float] = (0.25, 1.50)  # um, smallest and largest
    perinuclear: float = 2.2  # um, mean distance of puncta from the nuclear envelope
    polarity: float = 0.9  # concentration (von Mises) of puncta on one side of the nucleus


def place_cells(
    specimen: Specimen, pixel_size: float, rng: np.random.Generator, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return centers (n, 2) and outlines (n, angles) of the cells, px; some centers lie outside.

    Parameters
    ----------
    specimen : Specimen
        Sizes and spacing of the cells.
    pixel_size : float
        um/px.
    rng : numpy.random.Generator
        Source of everything random.
    shape : tuple of int
        Height and width of the field, px.
    """
    margin = 1.5 * specimen.cell_radius / pixel_size
    spacing = specimen.cell_spacing / pixel_size
    height, width = (side + 2 * margin for side in shape)
    scale = rng.lognormal(0, specimen.cell_field_spread)
    spacing *= scale
    centers = np.empty((0, 2))
    # Darts are thrown, enough to fill the field. Each is kept if it is far from those kept before.
    for dart in rng.random((int(12 * height * width / spacing**2), 2)) * (height, width):
        if not len(centers) or np.min(np.sum((centers - dart) ** 2, axis=1)) > spacing**2:
            centers = np.vstack([centers, dart])
    centers = centers[rng.random(len(centers)) < rng.uniform(*specimen.confluence)] - margin

    n = len(centers)
    radius = specimen.cell_radius / pixel_size * scale * rng.lognormal(0, specimen.cell_spread, n)
    stretch = rng.lognormal(0, specimen.elongation_spread, n)
    return centers, _outlines(radius, stretch, specimen.roughness, rng)


def _outlines(
    radius: np.ndarray, stretch: np.ndarray, roughness: float, rng: np.random.Generator
) -> np.ndarray:
    """Return smooth closed outlines, ellipses with bumps: distance by angle (n, angles), px."""
    rotated = _ANGLES - rng.uniform(0, np.pi, (len(radius), 1))
    stretch = stretch[:, None]
    ellipse = 1 / np.sqrt(stretch * np.cos(rotated) ** 2 + np.sin(rotated) ** 2 / stretch)
    bumps = np.ones_like(ellipse)
    for waves in range(2, 7):
        height = rng.normal(0, roughness * 2 / waves, (len(radius), 1))
        bumps += height * np.cos(waves * _ANGLES + rng.uniform(0, 2 * np.pi, (len(radius), 1)))
    return radius[:, None] * ellipse * np.clip(bumps, 0.5, 1.6)


def _relative(
    center: np.ndarray, outline: np.ndarray, shape: tuple[int, ...]
) -> tuple[tuple[slice, slice], np.ndarray]:
    """Return the window of the image around an outline, and the relative distance of its pixels.

    The distance from the center is relative to that of the outline at the same angle.
    """
    reach = outline.max()
    low = np.maximum(np.floor(center - reach).astype(int), 0)
    high = np.maximum(np.minimum(np.ceil(center + reach).astype(int) + 1, shape), low)
    y, x = np.ogrid[low[0] : high[0], low[1] : high[1]]
    y, x = (y - center[0]).astype(np.float32), (x - center[1]).astype(np.float32)
    limit = np.interp(np.arctan2(y, x), _ANGLES, outline)
    window = (slice(low[0], high[0]), slice(low[1], high[1]))
    return window, (np.hypot(y, x) / limit).astype(np.float32)


def lay_out_cells(
    centers: np.ndarray, outlines: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return cell numbers, and how near each pixel is to its cell's edge (0 center, 1 edge).

    Both are (height, width): int32, 0 between cells; and float32. If outlines overlap, a pixel goes
    to the cell in which it lies deeper, as in a Voronoi diagram. So neighbors press on each other
    and never coincide.
    """
    best = np.full(shape, np.inf, np.float32)
    second = np.full(shape, np.inf, np.float32)
    cells = np.zeros(shape, np.int32)
    for number, (center, outline) in enumerate(zip(centers, outlines, strict=True), start=1):
        window, distance = _relative(center, outline, shape)
        nearer = distance < best[window]
        second[window] = np.where(nearer, best[window], np.minimum(second[window], distance))
        best[window] = np.where(nearer, distance, best[window])
        cells[window] = np.where(nearer, number, cells[window])
    with np.errstate(invalid="ignore"):
        edge = np.fmax(best, best / second)
    cells[edge > 0.97] = 0  # a thin gap between neighbors
    return cells, np.minimum(edge, 1)


def place_nuclei(
    specimen: Specimen,
    centers: np.ndarray,
    outlines: np.ndarray,
    cells: np.ndarray,
    edge: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mask of the nuclei, each well inside its cell, and their outlines (n, angles), px.

    Centers and outlines are those of `place_cells`, cells and edge those of `lay_out_cells`.
    """
    n = len(centers)
    radius = specimen.nucleus_radius * outlines.mean(axis=1) * rng.lognormal(0, 0.08, n)
    shapes = _outlines(radius, rng.lognormal(0, 0.25, n), 0.025, rng)
    nuclei = np.zeros(cells.shape, bool)
    for number, (center, outline) in enumerate(zip(centers, shapes, strict=True), start=1):
        window, distance = _relative(center, outline, cells.shape)
        inside = (distance < 1) & (cells[window] == number) & (edge[window] < 0.85)
        nuclei[window] |= inside
    return nuclei, shapes


def gather_protein(
    specimen: Specimen, control: Effect, depleted: Effect | None, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return each cell's number of puncta and the fraction of its protein in them, both (n,).

    Without a depleted effect all cells are controls.
    """
    affected = rng.random(n) < (depleted.penetrance if depleted else 0)
    effects = [depleted if depleted and cell else control for cell in affected]
    spread = specimen.puncta_spread
    # The mean of a lognormal is exp(sd^2 / 2) times its median. This median makes the mean 1.
    variation = rng.lognormal(-(spread**2) / 2, spread, n)
    numbers = rng.poisson(variation * [effect.puncta_per_cell for effect in effects])
    fractions = variation * [effect.punctate_fraction for effect in effects]
    return numbers, np.where(numbers > 0, np.minimum(fractions, 0.9), 0.0)


def _smooth_noise(sigma: float, rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Return Gaussian noise blurred by `sigma` px, of mean 0 and sd 1, float32."""
    noise = ndimage.gaussian_filter(
        rng.standard_normal(shape, dtype=np.float32), sigma, mode="wrap", truncate=3
    )
    return noise / noise.std()


def reticulum(
    specimen: Specimen, pixel_size: float, rng: np.random.Generator, shape: tuple[int, int]
) -> np.ndarray:
    """Return a texture of the cytoplasm (mean about 1): threads where smooth noise crosses zero."""
    fine = _smooth_noise(specimen.reticulum_scale / pixel_size, rng, shape)
    threads = np.exp(-((fine / 0.45) ** 2))
    return 1 - specimen.reticulum * (0.5 - threads)


def add_puncta(
    specimen: Specimen,
    pixel_size: float,
    gathered: tuple[np.ndarray, np.ndarray],
    geometry: tuple[np.ndarray, np.ndarray],
    layout: tuple[np.ndarray, np.ndarray, np.ndarray],
    protein: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Add the puncta to the protein image in place; return their mask, bool (height, width).

    Parameters
    ----------
    specimen : Specimen
        Sizes and places of puncta.
    pixel_size : float
        um/px.
    gathered : tuple of numpy.ndarray
        Each cell's number of puncta, and the photons in them.
    geometry : tuple of numpy.ndarray
        Centers of the cells and outlines of their nuclei, px.
    layout : tuple of numpy.ndarray
        Cells and edge, as from `lay_out_cells`, and the mask of the nuclei.
    protein : numpy.ndarray
        float32 (height, width), photons/px.
    rng : numpy.random.Generator
        Source of everything random.
    """
    numbers, fluxes = gathered
    (centers, nucleus_outlines), (cells, edge, nuclei) = geometry, layout
    owner = np.repeat(np.arange(len(numbers)), numbers)

    # Each punctum has six tries to land in the cytoplasm of its own cell. The first hit counts.
    tries = (len(owner), 6)
    side = rng.uniform(-np.pi, np.pi, len(numbers))[owner, None]
    angle = np.angle(np.exp(1j * (side + rng.vonmises(0, specimen.polarity, tries))))
    column = np.rint((angle + np.pi) / (2 * np.pi) * (len(_ANGLES) - 1)).astype(int)
    distance = nucleus_outlines[owner[:, None], column]
    distance = distance + rng.exponential(specimen.perinuclear, tries) / pixel_size
    place = centers[owner, None] + distance[..., None] * np.stack(
        [np.sin(angle), np.cos(angle)], axis=-1
    )
    y, x = np.moveaxis(np.rint(place).astype(int), -1, 0)
    in_field = (y >= 0) & (y < cells.shape[0]) & (x >= 0) & (x < cells.shape[1])
    y, x = np.where(in_field, y, 0), np.where(in_field, x, 0)
    good = in_field & (cells[y, x] == owner[:, None] + 1) & (edge[y, x] < 0.9) & ~nuclei[y, x]
    landed = np.flatnonzero(good.any(axis=1))
    place = place[landed, good[landed].argmax(axis=1)]

    diameter = specimen.punctum_diameter * rng.lognormal(0, specimen.punctum_spread, len(owner))
    diameter = np.clip(diameter, *specimen.punctum_limits) / pixel_size
    # Clumps share a cell's gathered protein by their area. Those out of view keep their share.
    share = diameter**2 / np.bincount(owner, diameter**2, len(numbers))[owner]
    flux = (fluxes[owner] * share)[landed]
    mask = _stamp(place, diameter[landed], flux, protein)
    return mask & (cells > 0)


def _stamp(
    place: np.ndarray, diameter: np.ndarray, flux: np.ndarray, image: np.ndarray
) -> np.ndarray:
    """Add round Gaussian spots of given full width and sum; return the mask within that width."""
    mask = np.zeros(image.shape, bool)
    corner = np.rint(place).astype(int)
    step = np.arange(-_STAMP, _STAMP + 1)
    y, x = corner[:, :1] + step, corner[:, 1:] + step
    square = ((y - place[:, :1]) ** 2)[:, :, None] + ((x - place[:, 1:]) ** 2)[:, None, :]
    sigma = (diameter / 2.355)[:, None, None]
    spots = np.exp(-square / (2 * sigma**2))
    spots *= flux[:, None, None] / spots.sum(axis=(1, 2), keepdims=True)
    y, x = np.broadcast_arrays(y[:, :, None], x[:, None, :])
    seen = (y >= 0) & (y < image.shape[0]) & (x >= 0) & (x < image.shape[1])
    np.add.at(image, (y[seen], x[seen]), spots[seen].astype(image.dtype))
    wide = seen & (square <= np.maximum(diameter[:, None, None] / 2, 1.0) ** 2)
    mask[y[wide], x[wide]] = True
    return mask


def chromatin(
    specimen: Specimen,
    cells: np.ndarray,
    nuclei: np.ndarray,
    staining: float,
    n: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the image of the nuclear dye of n cells before optics, photons/px."""
    level = specimen.stain * staining * rng.lognormal(0, specimen.stain_spread, n + 1)
    grain = 1 + 0.15 * _smooth_noise(4.0, rng, cells.shape)
    return (level.astype(np.float32)[cells] * np.clip(grain, 0.4, None)) * nuclei
