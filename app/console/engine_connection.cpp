// SPDX-License-Identifier: MIT
#include "app/console/engine_connection.h"

#include "app/common/local.h"
#include "core/session/guarded_backend.h"
#include "core/viewmodel/shown_text.h"

#include <QUrl>

namespace eventops::console {
namespace {

/// "localhost:8088" of whatever was written.
QString shownEngine(const std::string &url)
{
    if (isKafkaAddress(url)) {
        const auto address = readKafkaAddress(url);
        return QString::fromStdString(address ? address.value().shown() : url);
    }
    const auto normal = remote::normalUrl(url);
    return normal ? QUrl(QString::fromStdString(normal.value())).authority() : QString::fromStdString(url);
}

} // namespace

EngineConnection::EngineConnection(EngineAddress address, QObject *parent)
    : QObject(parent), m_address(std::move(address)), m_status(shownEngine(m_address.url))
{
    connect(&m_status, &ConnectionStatus::retryWanted, this, [this] {
        if (m_retry)
            m_retry();
    });
}

EngineConnection::~EngineConnection()
{
    m_backend.reset(); // it calls us
}

void EngineConnection::start()
{
    const Status started = isKafkaAddress(m_address.url) ? startTopics() : startEngine();
    if (!started)
        Q_EMIT failed(started.error(), {});
}

Status EngineConnection::startEngine()
{
    remote::RemoteOptions options;
    options.url = EVENTOPS_TRY(remote::normalUrl(m_address.url));
    options.token = EVENTOPS_TRY(remote::readTokenFile(m_address.tokenFile));
    if (!m_address.caFile.empty())
        options.authorities = EVENTOPS_TRY(remote::readAuthorities(m_address.caFile));
    options.changed = [this](const remote::ConnectionState &state) {
        QMetaObject::invokeMethod(
            this, [this, state] { show(state); }, Qt::QueuedConnection);
    };
    auto backend = std::make_unique<remote::RemoteBackend>(std::move(options));
    m_retry = [remote = backend.get()] {
        remote->retryNow();
    };
    m_backend = std::move(backend);
    return Ok{};
}

/// No engine is asked: this process reads the topics.
Status EngineConnection::startTopics()
{
    const std::string program = app::ownProgram();
    remote::KafkaAttachOptions options;
    options.address = EVENTOPS_TRY(readKafkaAddress(m_address.url));
    options.local = app::localOptions(program, app::findDataDirectory(program), {});
    options.local.startExecutor = {}; // the actions are the engine's
    options.user = app::ownUser();
    options.directory = m_address.keepIn;
    if (!m_address.tokenFile.empty()) {
        auto key = EVENTOPS_TRY(remote::readDecisionKey(m_address.tokenFile));
        if (!key.user.empty())
            options.user = key.user;
        if (!m_address.readOnly)
            options.secret = std::move(key.secret);
    }
    m_mayDecide = !options.secret.empty();
    options.changed = [this](const remote::ConnectionState &state) {
        QMetaObject::invokeMethod(
            this, [this, state] { show(state); }, Qt::QueuedConnection);
    };
    auto backend = std::make_unique<remote::KafkaBackend>(std::move(options));
    m_retry = [topics = backend.get()] {
        topics->retryNow();
    };
    m_backend = std::move(backend);
    return Ok{};
}

std::unique_ptr<Backend> EngineConnection::takeBackend()
{
    if (!m_address.readOnly)
        return std::move(m_backend);
    return std::make_unique<GuardedBackend>(std::move(m_backend), GuardMode::ReadOnly);
}

Caller EngineConnection::caller() const
{
    Caller caller = m_caller;
    caller.role = m_address.readOnly ? Role::Viewer : caller.role;
    return caller;
}

QString EngineConnection::who(const remote::ConnectionState &state) const
{
    if (isKafkaAddress(m_address.url))
        return m_mayDecide ? tr("Topics, which this window reads by itself. Decisions are signed as %1.")
                                 .arg(shownText(state.caller.user))
               : m_address.readOnly
                   ? tr("Topics, which this window reads by itself, to look only.")
                   : tr("Topics, which this window reads by itself. It may only look: it has no token to sign "
                        "decisions with.");
    const std::string_view role = toString(state.caller.role);
    return QStringLiteral("%1 (%2)").arg(shownText(state.caller.user),
                                         QString::fromLatin1(role.data(), static_cast<qsizetype>(role.size())));
}

void EngineConnection::show(const remote::ConnectionState &state)
{
    using Phase = remote::ConnectionState::Phase;
    const QString why = shownText(state.error.text());
    m_caller = state.caller;
    switch (state.phase) {
    case Phase::Connecting: break;
    case Phase::Attached: {
        m_status.setAttached(who(state), shownText(state.engineVersion));
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
