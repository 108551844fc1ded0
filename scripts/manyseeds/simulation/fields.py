"""Simulated wide-field fluorescence fields of cells whose true puncta are known.

A field is made as a microscope makes one. Cells of smooth random outline are laid side by side. A
fluorescent protein fills them, and part of it is gathered into puncta (small round clumps). The
objective blurs it, the lamp lights it unevenly, and a 12-bit camera adds shot and read noise.
Protein is conserved: what gathers into puncta is missing from the rest of the cell. So the sum of a
cell's light tells next to nothing of its class.

Control cells have a few puncta too, and the cells, staining, background, lamp and focus
differ from field to field whatever the class. All phenotypes share one `Specimen`, one
`Microscope` and one `control` effect. They differ in their depleted `Effect`, and in `channels`
(what was imaged). The number of fields and the like are the study's.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from manyseeds.simulation.cells import (
    Effect,
    Specimen,
    add_puncta,
    chromatin,
    gather_protein,
    lay_out_cells,
    place_cells,
    place_nuclei,
    reticulum,
)
from manyseeds.simulation.microscope import Microscope, camera, light_on_camera


@dataclass(frozen=True)
class Phenotype:
    """What is depleted and what is imaged; `name` names the depleted class too."""

    name: str
    channels: tuple[str, ...]  # in the order of the file's pages
    depleted: Effect
    control: Effect = field(default_factory=lambda: Effect(4.5, punctate_fraction=0.11))
    specimen: Specimen = field(default_factory=Specimen)
    microscope: Microscope = field(default_factory=Microscope)

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
    centers, outlines = place_cells(specimen, microscope.pixel_size, rng, shape)
    cells, edge = lay_out_cells(centers, outlines, shape)
    nuclei, nucleus_outlines = place_nuclei(specimen, centers, outlines, cells, edge, rng)

    numbers, fractions = gather_protein(
        specimen, phenotype.control, phenotype.depleted if depleted else None, len(centers), rng
    )
    level = specimen.protein * staining[0] * rng.lognormal(0, specimen.protein_spread, len(centers))
    thickness = np.sqrt(np.clip(1 - edge**2, 0, None)) * (cells > 0)
    texture = reticulum(specimen, microscope.pixel_size, rng, shape)
    texture = np.where(nuclei, specimen.protein_in_nucleus, texture)
    of_cell = np.concatenate([[0.0], level * (1 - fractions)]).astype(np.float32)
    protein = of_cell[cells] * thickness * texture

    # A cell's protein, in photons: its level over its nominal area, at half its full height.
    total = level * 0.5 * np.pi * outlines.mean(axis=1) ** 2
    puncta = add_puncta(
        specimen, microscope.pixel_size, (numbers, total * fractions), (centers, nucleus_outlines),
        (cells, edge, nuclei), protein, rng,
    )  # fmt: skip

    images = {"protein": protein}
    if "nuclei" in phenotype.channels:
        images["nuclei"] = chromatin(specimen, cells, nuclei, staining[1], len(centers), rng)
    images = light_on_camera(images, microscope, rng)
    channels = np.stack([camera(images[name], microscope, rng) for name in phenotype.channels])
    return Field(channels, puncta, cells, nuclei)


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
