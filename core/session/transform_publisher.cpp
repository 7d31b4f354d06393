// SPDX-License-Identifier: MIT
#include "core/session/transform_publisher.h"

#include <chrono>

namespace eventops {
namespace {

constexpr std::uint64_t EventsMax = 1'000; ///< Looked for at once …
constexpr std::size_t PieceMax = 100;      ///< … and announced.
constexpr std::chrono::milliseconds LookTime{500};

} // namespace

TransformPublisher::TransformPublisher(Workspace workspace, EventQueueSettings settings, const Clock *clock,
                                       std::function<void(const std::string &)> told)
    : m_workspace(std::move(workspace)),
      m_settings(std::move(settings)),
      m_clock(clock),
      m_told(std::move(told)),
      m_thread([this] { work(); })
{
}

TransformPublisher::~TransformPublisher()
{
    {
        const std::lock_guard lock(m_mutex);
        m_ended = true;
    }
    m_wake.notify_all();
    m_thread.join();
}

void TransformPublisher::wake()
{
    const std::lock_guard lock(m_mutex);
    m_woken = true;
    m_wake.notify_all();
}

bool TransformPublisher::ended() const
{
    const std::lock_guard lock(m_mutex);
    return m_ended;
}

void TransformPublisher::work()
{
    for (;;) {
        const auto more = step();
        const std::string trouble = more || ended() ? std::string() : more.error().text();
        if (m_told && !trouble.empty() && trouble != m_trouble)
            m_told("the queue of raw events: " + trouble);
        m_trouble = trouble;
        std::unique_lock lock(m_mutex);
        if (!more) // tried again, whoever wakes
            m_wake.wait_for(lock, LookTime, [this] { return m_ended; });
        else if (!more.value())
            m_wake.wait_for(lock, LookTime, [this] { return m_ended || m_woken; });
        m_woken = false;
        if (m_ended)
            return;
    }
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
        auto queue = EVENTOPS_TRY(m_settings.open(*m_store, [this] { return ended(); }));
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
