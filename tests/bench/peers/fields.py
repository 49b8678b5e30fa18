"""The names of the race model (kernels/race/*.h) and load(), which makes its equations over a tool's exp, log, where, ….

NumPy, JAX and PyTorch run the equations on arrays of shape (policies, trajectories) or anything that broadcasts to it;
Numba compiles them for one trajectory. Levers have shape (policies, 1), parameters and shocks (trajectories): what all
policies share is then worked out once.
"""
# SPDX-License-Identifier: Apache-2.0
import ast
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

DT, ROOT_DT = 1 / 12, (1 / 12) ** 0.5  # of a month, in years

EVENTS = ("taiwan_crisis", "policy_reversal", "import_refusal", "bust", "paradigm_change", "china_overtakes", "open_near_frontier",
          "price_collapse", "transformative", "transformative_us", "transformative_china", "decisive_lead", "catastrophe")

METRICS = ("us_compute", "china_compute", "china_stock", "compute_ratio", "stock_ratio", "compute_added_ratio", "china_self_sufficiency",
           "smuggled_flow", "china_domestic_output", "capability_lag", "frontier", "open_lag", "algorithm_gap", "competitors", "margin",
           "price", "query_cost", "revenue", "model_layer_value", "capex", "payback", "row_adoption", "west_adoption", "balkanisation_loss",
           "smuggled_stock", "capability_gap", "us_records", "china_records")


class Levers(NamedTuple):  # and their status quo; the first nine are export controls, which a reversal undoes
    chip_licence_share: float = 0.02
    licensed_chip_quality: float = 0.45
    equipment_control: float = 0.6
    allied_alignment: float = 0.8
    memory_control: float = 0.7
    enforcement: float = 0.3
    third_country_cap: float = 0.0
    cloud_access_control: float = 0.1
    model_access_control: float = 0.1
    durability: float = 0.0
    datacenter_buildout: float = 0.0
    china_chip_subsidy: float = 0.5
    china_import_refusal: float = 0.5
    us_open_share: float = 0.15
    china_open_share: float = 0.75
    us_release_holdback: float = 0.0
    research_openness: float = 0.6
    talent_inflow: float = 0.0
    public_adoption: float = 0.0
    race_coordination: float = 0.0


STATUS_QUO = Levers()

NORMALS, WAITS, UNIFORMS, DECAYS = 8, 10, 3, 5  # fields of Month, in this order


class Month(NamedTuple):
    z_output: float
    z_logic: float
    z_memory: float
    z_algo_us: float
    z_algo_cn: float
    z_release_us: float
    z_release_cn: float
    z_revenue: float
    wait_taiwan: float
    wait_counter: float
    wait_reversal: float
    wait_refusal: float
    wait_release_us: float
    wait_release_cn: float
    wait_paradigm: float
    wait_bust: float
    wait_incident: float
    wait_catastrophe: float
    u_open_us: float
    u_open_cn: float
    u_paradigm_side: float
    allied_decay: float
    china_decay: float
    inference_decay: float
    query_decay: float
    capex_decay: float
    carried: float  # of what was added since January: 0 in January, else 1


class World(NamedTuple):
    p: tuple  # Parameters
    chip_survival: float
    smuggling_scale: float
    diffusion_rate: float
    initial_log_compute: float
    initial_algorithm_gap: float
    initial_margin: float
    initial_burden: float
    price_appeal: float
    row_intercept: float
    west_intercept: float


class Regimes(NamedTuple):
    taiwan_left: float
    counter_left: float
    bust_left: float
    reversed: float
    refused: float


class Supply(NamedTuple):
    allied_output: float
    logic: float
    memory: float
    memory_stock: float
    us_stock: float
    row_stock: float
    china_stock: float
    china_compute: float
    licensed: float
    smuggled: float
    domestic: float
    us_added: float
    china_added: float
    smuggled_stock: float


class Algorithms(NamedTuple):
    us: float
    china: float
    log_us_compute: float
    log_china_compute: float


class Frontier(NamedTuple):
    us: float
    china: float
    open: float
    growth: float
    lag: float
    us_records: float
    china_records: float


class Market(NamedTuple):
    competitors: float
    margin: float
    log_cost: float
    log_query_cost: float
    revenue: float
    capex: float
    service_share: float
    capex_spent: float
    profit_made: float


class Adoption(NamedTuple):
    row: float
    west: float
    distrust: float


class Risk(NamedTuple):
    us_crossed: float
    china_crossed: float


class State(NamedTuple):
    regimes: Regimes
    supply: Supply
    algorithms: Algorithms
    frontier: Frontier
    market: Market
    adoption: Adoption
    risk: Risk


class Carry(NamedTuple):  # of the tools that run all policies as one array
    state: State
    active: bool          # the trigger of the policy
    held: float           # months that its condition has held
    happened: tuple       # for each event, and last for the trigger
    months_before: tuple  # each of them


TUPLES = (Levers, World, Regimes, Supply, Algorithms, Frontier, Market, Adoption, Risk, State, Carry)


def load(function=lambda f: f, real=None, **operations):
    """The functions of equations.py over `operations`: exp, log, sqrt, where, minimum, maximum, both, negate.

    `function` decorates each. `real`, where given, is called on every number in them: Numba would give 1 and 0.5 64 bits,
    and with them every expression in which they stand.
    """
    path = Path(__file__).with_name("equations.py")
    tree = ast.parse(path.read_text(), str(path))
    names = {kind.__name__: kind for kind in TUPLES}
    convert = real or (lambda x: x)
    names.update(DT=convert(DT), ROOT_DT=convert(ROOT_DT), STATUS_QUO=Levers(*map(convert, Levers())))
    names.update(operations, function=function, real=real)
    if real:
        tree = ast.fix_missing_locations(_Wrap().visit(tree))
    exec(compile(tree, str(path), "exec"), names)
    return SimpleNamespace(**names)


class _Wrap(ast.NodeTransformer):
    def visit_Constant(self, node):
        return node if isinstance(node.value, str) else ast.Call(ast.Name("real", ast.Load()), [node], [])
