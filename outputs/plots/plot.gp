#!/usr/bin/env -S gnuplot -c
# Four pictures of a result file: fans.png, events.png, differences.png and tornado.png, each beside the CSV that it shows.
#   CHOKEPOINT=build/release/chokepoint gnuplot -c outputs/plots/plot.gp outputs/baseline.h5 pictures [METRIC]
# Reads what tables.sh makes of `chokepoint export`; CHOKEPOINT says where the program is. Copy it and change it.
# SPDX-License-Identifier: Apache-2.0
if (ARGC < 2) { print "usage: plot.gp RESULT FOLDER [METRIC]"; exit status 2 }
folder = ARG2
here = system(sprintf("dirname '%s'", ARG0))
system(sprintf("'%s/tables.sh' '%s' '%s' %s", here, ARG1, folder, ARG3))
if (GPVAL_SYSTEM_ERRNO != 0) { exit status GPVAL_SYSTEM_ERRNO }
load folder . "/names.gp"  # metric, label, reference, shown, rest, happening, centre, varies
fans = folder . "/fans.csv"
events = folder . "/events.csv"
differences = folder . "/differences.csv"
tornado = folder . "/tornado.csv"
spaced(name) = system(sprintf("echo %s | tr _ ' '", name))

set datafile separator comma
set terminal pngcairo noenhanced size 1150,480 font "sans,10" linewidth 1.2
array colour[4] = [0x444444, 0x0072B2, 0xD55E00, 0x009E73]  # Okabe and Ito; lines have a dash of their own, too
set border 3 lc rgb "grey60"
set tics nomirror out scale 0.5 tc rgb "grey30"
set grid lt 1 lc rgb "#e6e6e6" lw 0.6
set title font ",10"
of_policy(policy) = sprintf("< awk -F, 'NR == 1 || $1 == \"%s\"' '%s'", policy, fans)
of_event(policy, event) = sprintf("< awk -F, 'NR == 1 || ($1 == \"%s\" && $2 == \"%s\")' '%s'", policy, event, events)
number(policy) = sum [i = 1:words(shown)] (policy eq word(shown, i) ? i : 0)
tint(policy) = number(policy) > 0 ? colour[number(policy)] : 0x999999

# ---- fans: median, 25-75 % and 5-95 % of trajectories
set output folder . "/fans.png"
q(level) = sprintf("%s_quantile_%g", metric, level)
stats fans using "year" nooutput
from = floor(STATS_min)
to = ceil(STATS_max)
set xtics int(ceil((STATS_max - STATS_min) / 4.5)) format "%.0f"
stats fans using (column(q(0.05))) nooutput
least = STATS_min
stats fans using (column(q(0.95))) nooutput
if (least > 0 && STATS_max > 20 * least) { set logscale y } else { least = least - 0.05 * (STATS_max - least) }
set yrange [least:1.02 * STATS_max]
set xrange [from:to]
set multiplot layout 1,words(shown) title sprintf( \
  "How %s spreads; bands: 5-95 %% and 25-75 %% of trajectories, line: median, dashed: the same under %s", label, reference)
do for [i = 1:words(shown)] {
  policy = word(shown, i)
  set title spaced(policy)
  set ylabel (i == 1 ? label : "")
  of = of_policy(policy)
  plot of using "year":(column(q(0.05))):(column(q(0.95))) with filledcurves fc rgb colour[i] fs transparent solid 0.18 noborder notitle, \
       of using "year":(column(q(0.25))):(column(q(0.75))) with filledcurves fc rgb colour[i] fs transparent solid 0.35 noborder notitle, \
       of using "year":(column(q(0.5))) with lines lc rgb colour[i] lw 2 notitle, \
       of_policy(reference) using "year":(column(q(0.5))) with lines lc rgb colour[1] dt 2 lw 1.2 notitle
}
unset multiplot
unset logscale y
set yrange [0:*]

# ---- events: share in which it has happened by then, with its 95 % interval
tall = words(happening) > 3 ? 2 : 1
set terminal pngcairo noenhanced size 1150,120 + 290 * tall
set output folder . "/events.png"
set multiplot layout tall,(tall > 1 ? 3 : words(happening)) title \
  "When events happen; bands: 95 % interval of the sampling, grey: the other policies"
do for [i = 1:words(happening)] {
  event = word(happening, i)
  set title spaced(event)
  set ylabel (i % 3 == 1 ? "has happened by then (%)" : "")
  if (i == 1) { set key top left reverse Left samplen 3 font ",8" } else { unset key }
  of(policy) = of_event(policy, event)
  low = "event_cdf_bounds_0.025"
  high = "event_cdf_bounds_0.975"
  plot for [j = 1:words(rest)] of(word(rest, j)) using "year":(100 * column("event_cdf")) with lines lc rgb "grey80" lw 0.7 notitle, \
       for [j = 1:words(shown)] of(word(shown, j)) using "year":(100 * column(low)):(100 * column(high)) \
         with filledcurves fc rgb colour[j] fs transparent solid 0.25 noborder notitle, \
       for [j = 1:words(shown)] of(word(shown, j)) using "year":(100 * column("event_cdf")) \
         with lines lc rgb colour[j] dt j lw 2 title spaced(word(shown, j))
}
unset multiplot
unset key

# ---- differences from the reference in the same trajectory, with 95 % intervals and the spread of trajectories
others = words(shown) + words(rest) - 1
set terminal pngcairo noenhanced size 1150,200 + 40 * (others > 3 ? others : 3)
set output folder . "/differences.png"
set title sprintf("Difference of %s from %s at the end; dot: mean with its 95 %% interval, bar: 5-95 %% of trajectories", label, reference)
set ylabel ""
set xlabel "difference of " . label
set xtics autofreq norotate format "%g"
set style fill transparent solid 0.25 noborder
if (others == 0) {
  set label 1 "There is one policy: nothing to compare it with." at graph 0.5,0.5 center
  unset border; unset tics; set xrange [0:1]; set yrange [0:1]; set xlabel ""
  plot -1 notitle
  unset label 1; set border 3; set tics
} else {
  set yrange [-0.5:others - 0.5]
  set xrange [*:*]
  set arrow 1 from 0,graph 0 to 0,graph 1 nohead lc rgb "#444444" back
  plot differences using 3:1:6:7:($1 - 0.25):($1 + 0.25):(tint(strcol(2))):ytic(spaced(strcol(2))) \
         with boxxyerror lc rgb variable notitle, \
       differences using 3:1:4:5:(tint(strcol(2))) with xerrorbars pt 7 lw 2 lc rgb variable notitle
  unset arrow 1
}

# ---- tornado: mean where a parameter is low and high, under the reference, and the share of the variance that it explains
set terminal pngcairo noenhanced size 1150,560
set output folder . "/tornado.png"
if (varies == 0) {
  set title ""
  set label 1 "No parameter varies in this result." at graph 0.5,0.5 center
  unset border; unset tics; set xrange [0:1]; set yrange [0:1]; set xlabel ""
  plot -1 notitle
} else {
  set multiplot layout 1,2 title sprintf("What drives %s under %s; error bars: 95 %% interval of the sampling\n ", label, reference)
  set yrange [-0.6:11.6]
  set xrange [*:*]
  set tmargin at screen 0.86
  set bmargin at screen 0.12
  set key above horizontal samplen 2
  set xlabel sprintf("mean of %s at the end", label)
  set title ""
  plot tornado using 3:0:(centre):3:($0 - 0.3):($0 + 0.3):ytic(spaced(strcol(2))) \
         with boxxyerror fc rgb colour[2] fs solid 1 noborder title "lowest eighth of its draws", \
       tornado using 4:0:(centre):4:($0 - 0.3):($0 + 0.3) \
         with boxxyerror fc rgb colour[3] fs pattern 5 border lc rgb colour[3] title "highest eighth"
  unset key
  set xrange [*:*]
  set xlabel "share of the variance (first-order index, %)"
  set ytics format ""
  plot tornado using (100 * $5):0:(0):(100 * $5):($0 - 0.3):($0 + 0.3) with boxxyerror fc rgb "grey70" fs solid noborder notitle, \
       tornado using (100 * $5):0:(196 * $6) with xerrorbars pt 0 lc rgb "black" notitle
  unset multiplot
}
