// What goes into an HTML page: nothing that a file says may become markup or a script.
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <stdexcept>

#include "../../host/reports/page.h"

namespace chokepoint::page {
namespace {

TEST(Page, HasItsParts) {
  EXPECT_NE(kStyle.find("prefers-color-scheme: dark"), kStyle.npos);
  EXPECT_NE(kCharts.find("echarts"), kCharts.npos);
  EXPECT_GT(kCharts.size(), 1'000'000u);
  EXPECT_EQ(kCharts.find("</script"), kCharts.npos);
}

TEST(Page, FillsEachPlaceOnce) {
  EXPECT_EQ(fill("<b>{{a}}</b>{{b}}.", {{"a", "{{b}}"}, {"b", "two"}}), "<b>{{b}}</b>two.");
  EXPECT_THROW(fill("{{a}}{{c}}", {{"a", "one"}}), std::logic_error);
  EXPECT_THROW(fill("{{a}}", {{"a", "one"}, {"b", "two"}}), std::logic_error);
}

TEST(Page, EscapesMarkup) {
  EXPECT_EQ(escaped("<img src=x onerror='alert(1)'> & \"quoted\"\x1b"),
            "&lt;img src=x onerror=&#39;alert(1)&#39;&gt; &amp; &quot;quoted&quot;?");
  EXPECT_EQ(script_data("{\"title\": \"</script><!--\"}"), "{\"title\": \"\\u003c/script>\\u003c!--\"}");
}

}  // namespace
}  // namespace chokepoint::page
