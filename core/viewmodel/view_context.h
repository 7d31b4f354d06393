// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"
#include "core/session/query_library.h"
#include "core/viewmodel/ui_bridge.h"

#include <QObject>
#include <QString>

#include <memory>

namespace eventops {

struct SourceTools;

/// Names an entity in the views.
struct EntityRef {
    QString tenant, type, id;
    bool operator==(const EntityRef &) const = default;
    bool isEmpty() const { return type.isEmpty() && id.isEmpty(); }
};

/// A span of event time, nanoseconds UTC; empty: everything.
struct TimeSpan {
    qint64 fromNs = 0, toNs = 0;
    bool operator==(const TimeSpan &) const = default;
    bool isEmpty() const { return toNs <= fromNs; }
};

/// What all views of a window share: the back end they look at, on whose behalf, the way back to the UI thread, what
/// changed, and the common selection. A view sets the selection and follows it; it never talks to another view.
/// Thread: UI.
class ViewContext final : public QObject
{
    Q_OBJECT

public:
    ViewContext(std::unique_ptr<Backend> backend, Caller caller, QObject *parent = nullptr);
    ~ViewContext() override;

    Backend &backend() { return *m_backend; }
    const Caller &caller() const { return m_caller; }
    bool mayDecide() const { return m_caller.role >= Role::Approver; }
    UiBridge &bridge() { return m_bridge; }
    /// Where saved queries and dashboards lie; set before a view is made.
    void setQueryFolders(QueryFolders folders) { m_queryFolders = std::move(folders); }
    const QueryFolders &queryFolders() const { return m_queryFolders; }
    /// For adding sources and trying transformers; set before a view is made. Null: this window does neither.
    void setSourceTools(std::shared_ptr<const SourceTools> tools) { m_sourceTools = std::move(tools); }
    const std::shared_ptr<const SourceTools> &sourceTools() const { return m_sourceTools; }
    const Change &change() const { return m_change; }
    bool isInformed() const { return m_informed; } ///< The back end has told what there is, be it nothing.

    const QString &eventId() const { return m_eventId; }
    const QString &findingId() const { return m_findingId; }
    const EntityRef &entity() const { return m_entity; }
    const TimeSpan &timeSpan() const { return m_timeSpan; }
    const QString &filter() const { return m_filter; }
    bool following() const { return m_following; } ///< Views keep the newest events in sight as they arrive.

public Q_SLOTS:
    void selectEvent(const QString &eventId);
    void selectFinding(const QString &findingId);
    void selectEntity(const eventops::EntityRef &entity);
    void selectTimeSpan(eventops::TimeSpan span);
    void setFilter(const QString &filter); ///< In the language of core/filter; shown where events are.
    void setFollowing(bool following);
    void showView(const QString &viewId) { Q_EMIT viewRequested(viewId); } ///< Asks the window to bring a view up.
    /// Asks the window to read @p request, which people know as @p title, into the workspace.
    void requestReplay(const eventops::ReplayRequest &request, const QString &title)
    {
        Q_EMIT replayRequested(request, title);
    }
    /// For the status bar; errors stay there until the next one.
    void tell(const QString &sentence, bool isError = false) { Q_EMIT told(sentence, isError); }

Q_SIGNALS:
    void changed(const eventops::Change &change); ///< At most once a frame.
    void eventSelected(const QString &eventId);
    void findingSelected(const QString &findingId);
    void entitySelected(const eventops::EntityRef &entity);
    void timeSpanSelected(eventops::TimeSpan span);
    void filterSet(const QString &filter);
    void followingSet(bool following);
    void viewRequested(const QString &viewId);
    void replayRequested(const eventops::ReplayRequest &request, const QString &title);
    void told(const QString &sentence, bool isError);

private:
    std::unique_ptr<Backend> m_backend;
    Caller m_caller;
    UiBridge m_bridge;
    QueryFolders m_queryFolders;
    std::shared_ptr<const SourceTools> m_sourceTools;
    ReceiverGuard m_guard;
    Ticket m_subscription;
    Change m_change;
    bool m_informed = false;
    QString m_eventId, m_findingId, m_filter;
    EntityRef m_entity;
    TimeSpan m_timeSpan;
    bool m_following = false;
};

} // namespace eventops
