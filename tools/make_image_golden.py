#!/usr/bin/env python3
"""Writes small image files of every kind that is read, with what Pillow makes of them.

    python3 tools/make_image_golden.py tests/data/images

Each file NAME has its pixels in expected.npz: `NAME`, uint8 [height,width,4], upright, red, green,
blue and alpha.
"""

import pathlib
import sys

import numpy as np
from PIL import Image, ImageOps

HEIGHT, WIDTH = 17, 21  # Pillow interlaces no GIF of fewer than 16


def smooth():
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    channels = [12 * x, 15 * y, 120 + 5 * x - 6 * y]
    return np.clip(np.stack(channels, axis=2), 0, 255).astype(np.uint8)


def with_alpha(pixels):
    alpha = np.linspace(0, 255, pixels.shape[0] * pixels.shape[1]).reshape(pixels.shape[:2])
    return np.dstack([pixels, alpha.astype(np.uint8)])


def turned(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def write_all(folder):
    rgb = Image.fromarray(smooth())
    rgba = Image.fromarray(with_alpha(smooth()))
    few = rgb.quantize(7)
    rgb.save(folder / "rgb.bmp")
    rgb.convert("1").save(folder / "bits.bmp")
    rgb.convert("L").save(folder / "grey.bmp")
    few.save(folder / "palette.bmp")
    rgb.save(folder / "lossless.webp", lossless=True)
    rgba.save(folder / "alpha.webp", lossless=True, exact=True)
    rgb.save(folder / "lossy.webp", quality=90)
    rgb.save(folder / "animated.webp", save_all=True, append_images=[rgb.rotate(180)],
             lossless=True)
    rgb.save(folder / "turned.webp", lossless=True, exif=turned(6))
    few.save(folder / "palette.gif")
    few.save(folder / "interlaced.gif", interlace=1)
    few.save(folder / "transparent.gif", transparency=3)
    few.save(folder / "animated.gif", save_all=True, append_images=[few.rotate(180)], duration=40)
    rgb.convert("CMYK").save(folder / "inks.jpg", quality=100)
    for orientation in range(1, 9):
        rgb.save(folder / f"turned_{orientation}.jpg", quality=100, subsampling=0,
                 exif=turned(orientation))
    rgb.save(folder / "turned.png", exif=turned(8))
    rgba.save(folder / "alpha.png")
    rgba.convert("LA").save(folder / "grey_alpha.png")
    few.save(folder / "transparent.png", transparency=3)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    write_all(folder)
    expected = {}
    for path in sorted(folder.iterdir()):
        if path.suffix == ".npz":
            continue
        image = ImageOps.exif_transpose(Image.open(path))
        # Pillow makes RGBA of CMYK by way of RGB.
        mode = image.convert("RGB") if image.mode == "CMYK" else image
        expected[path.name] = np.asarray(mode.convert("RGBA"))
    np.savez_compressed(folder / "expected.npz", **expected)


if __name__ == "__main__":
    main()
