// SPDX-License-Identifier: MIT
#include "core/session/transform_publisher.h"

#include <algorithm>

namespace eventops {
namespace {

constexpr std::uint64_t EventsMax = 1'000; ///< Looked for at once …
constexpr std::size_t PieceMax = 100;      ///< … and announced.

} // namespace

TransformPublisher::TransformPublisher(Workspace workspace, EventQueueSettings settings, const Clock *clock,
                                       std::function<void(const std::string &)> told)
    : m_workspace(std::move(workspace)),
      m_settings(std::move(settings)),
      m_clock(clock),
      m_told(std::move(told)),
      m_steps([this] { return tell(step()); })
{
}

/// Tells of trouble once, not with every try.
Result<bool> TransformPublisher::tell(Result<bool> more)
{
    const std::string trouble = more || m_steps.ended() ? std::string() : more.error().text();
    if (m_told && !trouble.empty() && trouble != m_trouble)
        m_told("the queue of raw events: " + trouble);
    m_trouble = trouble;
    return more;
}

/// Hands @p events to the queue, then notes that it has them.
Status TransformPublisher::announce(std::span<const TransformStore::Announced> events)
{
    std::vector<WaitingEvent> waiting;
    for (const TransformStore::Announced &event : events)
        waiting.push_back({event.id, event.tenant + '|' + event.source});
    EVENTOPS_TRY(m_queue->publish(waiting));
    EVENTOPS_TRY(m_store->begin());
    Status noted = m_store->announce(m_queue->name(), events, m_settings.announceAgainNs());
    if (noted)
        noted = m_store->commit();
    else
        m_store->rollback();
    return noted;
}

/// True: there may be more.
Result<bool> TransformPublisher::step()
{
    if (m_store == nullptr || !m_store->isCurrent()) {
        m_queue.reset();
        m_store = EVENTOPS_TRY(TransformStore::open(m_workspace.directory, m_clock));
    }
    if (m_queue == nullptr) {
        auto queue = EVENTOPS_TRY(m_settings.open(*m_store, [this] { return m_steps.ended(); }));
        EVENTOPS_TRY(m_store->forgetAnnounced(queue->name()));
        m_queue = std::move(queue);
    }
    const auto events = EVENTOPS_TRY(m_store->toAnnounce(EventsMax));
    if (events.empty())
        return false;
    // In pieces, so that one that is refused sends only its own piece again and again.
    for (std::size_t at = 0; at < events.size(); at += PieceMax) {
        const std::span piece(events.data() + at, std::min(PieceMax, events.size() - at));
        EVENTOPS_TRY(announce(piece));
    }
    return true;
}

} // namespace eventops
