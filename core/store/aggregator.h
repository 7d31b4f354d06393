// SPDX-License-Identifier: MIT
#pragma once

#include "core/store/aggregate.h"
#include "core/store/block_columns.h"

#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace eventops {

/// Takes columns in, block by block, and gives one row a group and span at the end, by group and time. Sums are made in
/// the order of the blocks, so the same ledger gives the same bits. Thread: one. Memory: the groups, and for quantiles
/// every value (exactness costs 8 bytes each). O(rows × measures), plus sorting out the quantiles.
class Aggregator
{
public:
    /// InvalidArgument: too many fields, no measure, a field that cannot be grouped by.
    static Result<Aggregator> make(AggregateQuery query);

    const BlockColumnsWanted &wanted() const { return m_wanted; }
    /// LimitExceeded, naming the limit.
    Status add(const BlockColumns &columns);
    std::vector<AggregateRow> finish();

private:
    /// All about one group in one span.
    struct Slot {
        std::uint32_t group = 0;
        WallNs from = NoTime;
        std::uint64_t count = 0, valued = 0;
        double sum = 0, least = 0, most = 0;
        std::vector<double> values;                            ///< Only for quantiles.
        std::vector<std::unordered_set<std::uint32_t>> texts;  ///< By measure; only of Distinct.
    };
    struct TextHash {
        using is_transparent = void; ///< A text is looked up without a copy.
        std::size_t operator()(std::string_view text) const;
    };
    /// Texts met in a field, as numbers from 1; 0: absent.
    struct Names {
        std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> numbers;
        std::vector<std::string> texts;
        std::vector<std::uint32_t> ofCode; ///< Of the block at hand: number by code.
    };
    struct Span {
        std::int64_t begin = 1, end = 0; ///< Empty at first.
        std::uint32_t slot = 0;
    };
    struct GroupHash {
        std::size_t operator()(const std::vector<std::uint32_t> &group) const;
    };

    explicit Aggregator(AggregateQuery query) : m_query(std::move(query)) {}
    Status number(const BlockColumns &columns);
    Result<std::uint32_t> groupOf(const BlockColumns &columns, std::size_t row);
    Result<std::uint32_t> slotOf(std::uint32_t group, std::int64_t time);
    Status addDistinct(Slot &slot, const BlockColumns &columns, std::size_t row);
    double valueOf(Slot &slot, std::size_t measure) const;

    AggregateQuery m_query;
    BlockColumnsWanted m_wanted;
    bool m_onlyDistinct = false; ///< Neither groups nor spans, and nothing but Distinct is asked.
    bool m_keepValues = false;
    std::array<Names, FieldCount> m_names;
    std::vector<std::vector<std::uint32_t>> m_groups;                               ///< Numbers of their texts.
    std::unordered_map<std::vector<std::uint32_t>, std::uint32_t, GroupHash> m_groupOf;
    std::vector<std::uint32_t> m_groupOfNumber;                                     ///< With one field: by its number.
    std::vector<Slot> m_slots;
    std::vector<Span> m_lastSpan;                                                   ///< By group.
    std::vector<std::unordered_map<std::int64_t, std::uint32_t>> m_slotOf;          ///< By group: by start of the span.
    std::uint64_t m_kept = 0;                                                       ///< Values and texts.
};

} // namespace eventops
