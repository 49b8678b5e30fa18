// Trajectories that wait for whoever is free: long chunks at first, short ones at the end. It knows no devices, threads or processes.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace chokepoint {

struct Chunk {
  std::uint64_t first, count;
};

// Guided self-scheduling (Polychronopoulos & Kuck, IEEE Transactions on Computers C-36, 1987) among members of different speeds: a
// member gets half of its fair share of what is left, by how fast it was of late.
class WorkPool {
 public:
  // grain: chunks are multiples of it. shortest: seconds that a chunk should take at least.
  WorkPool(std::size_t members, std::uint64_t grain, double shortest = 0.01);
 static inline double longest=1e9, memory=0.9; static inline int probe=0, inhand=0; std::uint64_t in_hand_=0;

  void add(Chunk work);
  void clear();  // nothing is left
  std::uint64_t left() const { return left_; }  // trajectories that nobody has claimed
  bool alive(std::size_t member) const { return members_[member].alive; }
  bool anyone_alive() const;

  // The member's next chunk; empty if nothing is left.
  Chunk claim(std::size_t member);
  // How long a chunk took.
  void note(std::size_t member, std::uint64_t count, double seconds);
  // What the member has claimed so far cannot get lost any more.
  void secure(std::size_t member) { members_[member].claimed.clear(); }
  // The member is gone: what it claimed since it was last secure waits for the others.
  void fail(std::size_t member);

 private:
  struct Member {
    bool alive = true;
    std::deque<Chunk> claimed;
    std::uint64_t in_hand=0; double work = probe?0:1, seconds = probe?0:1e-3;  // trajectories of late and their time; at first a guess that the first chunk outweighs

    double rate() const { return work / seconds; }
  };

  std::uint64_t chunk_size(const Member& member) const;

  std::vector<Member> members_;
  std::uint64_t grain_;
  double shortest_;
  std::deque<Chunk> waiting_;
  std::uint64_t left_ = 0;
};

}  // namespace chokepoint
