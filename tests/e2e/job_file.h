// A job as a file of plain numbers, so that a program without the host's libraries can run it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <string>

#include "../../kernels/engine.h"

namespace chokepoint {

template <class T>
void write_plain(std::ofstream& file, const T* data, std::size_t count) {
  file.write(reinterpret_cast<const char*>(&count), sizeof count);
  file.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(count * sizeof(T)));
}

template <class T>
std::vector<T> read_plain(std::ifstream& file) {
  std::size_t count = 0;
  file.read(reinterpret_cast<char*>(&count), sizeof count);
  std::vector<T> data(count);
  file.read(reinterpret_cast<char*>(data.data()), static_cast<std::streamsize>(count * sizeof(T)));
  if (!file) throw std::runtime_error("the job file is cut short");
  return data;
}

inline void write_job(const std::string& path, const Job& job) {
  std::ofstream file(path, std::ios::binary);
  const std::string name = job.model->name;
  write_plain(file, name.data(), name.size());
  write_plain(file, &job.shape, 1);
  write_plain(file, job.batches.data(), job.batches.size());
  write_plain(file, job.knots.data(), job.knots.size());
  write_plain(file, &job.analysis, 1);
}

inline Job read_job(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> name = read_plain<char>(file);
  Job job{find_model(std::string(name.begin(), name.end())), read_plain<Shape>(file).at(0), 0, {}, {}, {}};
  job.batches = read_plain<KernelPlan>(file);
  job.keep = job.batches.at(0).keep;
  job.knots = read_plain<float>(file);
  job.analysis = read_plain<AnalysisPlan>(file).at(0);
  return job;
}

}  // namespace chokepoint
