// SPDX-License-Identifier: Apache-2.0
#include "share.h"

#include <algorithm>
#include <chrono>
#include <new>

namespace chokepoint {

using Kind = Message::Kind;

RankShare::RankShare(const Job& job, std::unique_ptr<Engine> engine)
    : shape_(job.shape), grain_(static_cast<std::uint64_t>(cpu_block(job.shape.replicates))), engine_(std::move(engine)) {}

Message RankShare::obey(const Message& order, Sample& sample) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  try {
    if (order.kind == Kind::kWork) run(order.chunk, sample);
    if (order.kind == Kind::kSecure) secure();
  } catch (const DeviceError& failure) {
    return give_up(failure.what(), sample);
  } catch (const std::bad_alloc&) {
    return give_up(kNoMemory, sample);
  }
  return {Kind::kFree, order.chunk, std::chrono::duration<double>(Clock::now() - begin).count(), 0, open_.empty()};
}

// A chunk may be longer than the device can count.
void RankShare::run(Chunk chunk, Sample& sample) {
  open_.push_back(chunk);
  const std::uint64_t most = engine_->most_uncollected(), longest = std::max(std::uint64_t{1}, most / 4 / grain_) * grain_;
  for (std::uint64_t done = 0; done < chunk.count;) {
    const std::uint64_t count = std::min(longest, chunk.count - done);
    if (uncollected_ + count > most) collect();
    engine_->run(chunk.first + done, count, sample);
    uncollected_ += count;
    done += count;
  }
  if (uncollected_ > most / 2) secure();
}

void RankShare::collect() {
  if (!pending_) pending_ = std::make_unique<Tallies>(shape_);
  engine_->collect(*pending_);
  uncollected_ = 0;
}

void RankShare::secure() {
  if (open_.empty()) return;
  collect();
  if (counted_)
    merge(*pending_, *counted_);
  else
    std::swap(pending_, counted_);
  pending_.reset();
  open_.clear();
}

std::unique_ptr<Tallies> RankShare::take() {
  if (!counted_) counted_ = std::make_unique<Tallies>(shape_);
  return std::move(counted_);
}

// The engine goes first: nothing of it may write to the sample any more.
Message RankShare::give_up(const char* reason, Sample& sample) {
  Message report{Kind::kFailed, {0, 0}, 0, 0, false, reason};
  engine_.reset();
  const Sample nothing(shape_, sample.keep);
  for (const Chunk& chunk : open_) copy_rows(nothing, chunk.first, chunk.count, sample);
  open_.clear();
  pending_.reset();
  return report;
}

}  // namespace chokepoint
