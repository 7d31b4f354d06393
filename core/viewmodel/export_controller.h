// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"
#include "core/viewmodel/ui_bridge.h"

#include <QObject>
#include <QString>

namespace eventops {

class ViewContext;

/// The one export that a window has under way. Thread: UI.
class ExportController final : public QObject
{
    Q_OBJECT

public:
    explicit ExportController(ViewContext &context, QObject *parent = nullptr);
    ~ExportController() override; ///< Cancels: there is no file then.

    bool isRunning() const { return m_running; }
    double part() const; ///< 0 to 1; negative: nobody knows.

    /// While another one runs: `failed`, and nothing else happens.
    void start(const ExportRequest &request);
    void cancel();

    /// The filter and the times that the views show now, as a request has them.
    static void takeView(const ViewContext &context, ExportRequest &request);

Q_SIGNALS:
    void stateChanged();
    void progressChanged();                   ///< At most once a frame.
    void finished(const QString &sentence);
    void cancelled();
    void failed(const QString &sentence);

private:
    void end(const Result<ExportProgress> &result);

    ViewContext &m_context;
    ReceiverGuard m_guard;
    Ticket m_ticket;
    ExportProgress m_progress;
    QString m_file;
    bool m_running = false;
};

} // namespace eventops
