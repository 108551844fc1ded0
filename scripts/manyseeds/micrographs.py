"""Simulated wide-field fluorescence fields of cells whose true puncta are known.

A field is made as a microscope makes one: cells of smooth random outline are laid side by
side, a fluorescent protein fills them, part of it gathered into puncta (small round
clumps), the objective blurs it, the lamp lights it unevenly, and a 12-bit camera adds shot
and read noise. Protein is conserved: what gathers into puncta is missing from the rest of
the cell, so that the sum of a cell's light tells next to nothing of its class.

Control cells have a few puncta too, and the cells, staining, background, lamp and focus
differ from field to field whatever the class. All phenotypes share one `Specimen`, one
`Microscope` and one `control` effect; they differ in their depleted `Effect` (and in
`channels`, what was imaged). What else a study gives a dataset, such as the number of its
fields, is the study's.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

SATURATION = 4095  # largest grey level of a 12-bit camera
_ANGLES = np.linspace(-np.pi, np.pi, 181)  # where outlines are tabulated, radians
_STAMP = 10  # half-width of the square in which one punctum is drawn, px


@dataclass(frozen=True)
class Effect:
    """How the protein of one cell is gathered; the only thing depletion changes."""

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


@dataclass(frozen=True)
class Phenotype:
    """What is depleted and what is imaged; `name` names the depleted class too."""

    name: str
    channels: tuple[str, ...]  # in the order of the file's pages
    depleted: Effect
    control: Effect = Effect(puncta_per_cell=4.5, punctate_fraction=0.11)
    specimen: Specimen = Specimen()
    microscope: Microscope = Microscope()

    @property
    def classes(self) -> tuple[str, str]:
        """Names of the two classes (folders): control first."""
        return ("control", self.name)


PHENOTYPES = {
    phenotype.name: phenotype
    for phenotype in (
        Phenotype("snap29", ("protein", "nuclei"), Effect(28.0, 0.60)),
        Phenotype("snf7", ("protein",), Effect(10.5, 0.26)),
    )
}


@dataclass(frozen=True)
class Field:
    """One simulated field of height H and width W."""

    channels: np.ndarray  # uint16 (C, H, W), 0..4095, in the order of Phenotype.channels
    puncta: np.ndarray  # bool (H, W), the true puncta before blur and noise
    cells: np.ndarray  # int32 (H, W), 0 between cells, else the cell's number
    nuclei: np.ndarray  # bool (H, W), inside cells


def simulate_field(
    phenotype: Phenotype,
    depleted: bool,
    rng: np.random.Generator,
    shape: tuple[int, int] = (1024, 1024),
) -> Field:
    """Simulate one field.

    Parameters
    ----------
    phenotype : Phenotype
        One of `PHENOTYPES`, or one of your own.
    depleted : bool
        Whether the cells were depleted of the protein's partner (else: control).
    rng : numpy.random.Generator
        Source of everything random; the same state gives the same field.
    shape : tuple of int
        Height and width, px.

    Returns
    -------
    Field
        Images in grey levels 0..4095 with the truth beside them.
    """
    specimen, microscope = phenotype.specimen, phenotype.microscope
    staining = rng.lognormal(0.0, specimen.staining_field_spread, 2)
    centers, outlines = _place_cells(specimen, microscope.pixel_size, rng, shape)
    cells, edge = _lay_out(centers, outlines, shape)
    nuclei, nucleus_outlines = _nuclei(specimen, centers, outlines, cells, edge, rng)

    numbers, fractions = _gathering(phenotype, depleted, len(centers), rng)
    level = specimen.protein * staining[0] * rng.lognormal(0, specimen.protein_spread, len(centers))
    thickness = np.sqrt(np.clip(1 - edge**2, 0, None)) * (cells > 0)
    texture = _reticulum(specimen, microscope.pixel_size, rng, shape)
    texture = np.where(nuclei, specimen.protein_in_nucleus, texture)
    of_cell = np.concatenate([[0.0], level * (1 - fractions)]).astype(np.float32)
    protein = of_cell[cells] * thickness * texture

    # A cell's protein, in photons: its level over its nominal area, at half its full height.
    total = level * 0.5 * np.pi * outlines.mean(axis=1) ** 2
    puncta = _puncta(
        phenotype, (numbers, total * fractions), (centers, nucleus_outlines), (cells, edge, nuclei),
        protein, rng,
    )  # fmt: skip

    images = {"protein": protein}
    if "nuclei" in phenotype.channels:
        images["nuclei"] = _chromatin(specimen, cells, nuclei, staining[1], len(centers), rng)
    images = _optics(images, microscope, rng)
    channels = np.stack([camera(images[name], microscope, rng) for name in phenotype.channels])
    return Field(channels, puncta, cells, nuclei)


def _place_cells(specimen, pixel_size, rng, shape):
    """Centers (n, 2) and outlines (n, angles) of the cells, px; some centers lie outside."""
    margin = 1.5 * specimen.cell_radius / pixel_size
    spacing = specimen.cell_spacing / pixel_size
    height, width = (side + 2 * margin for side in shape)
    scale = rng.lognormal(0, specimen.cell_field_spread)
    spacing *= scale
    centers = np.empty((0, 2))
    # Throwing darts: enough of them to fill the field, each kept if far from the kept ones.
    for dart in rng.random((int(12 * height * width / spacing**2), 2)) * (height, width):
        if not len(centers) or np.min(np.sum((centers - dart) ** 2, axis=1)) > spacing**2:
            centers = np.vstack([centers, dart])
    centers = centers[rng.random(len(centers)) < rng.uniform(*specimen.confluence)] - margin

    n = len(centers)
    radius = specimen.cell_radius / pixel_size * scale * rng.lognormal(0, specimen.cell_spread, n)
    stretch = rng.lognormal(0, specimen.elongation_spread, n)
    return centers, _outlines(radius, stretch, specimen.roughness, rng)


def _outlines(radius, stretch, roughness, rng):
    """Smooth closed outlines: ellipses with bumps, as distance by angle (n, angles), px."""
    turned = _ANGLES - rng.uniform(0, np.pi, (len(radius), 1))
    stretch = stretch[:, None]
    ellipse = 1 / np.sqrt(stretch * np.cos(turned) ** 2 + np.sin(turned) ** 2 / stretch)
    bumps = np.ones_like(ellipse)
    for waves in range(2, 7):
        height = rng.normal(0, roughness * 2 / waves, (len(radius), 1))
        bumps += height * np.cos(waves * _ANGLES + rng.uniform(0, 2 * np.pi, (len(radius), 1)))
    return radius[:, None] * ellipse * np.clip(bumps, 0.5, 1.6)


def _relative(center, outline, shape):
    """Window of the image around an outline, and there the distance over the outline's."""
    reach = outline.max()
    low = np.maximum(np.floor(center - reach).astype(int), 0)
    high = np.maximum(np.minimum(np.ceil(center + reach).astype(int) + 1, shape), low)
    y, x = np.ogrid[low[0] : high[0], low[1] : high[1]]
    y, x = (y - center[0]).astype(np.float32), (x - center[1]).astype(np.float32)
    limit = np.interp(np.arctan2(y, x), _ANGLES, outline)
    window = (slice(low[0], high[0]), slice(low[1], high[1]))
    return window, (np.hypot(y, x) / limit).astype(np.float32)


def _lay_out(centers, outlines, shape):
    """Cell numbers, and how near each pixel is to its cell's edge (0 center, 1 edge).

    Where outlines overlap a pixel goes to the cell in which it lies deeper, as in a Voronoi
    diagram: neighbors press on each other and never coincide.
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


def _nuclei(specimen, centers, outlines, cells, edge, rng):
    """Mask of the nuclei, each well inside its cell, and their outlines (n, angles), px."""
    n = len(centers)
    radius = specimen.nucleus_radius * outlines.mean(axis=1) * rng.lognormal(0, 0.08, n)
    shapes = _outlines(radius, rng.lognormal(0, 0.25, n), 0.025, rng)
    nuclei = np.zeros(cells.shape, bool)
    for number, (center, outline) in enumerate(zip(centers, shapes, strict=True), start=1):
        window, distance = _relative(center, outline, cells.shape)
        inside = (distance < 1) & (cells[window] == number) & (edge[window] < 0.85)
        nuclei[window] |= inside
    return nuclei, shapes


def _gathering(phenotype, depleted, n, rng):
    """Per cell: the number of puncta and the fraction of protein that is in them."""
    affected = rng.random(n) < (phenotype.depleted.penetrance if depleted else 0)
    effects = np.where(affected, phenotype.depleted, phenotype.control)
    spread = phenotype.specimen.puncta_spread
    # Mean of a lognormal is exp(sd^2 / 2) times its median; divided away to keep the means.
    vary = rng.lognormal(-(spread**2) / 2, spread, n)
    numbers = rng.poisson(vary * [effect.puncta_per_cell for effect in effects])
    fractions = vary * [effect.punctate_fraction for effect in effects]
    return numbers, np.where(numbers > 0, np.minimum(fractions, 0.9), 0.0)


def _smooth_noise(sigma, rng, shape):
    """Gaussian noise blurred by `sigma` px, again of mean 0 and sd 1, float32."""
    noise = ndimage.gaussian_filter(
        rng.standard_normal(shape, dtype=np.float32), sigma, mode="wrap", truncate=3
    )
    return noise / noise.std()


def _reticulum(specimen, pixel_size, rng, shape):
    """Texture of the cytoplasm (mean about 1): threads where a smooth noise crosses zero."""
    fine = _smooth_noise(specimen.reticulum_scale / pixel_size, rng, shape)
    threads = np.exp(-((fine / 0.45) ** 2))
    return 1 - specimen.reticulum * (0.5 - threads)


def _puncta(phenotype, gathered, geometry, layout, protein, rng):
    """Add the puncta to the protein image in place; return their mask."""
    specimen, pixel_size = phenotype.specimen, phenotype.microscope.pixel_size
    numbers, fluxes = gathered
    (centers, nucleus_outlines), (cells, edge, nuclei) = geometry, layout
    owner = np.repeat(np.arange(len(numbers)), numbers)

    # Six tries for each punctum to land in the cytoplasm of its own cell; the first counts.
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
    # Clumps share a cell's gathered protein by their area; those out of view keep their share.
    share = diameter**2 / np.bincount(owner, diameter**2, len(numbers))[owner]
    flux = (fluxes[owner] * share)[landed]
    mask = _stamp(place, diameter[landed], flux, protein)
    return mask & (cells > 0)


def _stamp(place, diameter, flux, image):
    """Add round Gaussian spots of given full width and sum; return where they are wide."""
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


def _chromatin(specimen, cells, nuclei, staining, n, rng):
    """Image of the nuclear dye before optics, photons/px."""
    level = specimen.stain * staining * rng.lognormal(0, specimen.stain_spread, n + 1)
    grain = 1 + 0.15 * _smooth_noise(4.0, rng, cells.shape)
    return (level.astype(np.float32)[cells] * np.clip(grain, 0.4, None)) * nuclei


def _optics(images, microscope, rng):
    """Blur, background and uneven light: what reaches the camera, photons/px."""
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


def _wide_blur(image, sigma, coarse=4):
    """Gaussian blur by many pixels, done on means of squares: as good and much faster."""
    height, width = image.shape
    rows, columns = -(-height // coarse), -(-width // coarse)
    padded = np.pad(
        image, ((0, rows * coarse - height), (0, columns * coarse - width)), mode="edge"
    )
    means = padded.reshape(rows, coarse, columns, coarse).mean(axis=(1, 3))
    means = ndimage.gaussian_filter(means, sigma / coarse, mode="nearest")
    fine = ndimage.zoom(means, coarse, order=1, mode="nearest", grid_mode=True)
    return fine[:height, :width]


def camera(photons, microscope: Microscope, rng: np.random.Generator) -> np.ndarray:
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
        Grey levels 0..4095; what would be brighter is saturated at 4095.
    """
    electrons = rng.poisson(np.asarray(photons) * microscope.quantum_efficiency)
    read = microscope.read_noise * rng.standard_normal(electrons.shape)
    levels = np.rint((electrons + read) * microscope.gain + microscope.offset)
    return np.clip(levels, 0, SATURATION).astype(np.uint16)


def write_field(field: Field, image_path: str | Path, mask_path: str | Path) -> None:
    """Write a field as a 16-bit TIFF, a page a channel, and its puncta as an 8-bit PNG.

    Parameters
    ----------
    field : Field
        What `simulate_field` returned.
    image_path, mask_path : str or pathlib.Path
        Files to write, in folders that exist: ``.tif`` (grey levels 0..4095) and ``.png``
        (0, or 255 in puncta). The same field gives the same bytes.
    """
    pages = [Image.fromarray(channel) for channel in field.channels]
    pages[0].save(
        image_path, format="TIFF", compression="tiff_adobe_deflate", save_all=True,
        append_images=pages[1:],
    )  # fmt: skip
    Image.fromarray(field.puncta.astype(np.uint8) * 255).save(mask_path, format="PNG")
