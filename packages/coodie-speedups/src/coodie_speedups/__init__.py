"""The compiled part of coodie, which uses it by itself where it is installed. It has no API for applications."""
