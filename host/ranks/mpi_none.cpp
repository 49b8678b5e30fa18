// A build without MPI: every process is on its own.
// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "wire.h"

namespace chokepoint {

bool built_with_mpi() { return false; }

std::string mpi_library() { return "none"; }

std::unique_ptr<Wire> make_mpi_wire() { throw std::logic_error("this build has no MPI"); }

int leave_mpi(int code) { return code; }

}  // namespace chokepoint
