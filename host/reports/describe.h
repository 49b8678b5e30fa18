// The pages of `describe`: what a model knows, what a result of it holds, what a configuration may say, and what a run may watch.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "../../kernels/engine.h"
#include "reference_page.h"

namespace chokepoint {

struct Topic {
  const char* name;
  const char* title;
  bool of_model;  // not the same for all models
  void (*write)(const ModelInfo& model, ReferencePage& page);
};

// topic: "" for the list of models and topics. `more`: topics of the caller's. Throws UserError for names that do not exist.
std::string describe(const std::string& model, const std::string& topic, PageFormat format = PageFormat::kText,
                     const std::vector<Topic>& more = {});

}  // namespace chokepoint
