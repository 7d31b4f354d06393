// SPDX-License-Identifier: MIT
#include "core/viewmodel/connection_status.h"

namespace eventops {
namespace {

constexpr qint64 MsPerSecond = 1'000;

} // namespace

ConnectionStatus::ConnectionStatus(QString engine, QObject *parent)
    : QObject(parent), m_engine(std::move(engine)), m_tick(this)
{
    m_tick.setInterval(static_cast<int>(MsPerSecond));
    connect(&m_tick, &QTimer::timeout, this, &ConnectionStatus::changed);
}

void ConnectionStatus::setPhase(Phase phase, const QString &why, WallNs lastSeen)
{
    m_phase = phase;
    m_why = why;
    m_lastSeen = lastSeen == NoTime ? QDateTime() : QDateTime::fromMSecsSinceEpoch(raw(lastSeen) / NsPerMs);
    phase == Phase::Waiting ? m_tick.start() : m_tick.stop();
    Q_EMIT changed();
}

void ConnectionStatus::setAttached(const QString &who, const QString &version)
{
    m_who = who;
    m_version = version;
    setPhase(Phase::Attached, {}, NoTime);
}

void ConnectionStatus::setWaiting(const QString &why, int retryMs, WallNs lastSeen)
{
    m_retryAt = QDateTime::currentDateTime().addMSecs(retryMs);
    setPhase(Phase::Waiting, why, lastSeen);
}

void ConnectionStatus::setFailed(const QString &why, WallNs lastSeen)
{
    setPhase(Phase::Failed, why, lastSeen);
}

QString ConnectionStatus::seen() const
{
    return m_lastSeen.isNull() ? QString() : tr(", last seen %1").arg(m_lastSeen.toString(QStringLiteral("HH:mm:ss")));
}

QString ConnectionStatus::text() const
{
    switch (m_phase) {
    case Phase::Connecting: return tr("connecting to %1").arg(m_engine);
    case Phase::Attached: return tr("attached to %1").arg(m_engine);
    case Phase::Failed: return tr("not attached to %1%2").arg(m_engine, seen());
    case Phase::Waiting: break;
    }
    const qint64 left = (QDateTime::currentDateTime().msecsTo(m_retryAt) + MsPerSecond - 1) / MsPerSecond;
    return left > 0 ? tr("reconnecting to %1 in %2 s%3").arg(m_engine).arg(left).arg(seen())
                    : tr("reconnecting to %1%2").arg(m_engine, seen());
}

QString ConnectionStatus::detail() const
{
    if (m_phase == Phase::Attached && m_version.isEmpty()) // it is no engine
        return m_who;
    if (m_phase == Phase::Attached)
        return tr("An engine of version %1 elsewhere, which knows you as %2.").arg(m_version, m_who);
    return m_why.isEmpty() ? text() : m_why;
}

} // namespace eventops
