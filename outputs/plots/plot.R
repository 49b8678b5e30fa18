#!/usr/bin/env Rscript
# Four pictures of a result file: fans.png, events.png, differences.png and tornado.png.
#   Rscript outputs/plots/plot.R outputs/baseline.h5 pictures [METRIC]
# Needs ncdf4 (apt install r-cran-ncdf4); base graphics. Copy it and change it: the file's layout is in outputs/README.md.
# SPDX-License-Identifier: Apache-2.0
library(ncdf4)

arguments <- commandArgs(trailingOnly = TRUE)
if (length(arguments) < 2) stop("usage: plot.R RESULT FOLDER [METRIC]")
file <- nc_open(arguments[1])
folder <- arguments[2]
dir.create(folder, showWarnings = FALSE, recursive = TRUE)
get <- function(name) ncvar_get(file, name, collapse_degen = FALSE) # R reverses the axes: (quantile, time, policy)
about <- function(name, attribute) ncatt_get(file, name, attribute)$value
number <- function(n) format(n, big.mark = " ", scientific = FALSE, trim = TRUE)

metrics <- strsplit(about(0, "metrics"), " ")[[1]]
metric <- if (length(arguments) > 2) arguments[3] else if ("capability_lag" %in% metrics) "capability_lag" else metrics[1]
if (!metric %in% metrics) stop(metric, " is no metric of this result. It has: ", paste(metrics, collapse = ", "))
mean_name <- paste0(metric, "_mean")
unit <- about(mean_name, "units")
label <- paste0(gsub("_", " ", metric), if (unit == "1") "" else paste0(" (", unit, ")"))
year <- as.vector(get("year"))
last <- length(year)
policy <- as.vector(get("policy"))
title <- as.vector(get("policy_title"))
reference <- match(about("paired", "reference"), policy)
trajectories <- sum(get(paste0("histogram/", metric, "_count"))[, 1, 1])
origin <- paste0(number(trajectories), " trajectories per policy, result ", about(0, "result_hash"))

# The reference, and the three policies that differ most from it; colours of Okabe and Ito, never without a dash of their own.
gap <- abs(get(paste0("paired/", metric, "_mean_difference"))[last, ])
gap[reference] <- Inf
shown <- head(order(-gap), 4)
colour <- rep("grey60", length(policy))
colour[shown] <- c("#444444", "#0072B2", "#D55E00", "#009E73")[seq_along(shown)]
dash <- c("solid", "longdash", "dotted", "dotdash")
pale <- function(name, share) adjustcolor(name, alpha.f = share)

picture <- function(name, heading, reading, rows, columns, height, left = 4, legend = FALSE) {
  png(file.path(folder, name), width = 1150, height = height, res = 115, type = "cairo")
  layout(matrix(seq_len(rows * columns), rows, byrow = TRUE), widths = c(if (left > 4) 1.6 else 1, rep(1, columns - 1)))
  par(mar = c(2.5, left, 2.5, 0.8), oma = c(2.2, 0, if (legend) 4 else 2.6, 0), mgp = c(2.4, 0.6, 0), las = 1, bty = "l", cex = 0.75,
      cex.axis = 0.9, cex.main = 1, col.axis = "grey30", fg = "grey60")
  function() {
    par(fig = c(0, 1, 0, 1), oma = c(0, 0, 0, 0), mar = c(0, 0, 0, 0), new = TRUE, ylog = FALSE)
    plot.window(0:1, 0:1, xaxs = "i", yaxs = "i")
    mtext(paste0(about(0, "title"), ": ", heading), 3, -1.3, adj = 0.01, font = 2, cex = 1, col = "black")
    mtext(paste0(reading, ". ", origin), 1, -1, cex = 0.6, col = "grey40")
    if (legend) legend(0, 1 - 30 / height, title[shown], col = colour[shown], lty = dash[seq_along(shown)], lwd = 2, bty = "n",
                       horiz = TRUE, text.col = "black")
    dev.off()
  }
}

frame <- function(x, y, ...) {
  plot(range(x), range(y, na.rm = TRUE), type = "n", ...)
  grid(lty = "solid", col = "grey92")
}

over_time <- function(y, ...) {
  frame(year, y, xlab = "", xaxt = "n", ...)
  axis(1, unique(round(pretty(year, 4))))
}

band <- function(x, low, high, name) polygon(c(x, rev(x)), c(low, rev(high)), col = name, border = NA)

nothing <- function(text) {
  plot.new()
  text(0.5, 0.5, text, cex = 1.3, col = "grey30")
}

# ---- fans: median, 25-75 % and 5-95 % of trajectories
quantiles <- get(paste0(metric, "_quantile"))
levels <- sapply(c(0.05, 0.25, 0.5, 0.75, 0.95), function(q) which.min(abs(get("quantile") - q)))
finish <- picture("fans.png", paste("how", label, "spreads"),
                  paste0("bands: 5-95 % and 25-75 % of trajectories; line: median",
                         if (length(shown) > 1) paste("; dashed: the same under", policy[reference])), 1, length(shown), 480)
log <- if (about(mean_name, "scale") == "log") "y" else ""
for (p in shown) {
  fan <- quantiles[levels, , p]
  over_time(quantiles[levels, , shown], log = log, ylab = if (p == shown[1]) label else "",
        main = paste(strwrap(title[p], 26), collapse = "\n"))
  band(year, fan[1, ], fan[5, ], pale(colour[p], 0.18))
  band(year, fan[2, ], fan[4, ], pale(colour[p], 0.35))
  lines(year, fan[3, ], col = colour[p], lwd = 2.5)
  if (p != reference) lines(year, quantiles[levels[3], , reference], col = "#444444", lty = "dashed")
}
invisible(finish())

# ---- events: share in which it has happened by then, with its 95 % interval
probability <- get("event_probability") # (event, policy)
event <- as.vector(get("event"))
whole <- which(rowSums(is.na(probability)) == 0)
whole <- head(whole[order(-apply(probability[whole, , drop = FALSE], 1, function(p) max(p) - min(p)))], 6)
cdf <- get("event_cdf")           # (time, event, policy)
bounds <- get("event_cdf_bounds") # (bound, time, event, policy)
columns <- min(3, length(whole))
finish <- picture("events.png", "when events happen", "bands: 95 % interval of the sampling; grey: the other policies",
                  ceiling(length(whole) / columns), columns, 120 + 280 * ceiling(length(whole) / columns), legend = TRUE)
for (e in whole) {
  over_time(c(0, 100 * bounds[, , e, ]), ylab = "has happened by then (%)", main = gsub("_", " ", event[e]))
  for (p in setdiff(seq_along(policy), shown)) lines(year, 100 * cdf[, e, p], col = "grey80")
  for (i in seq_along(shown)) {
    p <- shown[i]
    band(year, 100 * bounds[1, , e, p], 100 * bounds[2, , e, p], pale(colour[p], 0.25))
    lines(year, 100 * cdf[, e, p], col = colour[p], lty = dash[i], lwd = 2)
  }
}
invisible(finish())

# ---- differences from the reference in the same trajectory, with 95 % intervals and the spread of trajectories
others <- setdiff(seq_along(policy), reference)
finish <- picture("differences.png", paste0("difference of ", label, " from \"", title[reference], "\", at the end"),
                  "dot: mean difference in the same trajectory, with its 95 % interval; bar: 5-95 % of trajectories", 1, 1,
                  200 + 40 * max(length(others), 3), 14)
if (length(others) == 0) nothing("There is one policy: nothing to compare it with.") else {
  mean_difference <- get(paste0("paired/", metric, "_mean_difference"))[last, ]
  interval <- get(paste0("paired/", metric, "_mean_difference_bounds"))[, last, ] # (bound, policy)
  spread <- get(paste0("paired/", metric, "_difference_quantile"))[levels[c(1, 5)], last, ]
  others <- others[order(mean_difference[others])]
  frame(c(spread[, others], 0), c(0.5, length(others) + 0.5), xlab = "", ylab = "", yaxt = "n")
  axis(2, seq_along(others), title[others], tick = FALSE)
  for (i in seq_along(others)) {
    p <- others[i]
    rect(spread[1, p], i - 0.25, spread[2, p], i + 0.25, col = pale(colour[p], 0.25), border = NA)
    if (diff(interval[, p]) > 0) suppressWarnings(arrows(interval[1, p], i, interval[2, p], i, code = 3, angle = 90, length = 0.04,
                                                         col = colour[p], lwd = 2))
    points(mean_difference[p], i, pch = 19, col = colour[p])
  }
  abline(v = 0, col = "#444444")
}
invisible(finish())

# ---- tornado: mean where a parameter is low and high, under the reference, and the share of the variance that it explains
varies <- paste0("sensitivity/", metric, "_bin_mean") %in% names(file$var)
finish <- picture("tornado.png", paste0("what drives ", label, " under \"", title[reference], "\""),
                  "ends: mean in the lowest (blue) and highest (hatched) eighth of the parameter's draws; error bars: 95 % interval",
                  1, if (varies) 2 else 1, 560, if (varies) 12 else 4)
if (!varies) nothing("No parameter varies in this result.") else {
  driver <- as.vector(get("driver"))
  bins <- get(paste0("sensitivity/", metric, "_bin_mean"))[, , reference] # (bin, driver)
  dim(bins) <- c(32, length(driver))
  low <- colMeans(bins[1:4, , drop = FALSE])
  high <- colMeans(bins[29:32, , drop = FALSE])
  top <- tail(order(abs(high - low), na.last = FALSE), 12)
  centre <- get(mean_name)[last, reference]
  place <- seq_along(top)
  frame(c(low[top], high[top]), c(0.5, length(top) + 0.5), xlab = "", ylab = "", yaxt = "n", main = paste("mean of", label))
  axis(2, place, gsub("_", " ", driver[top]), tick = FALSE)
  rect(centre, place - 0.3, low[top], place + 0.3, col = "#0072B2", border = NA)
  rect(centre, place - 0.3, high[top], place + 0.3, col = "#D55E00", border = NA)
  rect(centre, place - 0.3, high[top], place + 0.3, density = 15, col = "white", border = NA)
  abline(v = centre, col = "#444444")
  index <- get(paste0("sensitivity/", metric, "_first_order")) # (driver, time, policy)
  error <- 1.96 * get(paste0("sensitivity/", metric, "_first_order_se"))[, dim(index)[2], reference]
  index <- index[, dim(index)[2], reference]
  par(mar = c(2.5, 2, 2.5, 0.8))
  frame(100 * c(0, (index - error)[top], (index + error)[top]), c(0.5, length(top) + 0.5), xlab = "", ylab = "", yaxt = "n",
        main = "share of the variance (first-order index, %)")
  rect(0, place - 0.3, 100 * index[top], place + 0.3, col = "grey70", border = NA)
  drawn <- which(is.finite(error[top]) & error[top] > 0)
  suppressWarnings(arrows(100 * (index - error)[top][drawn], drawn, 100 * (index + error)[top][drawn], drawn, code = 3, angle = 90,
                          length = 0.03, col = "black"))
}
invisible(finish())
