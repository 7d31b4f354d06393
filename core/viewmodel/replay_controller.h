// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"
#include "core/viewmodel/ui_bridge.h"

#include <QObject>
#include <QString>

namespace eventops {

class ViewContext;

/// The one reading of captures or sources that a window has under way. Thread: UI.
class ReplayController final : public QObject
{
    Q_OBJECT

public:
    explicit ReplayController(ViewContext &context, QObject *parent = nullptr);
    ~ReplayController() override; ///< Cancels; what was read is stored.

    enum class State { Idle, Running, Cancelling };
    Q_ENUM(State)
    State state() const { return m_state; }
    const RunProgress &progress() const { return m_progress; }
    double part() const; ///< 0 to 1; negative: nobody knows.
    QString title() const { return m_title; }

    /// Of the next run; 0: as many as the machine has cores, but one. The result does not depend on it.
    unsigned workers() const { return m_workers; }
    void setWorkers(unsigned workers) { m_workers = workers; }

    /// Starts @p request with our number of workers. @p title: what is read, for people. While another one runs:
    /// `failed`, and nothing else happens.
    void start(ReplayRequest request, const QString &title);
    void cancel();

Q_SIGNALS:
    void stateChanged();
    void progressChanged();               ///< At most once a frame.
    void finished(const QString &digest); ///< Everything was read.
    void cancelled();
    void failed(const QString &sentence);

private:
    void end(Result<WorkspaceSummary> result);
    void setState(State state);

    ViewContext &m_context;
    ReceiverGuard m_guard;
    Ticket m_ticket;
    State m_state = State::Idle;
    RunProgress m_progress;
    QString m_title;
    unsigned m_workers = 0;
};

} // namespace eventops
