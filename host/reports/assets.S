// The files of outputs/report/ that pages are made of, embedded in the program: name, text, end.
// SPDX-License-Identifier: Apache-2.0
        .section .rodata
.macro asset symbol, file
        .global \symbol, \symbol\()_end
\symbol:
        .incbin "\file"
\symbol\()_end:
.endm
        asset chokepoint_page_css, "page.css"
        asset chokepoint_report_html, "report.html"
        asset chokepoint_figures, "figures.js"
        asset chokepoint_plots, "plots.js"
        asset chokepoint_compare, "compare.js"
        asset chokepoint_drivers, "drivers.js"
        asset chokepoint_explore, "explore.js"
        asset chokepoint_start, "start.js"
        asset chokepoint_echarts, "vendor/echarts/echarts.min.js"
        asset chokepoint_replay_html, "replay.html"
        asset chokepoint_replay_js, "replay.js"
        asset chokepoint_score_html, "score.html"
        asset chokepoint_score_js, "score.js"
        .section .note.GNU-stack, "", @progbits
