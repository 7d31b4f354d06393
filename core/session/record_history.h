// SPDX-License-Identifier: MIT
#pragma once

#include "core/pipeline/decode_phase.h"
#include "core/pipeline/spec.h"
#include "core/store/ledger.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace eventops {

/// The kept raw records of a ledger, stored ones and dead letters alike, decoded again by a pipeline and given in input
/// order with the sequence numbers, positions and source keys that they had. A record without an event time keeps the
/// one it was given. Skipped and duplicate records were not kept and are not seen again.
/// Thread: one. Memory: one window of records, and the dedupe keys met.
class RecordHistory
{
public:
    /// Sees the events of some records after decoding (stage 0) and after each map stage (1, 2, …). Records of one
    /// @p group come in order.
    using AfterStage = std::function<void(std::size_t stage, const std::string &group, const Batch &batch)>;

    /// Everything given must outlive the object.
    RecordHistory(Ledger &ledger, const Registry &registry, const PipelineSpec &spec, AfterStage afterStage);
    ~RecordHistory();

    /// Errors: Refused: the workspace keeps no raw records; LimitExceeded; what the ledger and @p consume give.
    Status forEach(const std::function<Status(Batch &)> &consume);

    std::uint64_t deadLetters() const { return m_deadLetters; } ///< Met so far, under the new pipeline.

private:
    struct Pending;
    struct Group;
    struct Letter {
        Seq seq;
        std::int64_t id;
        std::uint32_t source;
        std::uint64_t position;
    };

    Status listDeadLetters();
    Status addDeadLetters(Seq before);
    Status addRecord(Pending record, std::string_view bytes, const std::string &codec);
    Status flush();
    Result<Group *> groupOf(std::uint32_t source, const std::string &codec, std::string_view sample);
    void decode(Group &group);
    Status finish(Batch &batch);

    Ledger &m_ledger;
    const Registry &m_registry;
    const PipelineSpec &m_spec;
    const AfterStage m_afterStage;
    const std::function<Status(Batch &)> *m_consume = nullptr;
    std::map<std::int64_t, std::uint32_t> m_places;  ///< Row id of a source → its place.
    std::vector<std::string> m_keys;
    std::map<std::string, std::unique_ptr<Group>> m_groups;
    std::unique_ptr<DecodePhase> m_phase;
    std::vector<Pending> m_window;
    std::string m_bytes;                             ///< Of the window's records.
    std::vector<Letter> m_letters;
    std::size_t m_nextLetter = 0;
    WallNs m_lastTime = NoTime;
    std::unordered_set<std::uint64_t> m_seen;        ///< Dedupe keys.
    std::uint64_t m_deadLetters = 0;
};

} // namespace eventops
