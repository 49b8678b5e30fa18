"""Results of Chokepoint as labelled arrays.

    from chokepoint_results import open_result

    with open_result("outputs/baseline.h5") as result:
        print(result.quantiles("capability_lag").sel(policy="status_quo").isel(time=-1))
"""
# SPDX-License-Identifier: Apache-2.0
from .distributions import Law, parse_law
from .file import ResultError
from .result import Result, open_result
from .reweighting import DegenerateWeightsWarning, ReweightError, Reweighted

__all__ = ["DegenerateWeightsWarning", "Law", "Result", "ResultError", "ReweightError", "Reweighted", "open_result", "parse_law"]
