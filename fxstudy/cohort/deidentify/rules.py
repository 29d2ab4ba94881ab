"""What of a DICOM header is kept, and how: everything that is not named here is removed.

The list follows the Basic Application Level Confidentiality Profile with the options Retain Patient
Characteristics and Retain Longitudinal Temporal Information With Modified Dates, turned round into an
allow-list: an element that nobody thought of goes, not stays. Free text (descriptions, comments, protocol
and station names), persons, places, times, device serial numbers, overlays, icons, private elements and
references to other objects are all removed.

References
----------
DICOM PS3.15 E.1 and table E.1-1; PS3.16 CID 7050.
"""

# fmt: off
KEEP = frozenset(
    [
        "SpecificCharacterSet", "ImageType", "SOPClassUID", "Modality", "ConversionType",
        "Manufacturer", "ManufacturerModelName", "PresentationIntentType", "BodyPartExamined",
        "ViewPosition", "Laterality", "ImageLaterality", "PatientOrientation", "PatientSex", "KVP",
        "ExposureTime", "XRayTubeCurrent", "Exposure", "ExposureInuAs", "ExposureInmAs",
        "ExposureTimeInuS", "DistanceSourceToDetector", "DistanceSourceToPatient",
        "EstimatedRadiographicMagnificationFactor", "ImagerPixelSpacing", "NominalScannedPixelSpacing",
        "PixelSpacing", "PixelSpacingCalibrationType", "PixelAspectRatio", "DetectorType",
        "DetectorConfiguration", "FieldOfViewShape", "FieldOfViewDimensions", "FieldOfViewRotation",
        "FieldOfViewHorizontalFlip", "Grid", "FocalSpots", "FilterType", "AnodeTargetMaterial",
        "BodyPartThickness", "Sensitivity", "SeriesNumber", "InstanceNumber", "AcquisitionNumber",
        "PlateType", "RelativeXRayExposure", "ExposureIndex", "TargetExposureIndex", "DeviationIndex",
        "SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration", "NumberOfFrames", "Rows",
        "Columns", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation",
        "SmallestImagePixelValue", "LargestImagePixelValue", "PixelPaddingValue",
        "PixelPaddingRangeLimit", "PixelIntensityRelationship", "PixelIntensityRelationshipSign",
        "RescaleIntercept", "RescaleSlope", "RescaleType", "WindowCenter", "WindowWidth",
        "VOILUTFunction", "PresentationLUTShape", "BurnedInAnnotation", "RecognizableVisualFeatures",
        "LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod",
        "PixelData",
    ]
)
# fmt: on
SEQUENCES = {
    "ModalityLUTSequence": frozenset(("LUTDescriptor", "LUTData", "ModalityLUTType")),
    "VOILUTSequence": frozenset(("LUTDescriptor", "LUTData")),
    "ViewCodeSequence": frozenset(("CodeValue", "CodingSchemeDesignator", "CodingSchemeVersion")),
    "AnatomicRegionSequence": frozenset(("CodeValue", "CodingSchemeDesignator", "CodingSchemeVersion")),
}
UIDS = frozenset(("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"))
DATES = frozenset(("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate"))
METHOD_CODES = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ("113108", "Retain Patient Characteristics Option"),
)
CLEAN_PIXELS = ("113101", "Clean Pixel Data Option")
# fmt: off
PERSONAL = tuple(
    [
        "PatientName", "PatientID", "OtherPatientIDs", "OtherPatientNames", "PatientBirthName",
        "PatientMotherBirthName", "PatientBirthDate", "PatientAddress", "PatientTelephoneNumbers",
        "AccessionNumber", "MedicalRecordLocator", "ReferringPhysicianName", "PerformingPhysicianName",
        "NameOfPhysiciansReadingStudy", "OperatorsName", "RequestingPhysician",
    ]
)
# fmt: on
OF_THE_HOSPITAL = ("InstitutionName", "InstitutionAddress", "StationName", "DeviceSerialNumber", "StudyID")
