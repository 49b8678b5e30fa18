// A GPU's threads on the CPU, to run the steps of kernels/device_tile.h where no GPU is. The threads of a block are
// fibers that run one after another up to the next barrier, so that a barrier that is missing shows: a thread then
// reads what others have yet to write. Blocks follow each other.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ucontext.h>

#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include "../../kernels/device_tile.h"

namespace chokepoint {

// One block of threads. `order` -1 runs the threads of each round from the last to the first.
class EmulatedBlock {
 public:
  EmulatedBlock(int threads, int order, std::function<void(int thread)> body)
      : order_(order), body_(std::move(body)), fibers_(threads), exchanged_(threads) {}

  void run() {
    for (int t = 0; t < size(); ++t) start(t);
    for (int left = size(); left > 0;) {
      int ended = 0;
      for (int i = 0; i < size(); ++i) {
        current_ = order_ < 0 ? size() - 1 - i : i;
        swapcontext(&scheduler_, &fibers_[current_].context);
        ended += fibers_[current_].done;
      }
      if (ended != 0 && ended != size()) throw std::logic_error("a barrier that some threads of a block never reach");
      left -= ended;
    }
  }
  int size() const { return static_cast<int>(fibers_.size()); }
  void wait(int thread) { swapcontext(&fibers_[thread].context, &scheduler_); }

  std::uint64_t exchange(int thread, std::uint64_t x, int mask) {
    exchanged_[thread] = x;
    wait(thread);
    const std::uint64_t other = exchanged_[thread ^ mask];
    wait(thread);
    return other;
  }

 private:
  static constexpr std::size_t kStack = 256 * 1024;
  struct Fiber {
    ucontext_t context{};
    std::unique_ptr<std::byte[]> stack = std::make_unique_for_overwrite<std::byte[]>(kStack);
    bool done = false;
  };

  void start(int thread) {
    Fiber& fiber = fibers_[thread];
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = kStack;
    fiber.context.uc_link = &scheduler_;
    const auto self = reinterpret_cast<std::uintptr_t>(this);  // makecontext passes ints only
    makecontext(&fiber.context, reinterpret_cast<void (*)()>(&EmulatedBlock::enter), 2, static_cast<unsigned>(self),
                static_cast<unsigned>(self >> 32));
  }
  static void enter(unsigned low, unsigned high) {
    auto* block = reinterpret_cast<EmulatedBlock*>(std::uintptr_t{high} << 32 | low);
    const int thread = block->current_;
    block->body_(thread);
    block->fibers_[thread].done = true;
  }

  int order_, current_ = 0;
  std::function<void(int)> body_;
  std::vector<Fiber> fibers_;
  std::vector<std::uint64_t> exchanged_;
  ucontext_t scheduler_{};
};

// What the kernels call; see device_tile.h.
class EmulatedTeam {
 public:
  EmulatedTeam(EmulatedBlock& block, int thread, int number, int blocks) : block_(block), thread_(thread), number_(number), blocks_(blocks) {}

  int thread() const { return thread_; }
  int threads() const { return block_.size(); }
  int block() const { return number_; }
  int blocks() const { return blocks_; }
  int warp() const { return thread_ / kWarp; }
  void sync() const { block_.wait(thread_); }
  void reread() const {}
  template <class T>
  T exchange(T x, int mask) const {
    std::uint64_t word = 0;
    std::memcpy(&word, &x, sizeof x);
    word = block_.exchange(thread_, word, mask);
    std::memcpy(&x, &word, sizeof x);
    return x;
  }
  // Fibers do not run at the same time.
  template <class T>
  T add(T* to, T x) const { return std::exchange(*to, *to + x); }
  template <class T>
  T min(T* to, T x) const { return std::exchange(*to, std::min(*to, x)); }
  template <class T>
  T max(T* to, T x) const { return std::exchange(*to, std::max(*to, x)); }

 private:
  EmulatedBlock& block_;
  int thread_, number_, blocks_;
};

// Launches `step(team, shared memory)` on so many blocks. Shared memory holds rubbish at first, as on a GPU.
template <class Step>
void emulate_launch(int blocks, int threads, std::size_t shared_bytes, int order, Step&& step) {
  std::vector<float> shared(shared_bytes / sizeof(float) + 1);
  for (int b = 0; b < blocks; ++b) {
    std::memset(shared.data(), 0xa5, shared.size() * sizeof(float));
    EmulatedBlock* self = nullptr;
    EmulatedBlock block(threads, order, [&](int thread) { step(EmulatedTeam(*self, thread, b, blocks), shared.data()); });
    self = &block;
    block.run();
  }
}

}  // namespace chokepoint
