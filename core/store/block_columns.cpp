// SPDX-License-Identifier: MIT
#include "core/store/block_columns.h"

#include "core/store/number_column.h"

#include <algorithm>
#include <unordered_map>

namespace eventops {

Status BlockColumnReader::readTexts(const BlockView &view, const BlockColumnsWanted &wanted, BlockColumns &out)
{
    const std::uint32_t coded = withTwins(wanted.texts);
    const std::uint32_t any = withTwins(wanted.texts | wanted.dictionaries);
    for (std::size_t f = 0; f < FieldCount; ++f) {
        if ((any >> f & 1) == 0)
            continue;
        TextCodes &texts = out.texts[f];
        const bool withCodes = (coded >> f & 1) != 0;
        const std::string_view column = EVENTOPS_TRY(view.column(static_cast<std::uint8_t>(f), m_packer, m_scratch));
        if (column.empty())
            texts.clear(view.rows());
        else if (!takeCodes(column, view.rows(), static_cast<Field>(f), withCodes,
                            std::span<const TextCodes>(out.texts).first(f), texts))
            return view.corrupt("column " + std::string(toString(static_cast<Field>(f))) + " cannot be read");
    }
    return Ok{};
}

Status BlockColumnReader::read(std::string_view bytes, std::string_view name, const BlockColumnsWanted &wanted,
                               BlockColumns &out)
{
    const BlockView view = EVENTOPS_TRY(BlockView::parse(bytes, name));
    out.rows = view.rows();
    const auto integers = [&](Column column, std::vector<std::int64_t> &values) -> Status {
        const std::string_view stored =
            EVENTOPS_TRY(view.column(static_cast<std::uint8_t>(column), m_packer, m_scratch));
        ByteReader in(stored);
        if (stored.empty())
            values.assign(view.rows(), 0);
        else if (!takeIntegers(in, view.rows(), values))
            return view.corrupt("column " + std::to_string(static_cast<unsigned>(column)) + " cannot be read");
        return Ok{};
    };
    out.times.clear();
    if (wanted.times)
        EVENTOPS_TRY(integers(Column::TsEvent, out.times));
    out.hasValue.clear();
    out.values.clear();
    if (wanted.values) {
        EVENTOPS_TRY(integers(Column::HasValue, out.hasValue));
        const auto count = static_cast<std::size_t>(
            std::count_if(out.hasValue.begin(), out.hasValue.end(), [](std::int64_t has) { return has != 0; }));
        ByteReader in(
            EVENTOPS_TRY(view.column(static_cast<std::uint8_t>(Column::Value), m_packer, m_scratch)));
        if (count > 0 && !takeDoubles(in, count, out.values))
            return view.corrupt("values cannot be read");
    }
    return readTexts(view, wanted, out);
}

void BlockColumnReader::read(const Batch &batch, std::span<const std::uint32_t> rows, const BlockColumnsWanted &wanted,
                             BlockColumns &out)
{
    out.rows = rows.size();
    out.times.clear();
    out.hasValue.clear();
    out.values.clear();
    for (const std::uint32_t row : rows) {
        const Event &event = batch.events[row];
        if (wanted.times)
            out.times.push_back(raw(event.tsEvent));
        if (!wanted.values)
            continue;
        out.hasValue.push_back(event.hasValue ? 1 : 0);
        if (event.hasValue)
            out.values.push_back(event.value);
    }
    std::unordered_map<StrId, std::int64_t> codeOf;
    for (std::size_t f = 0; f < FieldCount; ++f) {
        if (((wanted.texts | wanted.dictionaries) >> f & 1) == 0)
            continue;
        TextCodes &texts = out.texts[f];
        texts.clear(rows.size());
        codeOf.clear();
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const StrId id = batch.events[rows[i]].text[f];
            if (id == NoStr)
                continue;
            const auto [known, added] = codeOf.try_emplace(id, static_cast<std::int64_t>(texts.dictionary.size()) + 1);
            if (added)
                texts.dictionary.push_back(batch.text(id));
            texts.codes[i] = known->second;
        }
    }
}

} // namespace eventops
