% Four pictures of a result file: fans.png, events.png, differences.png and tornado.png.
%   CHOKEPOINT=build/release/chokepoint octave outputs/plots/plot.m outputs/baseline.h5 pictures [METRIC]
% Needs Octave with its netcdf package (apt install octave octave-netcdf), which reads no texts: names come from `chokepoint export`,
% and CHOKEPOINT says where the program is. Copy it and change it: the file's layout is in outputs/README.md. Octave reverses the
% axes: (quantile, time, policy).
% SPDX-License-Identifier: Apache-2.0
1;
pkg load netcdf
warning ("off", "all");  % gnuplot, where there is no display, is said to be discouraged
arguments = argv ();
if numel (arguments) < 2
  error ("usage: plot.m RESULT FOLDER [METRIC]");
end
global file id folder origin colours size
file = arguments{1};
id = netcdf_open (file, "NC_NOWRITE");
folder = arguments{2};
[~, ~] = mkdir (folder);
% Okabe and Ito: safe for colour-blind readers; lines have a dash of their own, too.
colours = [0.27 0.27 0.27; 0 0.447 0.698; 0.835 0.369 0; 0 0.620 0.451; 0.6 0.6 0.6];
dashes = {"-", "--", ":", "-."};

function [group, name] = place (path)
  global id
  parts = strsplit (path, "/");
  group = id;
  if numel (parts) > 1
    group = netcdf_inqNcid (id, parts{1});
  end
  name = parts{end};
end

function values = get_values (path)
  [group, name] = place (path);
  values = double (netcdf_getVar (group, netcdf_inqVarID (group, name)));
end

function value = get_attribute (path, attribute)
  [group, name] = place (path);
  if isempty (name)
    value = netcdf_getAtt (group, netcdf_getConstant ("NC_GLOBAL"), attribute);
  else
    value = netcdf_getAtt (group, netcdf_inqVarID (group, name), attribute);
  end
end

function names = texts (name)
  global file
  program = getenv ("CHOKEPOINT");
  if isempty (program)
    program = "chokepoint";
  end
  [status, csv] = system (sprintf ("%s export '%s' %s", program, file, name));
  if status != 0
    error ("%s export failed. Does CHOKEPOINT say where the program is?", program);
  end
  lines = strsplit (strtrim (csv), "\n")(2:end);
  names = strrep (regexprep (regexprep (lines, "^[^,]*,", ""), "^\"|\"$", ""), "\"\"", "\"");
end

function start_picture (height)
  global size
  size = [1150, height];
  figure (1, "visible", "off", "units", "pixels", "position", [0 0 size], "paperunits", "inches", "papersize", size / 72, ...
          "paperposition", [0 0 size] / 72);
  clf;
end

function finish_picture (name, heading, reading)
  global folder origin size
  axes ("position", [0 0 1 1], "visible", "off", "xlim", [0 1], "ylim", [0 1]);
  text (0.01, 1 - 8 / size(2), heading, "fontsize", 11, "fontweight", "bold", "interpreter", "none", "verticalalignment", "top");
  text (0.01, 6 / size(2), [reading ". " origin], "fontsize", 7, "color", [0.4 0.4 0.4], "interpreter", "none", ...
        "verticalalignment", "bottom");
  devices = {"-dpng", "-dpngcairo"};  % the second is gnuplot's own, without Ghostscript
  print (fullfile (folder, name), devices{1 + strcmp(graphics_toolkit (), "gnuplot")}, "-r72");
end

% Margins are in pixels; columns after the first keep 50 free on their left.
function panel (row, rows, column, columns, left)
  global size
  width = (size(1) - left - 20 + 50) / columns;
  height = (size(2) - 110) / rows;
  axes ("position", [left + (column - 1) * width, 70 + (rows - row) * height, width - 50, height - 60] ./ [size size]);
  hold on;
  set (gca, "fontsize", 8, "ygrid", "on", "xgrid", "on", "gridcolor", [0.9 0.9 0.9], "gridalpha", 1, "box", "off", "layer", "bottom");
end

function c = pale (colour, share)
  c = 1 - share * (1 - colour);
end

function years (year)
  first = floor (min (year));
  last = ceil (max (year));
  xlim ([first last]);
  set (gca, "xtick", first:ceil ((last - first) / 4):last);
end

function nothing (words)
  axes ("position", [0 0 1 1], "visible", "off", "xlim", [0 1], "ylim", [0 1]);
  text (0.5, 0.5, words, "horizontalalignment", "center", "fontsize", 12, "color", [0.3 0.3 0.3]);
end

metrics = strsplit (get_attribute ("", "metrics"), " ");
if numel (arguments) > 2
  metric = arguments{3};
elseif any (strcmp (metrics, "capability_lag"))
  metric = "capability_lag";
else
  metric = metrics{1};
end
if ! any (strcmp (metrics, metric))
  error ("%s is no metric of this result. It has: %s", metric, strjoin (metrics, ", "));
end
spaced = @(name) strrep (name, "_", " ");
unit = get_attribute ([metric "_mean"], "units");
label = spaced (metric);
if ! strcmp (unit, "1")
  label = [label " (" unit ")"];
end
year = get_values ("year")(:)';
last = numel (year);
policy = texts ("policy");
titles = texts ("policy_title");
reference = find (strcmp (policy, get_attribute ("paired/", "reference")));
counts = get_values (["histogram/" metric "_count"])(:, 1, 1);
origin = sprintf ("%d trajectories per policy, result %s", sum (counts(:)), get_attribute ("", "result_hash"));
heading = get_attribute ("", "title");

% The reference, and the three policies that differ most from it at the end.
difference = reshape (get_values (["paired/" metric "_mean_difference"]), last, []);
gap = abs (difference(last, :));
gap(reference) = Inf;
[~, shown] = sort (gap, "descend");
shown = shown(1:min (4, end));
colour = repmat (colours(5, :), numel (policy), 1);
colour(shown, :) = colours(1:numel (shown), :);

% ---- fans: median, 25-75 % and 5-95 % of trajectories
level = get_values ("quantile");
[~, at] = min (abs (level(:) - [0.05 0.25 0.5 0.75 0.95]));
fan = reshape (get_values ([metric "_quantile"]), numel (level), last, [])(at, :, :);
start_picture (480);
for i = 1:numel (shown)
  p = shown(i);
  panel (1, 1, i, numel (shown), 70);
  fill ([year fliplr(year)], [fan(1, :, p) fliplr(fan(5, :, p))], pale (colour(p, :), 0.2), "edgecolor", "none");
  fill ([year fliplr(year)], [fan(2, :, p) fliplr(fan(4, :, p))], pale (colour(p, :), 0.5), "edgecolor", "none");
  plot (year, fan(3, :, p), "color", colour(p, :), "linewidth", 2);
  if p != reference
    plot (year, fan(3, :, reference), "--", "color", colours(1, :));
  end
  shown_values = fan(:, :, shown);
  if strcmp (get_attribute ([metric "_mean"], "scale"), "log")
    set (gca, "yscale", "log");
    ticks = [1; 2; 5] * 10 .^ (-9:9);
    ticks = ticks(ticks >= min (shown_values(:)) & ticks <= max (shown_values(:)))';
    ticks = ticks(1:ceil (numel (ticks) / 8):end);
    set (gca, "ytick", ticks, "yticklabel", cellfun (@num2str, num2cell (ticks), "uniformoutput", false));
  end
  ylim ([min(shown_values(:)) max(shown_values(:))]);
  years (year);
  title (titles{p}, "interpreter", "none", "fontsize", 8);
  if i == 1
    ylabel (label, "interpreter", "none");
  end
end
reading = "bands: 5-95 % and 25-75 % of trajectories; line: median";
if numel (shown) > 1
  reading = [reading "; dashed: the same under " policy{reference}];
end
finish_picture ("fans.png", [heading ": how " label " spreads"], reading);

% ---- events: share in which it has happened by then, with its 95 % interval
event = texts ("event");
probability = reshape (get_values ("event_probability"), numel (event), []);
cdf = 100 * reshape (get_values ("event_cdf"), last, numel (event), []);
bounds = 100 * reshape (get_values ("event_cdf_bounds"), 2, last, numel (event), []);
spread = max (probability, [], 2) - min (probability, [], 2);
spread(any (isnan (probability), 2)) = -1;
[spread, happening] = sort (spread, "descend");
happening = happening(spread >= 0)(1:min (6, sum (spread >= 0)));
columns = min (3, numel (happening));
rows = ceil (numel (happening) / columns);
start_picture (140 + 290 * rows);
for i = 1:numel (happening)
  e = happening(i);
  panel (ceil (i / columns), rows, mod (i - 1, columns) + 1, columns, 70);
  for p = setdiff (1:numel (policy), shown)
    plot (year, cdf(:, e, p), "color", [0.8 0.8 0.8]);
  end
  for p = shown
    fill ([year fliplr(year)], [bounds(1, :, e, p) fliplr(bounds(2, :, e, p))], pale (colour(p, :), 0.3), "edgecolor", "none");
  end
  for j = 1:numel (shown)
    plot (year, cdf(:, e, shown(j)), dashes{j}, "color", colour(shown(j), :), "linewidth", 2);
    if i == 1
      text (0.03, 1.02 - 0.07 * j, titles{shown(j)}, "units", "normalized", "color", colour(shown(j), :), "fontsize", 8, ...
            "fontweight", "bold", "interpreter", "none");
    end
  end
  years (year);
  ylim ([0 max(1.05 * max (bounds(:, :, e, :)(:)), 0.1)]);
  title (spaced (event{e}), "interpreter", "none", "fontsize", 9);
  if mod (i - 1, columns) == 0
    ylabel ("has happened by then (%)");
  end
end
finish_picture ("events.png", [heading ": when events happen"], "bands: 95 % interval of the sampling; grey: the other policies");

% ---- differences from the reference in the same trajectory, with 95 % intervals and the spread of trajectories
others = setdiff (1:numel (policy), reference);
start_picture (200 + 40 * max (numel (others), 3));
if isempty (others)
  nothing ("There is one policy: nothing to compare it with.");
else
  [~, order] = sort (difference(last, others));
  others = others(order);
  interval = reshape (get_values (["paired/" metric "_mean_difference_bounds"]), 2, last, [])(:, last, :);
  spread = reshape (get_values (["paired/" metric "_difference_quantile"]), numel (level), last, [])(at, last, :);
  panel (1, 1, 1, 1, 250);
  for i = 1:numel (others)
    p = others(i);
    fill (spread([1 5 5 1], 1, p)', i + [-0.25 -0.25 0.25 0.25], pale (colour(p, :), 0.3), "edgecolor", "none");
    plot (interval([1 2], 1, p), [i i], "-", "color", colour(p, :), "linewidth", 2);
    for x = interval(:, 1, p)'
      plot ([x x], i + [-0.1 0.1], "-", "color", colour(p, :), "linewidth", 2);
    end
    plot (difference(last, p), i, "o", "color", colour(p, :), "markerfacecolor", colour(p, :), "markersize", 5);
  end
  plot ([0 0], [0.5 numel(others) + 0.5], "-", "color", colours(1, :));
  set (gca, "ytick", 1:numel (others), "yticklabel", titles(others), "ticklabelinterpreter", "none");
  ylim ([0.5 numel(others) + 0.5]);
  xlabel (["difference of " label], "interpreter", "none");
end
finish_picture ("differences.png", sprintf ("%s: difference from '%s', at the end", heading, titles{reference}), ...
                "dot: mean difference in the same trajectory, with its 95 % interval; bar: 5-95 % of trajectories");

% ---- tornado: mean where a parameter is low and high, under the reference, and the share of the variance that it explains
start_picture (560);
try
  netcdf_inqNcid (id, "sensitivity");
  varies = true;
catch
  varies = false;
end
if ! varies
  nothing ("No parameter varies in this result.");
else
  driver = texts ("driver");
  bins = reshape (get_values (["sensitivity/" metric "_bin_mean"]), 32, numel (driver), [])(:, :, reference);
  low = mean (bins(1:4, :), 1);
  high = mean (bins(29:32, :), 1);
  swing = abs (high - low);
  swing(isnan (swing)) = -1;
  [~, top] = sort (swing);
  top = top(max (1, end - 11):end);
  centre = reshape (get_values ([metric "_mean"]), last, [])(last, reference);
  estimate = @(name) reshape (get_values (["sensitivity/" metric name]), numel (driver), [], numel (policy))(:, end, reference);
  index = 100 * estimate ("_first_order");
  error_bar = 196 * estimate ("_first_order_se");
  panel (1, 1, 1, 2, 200);
  for i = 1:numel (top)
    y = i + [-0.3 -0.3 0.3 0.3];
    fill ([centre low(top(i)) low(top(i)) centre], y, colours(2, :), "edgecolor", "none");
    fill ([centre high(top(i)) high(top(i)) centre], y, pale (colours(3, :), 0.5), "edgecolor", colours(3, :));
  end
  set (gca, "ytick", 1:numel (top), "yticklabel", spaced (driver(top)), "ticklabelinterpreter", "none");
  ylim ([0.4 numel(top) + 0.6]);
  xlabel (["mean of " label " at the end"], "interpreter", "none");
  panel (1, 1, 2, 2, 200);
  for i = 1:numel (top)
    x = index(top(i));
    fill ([0 x x 0], i + [-0.3 -0.3 0.3 0.3], [0.75 0.75 0.75], "edgecolor", "none");
    plot (x + [-1 1] * error_bar(top(i)), [i i], "k-", x + [-1 -1] * error_bar(top(i)), i + [-0.1 0.1], "k-", ...
          x + [1 1] * error_bar(top(i)), i + [-0.1 0.1], "k-");
  end
  set (gca, "ytick", 1:numel (top), "yticklabel", {});
  ylim ([0.4 numel(top) + 0.6]);
  xlabel ("share of the variance (first-order index, %)");
end
finish_picture ("tornado.png", sprintf ("%s: what drives %s under '%s'", heading, label, titles{reference}), ...
                ["ends: mean in the lowest (dark blue) and highest (pale, framed) eighth of the parameter's draws; " ...
                 "error bars: 95 % interval"]);
