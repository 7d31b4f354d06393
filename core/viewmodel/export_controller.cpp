// SPDX-License-Identifier: MIT
#include "core/viewmodel/export_controller.h"

#include "core/viewmodel/shown_text.h"
#include "core/viewmodel/view_context.h"

#include <algorithm>

namespace eventops {

ExportController::ExportController(ViewContext &context, QObject *parent) : QObject(parent), m_context(context) {}

ExportController::~ExportController()
{
    m_ticket.cancel();
}

double ExportController::part() const
{
    if (m_progress.eventsTotal == 0)
        return -1.0;
    return std::min(1.0, static_cast<double>(m_progress.eventsSeen) / static_cast<double>(m_progress.eventsTotal));
}

void ExportController::takeView(const ViewContext &context, ExportRequest &request)
{
    request.filter = context.filter().toStdString();
    const TimeSpan &span = context.timeSpan();
    request.from = span.isEmpty() ? NoTime : WallNs{span.fromNs};
    request.to = span.isEmpty() ? NoTime : WallNs{span.toNs};
}

void ExportController::start(const ExportRequest &request)
{
    if (m_running) {
        Q_EMIT failed(tr("another export is under way; cancel it first"));
        return;
    }
    m_running = true;
    m_progress = {};
    m_file = shownText(request.path);
    Q_EMIT stateChanged();
    UiBridge &bridge = m_context.bridge();
    m_ticket = m_context.backend().exportCapture(
        m_context.caller(), request,
        bridge.to(m_guard,
                  [this](const ExportProgress &progress) {
                      m_progress = progress;
                      Q_EMIT progressChanged();
                  }),
        bridge.to(m_guard, [this](const Result<ExportProgress> &result) { end(result); }));
}

void ExportController::cancel()
{
    if (m_running)
        m_ticket.cancel();
}

void ExportController::end(const Result<ExportProgress> &result)
{
    m_running = false;
    Q_EMIT stateChanged();
    if (result)
        Q_EMIT finished(tr("%1 records written to %2").arg(result.value().records).arg(m_file));
    else if (result.error().code == Error::Code::Cancelled)
        Q_EMIT cancelled();
    else
        Q_EMIT failed(shownText(result.error().text()));
}

} // namespace eventops
