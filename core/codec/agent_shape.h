// SPDX-License-Identifier: MIT
#pragma once

#include "core/model/batch.h"

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace eventops {

/// The quick way through an agent's line: predicts its shape and compares, instead of parsing.
///
/// Agents write the same seven members in the same order, and nearly every text in a line was in an earlier one. So the
/// line is compared with the fixed pieces of the shape, texts are looked up by their raw bytes among those that the
/// general path has read and validated before, and only the number and the time are read anew. A line that differs in
/// anything is left to the general path. Every byte is thereby validated: by equality with validated bytes, or by being
/// read. What is remembered shows in no result: the general path gives the same event (tst_agent compares them).
/// Thread: one. Memory: bounded; a full table starts over. Complexity: O(length).
class AgentShape
{
public:
    AgentShape();
    ~AgentShape();
    /// Appends the event. False: nothing was appended; read the line the general way, then call learn.
    bool decode(Batch &batch, std::uint32_t record);
    /// @p event: what the general path made of the record that decode() refused last.
    void learn(const Batch &batch, const Event &event);

private:
    static constexpr std::size_t TextsPerEntry = 3;
    /// A raw text and what it stands for.
    struct Entry {
        std::string raw;            ///< With PaddingBytes zeros behind it.
        std::uint32_t size = 0;     ///< Without them.
        std::uint32_t count = 0;    ///< Of texts and ids.
        std::uint64_t hash = 0;
        std::uint64_t epoch = 0;    ///< Of the string table that the ids belong to.
        std::array<StrId, TextsPerEntry> ids{};
        std::array<std::string, TextsPerEntry> texts;
        std::array<Entry *, 2> next{}; ///< What stood behind it lately: a prediction.
    };
    class Table
    {
    public:
        Entry *find(std::string_view raw) const;
        void add(std::string_view raw, std::initializer_list<std::string_view> texts);

        bool full() const;
        void clear();

    private:
        std::deque<Entry> m_entries; // stays where it is
        std::vector<Entry *> m_slots;
    };
    /// Where the parts of the line refused last lie.
    struct Parts {
        std::string_view identity, metric, unit, tags;
        bool complete = false;
    };
    struct Time {
        std::array<char, 32> text{};
        std::size_t size = 0;
        std::int64_t ns = 0;
        StrId id = NoStr;
        std::uint64_t epoch = 0;
    };

    struct Line {
        Entry *identity = nullptr;
        Entry *metric = nullptr;
        Entry *unit = nullptr;
        Entry *tags = nullptr;
    };

    Entry *text(Entry *guess, const Table &table, const char *&p, const char *end, std::string_view &part) const;
    bool identity(const char *&p, const char *end, Entry *&entry);
    Entry *tags(const char *p, const char *end, const Entry *identity);
    void predict(const Line &line);
    bool readTime(StringTable &strings, const char *&p, const char *end, Event &event);
    bool minuteNs(const char *p);
    void renew(StringTable &strings);
    void forget();
    static void resolve(Entry &entry, StringTable &strings);

    Table m_identities, m_metrics, m_units, m_tags;
    Entry *m_identity = nullptr; ///< Of the last line.
    Entry *m_metric = nullptr;
    Parts m_parts;
    std::array<Time, 2> m_times; ///< The last without and with a fraction.
    std::array<char, 16> m_minute{};
    std::int64_t m_minuteNs = 0;
    std::uint64_t m_epoch = 0;
    Event m_template;            ///< What all events of a batch share.
};

} // namespace eventops
