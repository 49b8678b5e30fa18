// What reading and writing share of the calls of the HDF5 library.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "hdf5.h"

namespace chokepoint {

// The library must not print errors, nor clean up at exit: after a failed write that can crash.
inline void start_library() {
  static const bool started = [] {
    H5dont_atexit();
    H5open();
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    return true;
  }();
  static_cast<void>(started);
}

inline Handle make_handle(hid_t id, Handle::Close close) { return Handle(id, close, "asking HDF5 for", "an identifier"); }

// netCDF-C 4.9.0 corrupts its heap on fixed-length text datasets; xarray fails on UTF-8 that is tagged ASCII.
inline Handle text_type() {
  Handle type = make_handle(H5Tcopy(H5T_C_S1), H5Tclose);
  check_hdf5(H5Tset_size(type, H5T_VARIABLE), "making", "the text type");
  check_hdf5(H5Tset_cset(type, H5T_CSET_UTF8), "making", "the text type");
  return type;
}

inline Handle make_space(const std::vector<hsize_t>& shape) {
  return make_handle(H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr), H5Sclose);
}

inline hid_t memory_type(Number type) {
  return type == Number::kInt64 ? H5T_NATIVE_INT64 : type == Number::kFloat ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
}

inline Handle file_access() {
  Handle access = make_handle(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
#if H5_VERSION_GE(1, 12, 1) || (H5_VERSION_GE(1, 10, 7) && !H5_VERSION_GE(1, 12, 0))
  H5Pset_file_locking(access, true, true);  // some shared file systems have no locks
#endif
  return access;
}

}  // namespace chokepoint
