// SPDX-License-Identifier: MIT
#include "app/console/engine_connection.h"

#include "core/session/guarded_backend.h"
#include "core/viewmodel/shown_text.h"

#include <QUrl>

namespace eventops::console {
namespace {

/// "localhost:8088" of whatever was written.
QString shownEngine(const std::string &url)
{
    const auto normal = remote::normalUrl(url);
    return normal ? QUrl(QString::fromStdString(normal.value())).authority() : QString::fromStdString(url);
}

} // namespace

EngineConnection::EngineConnection(EngineAddress address, QObject *parent)
    : QObject(parent), m_address(std::move(address)), m_status(shownEngine(m_address.url))
{
    connect(&m_status, &ConnectionStatus::retryWanted, this, [this] {
        if (m_remote != nullptr)
            m_remote->retryNow();
    });
}

EngineConnection::~EngineConnection()
{
    m_backend.reset(); // it calls us
}

void EngineConnection::start()
{
    remote::RemoteOptions options;
    const auto url = remote::normalUrl(m_address.url);
    const auto token = url ? remote::readTokenFile(m_address.tokenFile) : url.error();
    const auto trusted = token && !m_address.caFile.empty() ? remote::readAuthorities(m_address.caFile) : token;
    if (!trusted) {
        Q_EMIT failed(trusted.error(), {});
        return;
    }
    if (!m_address.caFile.empty())
        options.authorities = trusted.value();
    options.url = url.value();
    options.token = token.value();
    options.changed = [this](const remote::ConnectionState &state) {
        QMetaObject::invokeMethod(
            this, [this, state] { show(state); }, Qt::QueuedConnection);
    };
    m_backend = std::make_unique<remote::RemoteBackend>(std::move(options));
    m_remote = m_backend.get();
}

std::unique_ptr<Backend> EngineConnection::takeBackend()
{
    if (!m_address.readOnly)
        return std::move(m_backend);
    return std::make_unique<GuardedBackend>(std::move(m_backend), GuardMode::ReadOnly);
}

Caller EngineConnection::caller() const
{
    Caller caller = m_remote->state().caller;
    caller.role = m_address.readOnly ? Role::Viewer : caller.role;
    return caller;
}

void EngineConnection::show(const remote::ConnectionState &state)
{
    using Phase = remote::ConnectionState::Phase;
    const QString why = shownText(state.error.text());
    switch (state.phase) {
    case Phase::Connecting: break;
    case Phase::Attached: {
        const std::string_view role = toString(state.caller.role);
        m_status.setAttached(QStringLiteral("%1 (%2)").arg(
                                 shownText(state.caller.user),
                                 QString::fromLatin1(role.data(), static_cast<qsizetype>(role.size()))),
                             shownText(state.engineVersion));
        if (!std::exchange(m_attached, true))
            Q_EMIT attached();
        break;
    }
    case Phase::Waiting: m_status.setWaiting(why, static_cast<int>(state.retryIn.count()), state.lastSeen); break;
    case Phase::Failed:
        m_status.setFailed(why, state.lastSeen);
        if (!m_attached)
            Q_EMIT failed(state.error, QString::fromStdString(state.betterUrl));
        break;
    }
}

} // namespace eventops::console
