// SPDX-License-Identifier: MIT
#include "core/store/aggregator.h"

#include "core/base/hash.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <tuple>

namespace eventops {
namespace {

constexpr std::uint32_t NoGroup = UINT32_MAX;

Error tooMany(const char *what, std::size_t most)
{
    return Error{Error::Code::LimitExceeded, "more than " + std::to_string(most) + " " + what, {},
                 "narrow the filter, group by fewer fields or take longer spans"};
}

bool needsValues(const Measure &measure)
{
    return measure.kind != Measure::Kind::Count && measure.kind != Measure::Kind::Distinct;
}

/// Type 7 of Hyndman and Fan; @p values is put in another order.
double quantileOf(std::vector<double> &values, double quantile)
{
    const double at = quantile * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const auto begin = values.begin();
    const auto lower = begin + static_cast<std::ptrdiff_t>(below);
    std::nth_element(begin, lower, values.end());
    if (below + 1 >= values.size())
        return *lower;
    const double next = *std::min_element(lower + 1, values.end());
    return *lower + (next - *lower) * (at - static_cast<double>(below));
}

} // namespace

Result<Measure> parseMeasure(std::string_view text)
{
    Measure measure;
    measure.name = text;
    constexpr std::pair<std::string_view, Measure::Kind> Names[] = {
        {"count", Measure::Kind::Count}, {"min", Measure::Kind::Minimum}, {"max", Measure::Kind::Maximum},
        {"mean", Measure::Kind::Mean},   {"sum", Measure::Kind::Sum},
    };
    for (const auto &[name, kind] : Names) {
        if (text == name) {
            measure.kind = kind;
            return measure;
        }
    }
    constexpr std::string_view Distinct = "distinct(";
    if (text.starts_with(Distinct) && text.ends_with(")")) {
        const auto field = fieldByName(text.substr(Distinct.size(), text.size() - Distinct.size() - 1));
        if (field && *field != Field::TsText) {
            measure.kind = Measure::Kind::Distinct;
            measure.field = *field;
            return measure;
        }
    }
    double percent = -1;
    if (text.starts_with("p")) {
        const auto [end, failed] = std::from_chars(text.data() + 1, text.data() + text.size(), percent);
        if (failed == std::errc() && end == text.data() + text.size() && percent >= 0 && percent <= 100) {
            measure.kind = Measure::Kind::Quantile;
            measure.quantile = percent / 100;
            return measure;
        }
    }
    return Error{Error::Code::InvalidArgument, '"' + std::string(text) + "\" is no measure", {},
                 "use count, min, max, mean, sum, p50 … p99.9, or distinct(FIELD) like distinct(entity.id)"};
}

std::size_t Aggregator::TextHash::operator()(std::string_view text) const
{
    return static_cast<std::size_t>(hash64(text));
}

std::size_t Aggregator::GroupHash::operator()(const std::vector<std::uint32_t> &group) const
{
    return static_cast<std::size_t>(
        hash64({reinterpret_cast<const char *>(group.data()), group.size() * sizeof(std::uint32_t)}));
}

Result<Aggregator> Aggregator::make(AggregateQuery query)
{
    if (query.by.size() > AggregateFieldsMax)
        return tooMany("fields to group by", AggregateFieldsMax);
    if (query.measures.empty())
        return Error{Error::Code::InvalidArgument, "no measure is asked for", {}, "name one, like count"};
    if (std::find(query.by.begin(), query.by.end(), Field::TsText) != query.by.end())
        return Error{Error::Code::InvalidArgument, "the text of a time is nothing to group by", {}, "take spans"};
    if (query.everyNs < 0)
        return Error{Error::Code::InvalidArgument, "a span must be longer than nothing", {}, {}};
    Aggregator made(std::move(query));
    made.m_onlyDistinct = made.m_query.by.empty() && made.m_query.everyNs == 0;
    for (const Field field : made.m_query.by)
        made.m_wanted.texts |= 1U << static_cast<unsigned>(field);
    for (const Measure &measure : made.m_query.measures) {
        made.m_onlyDistinct = made.m_onlyDistinct && measure.kind == Measure::Kind::Distinct;
        made.m_wanted.values = made.m_wanted.values || needsValues(measure);
        made.m_keepValues = made.m_keepValues || measure.kind == Measure::Kind::Quantile;
    }
    for (const Measure &measure : made.m_query.measures) {
        if (measure.kind == Measure::Kind::Distinct)
            (made.m_onlyDistinct ? made.m_wanted.dictionaries : made.m_wanted.texts) |=
                1U << static_cast<unsigned>(measure.field);
    }
    made.m_wanted.times = made.m_query.everyNs > 0;
    return made;
}

/// Gives the texts of the block their numbers: once a distinct text, not once a row.
Status Aggregator::number(const BlockColumns &columns)
{
    for (std::size_t f = 0; f < FieldCount; ++f) {
        if (((m_wanted.texts | m_wanted.dictionaries) >> f & 1) == 0)
            continue;
        Names &names = m_names[f];
        names.ofCode.assign(1, 0);
        for (const std::string_view text : columns.texts[f].dictionary) {
            auto known = names.numbers.find(text);
            if (known == names.numbers.end()) {
                if (++m_kept > AggregateValuesMax)
                    return tooMany("texts to tell apart", AggregateValuesMax);
                names.texts.emplace_back(text);
                known = names.numbers.emplace(text, static_cast<std::uint32_t>(names.texts.size())).first;
            }
            names.ofCode.push_back(known->second);
        }
    }
    return Ok{};
}

Result<std::uint32_t> Aggregator::groupOf(const BlockColumns &columns, std::size_t row)
{
    const auto numberOf = [&](Field field) {
        const auto f = static_cast<std::size_t>(field);
        return m_names[f].ofCode[static_cast<std::size_t>(columns.texts[f].codes[row])];
    };
    std::vector<std::uint32_t> numbers;
    for (const Field field : m_query.by)
        numbers.push_back(numberOf(field));
    const auto [known, added] = m_groupOf.try_emplace(numbers, static_cast<std::uint32_t>(m_groups.size()));
    if (added) {
        if (m_groups.size() >= AggregateRowsMax)
            return tooMany("groups", AggregateRowsMax);
        m_groups.push_back(std::move(numbers));
        m_lastSpan.emplace_back();
        m_slotOf.emplace_back();
    }
    if (m_query.by.size() <= 1) {
        const std::uint32_t first = m_query.by.empty() ? 0 : m_groups[known->second].front();
        if (m_groupOfNumber.size() <= first)
            m_groupOfNumber.resize(first + 1, NoGroup);
        m_groupOfNumber[first] = known->second;
    }
    return known->second;
}

Result<std::uint32_t> Aggregator::slotOf(std::uint32_t group, std::int64_t time)
{
    const std::int64_t every = m_query.everyNs;
    std::int64_t from = raw(NoTime), end = std::numeric_limits<std::int64_t>::max();
    if (every > 0 && time != raw(NoTime)) {
        std::int64_t rest = time % every;
        rest = rest < 0 ? rest + every : rest;
        from = time - rest; // before 1970 it may pass the least time there is; nobody measures there
        end = from > std::numeric_limits<std::int64_t>::max() - every ? end : from + every;
    } else if (every > 0) {
        end = raw(NoTime) + 1;
    }
    const auto [known, added] = m_slotOf[group].try_emplace(from, static_cast<std::uint32_t>(m_slots.size()));
    if (added) {
        if (m_slots.size() >= AggregateRowsMax)
            return tooMany("rows", AggregateRowsMax);
        Slot &slot = m_slots.emplace_back();
        slot.group = group;
        slot.from = WallNs{from};
        slot.texts.resize(m_query.measures.size());
    }
    m_lastSpan[group] = {from, end, known->second};
    return known->second;
}

Status Aggregator::addDistinct(Slot &slot, const BlockColumns &columns, std::size_t row)
{
    for (std::size_t m = 0; m < m_query.measures.size(); ++m) {
        if (m_query.measures[m].kind != Measure::Kind::Distinct)
            continue;
        const auto f = static_cast<std::size_t>(m_query.measures[m].field);
        const std::uint32_t number = m_names[f].ofCode[static_cast<std::size_t>(columns.texts[f].codes[row])];
        if (number != 0 && slot.texts[m].insert(number).second && ++m_kept > AggregateValuesMax)
            return tooMany("texts to tell apart", AggregateValuesMax);
    }
    return Ok{};
}

Status Aggregator::add(const BlockColumns &columns)
{
    EVENTOPS_TRY(number(columns));
    if (m_onlyDistinct)
        return Ok{}; // the dictionaries say it all
    const bool distinct = std::any_of(m_query.measures.begin(), m_query.measures.end(),
                                      [](const Measure &m) { return m.kind == Measure::Kind::Distinct; });
    // Nearly every row is of a group met before, in the span that the row before of its group was in.
    const auto first = m_query.by.empty() ? 0 : static_cast<std::size_t>(m_query.by.front());
    std::size_t nextValue = 0;
    for (std::size_t row = 0; row < columns.rows; ++row) {
        std::uint32_t group = NoGroup;
        if (m_query.by.size() <= 1) {
            const std::uint32_t number =
                m_query.by.empty() ? 0
                                   : m_names[first].ofCode[static_cast<std::size_t>(columns.texts[first].codes[row])];
            group = number < m_groupOfNumber.size() ? m_groupOfNumber[number] : NoGroup;
        }
        if (group == NoGroup)
            group = EVENTOPS_TRY(groupOf(columns, row));
        const std::int64_t time = m_wanted.times ? columns.times[row] : 0;
        const Span &last = m_lastSpan[group];
        Slot &slot = m_slots[time >= last.begin && time < last.end ? last.slot : EVENTOPS_TRY(slotOf(group, time))];
        ++slot.count;
        if (distinct)
            EVENTOPS_TRY(addDistinct(slot, columns, row));
        if (!m_wanted.values || columns.hasValue[row] == 0)
            continue;
        const double value = columns.values[nextValue++];
        slot.least = slot.valued == 0 ? value : std::min(slot.least, value);
        slot.most = slot.valued == 0 ? value : std::max(slot.most, value);
        slot.sum += value;
        ++slot.valued;
        if (!m_keepValues)
            continue;
        slot.values.push_back(value);
        if (++m_kept > AggregateValuesMax)
            return tooMany("values to sort", AggregateValuesMax);
    }
    return Ok{};
}

double Aggregator::valueOf(Slot &slot, std::size_t measure) const
{
    const Measure &wanted = m_query.measures[measure];
    switch (wanted.kind) {
    case Measure::Kind::Count: return static_cast<double>(slot.count);
    case Measure::Kind::Distinct: return static_cast<double>(slot.texts[measure].size());
    case Measure::Kind::Minimum: return slot.least;
    case Measure::Kind::Maximum: return slot.most;
    case Measure::Kind::Mean: return slot.sum / static_cast<double>(slot.valued);
    case Measure::Kind::Sum: return slot.sum;
    case Measure::Kind::Quantile: return quantileOf(slot.values, wanted.quantile);
    }
    return 0;
}

std::vector<AggregateRow> Aggregator::finish()
{
    std::vector<AggregateRow> rows;
    if (m_onlyDistinct) {
        AggregateRow &row = rows.emplace_back();
        for (const Measure &measure : m_query.measures)
            row.values.emplace_back(
                static_cast<double>(m_names[static_cast<std::size_t>(measure.field)].texts.size()));
        return rows;
    }
    if (m_slots.empty() && m_query.by.empty() && m_query.everyNs == 0) {
        m_slots.emplace_back().texts.resize(m_query.measures.size()); // of no events there is a count, too
        m_groups.emplace_back();
    }
    for (Slot &slot : m_slots) {
        AggregateRow &row = rows.emplace_back();
        row.from = slot.from;
        for (std::size_t i = 0; i < m_query.by.size(); ++i) {
            const std::uint32_t number = m_groups[slot.group][i];
            row.by.push_back(number == 0 ? std::nullopt
                                         : std::optional(m_names[static_cast<std::size_t>(m_query.by[i])]
                                                             .texts[number - 1]));
        }
        for (std::size_t m = 0; m < m_query.measures.size(); ++m)
            row.values.push_back(needsValues(m_query.measures[m]) && slot.valued == 0
                                     ? std::nullopt
                                     : std::optional(valueOf(slot, m)));
    }
    std::sort(rows.begin(), rows.end(), [](const AggregateRow &a, const AggregateRow &b) {
        return std::tie(a.by, a.from) < std::tie(b.by, b.from);
    });
    return rows;
}

} // namespace eventops
