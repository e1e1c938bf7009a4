"""The pages of the work of the park (园区工作), one file per subject; `matters` serves what all kinds have."""
