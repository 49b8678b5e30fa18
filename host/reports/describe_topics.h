// Topics of `describe` that have files of their own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "describe.h"

namespace chokepoint {

void describe_statistics(const ModelInfo& model, ReferencePage& page);
void describe_stops(const ModelInfo& model, ReferencePage& page);
void describe_configuration(const ModelInfo& model, ReferencePage& page);
void describe_distributions(const ModelInfo& model, ReferencePage& page);

// The metric that stands for all: one of which more or less is better has the most statistics.
const MetricRow& typical_metric(const ModelInfo& model);

}  // namespace chokepoint
