"""Every number that decides what counts as a fault, with the reason for it.

They were set so that the MuJoCo data of good quality that koopcli is developed with (200
and more episodes of HalfCheetah and Hopper) raises no false alarm; docs/doctor.md lists
what is said about each file.
"""

SAMPLE_ROWS = 8192
"""Transitions kept for least squares and quantiles: enough for errors of a per cent."""
LEAST_ROWS = 64
"""With fewer transitions, nothing is said about quantiles or least squares."""
PLACES = 20
"""Places named per finding; all are counted."""

OPEN_ENDS = 0.01
"""Share of the steps that lead to an unknown observation, from which that is said: a long
table of rows always lacks one, and it does not matter."""

NEAR_CONSTANT = 1e-4
"""Spread over size of a column below which float32 keeps fewer than three digits."""
SAME_VALUE = 0.999
"""Share of rows with one single value from which a column says almost nothing."""
PROPORTIONAL = 1e-9
"""Columns are multiples of each other if 1 - |correlation| is below: float32 rounding."""

JUMP = 4.0
"""A jump is so many times larger than 99 % of a column's one-step changes.

Contacts and noise stay below 3 on good data; ends of episodes glued to the next
beginning exceed 5 in at least one column.
"""
OFTEN_CHANGING = 0.5
"""Share of steps that must change a column before its jumps mean anything: a reference
or a switch always jumps."""

UNIT_BOX = (
    *("Ant", "HalfCheetah", "Hopper", "InvertedDoublePendulum", "Reacher", "Swimmer"),
    "Walker2d",
)
"""Environments that clip actions to [-1, 1]."""
MOSTLY_INSIDE = 0.99
"""Share of the actions in [-1, 1] from which that looks like their box."""
BOX_ROUNDING = 1e-5
"""Actions may exceed 1 by so much: float32 rounding of a clipped value."""
SATURATED = 0.5
"""Share of the actions at one of the two bounds that is worth a remark: a policy that is
saturated on purpose (bang-bang) stays at 1, a good controller below."""
FEW_VALUES = 10
"""An action with no more different values than this is a switch: it cannot saturate."""

FEEDBACK = 0.9
"""Share of an action's variance that the observation explains in a closed loop."""
SHIFTED = 0.8
"""Error with the shifted action over that with the stored one that shows a wrong
alignment; below 0.5 in shifted MuJoCo data, above 0.95 in good data without feedback."""
USELESS = 0.75
"""Error with both actions over that with the shifted one, above which the stored action
adds nothing: 0.8 to 1 in shifted data, below 0.65 in closed loops."""

UNIT_RATIO = 20.0
"""Ratio of sizes that looks like other units; degrees over radians are 57."""
UNIT_EPISODES = 4
"""Fewer episodes cannot say which of them is the odd one."""
COLUMN_RATIO = 1e6
"""Ratio of spreads of two columns that looks like other units: nothing physical in one
state vector is measured to a millionth of another part."""
