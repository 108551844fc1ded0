"""Files as microscopes write them, made of pictures that a test knows."""

import numpy as np
from pylibCZIrw import czi


def write_czi(path, positions, names, pixel_size=0.5):
    """Write a CZI file.

    Parameters
    ----------
    path : path
    positions : list of numpy.ndarray
        uint16 (frames, channels, z-planes, height, width) of each scene.
    names : list of str
        Of the channels.
    pixel_size : float
        In µm.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with czi.create_czi(str(path)) as file:
        for scene, pixels in enumerate(positions):
            frames, channels, planes = pixels.shape[:3]
            for t, c, z in np.ndindex(frames, channels, planes):
                file.write(
                    data=np.ascontiguousarray(pixels[t, c, z]),
                    plane={"T": t, "C": c, "Z": z},
                    scene=scene,
                    location=(5000 * scene, 0),
                )
        file.write_metadata(
            channel_names=dict(enumerate(names)),
            scale_x=pixel_size * 1e-6,
            scale_y=pixel_size * 1e-6,
            scale_z=1e-6,
        )
