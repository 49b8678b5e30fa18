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

WorkPool::WorkPool(std::size_t members, std::uint64_t grain, double shortest) : members_(members), grain_(grain), shortest_(shortest) {}

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
  if (member.seconds == 0) return grain_;
  double total = 0; int n=0, known=0;
  for (const Member& other : members_)
    if (other.alive) { ++n; if(other.seconds>0) {++known; total += other.rate();} }
  if(probe) total*=double(n)/known;
  double share = member.rate() / total * static_cast<double>(left_) / 2;
  if(inhand) share = std::max(0.0, member.rate() / total * static_cast<double>(left_+in_hand_) - double(member.in_hand))/2;
  const double size = std::min(std::max(std::min(share,member.rate()*longest), member.rate() * shortest_), static_cast<double>(left_));
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
  append(member.claimed, chunk); member.in_hand+=chunk.count; in_hand_+=chunk.count;
  return chunk;
}

void WorkPool::note(std::size_t number, std::uint64_t count, double seconds) {
  const double kMemory = memory;  // of about ten chunks
  Member& member = members_[number];
  member.in_hand-=count; in_hand_-=count;
  member.work = kMemory * member.work + static_cast<double>(count);
  member.seconds = kMemory * member.seconds + seconds;
}

void WorkPool::fail(std::size_t number) {
  Member& member = members_[number];
  member.alive = false; in_hand_-=member.in_hand; member.in_hand=0;
  for (const Chunk& chunk : member.claimed) add(chunk);
  member.claimed.clear();
}

}  // namespace chokepoint
