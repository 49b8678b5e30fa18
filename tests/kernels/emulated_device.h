// A GPU's threads on the CPU, to run the steps of kernels/device_tile.h where no GPU is. The threads of a block are
// fibers that run one after another up to the next barrier, so that a barrier that is missing shows: a thread then
// reads what others have yet to write. Blocks follow each other.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <setjmp.h>
#include <ucontext.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "../../kernels/device_tile.h"

namespace chokepoint {

// One block of threads after another. `order` -1 runs the threads of each round from the last to the first.
class EmulatedBlock {
 public:
  EmulatedBlock(int threads, int order) : order_(order), fibers_(threads), words_(threads) {}

  void run(std::function<void(int thread)> body) {
    body_ = std::move(body);
    for (int t = 0; t < size(); ++t) start(t);
    for (int ended = 0; ended == 0;) {
      for (int i = 0; i < size(); ++i) resume(order_ < 0 ? size() - 1 - i : i);
      ended = static_cast<int>(std::count_if(fibers_.begin(), fibers_.end(), [](const Fiber& f) { return f.done; }));
      if (ended != 0 && ended != size()) throw std::logic_error("a barrier that some threads of a block never reach");
    }
  }
  int size() const { return static_cast<int>(fibers_.size()); }

  // Of the running thread: lets the others come as far.
  void wait() {
    if (_setjmp(fibers_[current_].jump) == 0) _longjmp(scheduler_, 1);
  }
  std::uint64_t& word(int thread) { return words_[thread]; }

 private:
  static constexpr std::size_t kStack = 128 * 1024;
  struct Fiber {
    jmp_buf jump;
    ucontext_t context{};  // only to start: unlike longjmp it asks the kernel
    std::unique_ptr<std::byte[]> stack = std::make_unique_for_overwrite<std::byte[]>(kStack);
    bool started = false, done = false;
  };

  void start(int thread) {
    Fiber& fiber = fibers_[thread];
    fiber.started = fiber.done = false;
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = kStack;
    const auto self = reinterpret_cast<std::uintptr_t>(this);  // makecontext passes ints only
    makecontext(&fiber.context, reinterpret_cast<void (*)()>(&EmulatedBlock::enter), 2, static_cast<unsigned>(self),
                static_cast<unsigned>(self >> 32));
  }
  void resume(int thread) {
    current_ = thread;
    Fiber& fiber = fibers_[thread];
    if (_setjmp(scheduler_) != 0) return;
    if (std::exchange(fiber.started, true)) _longjmp(fiber.jump, 1);
    setcontext(&fiber.context);
  }
  static void enter(unsigned low, unsigned high) {
    auto* block = reinterpret_cast<EmulatedBlock*>(std::uintptr_t{high} << 32 | low);
    block->body_(block->current_);
    block->fibers_[block->current_].done = true;
    _longjmp(block->scheduler_, 1);
  }

  int order_, current_ = 0;
  std::function<void(int)> body_;
  std::vector<Fiber> fibers_;
  std::vector<std::uint64_t> words_;
  jmp_buf scheduler_;
};

// What the kernels call; see device_tile.h.
class EmulatedTeam {
 public:
  EmulatedTeam(EmulatedBlock& all, int thread, int block, int blocks) : all_(all), thread_(thread), block_(block), blocks_(blocks) {}

  int thread() const { return thread_; }
  int threads() const { return all_.size(); }
  int warp() const { return thread_ / kWarp; }
  int block() const { return block_; }
  int blocks() const { return blocks_; }
  void sync() const { all_.wait(); }
  void reread() const {}
  template <class T, class Combine>
  T reduce(T x, Combine combine) const {
    std::memcpy(&all_.word(thread_), &x, sizeof x);
    all_.wait();
    for (int i = 1; i < kWarp; ++i) {
      T other;
      std::memcpy(&other, &all_.word(thread_ / kWarp * kWarp + (thread_ + i) % kWarp), sizeof other);
      x = combine(x, other);
    }
    all_.wait();
    return x;
  }
  // Fibers do not run at the same time.
  template <class T>
  T add(T* to, T x) const {
    return std::exchange(*to, *to + x);
  }
  template <class T>
  T min(T* to, T x) const {
    return std::exchange(*to, std::min(*to, x));
  }
  template <class T>
  T max(T* to, T x) const {
    return std::exchange(*to, std::max(*to, x));
  }

 private:
  EmulatedBlock& all_;
  int thread_, block_, blocks_;
};

// Launches `step(team, shared memory)` on so many blocks. Shared memory holds rubbish at first, as on a GPU.
template <class Step>
void emulate_launch(int blocks, int threads, std::size_t shared_bytes, int order, Step&& step) {
  std::vector<float> shared(shared_bytes / sizeof(float) + 1);
  EmulatedBlock block(threads, order);
  for (int b = 0; b < blocks; ++b) {
    std::memset(shared.data(), 0xa5, shared.size() * sizeof(float));
    block.run([&](int thread) { step(EmulatedTeam(block, thread, b, blocks), shared.data()); });
  }
}

}  // namespace chokepoint
