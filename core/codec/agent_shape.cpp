// SPDX-License-Identifier: MIT
#include "core/codec/agent_shape.h"

#include "core/base/time.h"

#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace eventops {
namespace {

constexpr std::size_t PaddingBytes = 32;   ///< Readable behind every text that is compared.
constexpr std::size_t TextBytesMax = 512;  ///< Longer texts are not remembered.
constexpr std::size_t EntriesMax = 1u << 17;///< Per table; then it starts over.
constexpr std::size_t LineBytesMin = 80;

/// Whether @p size bytes at both places are equal. Both must be readable PaddingBytes further.
inline bool equal(const char *a, const char *b, std::size_t size)
{
#if defined(__SSE2__)
    for (std::size_t i = 0;; i += 16) {
        const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i *>(a + i));
        const __m128i y = _mm_loadu_si128(reinterpret_cast<const __m128i *>(b + i));
        const unsigned same = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(x, y)));
        if (size - i <= 16) {
            const unsigned mask = (1u << (size - i)) - 1u;
            return (same & mask) == mask;
        }
        if (same != 0xFFFFu)
            return false;
    }
#else
    return std::memcmp(a, b, size) == 0;
#endif
}

template <std::size_t N>
inline bool take(const char *&p, const char (&literal)[N])
{
    if (std::memcmp(p, literal, N - 1) != 0)
        return false;
    p += N - 1;
    return true;
}

/// The first quote, backslash or control character from @p p on; the caller guarantees one before the end of the
/// padding.
inline const char *textEnd(const char *p, const char *end)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i slash = _mm_set1_epi8('\\');
    const __m128i control = _mm_set1_epi8(0x1F);
    for (; p < end; p += 16) {
        const __m128i x = _mm_loadu_si128(reinterpret_cast<const __m128i *>(p));
        const __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, slash)),
                                         _mm_cmpeq_epi8(_mm_min_epu8(x, control), x));
        const unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(hit));
        if (mask != 0)
            return p + std::countr_zero(mask);
    }
    return end;
#else
    while (p < end && *p != '"' && *p != '\\' && static_cast<unsigned char>(*p) >= 0x20)
        ++p;
    return p;
#endif
}

/// A hash for the tables here alone; it is never stored.
inline std::uint64_t rawHash(std::string_view text)
{
    std::uint64_t hash = text.size() * 0x9e3779b97f4a7c15ULL;
    std::size_t i = 0;
    for (; i + 8 <= text.size(); i += 8) {
        std::uint64_t word;
        std::memcpy(&word, text.data() + i, 8);
        hash = (hash ^ word) * 0xbf58476d1ce4e5b9ULL;
        hash ^= hash >> 29;
    }
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, text.size() - i);
    hash = (hash ^ word) * 0x94d049bb133111ebULL;
    return hash ^ (hash >> 32);
}

inline bool digit(char c, std::int64_t &value)
{
    value = c - '0';
    return value >= 0 && value <= 9;
}

/// A JSON number of at most 15 digits without an exponent, which double arithmetic reads exactly: both its digits and
/// the power of ten are doubles without error, and one division rounds once.
inline bool readNumber(const char *&p, double &value)
{
    constexpr double Powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    constexpr std::ptrdiff_t DigitsMax = 15;
    const bool negative = *p == '-';
    p += negative;
    const char *begin = p;
    std::int64_t digits = 0, d = 0;
    while (digit(*p, d) && p - begin <= DigitsMax) {
        digits = digits * 10 + d;
        ++p;
    }
    const std::ptrdiff_t whole = p - begin;
    if (whole == 0 || whole > DigitsMax || (*begin == '0' && whole > 1))
        return false;
    std::ptrdiff_t places = 0;
    if (*p == '.') {
        const char *point = ++p;
        while (digit(*p, d) && p - point <= DigitsMax) {
            digits = digits * 10 + d;
            ++p;
        }
        places = p - point;
        if (places == 0 || whole + places > DigitsMax)
            return false;
    }
    value = static_cast<double>(digits) / Powers[places];
    value = negative ? -value : value;
    return true;
}

} // namespace

AgentShape::AgentShape() = default;
AgentShape::~AgentShape() = default;

AgentShape::Entry *AgentShape::Table::find(std::string_view raw) const
{
    if (m_slots.empty())
        return nullptr;
    const std::uint64_t hash = rawHash(raw);
    const std::size_t mask = m_slots.size() - 1;
    for (std::size_t slot = hash & mask; m_slots[slot] != nullptr; slot = (slot + 1) & mask) {
        Entry *entry = m_slots[slot];
        if (entry->hash == hash && entry->size == raw.size()
            && std::memcmp(entry->raw.data(), raw.data(), raw.size()) == 0)
            return entry;
    }
    return nullptr;
}

void AgentShape::Table::add(std::string_view raw, std::initializer_list<std::string_view> texts)
{
    Entry &entry = m_entries.emplace_back();
    entry.raw = raw;
    entry.raw.append(PaddingBytes, '\0');
    entry.size = static_cast<std::uint32_t>(raw.size());
    entry.hash = rawHash(raw);
    for (const std::string_view text : texts)
        entry.texts[entry.count++] = text;
    const auto insert = [&](Entry *item) {
        const std::size_t mask = m_slots.size() - 1;
        std::size_t slot = item->hash & mask;
        while (m_slots[slot] != nullptr)
            slot = (slot + 1) & mask;
        m_slots[slot] = item;
    };
    if (m_entries.size() * 2 > m_slots.size()) {
        m_slots.assign(m_slots.empty() ? 256 : m_slots.size() * 2, nullptr);
        for (Entry &item : m_entries)
            insert(&item);
    } else {
        insert(&entry);
    }
}

void AgentShape::resolve(Entry &entry, StringTable &strings)
{
    if (entry.epoch == strings.epoch())
        return;
    for (std::uint32_t i = 0; i < entry.count; ++i)
        entry.ids[i] = strings.intern(entry.texts[i]);
    entry.epoch = strings.epoch();
}

void AgentShape::renew(StringTable &strings)
{
    m_epoch = strings.epoch();
    m_template = Event{};
    m_template.hasValue = true;
    m_template[Field::SourceType] = strings.intern("host");
    m_template[Field::EntityType] = strings.intern("Host");
    m_template[Field::SchemaName] = m_template[Field::Type] = strings.intern("signals.metric");
    m_template[Field::SchemaVersion] = strings.intern("1");
    m_template[Field::Codec] = strings.intern("eventops.agent");
}

/// Reads "2025-10-16T09:00" into m_minuteNs; most lines share it with the one before.
bool AgentShape::minuteNs(const char *p)
{
    if (std::memcmp(p, m_minute.data(), m_minute.size()) == 0)
        return true;
    std::array<char, 20> text{};
    std::memcpy(text.data(), p, m_minute.size());
    std::memcpy(text.data() + m_minute.size(), ":00Z", 4);
    const auto time = text[10] == 'T' ? parseTimestamp({text.data(), text.size()}) : std::nullopt;
    if (!time)
        return false;
    std::memcpy(m_minute.data(), p, m_minute.size());
    m_minuteNs = raw(*time);
    return true;
}

bool AgentShape::readTime(StringTable &strings, const char *&p, const char *end, Event &event)
{
    constexpr std::size_t WholeBytes = 20;    // 2025-10-16T09:00:00Z
    constexpr std::size_t FractionBytes = 24; // 2025-10-16T09:00:00.000Z
    if (end - p < static_cast<std::ptrdiff_t>(FractionBytes))
        return false;
    const bool fraction = p[19] == '.';
    const std::size_t size = fraction ? FractionBytes : WholeBytes;
    Time &known = m_times[fraction];
    if (known.epoch != strings.epoch() || !equal(known.text.data(), p, size)) {
        std::int64_t tens = 0, ones = 0, a = 0, b = 0, c = 0;
        if (!minuteNs(p) || p[16] != ':' || !digit(p[17], tens) || tens > 5 || !digit(p[18], ones) || p[size - 1] != 'Z'
            || (fraction && (!digit(p[20], a) || !digit(p[21], b) || !digit(p[22], c))))
            return false;
        known.ns = m_minuteNs + (tens * 10 + ones) * NsPerSecond + (a * 100 + b * 10 + c) * NsPerMs;
        known.id = strings.append({p, size});
        std::memcpy(known.text.data(), p, size);
        known.epoch = strings.epoch();
    }
    event.tsEvent = WallNs{known.ns};
    event[Field::TsText] = known.id;
    p += size;
    return true;
}

/// The text at @p p: the one guessed if it stands there, else the one known by that name. Null: unknown. @p p moves
/// behind the text, @p part is it.
AgentShape::Entry *AgentShape::text(Entry *guess, const Table &table, const char *&p, const char *end,
                                    std::string_view &part) const
{
    const char *begin = p;
    if (guess != nullptr && equal(guess->raw.data(), p, guess->size) && p[guess->size] == '"') {
        p += guess->size;
        part = {begin, guess->size};
        return guess;
    }
    p = textEnd(p, end);
    part = {begin, static_cast<std::size_t>(p - begin)};
    return table.find(part);
}

/// Tenant and host as one text, for they nearly always come as a pair. False: the shape is another.
bool AgentShape::identity(const char *&p, const char *end, Entry *&entry)
{
    const char *begin = p;
    if (m_identity != nullptr && equal(m_identity->raw.data(), p, m_identity->size) && p[m_identity->size] == '"') {
        entry = m_identity;
        p += entry->size;
        m_parts.identity = {begin, entry->size};
        return true;
    }
    p = textEnd(p, end);
    if (end - p < 16 || !take(p, "\",\"host\":\""))
        return false;
    p = textEnd(p, end);
    m_parts.identity = {begin, static_cast<std::size_t>(p - begin)};
    entry = m_identities.find(m_parts.identity);
    return true;
}

/// The tags object, which reaches from @p p to before the line's last brace.
AgentShape::Entry *AgentShape::tags(const char *p, const char *end, const Entry *identity)
{
    m_parts.tags = {p, static_cast<std::size_t>(end - 1 - p)};
    for (std::size_t i = 0; identity != nullptr && i < identity->next.size(); ++i) {
        Entry *guess = identity->next[i];
        if (guess != nullptr && guess->size == m_parts.tags.size() && equal(guess->raw.data(), p, guess->size))
            return guess;
    }
    return m_tags.find(m_parts.tags);
}

bool AgentShape::decode(Batch &batch, std::uint32_t record)
{
    m_parts.complete = false;
    const RawRecord &rawRecord = batch.records[record];
    const std::string &bytes = batch.chunks[rawRecord.chunk]->bytes;
    const std::size_t endOffset = std::size_t{rawRecord.offset} + rawRecord.size;
    if (rawRecord.size < LineBytesMin || bytes.capacity() - endOffset < RawPaddingBytes)
        return false;
    StringTable &strings = batch.strings;
    if (m_epoch != strings.epoch())
        renew(strings);
    const char *p = bytes.data() + rawRecord.offset;
    const char *const end = bytes.data() + endOffset;

    Line line;
    if (!take(p, "{\"tenant_id\":\"") || !identity(p, end, line.identity) || end - p < 16
        || !take(p, "\",\"metric\":\""))
        return false;
    line.metric = text(m_metric != nullptr ? m_metric->next[0] : nullptr, m_metrics, p, end, m_parts.metric);
    Event event = m_template;
    if (end - p < 64 || !take(p, "\",\"value\":") || !readNumber(p, event.value) || !take(p, ",\"ts_event\":\"")
        || !readTime(strings, p, end, event) || end - p < 16 || !take(p, "\",\"unit\":\""))
        return false;
    line.unit = text(line.metric != nullptr ? line.metric->next[1] : nullptr, m_units, p, end, m_parts.unit);
    if (end - p < 16 || !take(p, "\",\"tags\":") || end[-1] != '}')
        return false;
    line.tags = tags(p, end, line.identity);
    m_parts.complete = true;
    if (line.identity == nullptr || line.metric == nullptr || line.unit == nullptr || line.tags == nullptr)
        return false;
    predict(line);
    for (Entry *entry : {line.identity, line.metric, line.unit, line.tags})
        resolve(*entry, strings);
    event[Field::Tenant] = line.identity->ids[0];
    event[Field::SourceId] = line.identity->ids[1];
    event[Field::EntityId] = line.identity->ids[2];
    event[Field::Metric] = line.metric->ids[0];
    event[Field::Unit] = line.unit->ids[0];
    event[Field::Tags] = line.tags->ids[0];
    event.record = record;
    batch.events.push_back(event);
    return true;
}

/// Remembers what followed what, for the next line of this host and of this metric.
void AgentShape::predict(const Line &line)
{
    if (m_metric != nullptr)
        m_metric->next[0] = line.metric;
    line.metric->next[1] = line.unit;
    if (line.identity->next[0] != line.tags) {
        line.identity->next[1] = line.identity->next[0];
        line.identity->next[0] = line.tags;
    }
    m_identity = line.identity;
    m_metric = line.metric;
}

void AgentShape::learn(const Batch &batch, const Event &event)
{
    if (!m_parts.complete)
        return;
    m_parts.complete = false;
    // The general path read one tags object and no further member, or its text is not all that stands there.
    if (event[Field::Tags] == NoStr || batch.text(event, Field::Tags) != m_parts.tags || event[Field::Attrs] != NoStr
        || event[Field::Unit] == NoStr || event[Field::ValueText] != NoStr || event[Field::EventId] != NoStr
        || event[Field::IdempotencyKey] != NoStr || event[Field::CorrelationId] != NoStr)
        return;
    const auto textOf = [&](Field field) { return batch.text(event, field); };
    const auto add = [&](Table &table, std::string_view raw, std::initializer_list<std::string_view> texts) {
        if (raw.size() <= TextBytesMax && table.find(raw) == nullptr) {
            if (table.full())
                forget();
            table.add(raw, texts);
        }
    };
    add(m_identities, m_parts.identity, {textOf(Field::Tenant), textOf(Field::SourceId), textOf(Field::EntityId)});
    add(m_metrics, m_parts.metric, {textOf(Field::Metric)});
    add(m_units, m_parts.unit, {textOf(Field::Unit)});
    add(m_tags, m_parts.tags, {textOf(Field::Tags)});
}

void AgentShape::forget()
{
    m_identity = m_metric = nullptr; // predictions point into the tables
    for (Table *table : {&m_identities, &m_metrics, &m_units, &m_tags})
        table->clear();
}

void AgentShape::Table::clear()
{
    m_entries.clear();
    m_slots.clear();
}

bool AgentShape::Table::full() const
{
    return m_entries.size() >= EntriesMax;
}

} // namespace eventops
