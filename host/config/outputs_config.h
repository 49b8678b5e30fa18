// The section [outputs], and what other sections share with it: metrics by name and recorded times by date.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "../scenario.h"
#include "toml_tools.h"

namespace chokepoint {

// The number of a metric; a problem if the model has none of that name.
std::optional<int> read_metric(const TomlValue& value, const std::string& name, const ModelInfo& model, Problems& problems);

// False if a problem with the run's start, length or recording was reported, so that times cannot be judged.
bool has_times(const Scenario& scenario);

// The number of the record that ends on a date (the coordinate `time` of a result); a problem that names the nearest if there is none.
std::optional<int> read_record(const TomlValue& value, const std::string& name, const Scenario& scenario, Problems& problems);

// The end of a record, as TOML writes dates.
std::string end_of_record(const Scenario& scenario, int record);

// Fills what Scenario has of [outputs]; needs the model and [run].
void read_outputs(const TomlEntry& outputs, Scenario& scenario, Problems& problems);

// Writes the times of [outputs.sensitivity] into a document that does not name them.
void add_output_defaults(TomlValue& root, const Scenario& scenario);

}  // namespace chokepoint
