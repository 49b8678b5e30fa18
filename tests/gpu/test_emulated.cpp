// The CUDA back end on an emulated runtime: what a device that is small, busy or failing does to a run. That its
// results are right is tested by test_gpu.cpp, here as on a real device.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "../e2e/run.h"
#include "compare.h"
#include "emulated_cuda.h"

namespace chokepoint {
namespace {

class SmallOrFailing : public testing::Test {
 protected:
  SmallOrFailing() { emulated_cuda::reset(); }
  ~SmallOrFailing() override { emulated_cuda::reset(); }
};

Scenario small_scenario() {
  return read_scenario({config_path("brownian.toml")}, {"run.trajectories=1000", "run.years=1", "run.keep=150"});
}

// The message of the DeviceError that `action` must throw.
template <class Action>
std::string refusal(Action&& action) {
  try {
    action();
  } catch (const DeviceError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no DeviceError";
  return "";
}

std::string on_device(const Scenario& scenario) {
  ExecuteOptions options;
  options.device = "cuda:0";
  return run_scenario(scenario, options).hash();
}

Outputs run_on(Engine& engine, const Job& job) {
  Outputs outputs(job);
  engine.run(0, 1000, outputs.sample);
  engine.collect(outputs.tallies);
  return outputs;
}

TEST_F(SmallOrFailing, ShortTilesOnASmallDeviceGiveTheSameNumbers) {
  for (const int replicates : {1, 3, 7, 500}) {
    const Job job = make_job(read_scenario({config_path("brownian.toml")},
                                           {"run.trajectories=4_032_000", "run.years=1", "run.keep=150",
                                            "parameters.drift={normal={mean=0, sd=0.5}}", "run.replicates=" + std::to_string(replicates)}));
    const auto cpu = make_cpu_engine(job, 1, 8);
    const Outputs expected = run_on(*cpu, job);
    Evaluation values(job.shape, 0, 300), found(job.shape, 0, 300);
    cpu->evaluate(values, kEverything);
    for (const std::size_t kib : {4096, 1300, 1100}) {
      emulated_cuda::set_memory(kib << 10);
      const auto device = make_cuda_engine(job, 0, 0);
      EXPECT_EQ(differences(job, expected, run_on(*device, job)), "") << kib << " KiB, " << replicates << " replicates";
      device->evaluate(found, kEverything);
      EXPECT_EQ(differences(job.shape, values, found), "") << kib << " KiB, " << replicates << " replicates";
    }
  }
}

TEST_F(SmallOrFailing, TooLittleMemoryIsRefused) {
  emulated_cuda::set_memory(100 << 10);
  const std::string message = refusal([] { on_device(small_scenario()); });
  EXPECT_NE(message.find("cudaErrorMemoryAllocation"), std::string::npos) << message;
  EXPECT_NE(message.find("--device cpu"), std::string::npos) << message;
  EXPECT_EQ(emulated_cuda::allocations(), 0);
}

TEST_F(SmallOrFailing, WhateverCallFailsIsReportedAndLeavesNothing) {
  for (const char* function :
       {"cudaSetDevice", "cudaStreamCreateWithFlags", "cudaEventCreateWithFlags", "cudaMalloc", "cudaMallocHost", "cudaMemGetInfo",
        "cudaFuncSetAttribute", "cudaDeviceGetAttribute", "cudaOccupancyMaxActiveBlocksPerMultiprocessor", "cudaLaunchKernel",
        "cudaMemcpyAsync", "cudaMemcpy2DAsync", "cudaMemsetAsync", "cudaStreamSynchronize", "cudaEventSynchronize", "cudaEventRecord"}) {
    emulated_cuda::reset();
    emulated_cuda::fail(function, 1);
    const std::string message = refusal([] { on_device(small_scenario()); });
    EXPECT_NE(message.find("cudaErrorECCUncorrectable"), std::string::npos) << function << ": " << message;
    EXPECT_EQ(emulated_cuda::allocations(), 0) << function;
  }
}

TEST_F(SmallOrFailing, ADeviceThatIsNotThereIsRefused) {
  const Job job = make_job(small_scenario());
  EXPECT_NE(refusal([&] { make_cuda_engine(job, 3, 0); }).find("no GPU number 3 (1 usable)"), std::string::npos);
  EXPECT_NE(refusal([&] { make_cuda_engine(job, 0, 48); }).find("multiple of 32"), std::string::npos);
  emulated_cuda::set_devices(0);
  EXPECT_NE(refusal([&] { make_cuda_engine(job, 0, 0); }).find("0 usable"), std::string::npos);
}

}  // namespace
}  // namespace chokepoint
