// SPDX-License-Identifier: MIT
#include "core/viewmodel/view_context.h"

namespace eventops {

ViewContext::ViewContext(std::unique_ptr<Backend> backend, Caller caller, QObject *parent)
    : QObject(parent), m_backend(std::move(backend)), m_caller(std::move(caller))
{
    m_subscription = m_backend->subscribe(m_caller, m_bridge.to(m_guard, [this](const Change &change) {
        m_change = change;
        m_informed = true;
        Q_EMIT changed(m_change);
    }));
}

ViewContext::~ViewContext()
{
    m_subscription.cancel();
    m_backend.reset(); // its threads call into the bridge: they end before it does
}

void ViewContext::selectEvent(const QString &eventId)
{
    m_eventId = eventId;
    Q_EMIT eventSelected(m_eventId);
}

void ViewContext::selectFinding(const QString &findingId)
{
    m_findingId = findingId;
    Q_EMIT findingSelected(m_findingId);
}

void ViewContext::selectEntity(const EntityRef &entity)
{
    m_entity = entity;
    Q_EMIT entitySelected(m_entity);
}

void ViewContext::selectTimeSpan(TimeSpan span)
{
    if (m_timeSpan == span)
        return;
    m_timeSpan = span;
    Q_EMIT timeSpanSelected(m_timeSpan);
}

void ViewContext::setFilter(const QString &filter)
{
    if (m_filter == filter)
        return;
    m_filter = filter;
    Q_EMIT filterSet(m_filter);
}

void ViewContext::setFollowing(bool following)
{
    if (m_following == following)
        return;
    m_following = following;
    Q_EMIT followingSet(m_following);
}

} // namespace eventops
