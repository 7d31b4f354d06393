// SPDX-License-Identifier: MIT
#include "core/store/text_column.h"

#include "core/base/time.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace eventops {
namespace {

enum Kind : std::uint8_t { Constant = 1, Dictionary = 2, Plain = 3, Times = 4, SameAs = 5 };

// --- event times as their sources wrote them ---

/// "2025-10-21T10:00:00.123Z" without the digits: what the writings of one source have in common.
struct TimePattern {
    char separator = 'T';
    unsigned digits = 0;
    std::string_view suffix;
};

constexpr std::size_t SecondsSize = 19; ///< "2025-10-21T10:00:00"
constexpr std::int64_t TenPower[10] = {1,       10,        100,        1'000,       10'000,
                                       100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

/// Writes times by a pattern; the date is computed once a second of event time.
class TimeWriter
{
public:
    explicit TimeWriter(const TimePattern &pattern) : m_pattern(pattern) {}

    /// False: the time cannot be written with so few digits.
    bool write(WallNs time, std::string &out)
    {
        if (time == NoTime)
            return false;
        std::int64_t second = raw(time) / NsPerSecond;
        std::int64_t fraction = raw(time) % NsPerSecond;
        if (fraction < 0) {
            fraction += NsPerSecond;
            --second;
        }
        if (fraction % TenPower[9 - m_pattern.digits] != 0)
            return false;
        if (second != m_second || m_prefix.empty()) {
            // The first second of WallNs begins before its range does: too rare to care for.
            if (second <= std::numeric_limits<std::int64_t>::min() / NsPerSecond)
                return false;
            m_prefix = formatTimestamp(WallNs{second * NsPerSecond});
            m_prefix.resize(SecondsSize);
            m_prefix[10] = m_pattern.separator;
            m_second = second;
        }
        out = m_prefix;
        if (m_pattern.digits > 0) {
            out += '.';
            std::int64_t left = fraction / TenPower[9 - m_pattern.digits];
            char text[9];
            for (unsigned i = m_pattern.digits; i > 0; --i, left /= 10)
                text[i - 1] = static_cast<char>('0' + left % 10);
            out.append(text, m_pattern.digits);
        }
        out += m_pattern.suffix;
        return true;
    }

private:
    TimePattern m_pattern;
    std::int64_t m_second = 0;
    std::string m_prefix;
};

bool patternOf(std::string_view text, TimePattern &pattern)
{
    if (text.size() < SecondsSize || text.size() > SecondsSize + 17)
        return false;
    pattern.separator = text[10];
    std::size_t at = SecondsSize;
    pattern.digits = 0;
    if (at < text.size() && text[at] == '.') {
        for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
            ++pattern.digits;
        if (pattern.digits == 0 || pattern.digits > 9)
            return false;
    }
    pattern.suffix = text.substr(at);
    return true;
}

struct OddTime {
    std::size_t row;
    bool present;
    std::string_view text;
};

// --- lists of texts ---

void putStrings(std::string &out, std::span<const std::string_view> texts, TextScratch &scratch, NumberScratch &numbers)
{
    scratch.lengths.clear();
    for (const std::string_view text : texts)
        scratch.lengths.push_back(static_cast<std::int64_t>(text.size()));
    putIntegers(out, scratch.lengths, numbers);
    for (const std::string_view text : texts)
        out += text;
}

/// Distinct texts of a column: fills codes and dictionary. False: so many that a dictionary does not pay.
bool collect(const BlockRows &rows, std::span<const StrId> ids, TextScratch &scratch)
{
    const std::size_t distinctMax = rows.events.size() / 2 + 16;
    const bool several = rows.segments.size() > 1;
    constexpr std::size_t SlotCount = 16'384; // at least twice the rows of a block
    if (several)
        scratch.slots.assign(SlotCount, 0);
    scratch.codes.resize(rows.events.size());
    scratch.dictionary.clear();
    scratch.hashes.clear();
    for (std::size_t s = 0; s < rows.segments.size(); ++s) {
        const StringTable &strings = rows.segments[s].batch->strings;
        if (scratch.stamps.size() < strings.size()) {
            scratch.stamps.resize(strings.size(), 0);
            scratch.codeOf.resize(strings.size(), 0);
        }
        ++scratch.stamp;
        StrId last = NoStr;
        std::int64_t lastCode = 0;
        for (std::size_t i = rows.segments[s].begin, end = rows.segmentEnd(s); i < end; ++i) {
            const StrId id = ids[i];
            const auto n = static_cast<std::uint32_t>(id);
            if (id == last) { // runs are common
                scratch.codes[i] = lastCode;
                continue;
            }
            last = id;
            if (n == 0) {
                scratch.codes[i] = lastCode = 0;
                continue;
            }
            if (scratch.stamps[n] != scratch.stamp) {
                scratch.stamps[n] = scratch.stamp;
                const std::string_view text = strings.text(id);
                const std::uint64_t hash = strings.hash(id);
                std::uint32_t code = 0;
                std::size_t slot = hash & (SlotCount - 1);
                if (several) {
                    for (; scratch.slots[slot] != 0; slot = (slot + 1) & (SlotCount - 1)) {
                        const std::uint32_t other = scratch.slots[slot];
                        if (scratch.hashes[other - 1] == hash && scratch.dictionary[other - 1] == text) {
                            code = other;
                            break;
                        }
                    }
                }
                if (code == 0) {
                    if (scratch.dictionary.size() >= distinctMax)
                        return false;
                    scratch.dictionary.push_back(text);
                    scratch.hashes.push_back(hash);
                    code = static_cast<std::uint32_t>(scratch.dictionary.size());
                    if (several)
                        scratch.slots[slot] = code;
                }
                scratch.codeOf[n] = code;
            }
            scratch.codes[i] = lastCode = scratch.codeOf[n];
        }
    }
    return true;
}

void putPlain(std::string &out, const BlockRows &rows, std::span<const StrId> ids, TextScratch &scratch,
              NumberScratch &numbers)
{
    scratch.lengths.clear();
    scratch.hashes.clear();
    out += static_cast<char>(Plain);
    for (std::size_t s = 0; s < rows.segments.size(); ++s) {
        const StringTable &strings = rows.segments[s].batch->strings;
        for (std::size_t i = rows.segments[s].begin, end = rows.segmentEnd(s); i < end; ++i) {
            const StrId id = ids[i];
            scratch.lengths.push_back(id == NoStr ? 0 : static_cast<std::int64_t>(strings.text(id).size()) + 1);
            if (id != NoStr)
                scratch.hashes.push_back(strings.hash(id));
        }
    }
    putIntegers(out, scratch.lengths, numbers);
    for (std::size_t s = 0; s < rows.segments.size(); ++s) {
        for (std::size_t i = rows.segments[s].begin, end = rows.segmentEnd(s); i < end; ++i)
            out += rows.segments[s].batch->text(ids[i]);
    }
}

// --- reading ---

bool takeTimes(ByteReader &in, Batch &batch, std::size_t first, std::size_t count)
{
    TimePattern pattern;
    pattern.separator = static_cast<char>(in.byte());
    pattern.digits = in.byte();
    pattern.suffix = in.take(in.varint());
    if (in.failed() || pattern.digits > 9)
        return false;
    TimeWriter writer(pattern);
    std::string text;
    WallNs written = NoTime;
    StrId writtenId = NoStr;
    std::uint64_t odd = in.varint();
    std::uint64_t oddRow = odd > 0 ? in.varint() : count;
    for (std::size_t i = 0; i < count; ++i) {
        Event &event = batch.events[first + i];
        if (i == oddRow) {
            const std::uint64_t length = in.varint();
            event[Field::TsText] = length == 0 ? NoStr : batch.strings.intern(in.take(length - 1));
            oddRow = --odd > 0 ? i + in.varint() : count;
        } else {
            if (writtenId == NoStr || event.tsEvent != written) {
                if (!writer.write(event.tsEvent, text))
                    return false;
                written = event.tsEvent;
                writtenId = batch.strings.intern(text);
            }
            event[Field::TsText] = writtenId;
        }
        if (in.failed())
            return false;
    }
    return true;
}

bool takeDictionary(ByteReader &in, Batch &batch, std::size_t first, std::size_t count, Field field)
{
    const std::uint64_t size = in.varint();
    std::vector<std::int64_t> numbers;
    if (in.failed() || size > count || !takeIntegers(in, size, numbers))
        return false;
    std::vector<StrId> ids(size + 1, NoStr);
    for (std::size_t i = 0; i < size; ++i) {
        if (numbers[i] < 0)
            return false;
        ids[i + 1] = batch.strings.intern(in.take(static_cast<std::uint64_t>(numbers[i])));
    }
    if (in.failed() || !takeIntegers(in, count, numbers))
        return false;
    for (std::size_t i = 0; i < count; ++i) {
        if (static_cast<std::uint64_t>(numbers[i]) > size)
            return false;
        batch.events[first + i][field] = ids[static_cast<std::size_t>(numbers[i])];
    }
    return true;
}

bool takePlain(ByteReader &in, Batch &batch, std::size_t first, std::size_t count, Field field)
{
    std::vector<std::int64_t> lengths;
    if (!takeIntegers(in, count, lengths))
        return false;
    for (std::size_t i = 0; i < count; ++i) {
        if (lengths[i] < 0)
            return false;
        const std::string_view text =
            lengths[i] == 0 ? std::string_view() : in.take(static_cast<std::uint64_t>(lengths[i]) - 1);
        if (in.failed())
            return false;
        batch.events[first + i][field] = lengths[i] == 0 ? NoStr : batch.strings.append(text);
    }
    return true;
}

} // namespace

void putTexts(std::string &out, const BlockRows &rows, std::span<const StrId> ids, TextScratch &scratch,
              NumberScratch &numbers)
{
    if (!collect(rows, ids, scratch)) {
        putPlain(out, rows, ids, scratch, numbers);
        return;
    }
    if (scratch.dictionary.empty())
        return;
    const bool constant =
        scratch.dictionary.size() == 1
        && std::all_of(scratch.codes.begin(), scratch.codes.end(), [](std::int64_t c) { return c == 1; });
    if (constant) {
        putConstantText(out, scratch.dictionary.front());
        return;
    }
    out += static_cast<char>(Dictionary);
    putVarint(out, scratch.dictionary.size());
    putStrings(out, scratch.dictionary, scratch, numbers);
    putCodes(out, scratch.codes, scratch.dictionary.size(), numbers);
}

void putConstantText(std::string &out, std::string_view text)
{
    out += static_cast<char>(Constant);
    putVarint(out, text.size());
    out += text;
}

void putSameTexts(std::string &out, Field as)
{
    out += static_cast<char>(SameAs);
    out += static_cast<char>(as);
}

bool putTimeTexts(std::string &out, const BlockRows &rows, std::span<const StrId> ids,
                  std::span<const std::int64_t> times)
{
    TimePattern pattern;
    bool found = false;
    std::vector<OddTime> odd;
    std::string expected;
    TimeWriter writer(pattern);
    for (std::size_t s = 0; s < rows.segments.size(); ++s) {
        const Batch &batch = *rows.segments[s].batch;
        std::size_t regular = SIZE_MAX; // the row before, when it was; ids of another batch mean nothing here
        for (std::size_t i = rows.segments[s].begin, end = rows.segmentEnd(s); i < end; ++i) {
            const StrId id = ids[i];
            if (regular != SIZE_MAX && id == ids[regular] && times[i] == times[regular])
                continue;
            const std::string_view text = batch.text(id);
            if (!found && id != NoStr && patternOf(text, pattern)) {
                found = true;
                writer = TimeWriter(pattern);
            }
            if (id != NoStr && found && writer.write(WallNs{times[i]}, expected) && expected == text) {
                regular = i;
                continue;
            }
            regular = SIZE_MAX;
            odd.push_back({i, id != NoStr, text});
            if (odd.size() > ids.size() / 8 + 1)
                return false;
        }
    }
    if (!found)
        return false;
    out += static_cast<char>(Times);
    out += pattern.separator;
    out += static_cast<char>(pattern.digits);
    putVarint(out, pattern.suffix.size());
    out += pattern.suffix;
    putVarint(out, odd.size());
    std::size_t last = 0;
    for (const OddTime &row : odd) {
        putVarint(out, row.row - last);
        putVarint(out, row.present ? row.text.size() + 1 : 0);
        out += row.text;
        last = row.row;
    }
    return true;
}

void TextCodes::clear(std::size_t rows)
{
    bytes.clear();
    dictionary.clear();
    codes.assign(rows, 0);
}

namespace {

bool takeCodedDictionary(ByteReader &in, std::size_t count, bool withCodes, TextCodes &out)
{
    const std::uint64_t size = in.varint();
    std::vector<std::int64_t> lengths;
    if (in.failed() || size > count || !takeIntegers(in, size, lengths))
        return false;
    for (const std::int64_t length : lengths) {
        if (length < 0)
            return false;
        out.dictionary.push_back(in.take(static_cast<std::uint64_t>(length)));
    }
    if (in.failed() || !withCodes)
        return !in.failed();
    if (!takeIntegers(in, count, out.codes))
        return false;
    return std::all_of(out.codes.begin(), out.codes.end(),
                       [size](std::int64_t code) { return static_cast<std::uint64_t>(code) <= size; });
}

bool takeCodedPlain(ByteReader &in, std::size_t count, TextCodes &out)
{
    std::vector<std::int64_t> lengths;
    if (!takeIntegers(in, count, lengths))
        return false;
    out.codes.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        if (lengths[i] < 0)
            return false;
        if (lengths[i] > 0)
            out.dictionary.push_back(in.take(static_cast<std::uint64_t>(lengths[i]) - 1));
        out.codes[i] = lengths[i] > 0 ? static_cast<std::int64_t>(out.dictionary.size()) : 0;
    }
    return !in.failed();
}

} // namespace

bool takeCodes(std::string_view column, std::size_t count, Field field, bool withCodes,
               std::span<const TextCodes> earlier, TextCodes &out)
{
    out.bytes.assign(column);
    out.bytes.append(sizeof(std::uint64_t), '\0'); // numbers are read eight bytes at a time
    out.dictionary.clear();
    out.codes.clear();
    ByteReader in(std::string_view(out.bytes).substr(0, column.size()));
    switch (in.byte()) {
    case Constant:
        out.dictionary.push_back(in.take(in.varint()));
        if (withCodes)
            out.codes.assign(count, 1);
        return !in.failed();
    case Dictionary: return takeCodedDictionary(in, count, withCodes, out);
    case Plain: return takeCodedPlain(in, count, out);
    case SameAs: {
        const std::uint8_t as = in.byte();
        if (as >= static_cast<std::uint8_t>(field) || as >= earlier.size())
            return false; // only what is read before
        out.dictionary = earlier[as].dictionary;
        out.codes = earlier[as].codes;
        return !in.failed();
    }
    default: return false;
    }
}

bool takeTexts(ByteReader &in, Batch &batch, std::size_t first, std::size_t count, Field field)
{
    switch (in.byte()) {
    case Constant: {
        const StrId id = batch.strings.intern(in.take(in.varint()));
        for (std::size_t i = 0; i < count; ++i)
            batch.events[first + i][field] = id;
        return !in.failed();
    }
    case Dictionary: return takeDictionary(in, batch, first, count, field);
    case Plain: return takePlain(in, batch, first, count, field);
    case SameAs: {
        const std::uint8_t as = in.byte();
        if (as >= static_cast<std::uint8_t>(field))
            return false; // only what is read before
        for (std::size_t i = 0; i < count; ++i)
            batch.events[first + i][field] = batch.events[first + i].text[as];
        return true;
    }
    case Times: return field == Field::TsText && takeTimes(in, batch, first, count);
    default: return false;
    }
}

} // namespace eventops
