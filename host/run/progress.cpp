// SPDX-License-Identifier: Apache-2.0
#include "progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "execute.h"
#include "fmt/format.h"

namespace chokepoint {

Progress::Progress(double total, bool quiet, Describe describe, double first)
    : total_(total), first_(first), quiet_(quiet), terminal_(isatty(STDERR_FILENO)), describe_(std::move(describe)) {}

Progress::~Progress() {
  if (shown_ && terminal_) std::fputc('\n', stderr);
}

void Progress::update(double done) {
  const auto now = Clock::now();
  if (quiet_ || now - last_ < std::chrono::milliseconds(terminal_ ? 100 : 10'000)) return;
  last_ = now;
  show(done);
}

void Progress::finish(double done) {
  if (shown_) show(done);
}

void Progress::show(double done) {
  shown_ = true;
  const double share = total_ > 0 ? std::min(done / total_, 1.0) : 1;
  const double rate = (done - first_) / std::max(std::chrono::duration<double>(Clock::now() - start_).count(), 1e-9);
  const std::string text = fmt::format("{:3.0f} %{}  {} left", 100 * share, describe_ ? "  " + describe_(done, rate) : "",
                                       rate > 0 ? format_duration(std::max(total_ - done, 0.0) / rate) : "?");
  if (!terminal_) {
    fmt::print(stderr, "{}\n", text);
    return;
  }
  constexpr int kWidth = 24;
  const int filled = static_cast<int>(share * kWidth);
  fmt::print(stderr, "\r[{:#<{}}{:.<{}}] {}\033[K", "", filled, "", kWidth - filled, text);
}

}  // namespace chokepoint
