// Ranks that share a run, simulated: the pool that hands out the work is the real one, time and devices are made up.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <numbers>
#include <queue>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "../../host/run/work_pool.h"

namespace chokepoint::simulation {

inline constexpr double kNever = std::numeric_limits<double>::infinity();

// All times in seconds.
struct Settings {
  std::size_t ranks = 1000;
  double run = 600;         // that an ideal machine would take
  double speed = 1e6;       // trajectories a second, the median rank
  double spread = 0.05;     // of the ranks' speeds: standard deviation of the logarithm
  double noise = 0.05;      // of the time that a chunk takes, likewise
  std::size_t slow = 0;     // ranks that have a fifth of their speed
  std::size_t sudden = 0;   // ranks that have a tenth of it from some time on
  std::size_t failing = 0;  // ranks whose device fails at some time
  double unit = 2;          // that a unit of work lasts on the whole machine
  std::uint64_t grain = 512;
  double latency = 50e-6;  // of a message
  double service = 20e-6;  // that the coordinator takes for a request
  double checkpoint_every = 300;
  double tallies = 300e6;  // bytes
  double bandwidth = 1e9;  // bytes a second that a rank receives and adds
  double write = 3.1;      // that a checkpoint takes to pack and write
  double start = 1e-3;     // that a device takes to start a chunk
  std::uint64_t seed = 1;

  // All ranks stand still for so long: tallies go up a tree, then rank 0 writes.
  double pause() const { return static_cast<double>(std::bit_width(ranks - 1)) * (latency + tallies / bandwidth) + write; }
};

struct Result {
  double seconds;  // from the first request to the last checkpoint
  // Trajectories done, as a share of what the ranks could have done in this time: each at the speed that it had at every moment, until
  // its device failed. What is missing to 1 is time in which a device stood still or did what was later done again.
  double efficiency;
  double redone, paused;  // shares of the same: work lost with failed devices, reduction and writing; the rest was waiting
  double coordinator;     // share of the time in which it served requests
  std::uint64_t requests;
  int checkpoints;
};

// Normal deviates that are the same with every standard library.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : bits_(seed) {}
  double uniform() { return (static_cast<double>(bits_() >> 11) + 0.5) * 0x1p-53; }
  double normal() { return std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform()); }
  double exponential() { return -std::log(uniform()); }

 private:
  std::mt19937_64 bits_;
};

struct Device {
  double speed, slows_at = kNever, fails_at = kNever;
  static constexpr double kSlowed = 0.1;

  double speed_at(double time) const { return time >= fails_at ? 0 : time >= slows_at ? kSlowed * speed : speed; }
  // Trajectories that it could do until then.
  double capacity(double until) const {
    until = std::min(until, fails_at);
    const double fast = std::min(until, slows_at);
    return speed * (fast + kSlowed * (until - fast));
  }
  // When `work` that is begun at `time` will be done; never if the device fails before.
  double finish(double time, double work) const {
    double end = time + work / speed_at(time);
    if (time < slows_at && end > slows_at) end = slows_at + (end - slows_at) / kSlowed;
    return end < fails_at ? end : kNever;
  }
};

// Which ranks are slow, slow down or fail is spread over the ranks by steps, so that no rank is two of them while they are few.
inline std::vector<Device> make_devices(const Settings& s) {
  Chance chance(s.seed);
  std::vector<Device> devices(s.ranks);
  for (Device& device : devices) device.speed = s.speed * std::exp(s.spread * chance.normal());
  const auto pick = [&](std::size_t count, std::size_t offset, auto change) {
    for (std::size_t i = 0; i < count; ++i) change(devices[(offset + i * s.ranks / count) % s.ranks]);
  };
  pick(s.slow, 0, [](Device& d) { d.speed /= 5; });
  pick(s.sudden, 1, [&](Device& d) { d.slows_at = s.run * chance.uniform(); });
  pick(s.failing, 2, [&](Device& d) { d.fails_at = s.run * chance.uniform(); });
  return devices;
}

inline double total_capacity(const std::vector<Device>& devices, double until) {
  double sum = 0;
  for (const Device& device : devices) sum += device.capacity(until);
  return sum;
}

inline std::uint64_t work_of(const Settings& s, const std::vector<Device>& devices) {
  double speed = 0;
  for (const Device& device : devices) speed += device.speed;
  return static_cast<std::uint64_t>(speed * s.run) / s.grain * s.grain;
}

// One run, from event to event. A rank works on one chunk and has asked for the next; the coordinator serves one request at a time;
// units are added as in host/run/execute.cpp.
class Run {
 public:
  explicit Run(const Settings& settings)
      : s_(settings),
        devices_(make_devices(s_)),
        total_(work_of(s_, devices_)),
        chance_(s_.seed + 1),
        ranks_(s_.ranks),
        pool_(s_.ranks, s_.grain),
        next_checkpoint_(s_.checkpoint_every) {}

  Result run() {
    for (std::size_t rank = 0; rank < s_.ranks; ++rank) {
      for (int i = 0; i < kUnderWay; ++i) ask(rank);
      if (devices_[rank].fails_at < kNever) at(devices_[rank].fails_at, Event::kFail, rank);
    }
    do {
      if (events_.empty()) throw std::logic_error("nothing happens any more, and not all is done");
      const Event event = events_.top();
      events_.pop();
      now_ = event.time;
      handle(event);
      advance();
    } while (pausing_ || secured_ < total_);
    if (secured_ != total_) throw std::logic_error("trajectories were lost or done twice");
    const double capacity = total_capacity(devices_, now_);
    return {now_, static_cast<double>(total_) / capacity, redone_ / capacity, paused_ / capacity, served_ / now_, requests_, checkpoints_};
  }

 private:
  static constexpr int kUnderWay = 2;

  struct Event {
    enum Kind { kRequest, kServe, kReply, kFinish, kFail, kFailureKnown, kResume };
    double time;
    std::uint64_t number;  // events at the same time come in the order in which they were made
    Kind kind;
    std::size_t rank;
    Chunk chunk;  // kReply: to be done; kRequest and kServe: was done, if any
    double took;
    bool operator<(const Event& other) const { return time != other.time ? time > other.time : number > other.number; }
  };

  struct Rank {
    std::deque<Chunk> waiting;
    bool busy = false, failed = false;
    Chunk chunk{};  // that it works on
    double began = 0;
    std::uint64_t unsecured = 0;  // trajectories done since the last checkpoint
    std::uint64_t in_hand = 0;    // as the coordinator knows it
  };

  void at(double time, Event::Kind kind, std::size_t rank, Chunk chunk = {}, double took = 0) {
    events_.push({time, next_number_++, kind, rank, chunk, took});
  }
  void ask(std::size_t rank, Chunk done = {}, double took = 0) { at(now_ + s_.latency, Event::kRequest, rank, done, took); }

  void handle(const Event& event) {
    Rank& rank = ranks_[event.rank];
    switch (event.kind) {
      case Event::kRequest:
        free_at_ = std::max(free_at_, now_) + s_.service;
        served_ += s_.service;
        ++requests_;
        return at(free_at_, Event::kServe, event.rank, event.chunk, event.took);
      case Event::kServe:
        if (!pool_.alive(event.rank)) return;
        if (event.chunk.count > 0) pool_.note(event.rank, event.chunk.count, event.took);
        rank.in_hand -= event.chunk.count;
        in_hand_ -= event.chunk.count;
        return asking_.push_back(event.rank);
      case Event::kReply:
        rank.waiting.push_back(event.chunk);
        return begin(event.rank);
      case Event::kFinish:
        rank.busy = false;
        rank.unsecured += rank.chunk.count;
        ask(event.rank, rank.chunk, now_ - rank.began);
        return begin(event.rank);
      case Event::kFail:
        rank.failed = true;
        redone_ += static_cast<double>(rank.unsecured);
        rank.unsecured = 0;
        if (rank.busy) redone_ += devices_[event.rank].capacity(now_) - devices_[event.rank].capacity(rank.began);
        return at(now_ + s_.latency, Event::kFailureKnown, event.rank);
      case Event::kFailureKnown:
        pool_.fail(event.rank);
        in_hand_ -= std::exchange(rank.in_hand, 0);
        return;
      case Event::kResume:
        pausing_ = false;
        next_checkpoint_ = now_ + s_.checkpoint_every;
        return;
    }
  }

  void begin(std::size_t number) {
    Rank& rank = ranks_[number];
    if (rank.failed || rank.busy || rank.waiting.empty()) return;
    rank.busy = true;
    rank.began = now_;
    rank.chunk = rank.waiting.front();
    rank.waiting.pop_front();
    const double noise = std::exp(s_.noise * chance_.normal() - s_.noise * s_.noise / 2);
    const double end = devices_[number].finish(now_ + s_.start, noise * static_cast<double>(rank.chunk.count));
    if (end < kNever) at(end, Event::kFinish, number);
  }

  // Hands out what there is to those who have asked; when nothing is left to do before it, a checkpoint.
  void advance() {
    if (pausing_) return;
    for (;;) {
      if (pool_.left() <= unit_ && fed_ < total_ && now_ < next_checkpoint_) {
        add_unit();
      } else if (pool_.left() > 0 && !asking_.empty()) {
        hand_out(asking_.front());
        asking_.pop_front();
      } else {
        break;
      }
    }
    if (pool_.left() == 0 && in_hand_ == 0 && secured_ < total_) checkpoint();
  }

  void add_unit() {
    const auto before = static_cast<double>(fed_ - unit_ - last_unit_);
    const auto wanted = static_cast<std::uint64_t>(before / std::max(now_, 1e-3) * s_.unit);
    last_unit_ = unit_;
    unit_ = std::min(std::clamp(wanted / s_.grain, std::uint64_t{1}, std::max(std::uint64_t{1}, 2 * unit_ / s_.grain)) * s_.grain,
                     total_ - fed_);
    pool_.add({fed_, unit_});
    fed_ += unit_;
  }

  void hand_out(std::size_t rank) {
    if (!pool_.alive(rank)) return;
    const Chunk chunk = pool_.claim(rank);
    ranks_[rank].in_hand += chunk.count;
    in_hand_ += chunk.count;
    at(now_ + s_.latency, Event::kReply, rank, chunk);
  }

  // A device that fails from here on loses nothing.
  void checkpoint() {
    for (std::size_t i = 0; i < s_.ranks; ++i) {
      secured_ += std::exchange(ranks_[i].unsecured, 0);
      pool_.secure(i);
    }
    ++checkpoints_;
    pausing_ = true;
    paused_ += total_capacity(devices_, now_ + s_.pause()) - total_capacity(devices_, now_);
    at(now_ + s_.pause(), Event::kResume, 0);
  }

  const Settings s_;
  std::vector<Device> devices_;
  std::uint64_t total_;
  Chance chance_;
  std::vector<Rank> ranks_;
  WorkPool pool_;
  std::priority_queue<Event> events_;
  std::deque<std::size_t> asking_;  // ranks whose request waits for work
  double now_ = 0, free_at_ = 0;    // free_at_: when the coordinator will have served all requests so far
  double next_checkpoint_;
  bool pausing_ = false;
  std::uint64_t fed_ = 0, unit_ = 0, last_unit_ = 0, in_hand_ = 0, secured_ = 0, next_number_ = 0, requests_ = 0;
  double redone_ = 0, paused_ = 0, served_ = 0;
  int checkpoints_ = 0;
};

inline Result simulate(const Settings& settings) { return Run(settings).run(); }

// The efficiency if every rank is given the same number of trajectories at the start and checkpoints alone, at the same cost. What a device
// had not saved when it failed is done by whoever is free first; nothing else costs time.
inline double efficiency_of_equal_shares(const Settings& s) {
  const std::vector<Device> devices = make_devices(s);
  const std::uint64_t total = work_of(s, devices);
  const double share = static_cast<double>(total) / static_cast<double>(s.ranks);
  std::vector<double> ends;
  std::vector<double> lost;
  for (const Device& device : devices) {
    const double end = device.finish(0, share);
    if (end < kNever)
      ends.push_back(end);
    else
      lost.push_back(share - device.capacity(std::floor(device.fails_at / s.checkpoint_every) * s.checkpoint_every));
  }
  std::ranges::sort(ends);
  for (std::size_t i = 0; i < lost.size(); ++i) ends[i % ends.size()] += lost[i] / s.speed;
  const double running = std::ranges::max(ends), seconds = running + s.pause() * std::ceil(running / s.checkpoint_every);
  return static_cast<double>(total) / total_capacity(devices, seconds);
}

}  // namespace chokepoint::simulation
