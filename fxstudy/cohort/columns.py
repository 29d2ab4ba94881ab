"""The columns of a cohort's tables: one definition from which checks and descriptions are made.

Names follow DICOM keywords where there is one. `fxstudy.cohort.schema` turns these definitions into
pandera checks and into the Frictionless description ``data_manifest/datapackage.json``.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["string", "integer", "number", "boolean", "date", "datetime"]

ID_PATTERN = r"[A-Za-z0-9_.\-]+"
SHA256_PATTERN = r"[0-9a-f]{64}"
PATH_PATTERN = r"(?!/)(?![A-Za-z]:)(?!.*\\)(?!(?:.*/)?\.\.(?:/|$)).+"

SYNTHETIC_MODALITIES = ("DRR", "GAN")
MODALITIES = ("CR", "DX", *SYNTHETIC_MODALITIES)
VIEWS = ("AP", "PA", "LL", "RL", "LATERAL", "OBLIQUE", "OTHER")
_UPPER_LIMB = ("WRIST", "HAND", "FINGER", "FOREARM", "ELBOW", "HUMERUS", "SHOULDER")
_LOWER_LIMB = ("HIP", "PELVIS", "FEMUR", "KNEE", "LEG", "ANKLE", "FOOT")
BODY_PARTS = (*_UPPER_LIMB, *_LOWER_LIMB, "EXTREMITY", "OTHER")
SPLITS = ("train", "tune", "test", "external", "exclude")
EVALUATED_SPLITS = ("tune", "test", "external")
REFERENCES = ("report", "panel", "CT", "MRI", "surgery", "follow-up")
ANSWERS = ("YES", "NO", "UNKNOWN")


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name, kind, description : str
        Name, type of the values and meaning, with the unit in words.
    required : bool
        True if no cell may be empty; other columns may be absent altogether.
    unique : bool
        True if no value may stand twice.
    values : tuple of str
        The only values allowed, empty if all are.
    pattern : str
        Regular expression that a whole value matches, in words in ``pattern_words``.
    low, high : float or None
        Smallest and largest value allowed.
    dicom : str
        Tag and name of the DICOM element behind the column.
    """

    name: str
    kind: Kind
    description: str
    required: bool = False
    unique: bool = False
    values: tuple[str, ...] = ()
    pattern: str = ""
    pattern_words: str = ""
    low: float | None = None
    high: float | None = None
    dicom: str = ""


@dataclass(frozen=True)
class Table:
    """One table: its columns, the columns that identify a row, and the columns that point elsewhere."""

    name: str
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    points_to: tuple[tuple[str, str, str], ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns in their order."""
        return tuple(column.name for column in self.columns)


def _id(name: str, description: str, **rules: object) -> Column:
    words = "letters, digits, '_', '.' and '-' only"
    return Column(name, "string", description, pattern=ID_PATTERN, pattern_words=words, **rules)


def _path(description: str) -> Column:
    words = "a path relative to the data root, with '/' between folders and without '..'"
    return Column("path", "string", description, required=True, pattern=PATH_PATTERN, pattern_words=words)


IMAGES = Table(
    "images",
    "One row per radiograph.",
    (
        _id("image_id", "Name of the image in this study.", required=True, unique=True),
        _path("File of the image, relative to the data root."),
        Column(
            "sha256", "string", "SHA-256 of the file.", pattern=SHA256_PATTERN,
            pattern_words="64 hexadecimal digits in lower case",
        ),
        _id("patient_id", "Pseudonym of the patient.", required=True, dicom="(0010,0020) Patient ID"),
        _id("study_id", "Pseudonym of the examination.", dicom="(0020,000D) Study Instance UID"),
        Column(
            "study_date", "date", "Date of the examination; may be shifted per patient.",
            dicom="(0008,0020) Study Date",
        ),
        _id("site", "Pseudonym of the hospital.", dicom="(0008,0080) Institution Name"),
        Column(
            "modality", "string", "CR or DX for radiographs, DRR or GAN for augmentation made from others.",
            required=True, values=MODALITIES, dicom="(0008,0060) Modality",
        ),
        Column("manufacturer", "string", "Maker of the scanner.", dicom="(0008,0070) Manufacturer"),
        Column("model_name", "string", "Model of the scanner.", dicom="(0008,1090) Manufacturer's Model"),
        Column("kvp", "number", "Tube voltage in kilovolts.", low=20, high=200, dicom="(0018,0060) KVP"),
        Column(
            "exposure_mas", "number", "Exposure in milliampere seconds.", low=0, high=2000,
            dicom="(0018,1152) Exposure",
        ),
        Column(
            "body_part", "string", "Region shown.", values=BODY_PARTS,
            dicom="(0018,0015) Body Part Examined",
        ),
        Column(
            "view", "string", "Direction of the beam; LATERAL and OBLIQUE where the side is not known.",
            values=VIEWS, dicom="(0018,5101) View Position",
        ),
        Column(
            "laterality", "string", "R, L, B (both) or U (unknown or unpaired).", values=("R", "L", "B", "U"),
            dicom="(0020,0062) Image Laterality",
        ),
        Column(
            "photometric", "string", "Meaning of the stored numbers; reading turns bone bright.",
            values=("MONOCHROME1", "MONOCHROME2"), dicom="(0028,0004) Photometric Interpretation",
        ),
        Column("rows", "integer", "Height of the image in pixels.", low=1, dicom="(0028,0010) Rows"),
        Column("columns", "integer", "Width of the image in pixels.", low=1, dicom="(0028,0011) Columns"),
        Column(
            "pixel_spacing_mm", "number", "Distance of pixel centres in millimetres.", low=0.01, high=5,
            dicom="(0028,0030) Pixel Spacing, else (0018,1164) Imager Pixel Spacing",
        ),
        Column(
            "age_years", "number", "Age at the examination in years; 90 stands for all ages over 89.",
            low=0, high=120, dicom="(0010,1010) Patient's Age",
        ),
        Column("sex", "string", "F, M, O.", values=("F", "M", "O"), dicom="(0010,0040) Patient's Sex"),
        Column("label", "string", "Class of the image, one of the classes of cohort.yaml.", required=True),
        Column("label_detail", "string", "Garden stage, AO code or another finer class."),
        Column("displaced", "boolean", "1 if the fracture is displaced, 0 if not."),
        Column("reference", "string", "What the label rests on (reference standard).", values=REFERENCES),
        Column("split", "string", "Part of the study; empty before splitting.", values=SPLITS),
        Column("exclude_reason", "string", "Why the image is excluded; only where split is exclude."),
        _id("source_image_id", "Image from which a synthetic one was made."),
        Column(
            "deidentified", "string", "Whether the file was de-identified.", values=ANSWERS,
            dicom="(0012,0062) Patient Identity Removed",
        ),
        Column(
            "burned_in", "string", "Whether text stands in the pixels.", values=ANSWERS,
            dicom="(0028,0301) Burned In Annotation",
        ),
    ),
    key=("image_id",),
)  # fmt: skip

BOXES = Table(
    "boxes",
    "Zero or more boxes per image, in pixels of the stored image, half-open: x_min <= x < x_max.",
    (
        _id("image_id", "Image the box is drawn on.", required=True),
        _id("box_id", "Name of the box.", required=True, unique=True),
        Column("label", "string", "What the box surrounds.", required=True),
        Column("x_min", "number", "Left edge in pixels.", required=True, low=0),
        Column("y_min", "number", "Upper edge in pixels.", required=True, low=0),
        Column("x_max", "number", "Right edge in pixels, not inside.", required=True, low=0),
        Column("y_max", "number", "Lower edge in pixels, not inside.", required=True, low=0),
        _id("annotator", "Pseudonym of the person who drew it."),
    ),
    key=("box_id",),
    points_to=(("image_id", "images", "image_id"),),
)

ROIS = Table(
    "rois",
    "Circular regions of interest, in pixels of the stored image.",
    (
        _id("image_id", "Image the region is drawn on.", required=True),
        Column("x_centre", "number", "Column of the centre in pixels.", required=True, low=0),
        Column("y_centre", "number", "Row of the centre in pixels.", required=True, low=0),
        Column("radius", "number", "Radius in pixels.", required=True, low=0.5),
        _id("annotator", "Pseudonym of the person who drew it."),
    ),
    key=(),
    points_to=(("image_id", "images", "image_id"),),
)

MASKS = Table(
    "masks",
    "Segmentations, one file each, as large as the image.",
    (
        _id("image_id", "Image the mask belongs to.", required=True),
        _path("File of the mask, relative to the data root."),
        Column("label", "string", "What the mask covers.", required=True),
    ),
    key=("image_id", "label"),
    points_to=(("image_id", "images", "image_id"),),
)

READINGS = Table(
    "readings",
    "One row per reader, image and phase of a reader study.",
    (
        _id("reader_id", "Pseudonym of the reader.", required=True),
        _id("image_id", "Image that was read.", required=True),
        Column("phase", "string", "Session of the reader study.", required=True),
        Column("aided", "boolean", "1 if the reader saw the AI's answer.", required=True),
        Column("presented_order", "integer", "Position in the reader's sequence, from 1.", low=1),
        Column("decision", "string", "Class the reader chose.", required=True),
        Column("confidence", "number", "Confidence of the reader, 0 to 100.", low=0, high=100),
        Column("x_min", "number", "Left edge of the reader's box in pixels.", low=0),
        Column("y_min", "number", "Upper edge of the reader's box in pixels.", low=0),
        Column("x_max", "number", "Right edge of the reader's box in pixels.", low=0),
        Column("y_max", "number", "Lower edge of the reader's box in pixels.", low=0),
        Column("ai_decision", "string", "Class that the AI showed."),
        Column("ai_score", "number", "Probability that the AI showed.", low=0, high=1),
        Column("seconds", "number", "Reading time in seconds.", low=0),
        Column("started_at", "datetime", "Start of the reading, ISO 8601."),
    ),
    key=("reader_id", "image_id", "phase"),
    points_to=(("image_id", "images", "image_id"),),
)

TABLES = {table.name: table for table in (IMAGES, BOXES, ROIS, MASKS, READINGS)}
