#!/bin/sh
# tables.sh RESULT FOLDER [METRIC]: what plot.gp draws, as CSV, and its names and numbers as gnuplot variables in names.gp.
# Uses `chokepoint export` and awk; the variable CHOKEPOINT says where the program is.
# SPDX-License-Identifier: Apache-2.0
set -eu
export LC_ALL=C
program=${CHOKEPOINT:-chokepoint} result=$1 folder=$2
command -v "$program" >/dev/null || {
  echo "$program: not found. Say where the program is: CHOKEPOINT=build/release/chokepoint" >&2
  exit 3
}
table() { "$program" export "$result" "$@"; }
text() { printf '%s = "%s"\n' "$1" "$(printf '%s' "$2" | tr '\n' ' ' | sed 's/ *$//')"; }
mkdir -p "$folder"
table > "$folder/datasets.txt"
metrics=$(sed -n 's/^\([^/ ]*\)_mean_se .*/\1/p' "$folder/datasets.txt")
metric=${3:-$(echo "$metrics" | grep -x capability_lag || echo "$metrics" | head -n 1)}
echo "$metrics" | grep -qxF "$metric" || {
  echo "$metric is no metric of this result. It has: $(echo "$metrics" | tr '\n' ' ')" >&2
  exit 2
}

unit=$(awk -F '  +' -v name="${metric}_mean (" 'index($1, name) == 1 {print $2}' "$folder/datasets.txt")
label=$(echo "$metric" | tr _ ' ')
[ "$unit" = 1 ] || label="$label ($unit)"
reference=$(table provenance/configuration_resolved | sed -n 's/^reference = ""\(.*\)"".*/\1/p')
policies=$(table policy | tail -n +2)

table "${metric}_quantile" --wide > "$folder/fans.csv"
table event_cdf,event_cdf_bounds --wide > "$folder/events.csv"

# Of each policy but the reference, at the end: place, name, mean difference, its 95 % interval, 5 and 95 % of trajectories.
{
  table "paired/${metric}_mean_difference,paired/${metric}_mean_difference_bounds" --wide
  table "paired/${metric}_difference_quantile" --wide
} | awk -F , -v OFS=, -v reference="$reference" '
  $1 == "policy" {++tables; for (i = 4; i <= NF; ++i) {if ($i ~ /_0[.]05$/) low = i; if ($i ~ /_0[.]95$/) high = i}; next}
  $1 == reference {next}
  tables == 1 {mean[$1] = $4 OFS $5 OFS $6}
  tables == 2 {spread[$1] = $low OFS $high}
  END {for (policy in mean) print policy, mean[policy], spread[policy]}' |
  sort -t, -g -k 2 | awk '{print NR - 1 "," $0}' > "$folder/differences.csv"

# The reference and the three policies that differ most from it; the events in which policies differ most.
shown=$(awk -F , '{print ($3 < 0 ? -$3 : $3), $2}' "$folder/differences.csv" | sort -gr | head -n 3 | cut -d ' ' -f 2)
shown=$(printf '%s\n%s' "$reference" "$shown")
happening=$(table event_probability | awk -F , '
  NR == 1 {next}
  $3 == "" {missing[$2]; next}
  !($2 in low) || $3 < low[$2] {low[$2] = $3}
  !($2 in high) || $3 > high[$2] {high[$2] = $3}
  END {for (event in low) if (!(event in missing)) print high[event] - low[event], event}' | sort -gr | head -n 6 | cut -d ' ' -f 2)

# Of the parameters that move the mean most under the reference: gap, name, mean where it is low and high, first-order index, its error.
centre=$(table "${metric}_mean" | awk -F , -v reference="$reference" '$1 == reference {last = $4} END {print last}')
rm -f "$folder/tornado.csv"
if grep -q "^sensitivity/${metric}_bin_mean " "$folder/datasets.txt"; then
  {
    table "sensitivity/${metric}_bin_mean" --wide
    table "sensitivity/${metric}_first_order,sensitivity/${metric}_first_order_se"
  } | awk -F , -v OFS=, -v reference="$reference" '
    $1 != reference {next}
    NF > 30 {for (i = 3; i <= 6; ++i) {low[$2] += $i / 4; high[$2] += $(NF + 3 - i) / 4}; next}
    {first[$4] = $5; error[$4] = $6}
    END {for (d in low) {gap = high[d] - low[d]; print gap < 0 ? -gap : gap, d, low[d], high[d], first[d], error[d]}}' |
    sort -t, -gr | head -n 12 | sort -t, -g > "$folder/tornado.csv"
fi

{
  text metric "$metric"
  text label "$label"
  text reference "$reference"
  text shown "$shown"
  text rest "$(echo "$policies" | grep -vxF "$shown" || true)"
  text happening "$happening"
  echo "centre = $centre"
  echo "varies = $([ -f "$folder/tornado.csv" ] && echo 1 || echo 0)"
} > "$folder/names.gp"
