// SPDX-License-Identifier: MIT
#include "core/model/logical_digest.h"

#include <bit>

namespace eventops {
namespace {

constexpr std::size_t FlushBytes = 64 * 1024;

} // namespace

void LogicalDigest::tag(char kind)
{
    m_bytes += kind;
    if (m_bytes.size() >= FlushBytes)
        flush();
}

void LogicalDigest::number(std::uint64_t v)
{
    for (; v >= 0x80; v >>= 7)
        m_bytes += static_cast<char>(v | 0x80);
    m_bytes += static_cast<char>(v);
}

void LogicalDigest::fixed(std::uint64_t v)
{
    for (int byte = 0; byte < 8; ++byte, v >>= 8)
        m_bytes += static_cast<char>(v & 0xff);
}

void LogicalDigest::time(WallNs t)
{
    fixed(static_cast<std::uint64_t>(raw(t)));
}

void LogicalDigest::real(double v)
{
    fixed(std::bit_cast<std::uint64_t>(v));
}

void LogicalDigest::text(std::string_view text)
{
    number(text.size());
    m_bytes += text;
}

void LogicalDigest::piece(std::string_view bytes)
{
    flush();
    m_sha.update(bytes);
}

void LogicalDigest::flush()
{
    m_sha.update(m_bytes);
    m_bytes.clear();
}

std::string LogicalDigest::hex()
{
    flush();
    return m_sha.hex();
}

void LogicalDigest::add(const Batch &batch, const Event &event, std::string_view sourceKey)
{
    const RawRecord &record = batch.records[event.record];
    std::uint64_t present = 0, changed = 0;
    for (std::size_t f = 0; f < FieldCount; ++f) {
        const StrId id = event.text[f];
        if (&batch == m_batch && id == m_ids[f]) {
            present |= id != NoStr ? 1ULL << f : 0;
            continue;
        }
        m_ids[f] = id;
        if (id == NoStr) // not to be taken for the empty text: that is what `present` says
            continue;
        present |= 1ULL << f;
        const std::string_view text = batch.text(id);
        if (m_texts[f] != text) {
            m_texts[f] = text;
            changed |= 1ULL << f;
        }
    }
    if (m_sourceKey != sourceKey) {
        m_sourceKey = sourceKey;
        changed |= 1ULL << FieldCount;
    }
    m_batch = &batch;
    tag('E');
    number(record.seq);
    number(event.emission);
    number(record.position);
    number(record.hash);
    time(event.tsEvent);
    number(static_cast<std::uint64_t>(event.severity) * 2 + (event.hasValue ? 1 : 0));
    if (event.hasValue)
        real(event.value);
    number(present);
    number(changed);
    for (std::size_t f = 0; f < FieldCount; ++f) {
        if ((changed >> f & 1) != 0)
            text(m_texts[f]);
    }
    if ((changed >> FieldCount & 1) != 0)
        text(m_sourceKey);
}

void LogicalDigest::addDeadLetter(Seq seq, std::string_view sourceKey, std::uint64_t position, std::string_view reason,
                                  std::string_view detail, std::uint64_t size)
{
    tag('D');
    number(seq);
    text(sourceKey);
    number(position);
    text(reason);
    text(detail);
    number(size);
}

void LogicalDigest::add(const Finding &f)
{
    tag('F');
    number(f.seq);
    number(f.emission);
    for (const std::string_view part : {std::string_view(f.id), toString(f.origin), toString(f.state)})
        text(part);
    number(static_cast<std::uint64_t>(f.severity) * 2 + (f.hasValue ? 1 : 0));
    time(f.ts);
    for (const std::string *part : {&f.tsText, &f.tenant, &f.entityType, &f.entityId, &f.sourceId, &f.name, &f.metric,
                                    &f.unit, &f.step, &f.message, &f.tags, &f.evidence, &f.pattern, &f.alert})
        text(*part);
    real(f.hasValue ? f.value : 0.0);
    real(f.bits);
    text(termsToJson(f.terms));
}

void LogicalDigest::add(const Suggestion &s)
{
    tag('S');
    number(s.seq);
    number(s.emission);
    for (const std::string *part : {&s.id, &s.findingId, &s.policy, &s.tenant, &s.entityType, &s.entityId,
                                    &s.correlationId, &s.command, &s.args, &s.reason})
        text(*part);
    time(s.proposedAt);
    time(s.expiresAt);
    real(s.ttlSeconds);
    number(s.approvalsRequired);
}

void LogicalDigest::add(const Entity &entity)
{
    tag('N');
    for (const std::string *part : {&entity.tenant, &entity.type, &entity.id})
        text(*part);
    number(static_cast<std::uint64_t>(raw(entity.firstSeen)));
    number(static_cast<std::uint64_t>(raw(entity.lastSeen)));
    number(entity.firstSeq);
    number(entity.events);
    text(entity.lastStep);
}

void LogicalDigest::add(const Link &link)
{
    tag('L');
    for (const std::string *part : {&link.tenant, &link.sourceType, &link.sourceId, &link.targetType, &link.targetId,
                                    &link.type})
        text(*part);
    number(static_cast<std::uint64_t>(raw(link.firstSeen)));
    number(static_cast<std::uint64_t>(raw(link.lastSeen)));
    number(link.firstSeq);
    number(link.events);
}

} // namespace eventops
