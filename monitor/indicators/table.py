"""The table of indicators, in the order in which they are told."""

from collections.abc import Mapping

from monitor.indicators.ageing import AGEING
from monitor.indicators.billing_exceptions import BILLING_EXCEPTIONS
from monitor.indicators.definition import Definition
from monitor.indicators.duplicates import DUPLICATES
from monitor.indicators.figures import Indicator
from monitor.indicators.hand_off_time import HAND_OFF_TIME
from monitor.indicators.match_rate import MATCH_RATE
from monitor.indicators.money import REVENUE_DELAYED, VALUE_AT_RISK
from monitor.indicators.recovery_time import RECOVERY_TIME
from monitor.indicators.set_up_time import SET_UP_TIME
from monitor.indicators.time_saved import TIME_SAVED
from monitor.indicators.touchless import TOUCHLESS
from monitor.indicators.visibility import VISIBILITY

INDICATORS: Mapping[Indicator, Definition] = {
    definition.indicator: definition
    for definition in (
        MATCH_RATE,
        VISIBILITY,
        TOUCHLESS,
        BILLING_EXCEPTIONS,
        DUPLICATES,
        SET_UP_TIME,
        HAND_OFF_TIME,
        RECOVERY_TIME,
        VALUE_AT_RISK,
        REVENUE_DELAYED,
        AGEING,
        TIME_SAVED,
    )
}
