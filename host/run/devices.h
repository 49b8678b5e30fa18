// From what --device says to an engine: one device's own, or one that shares the work among several.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "../../kernels/engine.h"

namespace chokepoint {

struct DeviceOptions {
  std::string device = "auto";  // auto, cpu, cuda, cuda:N, all, or a list such as cuda:0,cuda:1
  int threads = 0;              // of the CPU; 0: as many as the affinity mask allows
  int lanes = 0;                // CPU lane width; 0: the widest there is
  int block_size = 0;           // CUDA; 0: chosen

  bool operator==(const DeviceOptions&) const = default;
};

// What `device` stands for, one by one, as "cpu" or "cuda:N". `auto` takes the first usable GPU, else the CPU;
// `all` every usable GPU. Without a usable GPU `cuda` and `all` name one all the same: making its engine says
// why it cannot be had. Throws UserError naming the entry that is no device.
std::vector<std::string> resolve_devices(const std::string& device, std::span<const CudaDevice> present);

// The engine that the options ask for. Several CPU entries divide the threads, at least one each.
std::unique_ptr<Engine> make_engine(const Job& job, const DeviceOptions& options);

struct NamedEngine {
  std::string name;  // for messages
  std::unique_ptr<Engine> engine;
};

// One engine that hands chunks to whoever is free. run() returns one call ahead of the work, so the sample
// must live until collect(). An engine that throws DeviceError is left out from then on: what it ran since
// its last collect() goes to the others, with a warning on standard error. When the last one fails, run() or
// collect() throws DeviceError naming all.
std::unique_ptr<Engine> share_among(const Shape& shape, std::vector<NamedEngine> engines);

}  // namespace chokepoint
