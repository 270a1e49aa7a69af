"""Why an image was not taken: a stable code, a sentence and what a person can do about it."""

from __future__ import annotations

#: code -> (sentence, remedy)
REFUSALS: dict[str, tuple[str, str]] = {
    "empty": ("The file is empty.", "Choose the file again and upload it once more."),
    "too_large": (
        "The file is larger than {max_megabytes} MB.",
        "Save it as a JPEG with high quality and upload that.",
    ),
    "unsupported_type": (
        "The file is not a photograph in a form we read ({found}).",
        "Save it as JPEG, PNG, WebP, GIF, TIFF, HEIC or AVIF.",
    ),
    "unsupported_variant": (
        "The file uses a rare form of {found} that we do not read.",
        "Open it in a picture program and save it as an ordinary JPEG.",
    ),
    "too_many_pixels": (
        "The picture has more than {max_megapixels} megapixels.",
        "Save a smaller copy of it.",
    ),
    "dimensions": (
        "One side of the picture is longer than {max_side} pixels.",
        "Save a smaller copy or a part of it.",
    ),
    "too_small": (
        "The picture is smaller than {min_side} pixels.",
        "Upload the photograph in its original size.",
    ),
    "too_many_frames": (
        "The file holds more than {max_frames} frames or pages.",
        "Save the one picture you mean as a file of its own.",
    ),
    "too_many_scans": (
        "The file is built to be very slow to open.",
        "Save it as an ordinary JPEG.",
    ),
    "metadata_bomb": (
        "The notes inside the file (EXIF, XMP, colour profile) are too large.",
        "Export it again without the extra notes.",
    ),
    "truncated": (
        "The file ends before the picture is complete.",
        "Copy it from the camera or disk again and upload it once more.",
    ),
    "corrupt": (
        "The file is damaged.",
        "Copy it from the camera or disk again and upload it once more.",
    ),
    "unreadable": (
        "The picture in the file cannot be read.",
        "Open it in a picture program and save it as a JPEG.",
    ),
    "too_slow": (
        "Opening the file takes too long.",
        "Save it as an ordinary JPEG of at most 50 megapixels.",
    ),
    "too_heavy": (
        "Opening the file needs too much memory.",
        "Save it as an ordinary JPEG of at most 50 megapixels.",
    ),
    "not_distinctive": (
        "The picture is one plain colour, so no copy of it can be told apart.",
        "Upload a photograph with something to see in it.",
    ),
}

#: Remarks about images that were taken all the same.
REMARKS: dict[str, str] = {
    "first_frame_only": "The file holds several frames; the first is used.",
    "profile_dropped": "The colour profile is damaged and was ignored.",
    "orientation_ignored": "The note about the orientation makes no sense and was ignored.",
    "one_bit": "The picture is pure black and white; copies are found badly.",
    "low_distinctiveness": "The picture shows little detail; copies are found badly.",
}


class ImageRefused(Exception):
    """The image was not taken."""

    def __init__(self, code: str, sentence: str, remedy: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.remedy = remedy


def refusal(code: str, **details: object) -> ImageRefused:
    """The refusal of that code with its sentence filled in."""
    sentence, remedy = REFUSALS[code]
    return ImageRefused(code, sentence.format(**details), remedy)
