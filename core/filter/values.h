// SPDX-License-Identifier: MIT
#pragma once

#include "core/filter/filter.h"

#include <charconv>
#include <limits>

namespace eventops {

/// Absent when there is none.
inline FilterValue timeValue(WallNs time)
{
    return time == NoTime ? FilterValue::absent() : FilterValue::ofTime(time);
}

/// A number as JSON writes it; keeps its written form, so whole numbers past 2^53 compare exactly.
inline FilterValue numberValue(std::string_view written)
{
    FilterValue out = FilterValue::ofNumber(0.0);
    const auto [end, error] = std::from_chars(written.data(), written.data() + written.size(), out.number);
    if (error == std::errc::result_out_of_range && written.find("e-") == std::string_view::npos
        && written.find("E-") == std::string_view::npos)
        out.number = written.starts_with('-') ? -std::numeric_limits<double>::infinity()
                                              : std::numeric_limits<double>::infinity();
    out.text = written;
    return out;
}

/// The value at @p path inside the JSON text, see jsonFind; null counts as absent. @p scratch holds the text of a
/// string with escapes and must outlive the result. Truth values and nested documents give their JSON text.
FilterValue jsonValue(std::string_view json, std::string_view path, std::string &scratch);

} // namespace eventops
