// SPDX-License-Identifier: MIT
#pragma once

#include "core/remote/remote_backend.h"
#include "tests/unit/api/api_fixture.h"
#include "tests/unit/remote/answers.h"

namespace eventops::test {

inline remote::RemoteOptions remoteOptions(quint16 port, const char *token = "admin")
{
    remote::RemoteOptions options;
    options.url = remote::normalUrl("localhost:" + std::to_string(port)).value();
    options.token = ServedWorkspace::token(token).toStdString();
    options.retryMin = std::chrono::milliseconds(50);
    options.retryMax = std::chrono::milliseconds(200);
    return options;
}

/// What happened to a connection, from any thread.
class StateLog
{
public:
    void add(const remote::ConnectionState &state)
    {
        const std::lock_guard lock(m_mutex);
        m_states.push_back(state);
    }
    std::vector<remote::ConnectionState> all() const
    {
        const std::lock_guard lock(m_mutex);
        return m_states;
    }
    std::size_t count(remote::ConnectionState::Phase phase) const
    {
        const auto states = all();
        return static_cast<std::size_t>(
            std::count_if(states.begin(), states.end(), [&](const auto &state) { return state.phase == phase; }));
    }

private:
    mutable std::mutex m_mutex;
    std::vector<remote::ConnectionState> m_states;
};

} // namespace eventops::test
