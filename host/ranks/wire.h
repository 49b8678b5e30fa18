// How the processes that share a run talk: messages between rank 0 and the others, and sums over all.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "../../kernels/engine.h"
#include "../run/work_pool.h"

namespace chokepoint {

// Rank 0 says what to do. The others answer, and wait for the next word.
struct Message {
  enum class Kind {
    kBegin,   // text: the run (ranks.cpp), answered by kReady or kFailed
    kWork,    // chunk: to be done, answered by kFree or kFailed
    kSecure,  // fetch from the device what was counted, likewise
    kReduce,  // reduce() of the tallies; number: 1 if of the sample, too
    kLeave,   // number: exit code
    kReady,   // text: node, GPUs, description of the device
    kFree,    // chunk: what was done, in so many seconds; number: a signal that came, or 0
    kFailed,  // text: why the device is of no more use
  };
  Kind kind;
  Chunk chunk{0, 0};
  double seconds = 0;
  int number = 0;
  bool secure = false;  // kFree: nothing that this rank has done can get lost with its device
  std::string text{};
};

// Where a rank stands among those of its node.
struct RankPlace {
  int local_rank = 0;
  int cpu_rank = 0, cpu_ranks = 1;  // among those that may use the same CPUs
};

class Wire {
 public:
  virtual ~Wire() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;
  virtual RankPlace place() const = 0;
  virtual void send(int to, const Message& message) = 0;         // does not wait for the receiver
  virtual std::optional<std::pair<int, Message>> receive() = 0;  // and from whom; does not wait for one
  // On all ranks at once. Rank 0 ends up with everybody's; what the others have stays as it is.
  virtual void reduce(Tallies& tallies) = 0;
  virtual void reduce(Sample& sample) = 0;  // rows that a rank does not have are zero there
  virtual void abort(int code) = 0;         // ends all ranks
};

bool built_with_mpi();
std::string mpi_library();  // its name and version

// The wire among the processes of an MPI job. Starts MPI; only the thread that called this may use it.
std::unique_ptr<Wire> make_mpi_wire();

// Ends MPI, if it was started: rank 0 sends its exit code to the others, which leave with it. Returns the code.
int leave_mpi(int code);

}  // namespace chokepoint
