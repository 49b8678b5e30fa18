// `summary` of a view: for people as tables, for scripts as findings.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "findings.h"
#include "report_parts.h"

namespace chokepoint {

std::string summarise(const View& view);
std::vector<Subject> summary_subjects(const View& view);

}  // namespace chokepoint
