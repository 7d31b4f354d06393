// SPDX-License-Identifier: MIT
#pragma once

#include "core/base/types.h"

#include <QDateTime>
#include <QObject>
#include <QString>
#include <QTimer>

namespace eventops {

/// How the window's connection to an engine elsewhere stands, in words. Fed by who holds the connection; thread: UI.
/// Nothing runs but a second's tick while the next try is counted down.
class ConnectionStatus final : public QObject
{
    Q_OBJECT

public:
    enum class Phase { Connecting, Attached, Waiting, Failed };

    /// @p engine: as people call it: "localhost:8088". @p who: "alice, approver".
    explicit ConnectionStatus(QString engine, QObject *parent = nullptr);

    /// @p version: of the engine; empty: there is none, and @p who is all that is to be said.
    void setAttached(const QString &who, const QString &version);
    /// @p retryMs: until the next try; @p lastSeen: NoTime: never.
    void setWaiting(const QString &why, int retryMs, WallNs lastSeen);
    void setFailed(const QString &why, WallNs lastSeen);

    Phase phase() const { return m_phase; }
    const QString &engine() const { return m_engine; }
    QString text() const;   ///< For the status bar: "attached to localhost:8088", "reconnecting in 3 s …".
    QString detail() const; ///< Several sentences: who one is there, or why there is no connection.
    void askForRetry() { Q_EMIT retryWanted(); }

Q_SIGNALS:
    void changed();
    void retryWanted();

private:
    void setPhase(Phase phase, const QString &why, WallNs lastSeen);
    QString seen() const;

    const QString m_engine;
    Phase m_phase = Phase::Connecting;
    QString m_who, m_version, m_why;
    QDateTime m_lastSeen;
    QDateTime m_retryAt;
    QTimer m_tick;
};

} // namespace eventops
