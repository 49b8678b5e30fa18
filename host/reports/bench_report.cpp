// What `chokepoint bench` found, as tables and as JSON.
// SPDX-License-Identifier: Apache-2.0
#include <cmath>
#include <functional>

#include "../run/bench.h"
#include "../run/execute.h"
#include "fmt/format.h"
#include "json.h"
#include "terminal.h"

namespace chokepoint {

namespace {

using namespace json;

const char* kind(bool measured) { return measured ? "measured" : "predicted"; }

// Three digits without an exponent.
std::string nanoseconds_text(double ns) { return ns < 99.95 ? fmt::format("{:.3g}", ns) : fmt::format("{:.0f}", ns); }

double nanoseconds_per_month(const Measurement& m) { return 1e9 / m.rate().median; }

// ---- tables

template <class Row>
TableColumn column(std::vector<std::string> header, const std::vector<Row>& rows, const std::function<std::string(const Row&)>& cell) {
  TableColumn c{std::move(header), {}};
  for (const Row& row : rows) c.cells.push_back(cell(row));
  return c;
}

using MeasurementCell = std::function<std::string(const Measurement&)>;

std::string fine_duration(double seconds) { return seconds < 1 ? fmt::format("{:.0f} ms", 1000 * seconds) : format_duration(seconds); }

std::string rate_text(double months_per_second) { return format_count(months_per_second); }

TableColumn first_column(const std::string& header, const std::vector<Measurement>& rows, const MeasurementCell& cell) {
  TableColumn c = column<Measurement>({header}, rows, [&](const Measurement& m) { return "  " + cell(m); });
  c.left = true;
  return c;
}

std::vector<TableColumn> rate_columns(const std::vector<Measurement>& rows) {
  return {column<Measurement>({"rate"}, rows, [](const Measurement& m) { return rate_text(m.rate().median); }),
          column<Measurement>({"least"}, rows, [](const Measurement& m) { return rate_text(m.rate().least); }),
          column<Measurement>({"greatest"}, rows, [](const Measurement& m) { return rate_text(m.rate().greatest); }),
          column<Measurement>({"ns per", "month"}, rows, [](const Measurement& m) { return nanoseconds_text(nanoseconds_per_month(m)); })};
}

std::string device_text(const Measurement& m) {
  if (!m.on_cpu_only()) return m.device.device;
  return fmt::format("cpu, {} thread{}, {}", m.device.threads, m.device.threads == 1 ? "" : "s",
                     m.device.lanes == 1 ? "one lane" : fmt::format("{} lanes", m.device.lanes));
}

std::string devices_table(const Benchmark& b, int width) {
  std::vector<TableColumn> columns = rate_columns(b.devices);
  columns.push_back(column<Measurement>({"ns per month", "and core"}, b.devices, [](const Measurement& m) {
    return m.on_cpu_only() ? nanoseconds_text(nanoseconds_per_month(m) * m.device.threads) : "";
  }));
  return fmt::format("Trajectory-months per second, measured: median of {} runs, their least and greatest\n",
                     b.devices[0].repetitions.size()) +
         format_tables(first_column("device", b.devices, device_text), columns, width);
}

std::string predictions_table(const Benchmark& b, int width) {
  TableColumn first = first_column("device", b.devices, device_text);
  const auto add = [&](const char* header, const std::function<std::string(const Prediction&)>& cell) {
    return column<Prediction>({header}, b.predictions, cell);
  };
  const std::vector<TableColumn> columns = {add("total", [](const Prediction& p) { return fine_duration(p.total()); }),
                                            add("least", [](const Prediction& p) { return fine_duration(p.fixed() + p.fastest_run); }),
                                            add("greatest", [](const Prediction& p) { return fine_duration(p.fixed() + p.slowest_run); }),
                                            add("run", [](const Prediction& p) { return fine_duration(p.run); }),
                                            add("fixed", [](const Prediction& p) { return fine_duration(p.fixed()); })};
  return fmt::format("Time for {} trajectories of {} policies, predicted from the rates and the measured fixed parts\n",
                     group_digits(fmt::format("{}", b.scenario.trajectories)), b.scenario.policies.size()) +
         format_tables(first, columns, width);
}

std::string whole_runs_table(const Benchmark& b, int width) {
  TableColumn first = column<WholeRun>({"trajectories"}, b.whole_runs,
                                       [](const WholeRun& w) { return "  " + group_digits(fmt::format("{}", w.predicted.trajectories)); });
  const std::vector<TableColumn> columns = {
      column<WholeRun>({"time"}, b.whole_runs, [](const WholeRun& w) { return fine_duration(w.seconds); }),
      column<WholeRun>({""}, b.whole_runs, [](const WholeRun& w) { return std::string(kind(w.measured)); }),
      column<WholeRun>({"prediction"}, b.whole_runs, [](const WholeRun& w) { return fine_duration(w.predicted.total()); })};
  return fmt::format("Whole runs on {}, up to the complete file\n", b.main.device) + format_tables(first, columns, width);
}

std::string threads_table(const Benchmark& b, int width) {
  std::vector<TableColumn> columns = rate_columns(b.threads);
  const double one = b.threads[0].rate().median;
  columns.push_back(column<Measurement>({"of perfect", "scaling"}, b.threads, [&](const Measurement& m) {
    return fmt::format("{:.0f} %", 100 * m.rate().median / (one * m.device.threads));
  }));
  return "CPU threads, measured\n" +
         format_tables(first_column("threads", b.threads, [](const Measurement& m) { return fmt::format("{}", m.device.threads); }),
                       columns, width);
}

std::string policies_table(const Benchmark& b, int width) {
  return fmt::format("Number of policies (the first ones of the scenario) on {}, measured\n", b.main.device) +
         format_tables(first_column("policies", b.policies, [](const Measurement& m) { return fmt::format("{}", m.policies); }),
                       rate_columns(b.policies), width);
}

// ---- JSON

std::string device_list(const DeviceOptions& d) {
  return object(
      {{"device", quoted(d.device)}, {"threads", number(d.threads)}, {"lanes", number(d.lanes)}, {"block_size", number(d.block_size)}});
}

std::string spread(const Spread& s) {
  return object({{"median", number(s.median)}, {"least", number(s.least)}, {"greatest", number(s.greatest)}});
}

std::string measurement(const Measurement& m) {
  const double ns = nanoseconds_per_month(m);
  const auto repetition = [](const Measurement::Repetition& r) {
    return object({{"seconds", number(r.seconds)}, {"collecting_seconds", number(r.collecting)}});
  };
  return object({{"kind", quoted(kind(true))},
                 {"options", device_list(m.device)},
                 {"description", quoted(m.description)},
                 {"policies", number(m.policies)},
                 {"trajectory_months_per_second", spread(m.rate())},
                 {"ns_per_trajectory_month", number(ns)},
                 {"ns_per_trajectory_month_and_core", m.on_cpu_only() ? number(ns * m.device.threads) : "null"},
                 {"setup_seconds", number(m.setup)},
                 {"months_per_trajectory", number(m.months)},
                 {"trajectories_per_repetition", fmt::format("{}", m.trajectories)},
                 {"repetitions", array(m.repetitions, repetition, ", ")}});
}

Members prediction(const Prediction& p) {
  return {{"trajectories", fmt::format("{}", p.trajectories)},
          {"seconds", spread({p.total(), p.fixed() + p.fastest_run, p.fixed() + p.slowest_run})},
          {"setup_seconds", number(p.setup)},
          {"run_seconds", number(p.run)},
          {"collecting_seconds", number(p.collecting)},
          {"statistics_seconds", number(p.statistics)},
          {"writing_seconds", number(p.writing)}};
}

std::string whole_run(const WholeRun& w) {
  return object({{"kind", quoted(kind(w.measured))},
                 {"trajectories", fmt::format("{}", w.predicted.trajectories)},
                 {"seconds", number(w.seconds)},
                 {"prediction", object(prediction(w.predicted))}});
}

std::string configuration(const Scenario& s) {
  return object({{"title", quoted(s.title)},
                 {"files", array(
                               s.files, [](const ConfigurationFile& f) { return quoted(f.path); }, ", ")},
                 {"overrides", array(s.overrides, quoted, ", ")},
                 {"model", quoted(s.model->name)},
                 {"policies", number(static_cast<double>(s.policies.size()))},
                 {"months", number(s.steps())},
                 {"records", number(s.records())},
                 {"trajectories", fmt::format("{}", s.trajectories)}});
}

}  // namespace

std::string bench_tables(const Benchmark& b, int width) {
  std::string text;
  for (const char* name : {"host", "processor", "load_average_before"})
    for (const auto& [key, value] : b.provenance)
      if (key == name) text += fmt::format("{:<20} {}\n", key, value);
  text += (text.empty() ? "" : "\n") + devices_table(b, width) + "\n" + predictions_table(b, width) + "\n" + whole_runs_table(b, width);
  if (b.threads.size() > 1) text += "\n" + threads_table(b, width);
  if (b.policies.size() > 1) text += "\n" + policies_table(b, width);
  return text + "\n" +
         wrap_text(
             "Fixed: set-up, collecting, statistics and writing. A predicted time was not run: it is the measured rate and the measured "
             "fixed parts, carried on in a straight line. Least "
             "and greatest are those of the repetitions, not an error bar. Other programs on the machine slow all of this.",
             width, "");
}

std::string bench_json(const Benchmark& b) {
  Members provenance;
  for (const auto& [name, value] : b.provenance) provenance.emplace_back(name, quoted(value));
  const auto gpu = [](const CudaDevice& d) {
    return object({{"number", number(d.number)},
                   {"name", quoted(d.name)},
                   {"uuid", quoted(d.uuid)},
                   {"memory_bytes", fmt::format("{}", d.memory)},
                   {"compute_capability", quoted(fmt::format("{}.{}", d.major, d.minor))},
                   {"multiprocessors", number(d.processors)}});
  };
  const auto predicted_on = [&](const Prediction& p) {
    const Measurement& m = b.devices[static_cast<std::size_t>(&p - b.predictions.data())];
    Members members = {{"kind", quoted(kind(false))}, {"options", device_list(m.device)}, {"description", quoted(m.description)}};
    const Members rest = prediction(p);
    members.insert(members.end(), rest.begin(), rest.end());
    return object(members);
  };
  const std::string scaling = object({{"options", device_list(b.main)},
                                      {"trajectories", array(b.whole_runs, whole_run)},
                                      {"threads", array(b.threads, measurement)},
                                      {"policies", array(b.policies, measurement)}},
                                     ",\n   ");
  return object({{"chokepoint_bench", "1"},
                 {"provenance", object(provenance, ",\n   ")},
                 {"cpus", number(available_cpus())},
                 {"gpus", array(b.gpus, gpu)},
                 {"configuration", configuration(b.scenario)},
                 {"seconds_allowed", number(b.options.seconds)},
                 {"seconds_taken", number(b.seconds)},
                 {"interrupted", quoted(b.interrupted)},
                 {"rates", array(b.devices, measurement)},
                 {"predictions", array(b.predictions, predicted_on)},
                 {"scaling", scaling}},
                ",\n  ") +
         "\n";
}

}  // namespace chokepoint
