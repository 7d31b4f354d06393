// SPDX-License-Identifier: MIT
#pragma once

#include "core/remote/kafka_backend.h"
#include "core/viewmodel/connection_status.h"

#include <QObject>

#include <functional>
#include <memory>
#include <string>

namespace eventops::console {

/// Where to find an engine, as a person says it.
struct EngineAddress {
    std::string url;       ///< "localhost:8088", "kafka://localhost:9092"
    std::string tokenFile; ///< Of topics: may be empty; then nothing is decided.
    bool readOnly = false; ///< Nothing is changed from here, whatever the token allows.
    std::string keepIn = {}; ///< Of topics: the directory in which what is read stays; empty: it goes with the window.
};

/// A connection to an engine elsewhere, from the first try on, and what the window shows of it. Thread: UI.
class EngineConnection final : public QObject
{
    Q_OBJECT

public:
    explicit EngineConnection(EngineAddress address, QObject *parent = nullptr);
    ~EngineConnection() override;

    const EngineAddress &address() const { return m_address; }
    void start();
    /// Once attached: the back end, guarded where it is read-only. The connection must outlive it.
    std::unique_ptr<Backend> takeBackend();
    /// Nothing is changed from here: nobody may, or this window has nothing to sign decisions with.
    bool isReadOnly() const { return m_address.readOnly || !m_mayDecide; }
    Caller caller() const; ///< Once attached: who the engine takes us for; read-only: a viewer.
    ConnectionStatus &status() { return m_status; }

Q_SIGNALS:
    void attached();                                                   ///< For the first time.
    void failed(const eventops::Error &error, const QString &betterUrl); ///< The first try did not get there.

private:
    Status startEngine();
    Status startTopics();
    void show(const remote::ConnectionState &state);
    QString who(const remote::ConnectionState &state) const;

    const EngineAddress m_address;
    ConnectionStatus m_status;
    std::unique_ptr<Backend> m_backend; ///< Until it is taken.
    std::function<void()> m_retry;
    Caller m_caller;           ///< As last told.
    bool m_mayDecide = true;
    bool m_attached = false;
};

} // namespace eventops::console
