// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/result.h"
#include "core/base/types.h"
#include "core/model/event.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// One number over many events.
struct Measure {
    enum class Kind : std::uint8_t { Count, Distinct, Minimum, Maximum, Mean, Sum, Quantile };
    Kind kind = Kind::Count;
    Field field = Field::EntityId; ///< Of Distinct; the others but Count are over the events' values.
    double quantile = 0.5;         ///< 0 … 1; between neighbours in a straight line (R. Hyndman, Y. Fan 1996, type 7).
    std::string name;              ///< As it was written.
};

/// "count", "distinct(entity.id)", "min", "max", "mean", "sum", "p50" … "p99.9". InvalidArgument.
Result<Measure> parseMeasure(std::string_view text);

/// What is to be known of the matching events.
struct AggregateQuery {
    std::vector<Field> by;       ///< Groups; at most AggregateFieldsMax.
    std::int64_t everyNs = 0;    ///< Above 0: also by spans of event time that long, since 1970; 0: not.
    std::vector<Measure> measures;
};

/// A group of events, or a span of one.
struct AggregateRow {
    WallNs from = NoTime;                      ///< Start of the span; NoTime: no spans, or of events without a time.
    std::vector<std::optional<std::string>> by;///< In the order of AggregateQuery::by; nothing: the events have none.
    std::vector<std::optional<double>> values; ///< By measure; nothing: no event has a value.
};

constexpr std::size_t AggregateFieldsMax = 4;
constexpr std::size_t AggregateRowsMax = 1'000'000;
constexpr std::size_t AggregateValuesMax = 32'000'000; ///< Held for exact quantiles, and texts for exact counts.

} // namespace eventops
