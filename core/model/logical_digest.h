// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/hash.h"
#include "core/model/action.h"
#include "core/model/batch.h"
#include "core/model/entity.h"
#include "core/model/finding.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace eventops {

/// SHA-256 over logical content in input order (design section 2): what a ledger holds, or what one stage gave. What is
/// never in it: ingest and audit times, row ids, block layout, counters, titles and paths, decisions.
/// Every text carries its length, so no two contents share their bytes. Thread: one. Complexity: O(bytes added).
class LogicalDigest
{
public:
    /// An event with its place in the input. Each says which of its fields differ from the event before and gives only
    /// those: the same content, a third of the bytes to hash.
    void add(const Batch &batch, const Event &event, std::string_view sourceKey);
    /// The batch given last is about to hold other texts.
    void forget() { m_batch = nullptr; }

    /// A dead letter; its bytes follow by `piece`.
    void addDeadLetter(Seq seq, std::string_view sourceKey, std::uint64_t position, std::string_view reason,
                       std::string_view detail, std::uint64_t size);
    void piece(std::string_view bytes);

    void add(const Finding &finding);
    void add(const Suggestion &suggestion);
    void add(const Entity &entity); ///< By identity.
    void add(const Link &link);     ///< By identity.

    /// 64 lower-case hexadecimal digits. Call once, at the end.
    std::string hex();

private:
    void tag(char kind);
    void number(std::uint64_t v);
    void time(WallNs t);
    void real(double v);
    void fixed(std::uint64_t v);
    void text(std::string_view text);
    void flush();

    std::string m_bytes; ///< Collected, so that the hash sees large pieces.
    Sha256 m_sha;
    const Batch *m_batch = nullptr;
    std::array<StrId, FieldCount> m_ids{};
    std::array<std::string, FieldCount> m_texts; ///< Of the last event that had the field.
    std::string m_sourceKey;
};

} // namespace eventops
