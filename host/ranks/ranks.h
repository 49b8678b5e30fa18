// Processes that a launcher started together share one run. Rank 0 reads the configuration, hands out the work, adds up and
// writes; all of them compute.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "../run/devices.h"
#include "../scenario.h"
#include "wire.h"

namespace chokepoint {

class Ranks {
 public:
  // Starts MPI if a launcher started several tasks, unless each of them has work of its own. Throws UserError if they cannot
  // find each other: they would do the same work several times.
  explicit Ranks(bool each_alone);

  int rank() const { return wire_ ? wire_->rank() : 0; }
  int size() const { return wire_ ? wire_->size() : 1; }

  // Rank 0: the engine of all ranks; make_engine() of devices.h if there is one. Throws EnvironmentError naming all ranks that cannot work.
  std::unique_ptr<Engine> make_engine(const Scenario& scenario, const Job& job, const DeviceOptions& options, bool quiet);
  // The others: do what rank 0 says until it leaves. Returns its exit code.
  int serve();

 private:
  std::unique_ptr<Wire> wire_;  // null if there is one process
};

// ---- What it is made of.

using EngineMaker = std::function<std::unique_ptr<Engine>(const Job&, const DeviceOptions&)>;

std::unique_ptr<Engine> lead(Wire& wire, const Scenario& scenario, const Job& job, const DeviceOptions& options, bool quiet,
                             const EngineMaker& make);
int follow(Wire& wire, const EngineMaker& make);

// What `asked` means for a rank: with `auto` one GPU each, in turn, where there are GPUs; the threads divided among those that may
// use the same CPUs.
DeviceOptions own_device(const DeviceOptions& asked, const RankPlace& place, std::span<const CudaDevice> present, int cpus);

// What a rank is told of the run.
struct Brief {
  std::string program;  // version and commit
  DeviceOptions options;
  std::string scenario;  // Scenario::resolved
};
std::string to_text(const Brief& brief);
Brief brief_of(const std::string& text);

// Why two programs cannot share a run; empty if they can.
std::string mismatch(const std::string& leader, const std::string& own);

}  // namespace chokepoint
