// SPDX-License-Identifier: MIT
#pragma once

#include "core/wire/session_forms.h"

#include <random>

namespace eventops::test {

/// Fills any struct that has a form with made-up values: a third user of the descriptions beside writer and reader.
class Filler
{
public:
    explicit Filler(std::uint32_t seed) : m_random(seed) {}

    template <typename... T>
    void operator()(T &...values)
    {
        (fill(values), ...);
    }
    std::uint64_t number(std::uint64_t below) { return m_random() % below; }

    template <typename T>
    T make()
    {
        T value{};
        fill(value);
        mend(value);
        return value;
    }

private:
    template <typename T>
    void fill(T &value)
    {
        using namespace wire;
        if constexpr (std::is_same_v<T, std::string>) {
            value.resize(number(12));
            for (char &c : value)
                c = static_cast<char>(number(256)); // texts are bytes here
        } else if constexpr (std::is_same_v<T, double>) {
            value = static_cast<double>(static_cast<std::int64_t>(m_random())) / 1024;
        } else if constexpr (std::is_same_v<T, bool>) {
            value = number(2) == 1;
        } else if constexpr (std::is_enum_v<T>) {
            fillEnum(value);
        } else if constexpr (std::integral<T>) {
            value = static_cast<T>(m_random() >> number(64));
        } else if constexpr (IsVector<T>::value) {
            value.resize(number(4));
            for (auto &one : value)
                one = make<std::decay_t<decltype(one)>>();
        } else if constexpr (IsOptional<T>::value) {
            if (number(2) == 1)
                value = make<typename T::value_type>();
        } else if constexpr (IsPair<T>::value) {
            (*this)(value.first, value.second);
        } else if constexpr (std::is_same_v<T, EventPage>) {
            fillPage(value);
        } else {
            describe(*this, value);
        }
    }
    template <typename E>
    void fillEnum(E &value)
    {
        using Number = std::underlying_type_t<E>;
        if constexpr (std::unsigned_integral<Number>)
            value = static_cast<E>(number(static_cast<std::uint64_t>(wire::LastOf<E>::value) + 1));
        else
            value = static_cast<E>(static_cast<Number>(m_random()));
    }
    void fillPage(EventPage &page)
    {
        Batch &batch = page.batch;
        const auto chunk = std::make_shared<RawChunk>();
        batch.chunks.push_back(chunk);
        (*this)(batch.tsIngest, batch.rawDropped);
        for (std::uint64_t row = 1 + number(3); row > 0; --row) {
            Event &event = batch.events.emplace_back();
            RawRecord &record = batch.records.emplace_back();
            event.record = static_cast<std::uint32_t>(batch.records.size() - 1);
            (*this)(event.tsEvent, event.value, event.entityKey, event.emission, event.severity, event.hasValue);
            for (StrId &id : event.text) {
                if (number(3) == 0)
                    id = batch.strings.intern(make<std::string>());
            }
            (*this)(record.seq, record.position, record.hash, record.source);
            record.outcome = Outcome::Stored;
            const auto bytes = make<std::string>();
            record.offset = static_cast<std::uint32_t>(chunk->bytes.size());
            record.size = static_cast<std::uint32_t>(bytes.size());
            chunk->bytes += bytes;
            page.rows.push_back(static_cast<std::uint32_t>(batch.events.size() - 1));
        }
        if (number(2) == 1) {
            for (std::size_t row = 0; row < page.rows.size(); ++row)
                page.places.push_back(number(1'000'000));
        }
    }

    // What a reader insists on beyond the types.
    template <typename T>
    void mend(T &)
    {
    }
    void mend(StepMachine &machine)
    {
        if (machine.steps.empty())
            machine.edges.clear();
        for (MachineEdge &edge : machine.edges) {
            edge.from = static_cast<std::uint32_t>(number(machine.steps.size()));
            edge.to = static_cast<std::uint32_t>(number(machine.steps.size()));
        }
    }
    void mend(EventColumns &columns)
    {
        columns.laneNames.resize(columns.laneNames.size() + 1);
        columns.severity.resize(columns.ts.size());
        columns.lane.assign(columns.ts.size(), 0);
    }
    void mend(EventStory &story)
    {
        while (story.event.rows.size() != 1)
            story.event = make<EventPage>();
    }
    void mend(KnownFaults &known)
    {
        if (known.truth.faults.empty())
            known.card.faults.clear();
        for (FaultScore &score : known.card.faults)
            score.fault = number(known.truth.faults.size());
    }
    void mend(DecisionDiff &diff)
    {
        const auto within = [&](auto &changes) {
            for (auto &change : changes) {
                change.causes.clear();
                if (!diff.edits.empty())
                    change.causes.push_back(number(diff.edits.size()));
            }
        };
        within(diff.findings);
        within(diff.suggestions);
    }
    void mend(DecisionChange<Finding> &change)
    {
        if (!change.before && !change.after)
            change.after = make<Finding>();
    }
    void mend(DecisionChange<Suggestion> &change)
    {
        if (!change.before && !change.after)
            change.before = make<Suggestion>();
    }
    void mend(SqlPage &page)
    {
        for (SqlRow &row : page.rows)
            row.resize(page.columns.size());
    }

    std::mt19937_64 m_random;
};

} // namespace eventops::test
