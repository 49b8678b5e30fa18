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
  // grain: chunks are multiples of it, but for the last one of a piece of work.
  WorkPool(std::size_t members, std::uint64_t grain);

  void add(Chunk work);
  void clear();                                 // nothing is left
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
    double work = 1, seconds = 1e-3;  // trajectories of late and their time; at first a guess that the first chunk outweighs

    double rate() const { return work / seconds; }
  };

  // Seconds that a chunk should take at least, and at most: a member may become slow while it has one, and all wait for it in the end.
  static constexpr double kShortest = 0.01, kLongest = 0.5;

  std::uint64_t chunk_size(const Member& member) const;

  std::vector<Member> members_;
  std::uint64_t grain_;
  double rate_ = 0;  // of all that are alive
  std::deque<Chunk> waiting_;
  std::uint64_t left_ = 0;
};

}  // namespace chokepoint
