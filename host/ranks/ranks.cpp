// SPDX-License-Identifier: Apache-2.0
#include "ranks.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <new>
#include <sstream>
#include <thread>

#include "../config/config.h"
#include "../errors.h"
#include "../results/provenance.h"
#include "../run/plan.h"
#include "../run/signals.h"
#include "fmt/format.h"
#include "launch.h"
#include "rank_engine.h"
#include "share.h"

namespace chokepoint {

namespace {

using Kind = Message::Kind;

// The GPUs among the devices that `options` name, one after another.
std::string gpus_of(const DeviceOptions& options, const std::vector<CudaDevice>& present) {
  std::string uuids;
  for (const std::string& name : resolve_devices(options.device, present))
    for (const CudaDevice& gpu : present)
      if (name == fmt::format("cuda:{}", gpu.number)) uuids += (uuids.empty() ? "" : " ") + gpu.uuid;
  return uuids;
}

// The device that a rank computes with, or why there is none.
struct Found {
  std::unique_ptr<Engine> engine;
  RankInfo info;
  std::string problem;
};

Found find_device(const Job& job, const DeviceOptions& asked, const RankPlace& place, const EngineMaker& make) {
  Found found;
  found.info.node = node_name();
  try {
    const std::vector<CudaDevice> present = cuda_devices();
    const DeviceOptions own = own_device(asked, place, present, available_cpus());
    found.info.gpus = gpus_of(own, present);
    found.engine = make(job, own);
    found.info.device = found.engine->describe();
  } catch (const DeviceError& failure) {
    found.problem = failure.what();
  } catch (const std::bad_alloc&) {
    found.problem = kNoMemory;
  }
  return found;
}

std::string lines(const std::vector<std::string>& all) { return fmt::format("{}", fmt::join(all, "\n")); }

Message answer(const Found& found) {
  return {found.engine ? Kind::kReady : Kind::kFailed,
          {0, 0},
          0,
          0,
          false,
          lines({found.info.node, found.info.gpus, found.engine ? found.info.device : found.problem})};
}

void read_answer(const Message& message, Found& found) {
  std::istringstream text(message.text);
  std::getline(text, found.info.node);
  std::getline(text, found.info.gpus);
  std::getline(text, message.kind == Kind::kReady ? found.info.device : found.problem, '\0');
}

void check(const std::vector<Found>& ranks) {
  std::string problems;
  std::size_t failed = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i)
    if (!ranks[i].problem.empty()) ++failed, problems += fmt::format("\n  rank {} on {}: {}", i, ranks[i].info.node, ranks[i].problem);
  if (failed > 0) throw EnvironmentError(fmt::format("{} of {} ranks cannot work; nothing was run:{}", failed, ranks.size(), problems));
}

void warn_of_shared_gpus(const std::vector<RankInfo>& ranks) {
  std::map<std::string, std::size_t> owner;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    std::istringstream gpus(ranks[i].gpus);
    for (std::string gpu; gpus >> gpu;)
      if (const auto [at, added] = owner.try_emplace(gpu, i); !added && at->second != i)
        fmt::print(stderr, "warning: ranks {} and {} on {} share {}: start as many ranks on a node as it has GPUs.\n", at->second, i,
                   ranks[i].node, gpu);
  }
}

std::string unshared(const std::string& problem, const std::string& remedy) {
  const Launch launch = launched();
  return fmt::format(
      "a launcher started {} tasks ({}), but {}: each would do the whole run. {}, or give every task a part of its own, --shard "
      "$(({}+1))/{}, and merge.",
      launch.tasks, launch.evidence, problem, remedy, launch.task_variable, launch.tasks);
}

// Waits with little use of the CPU: computing ranks are not disturbed, and a reply is at most a millisecond late.
Message next(Wire& wire) {
  for (auto nap = std::chrono::microseconds(20);; nap = std::min(2 * nap, kLongestNap)) {
    if (auto received = wire.receive()) return std::move(received->second);
    std::this_thread::sleep_for(nap);
  }
}

// The run that rank 0 described, on this rank's device.
class Follower {
 public:
  Follower(Wire& wire, const Brief& brief, const EngineMaker& make)
      : wire_(wire),
        scenario_(parse_scenario("the configuration of rank 0", brief.scenario)),
        job_(make_job(scenario_)),
        sample_(job_.shape, job_.keep) {
    Found found = find_device(job_, brief.options, wire.place(), make);
    const Message message = answer(found);
    share_.emplace(job_, std::move(found.engine));
    wire_.send(0, message);
  }

  void obey(const Message& order) {
    if (order.kind == Kind::kReduce) return reduce(order.number == 1);
    Message report = share_->obey(order, sample_);
    report.number = SignalWatch::caught();
    wire_.send(0, report);
  }

 private:
  void reduce(bool with_sample) {
    wire_.reduce(*share_->take());
    if (!with_sample) return;
    wire_.reduce(sample_);
    sample_ = Sample(job_.shape, job_.keep);
  }

  Wire& wire_;
  const Scenario scenario_;
  const Job job_;
  Sample sample_;  // the rows that this rank ran
  std::optional<RankShare> share_;
};

}  // namespace

DeviceOptions own_device(const DeviceOptions& asked, const RankPlace& place, std::span<const CudaDevice> present, int cpus) {
  DeviceOptions own = asked;
  if (asked.device == "auto" && resolve_devices("auto", present)[0] != "cpu") {
    const std::vector<std::string> gpus = resolve_devices("all", present);
    own.device = gpus[static_cast<std::size_t>(place.local_rank) % gpus.size()];
  }
  if (asked.threads == 0) own.threads = std::max(1, cpus / place.cpu_ranks + (place.cpu_rank < cpus % place.cpu_ranks));
  return own;
}

std::string to_text(const Brief& b) {
  return fmt::format("{}\n{}\n{} {} {}\n{}", b.program, b.options.device, b.options.threads, b.options.lanes, b.options.block_size,
                     b.scenario);
}

Brief brief_of(const std::string& text) {
  Brief brief;
  std::istringstream in(text);
  std::getline(in, brief.program);
  std::getline(in, brief.options.device);
  in >> brief.options.threads >> brief.options.lanes >> brief.options.block_size;
  in.ignore();
  std::getline(in, brief.scenario, '\0');
  return brief;
}

std::string mismatch(const std::string& leader, const std::string& own) {
  if (leader == own) return "";
  return fmt::format("it runs chokepoint {}, rank 0 runs {}. Give all nodes the same program.", own, leader);
}

std::unique_ptr<Engine> lead(Wire& wire, const Scenario& scenario, const Job& job, const DeviceOptions& options, bool quiet,
                             const EngineMaker& make) {
  resolve_devices(options.device, {});  // a name that no rank knows is the user's mistake
  const Message begin{Kind::kBegin, {0, 0}, 0, 0, false, to_text({program_version(), options, scenario.resolved})};
  for (int r = 1; r < wire.size(); ++r) wire.send(r, begin);
  std::vector<Found> ranks(static_cast<std::size_t>(wire.size()));
  ranks[0] = find_device(job, options, wire.place(), make);
  for (int waiting = wire.size() - 1; waiting > 0;) {
    const auto received = wire.receive();
    if (received)
      read_answer(received->second, ranks[static_cast<std::size_t>(received->first)]), --waiting;
    else
      std::this_thread::sleep_for(kLongestNap);
  }
  check(ranks);
  std::vector<RankInfo> infos;
  for (const Found& found : ranks) infos.push_back(found.info);
  for (std::size_t i = 0; i < infos.size() && !quiet; ++i) fmt::print(stderr, "rank {:<4} {}  {}\n", i, infos[i].node, infos[i].device);
  warn_of_shared_gpus(infos);
  return share_among_ranks(wire, job, std::move(infos), std::move(ranks[0].engine));
}

int follow(Wire& wire, const EngineMaker& make) {
  std::optional<Follower> follower;
  try {
    const SignalWatch watch;
    for (;;) {
      const Message order = next(wire);
      if (order.kind == Kind::kLeave) return order.number;
      if (order.kind != Kind::kBegin) {
        follower->obey(order);
        continue;
      }
      const auto refuse = [&](const std::string& why) {
        wire.send(0, {Kind::kFailed, {0, 0}, 0, 0, false, lines({node_name(), "", why})});
      };
      const Brief brief = brief_of(order.text);
      if (const std::string problem = mismatch(brief.program, program_version()); !problem.empty()) {
        refuse(problem);
        continue;
      }
      try {
        follower.emplace(wire, brief, make);
      } catch (const std::bad_alloc&) {
        refuse(kNoMemory);
      }
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "rank {} on {}: our mistake: {}. Please report it with the command line and `chokepoint --version`.\n", wire.rank(),
               node_name(), error.what());
    wire.abort(kExitBug);
    return kExitBug;
  }
}

Ranks::Ranks(bool each_alone) {
  const Launch launch = launched();
  if (launch.tasks == 1 || each_alone) return;
  if (!built_with_mpi()) refuse_tasks(unshared("this program was built without MPI", "Build it with -DCHOKEPOINT_MPI=ON"));
  wire_ = make_mpi_wire();
  if (wire_->size() == 1)
    refuse_tasks(unshared(mpi_library() + " does not find the others",
                          "Use a launcher that fits the MPI library: srun --mpi=pmix for Open MPI, srun --mpi=pmi2 for MPICH (srun "
                          "--mpi=list says what there is), or the library's own mpirun"));
}

std::unique_ptr<Engine> Ranks::make_engine(const Scenario& scenario, const Job& job, const DeviceOptions& options, bool quiet) {
  return wire_ ? lead(*wire_, scenario, job, options, quiet, chokepoint::make_engine) : chokepoint::make_engine(job, options);
}

int Ranks::serve() { return follow(*wire_, chokepoint::make_engine); }

}  // namespace chokepoint
