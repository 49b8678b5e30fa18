// One thread speaks with the other ranks: the one that calls the engine. Another one computes, and is spoken to as if it were a
// rank, too. So nothing here needs a lock but their mailbox.
// SPDX-License-Identifier: Apache-2.0
#include "rank_engine.h"

#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <exception>
#include <limits>
#include <mutex>
#include <thread>

#include "../run/signals.h"
#include "fmt/format.h"
#include "share.h"

namespace chokepoint {

namespace {

using Kind = Message::Kind;

// The thread that computes. It has one order at a time.
class OwnShare {
 public:
  OwnShare(const Job& job, std::unique_ptr<Engine> engine)
      : share_(job, std::move(engine)), thread_([this](const std::stop_token& stop) { serve(stop); }) {}

  void send(const Message& order, Sample& sample) {
    const std::lock_guard lock(mutex_);
    order_ = order;
    sample_ = &sample;
    changed_.notify_all();
  }

  // Its report, if there is one within `nap`.
  std::optional<Message> receive(std::chrono::microseconds nap) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, nap, [&] { return report_ || broken_; })) return {};
    if (broken_) std::rethrow_exception(broken_);
    return std::exchange(report_, std::nullopt);
  }

  RankShare& share() { return share_; }  // while it has no order

 private:
  void serve(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [&] { return order_.has_value(); })) {
      const Message order = *std::exchange(order_, std::nullopt);
      lock.unlock();
      std::optional<Message> report;
      std::exception_ptr broken;
      try {
        report = share_.obey(order, *sample_);
      } catch (...) {
        broken = std::current_exception();
      }
      lock.lock();
      report_ = std::move(report);
      broken_ = broken;
      changed_.notify_all();
    }
  }

  RankShare share_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<Message> order_, report_;
  Sample* sample_ = nullptr;
  std::exception_ptr broken_;
  std::jthread thread_;
};

class RankEngine final : public Engine {
 public:
  RankEngine(Wire& wire, const Job& job, std::vector<RankInfo> ranks, std::unique_ptr<Engine> own)
      : wire_(wire), pool_(ranks.size(), static_cast<std::uint64_t>(cpu_block(job.shape.replicates))), own_(job, std::move(own)) {
    for (RankInfo& info : ranks) ranks_.push_back({std::move(info), "", true});
  }

  // Waits for all reports: what comes after this engine finds no message of it.
  ~RankEngine() override {
    pool_.clear();
    try {
      wait([&] { return all_wait(); });
    } catch (const std::exception&) {  // the computing thread is broken
      while (!std::all_of(ranks_.begin() + 1, ranks_.end(), [](const Rank& rank) { return rank.waits; })) {
        if (const auto received = wire_.receive())
          ranks_[static_cast<std::size_t>(received->first)].waits = true;
        else
          std::this_thread::sleep_for(kLongestNap);
      }
    }
  }

  void run(std::uint64_t first, std::uint64_t count, Sample& sample) override {
    sample_ = &sample;
    new_rows_ = new_rows_ || first < sample.rows();
    pool_.add({first, count});
    hand_out();
    wait([&] { return pool_.left() <= count; });
  }

  void collect(Tallies& tallies) override {
    const auto done = [&] { return pool_.left() == 0 && all_wait(); };
    do {
      wait(done);
      lost_ = false;
      for (std::size_t r = 0; r < ranks_.size() && sample_; ++r)
        if (pool_.alive(r)) order(r, {Kind::kSecure});
      wait(done);
    } while (lost_);  // others have done the work of a rank that failed, and must secure it
    for (int r = 1; r < wire_.size(); ++r) wire_.send(r, {Kind::kReduce, {0, 0}, 0, new_rows_});
    merge(*own_.share().take(), tallies);
    wire_.reduce(tallies);
    if (new_rows_) wire_.reduce(*sample_);
    new_rows_ = false;
  }

  void evaluate(Evaluation& trajectories, int resampled) override {
    wait([&] { return pool_.left() == 0 && all_wait(); });
    if (!pool_.alive(0)) throw all_failed();
    own_.share().evaluate(trajectories, resampled);
  }

  std::string describe() const override {
    std::string text = fmt::format("{} ranks", ranks_.size());
    for (std::size_t r = 0; r < ranks_.size(); ++r)
      text += fmt::format("{} {}: {}{}", r == 0 ? ":" : ";", ranks_[r].info.node, ranks_[r].info.device, pool_.alive(r) ? "" : " (failed)");
    return text;
  }

  // Reductions take a while, and between them nobody waits.
  double unit_seconds() const override { return 2; }
  std::uint64_t most_uncollected() const override { return std::numeric_limits<std::uint64_t>::max(); }

 private:
  struct Rank {
    RankInfo info;
    std::string failure;
    bool waits;  // for an order
  };

  bool all_wait() const { return std::ranges::all_of(ranks_, &Rank::waits); }

  void order(std::size_t r, const Message& message) {
    ranks_[r].waits = false;
    if (r == 0)
      own_.send(message, *sample_);
    else
      wire_.send(static_cast<int>(r), message);
  }

  void hand_out() {
    for (std::size_t r = 0; r < ranks_.size() && pool_.left() > 0; ++r) hand_out_to(r);
  }

  void hand_out_to(std::size_t r) {
    if (ranks_[r].waits && pool_.alive(r) && pool_.left() > 0) order(r, {Kind::kWork, pool_.claim(r)});
  }

  template <class Condition>
  void wait(Condition done) {
    for (auto nap = std::chrono::microseconds(0); !done();) {
      if (!pool_.anyone_alive()) throw all_failed();
      if (const auto received = wire_.receive()) {
        note(static_cast<std::size_t>(received->first), received->second);
      } else if (const auto report = own_.receive(nap)) {
        note(0, *report);
      } else {
        nap = std::clamp(2 * nap, std::chrono::microseconds(20), kLongestNap);
        continue;
      }
      nap = std::chrono::microseconds(0);
    }
  }

  void note(std::size_t r, const Message& report) {
    ranks_[r].waits = true;
    if (report.number != 0) SignalWatch::note(report.number);
    if (report.kind == Kind::kFailed) return leave_out(r, report.text);
    if (report.chunk.count > 0) pool_.note(r, report.chunk.count, report.seconds);
    if (report.secure) pool_.secure(r);
    hand_out_to(r);
  }

  void leave_out(std::size_t r, const std::string& reason) {
    ranks_[r].failure = reason;
    lost_ = true;
    pool_.fail(r);
    if (pool_.anyone_alive())
      fmt::print(stderr, "warning: rank {} on {} is left out, its work goes to the other ranks: {}\n", r, ranks_[r].info.node, reason);
    hand_out();
  }

  DeviceError all_failed() const {
    std::string failures;
    for (std::size_t r = 0; r < ranks_.size(); ++r)
      if (!ranks_[r].failure.empty()) failures += fmt::format("\n  rank {} on {}: {}", r, ranks_[r].info.node, ranks_[r].failure);
    return DeviceError("every rank failed:" + failures);
  }

  Wire& wire_;
  WorkPool pool_;
  std::vector<Rank> ranks_;
  Sample* sample_ = nullptr;
  bool new_rows_ = false;  // of the sample, since the last reduction
  bool lost_ = false;      // work of a rank that failed
  OwnShare own_;
};

}  // namespace

std::unique_ptr<Engine> share_among_ranks(Wire& wire, const Job& job, std::vector<RankInfo> ranks, std::unique_ptr<Engine> own) {
  return std::make_unique<RankEngine>(wire, job, std::move(ranks), std::move(own));
}

}  // namespace chokepoint
