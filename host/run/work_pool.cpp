// SPDX-License-Identifier: Apache-2.0
#include "work_pool.h"

#include <algorithm>

namespace chokepoint {

namespace {

void append(std::deque<Chunk>& chunks, Chunk more) {
  if (!chunks.empty() && chunks.back().first + chunks.back().count == more.first)
    chunks.back().count += more.count;
  else
    chunks.push_back(more);
}

}  // namespace

WorkPool::WorkPool(std::size_t members, std::uint64_t grain) : members_(members), grain_(grain) {
  for (const Member& member : members_) rate_ += member.rate();
}

void WorkPool::add(Chunk work) {
  if (work.count == 0) return;
  append(waiting_, work);
  left_ += work.count;
}

void WorkPool::clear() {
  waiting_.clear();
  left_ = 0;
}

bool WorkPool::anyone_alive() const { return std::ranges::any_of(members_, &Member::alive); }

std::uint64_t WorkPool::chunk_size(const Member& member) const {
  const double left = static_cast<double>(left_), seconds = std::clamp(left / rate_ / 2, kShortest, kLongest);
  const double size = std::min(member.rate() * seconds, left);
  return (static_cast<std::uint64_t>(size) / grain_ + 1) * grain_;
}

Chunk WorkPool::claim(std::size_t number) {
  if (left_ == 0) return {0, 0};
  Member& member = members_[number];
  Chunk& front = waiting_.front();
  const Chunk chunk{front.first, std::min(front.count, chunk_size(member))};
  front.first += chunk.count;
  front.count -= chunk.count;
  left_ -= chunk.count;
  if (front.count == 0) waiting_.pop_front();
  append(member.claimed, chunk);
  return chunk;
}

void WorkPool::note(std::size_t number, std::uint64_t count, double seconds) {
  constexpr double kMemory = 0.5;  // of about two chunks
  Member& member = members_[number];
  if (!member.alive) return;
  rate_ -= member.rate();
  member.work = kMemory * member.work + static_cast<double>(count);
  member.seconds = kMemory * member.seconds + seconds;
  rate_ += member.rate();
}

void WorkPool::fail(std::size_t number) {
  Member& member = members_[number];
  if (!member.alive) return;
  rate_ -= member.rate();
  member.alive = false;
  for (const Chunk& chunk : member.claimed) add(chunk);
  member.claimed.clear();
}

}  // namespace chokepoint
