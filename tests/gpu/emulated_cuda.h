// What tests can set on the emulated CUDA runtime (emulated_cuda.cpp).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace chokepoint::emulated_cuda {

void set_devices(int count);                       // 1 if not set
void set_memory(std::size_t bytes);                // of each; 256 MiB if not set
void fail(const std::string& function, int call);  // its call-th call from now on fails and loses the device in use
void reset();                                      // as at the start
int allocations();                                 // of device memory that are alive

}  // namespace chokepoint::emulated_cuda
