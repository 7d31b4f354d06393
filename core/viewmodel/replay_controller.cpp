// SPDX-License-Identifier: MIT
#include "core/viewmodel/replay_controller.h"

#include "core/viewmodel/shown_text.h"
#include "core/viewmodel/view_context.h"

#include <algorithm>

namespace eventops {

ReplayController::ReplayController(ViewContext &context, QObject *parent) : QObject(parent), m_context(context) {}

ReplayController::~ReplayController()
{
    m_ticket.cancel();
}

double ReplayController::part() const
{
    if (m_progress.bytesTotal == 0)
        return -1.0;
    return std::min(1.0, static_cast<double>(m_progress.bytesRead) / static_cast<double>(m_progress.bytesTotal));
}

void ReplayController::start(ReplayRequest request, const QString &title)
{
    if (m_state != State::Idle) {
        Q_EMIT failed(tr("%1 is still being read; stop it first").arg(m_title));
        return;
    }
    m_title = title;
    m_progress = {};
    request.workers = m_workers;
    setState(State::Running);
    UiBridge &bridge = m_context.bridge();
    m_ticket = m_context.backend().replay(
        m_context.caller(), request,
        bridge.to(m_guard,
                  [this](const RunProgress &progress) {
                      m_progress = progress;
                      Q_EMIT progressChanged();
                  }),
        bridge.to(m_guard, [this](Result<WorkspaceSummary> result) { end(std::move(result)); }));
}

void ReplayController::cancel()
{
    if (m_state != State::Running)
        return;
    m_ticket.cancel();
    setState(State::Cancelling);
}

void ReplayController::end(Result<WorkspaceSummary> result)
{
    setState(State::Idle);
    if (result)
        Q_EMIT finished(exactText(result.value().digest));
    else if (result.error().code == Error::Code::Cancelled)
        Q_EMIT cancelled();
    else
        Q_EMIT failed(shownText(result.error().text()));
}

void ReplayController::setState(State state)
{
    m_state = state;
    Q_EMIT stateChanged();
}

} // namespace eventops
