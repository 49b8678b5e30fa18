// The CUDA back end of a build without CUDA: there are no devices, and asking for one is refused.
// SPDX-License-Identifier: Apache-2.0
#include "engine.h"

namespace chokepoint {

bool built_with_cuda() { return false; }

std::vector<CudaDevice> cuda_devices() { return {}; }

std::unique_ptr<Engine> make_cuda_engine(const Job&, int, int) {
  throw DeviceError("device: this build has no CUDA back end. Use --device cpu, or rebuild with a CUDA toolkit and -DCHOKEPOINT_CUDA=ON.");
}

}  // namespace chokepoint
