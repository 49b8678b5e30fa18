"""A result file as labelled arrays, read one dataset at a time.

The file is netCDF-4, and xarray opens it as it is; with a thousand datasets h5py alone is much faster.
"""
# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
from functools import cached_property
from typing import Any

import h5py
import numpy as np
import xarray as xr

FILE_TYPE = "chokepoint-result"
FORMAT_VERSION = 2
EPOCH = "days since 1970-01-01"
HIDDEN = {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_FillValue", "_Netcdf4Dimid", "_Netcdf4Coordinates"}


class ResultError(ValueError):
    """The file is no result that this package can read, or holds no such thing."""


def plain(value: Any) -> Any:
    """An attribute as Python has it: text, or a number."""
    if isinstance(value, h5py.Empty):
        return ""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, np.ndarray) and value.size == 1:
        return plain(value.reshape(-1)[0])
    return value.item() if isinstance(value, np.generic) else value


class ResultFile:
    """A file, or the result of one of its world views as if it were one."""

    def __init__(self, path: str | os.PathLike[str], worldview: str | None = None):
        self.path = os.fspath(path)
        if not os.path.exists(self.path):
            raise FileNotFoundError(f"{self.path}: there is no such file")
        try:
            self._file = h5py.File(self.path, "r")
        except OSError as error:
            raise ResultError(f"{self.path}: cannot be opened as HDF5: {error}") from error
        self._root: h5py.Group = self._file
        try:
            self._root = self._result_of(worldview)
            self._check()
        except ResultError:
            self.close()
            raise

    def _check(self) -> None:
        if self.attributes().get("file_type") != FILE_TYPE:
            raise ResultError(f"{self.path}: is an HDF5 file, but not a Chokepoint result: its attribute file_type is not '{FILE_TYPE}'")
        version = self.attributes().get("format_version")
        if version != FORMAT_VERSION:
            raise ResultError(f"{self.path}: has format {version}, this package reads format {FORMAT_VERSION}. "
                              "Use the package that came with the program that wrote it")

    def _result_of(self, worldview: str | None) -> h5py.Group:
        if worldview is None or worldview == next(iter(self.worldviews), None):  # the first one is the scenario as given
            return self._file
        if worldview in self.worldviews:
            return self._file[f"worldview/{worldview}"]
        raise ResultError(f"{self.path}: has no world view '{worldview}'; it has {', '.join(self.worldviews) or 'none'}")

    @property
    def worldviews(self) -> list[str]:
        return list(self._file["worldview/worldview"].asstr()[()]) if "worldview/worldview" in self._file else []

    def close(self) -> None:
        self._file.close()

    def _at(self, path: str) -> h5py.Group | h5py.Dataset:
        return self._root[path.strip("/") or "."]

    def attributes(self, path: str = "/") -> dict[str, Any]:
        return {name: plain(value) for name, value in self._at(path).attrs.items() if name not in HIDDEN}

    @cached_property
    def groups(self) -> list[str]:
        return [name for name, item in self._root.items() if isinstance(item, h5py.Group)]

    def names(self, group: str = "/") -> list[str]:
        """The datasets of a group that are no coordinates of axes."""
        if group.strip("/") and group.strip("/") not in self.groups:
            raise ResultError(f"{self.path}: has no group '{group}'; it has {', '.join(self.groups)}")
        return [name for name, item in self._at(group).items()
                if isinstance(item, h5py.Dataset) and not self._is_coordinate(f"{group}/{name}")]

    def has(self, path: str) -> bool:
        return path.strip("/") in self._root

    def array(self, path: str) -> xr.DataArray:
        """A dataset with the coordinates of its axes."""
        if not self.has(path):
            raise ResultError(f"{self.path}: has no dataset '{path}'")
        dataset = self._at(path)
        group = path.rpartition("/")[0]
        axes = self._axes(dataset, path)
        coordinates = {axis: self._coordinate(group, axis) for axis in axes}
        if "time" in axes and path.rpartition("/")[2] != "year":
            coordinates["year"] = self._year
        return xr.DataArray(self._values(dataset), coordinates, axes, path.rpartition("/")[2], self.attributes(path))

    def _axes(self, dataset: h5py.Dataset, path: str) -> list[str]:
        if "DIMENSION_LIST" not in dataset.attrs:
            return [path.rpartition("/")[2]] if dataset.ndim == 1 else []
        return [h5py.h5ds.get_scale_name(h5py.h5r.dereference(scales[0], self._file.id)).decode()
                for scales in dataset.attrs["DIMENSION_LIST"]]

    def _is_coordinate(self, path: str) -> bool:
        """Groups repeat coordinates of the root that they use."""
        name = path.rpartition("/")[2]
        return name == "year" or self._axes(self._at(path), path) == [name]

    def _coordinate(self, group: str, axis: str) -> xr.Variable:
        path = f"{group}/{axis}" if self.has(f"{group}/{axis}") else axis
        values = self._values(self._at(path))
        attributes = self.attributes(path)
        if attributes.get("units") == EPOCH:
            values = values.astype("datetime64[D]").astype("datetime64[ns]")
            attributes = {"long_name": attributes["long_name"]}
        return xr.Variable(axis, values, attributes)

    @cached_property
    def _year(self) -> xr.Variable:
        return xr.Variable("time", self._values(self._at("year")), self.attributes("year"))

    @staticmethod
    def _values(dataset: h5py.Dataset) -> np.ndarray:
        if h5py.check_string_dtype(dataset.dtype) is None:
            return dataset[()]
        texts = np.asarray(dataset.asstr()[()], dtype=object)
        return texts.astype(str)
