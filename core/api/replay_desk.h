// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace eventops::api {

/// Which captures may be read in over HTTP, and how.
struct ReplayRules {
    std::string directory; ///< They lie in it or below; empty: none may.
    /// Name and text of the pipeline that reads them; called for each.
    std::function<Result<std::pair<std::string, std::string>>()> pipeline = {};
};

/// Captures of the engine's machine on their way into the workspace, asked for over HTTP. Remembers the last
/// RememberedMax. Thread: any; outlives the calls that it makes.
class ReplayDesk : public std::enable_shared_from_this<ReplayDesk>
{
public:
    static constexpr std::size_t RememberedMax = 32;
    static constexpr std::size_t UnderWayMax = 4;

    enum class State : std::uint8_t { Waiting, Running, Done, Failed, Cancelled };
    struct Replay {
        std::string id, capture, user;
        State state = State::Waiting;
        RunProgress progress;
        std::string error;
    };

    ReplayDesk(std::shared_ptr<Backend> backend, ReplayRules rules)
        : m_backend(std::move(backend)), m_rules(std::move(rules))
    {
    }

    /// @p capture: a path from the directory on. Refused: what is not below it, or a caller who may not: below an
    /// operator, or not of all tenants. NotFound; Busy: as many are under way as may. What the back end has against it.
    Result<Replay> start(const Caller &caller, const std::string &capture);
    Result<std::vector<Replay>> list(const Caller &caller) const; ///< Newest first.
    Result<Replay> find(const Caller &caller, const std::string &id) const;
    /// Ends it; what was read is stored. Nothing, when it has ended.
    Result<Replay> cancel(const Caller &caller, const std::string &id);

private:
    struct Entry {
        Replay replay;
        Ticket ticket;
        std::optional<Error> failure;
    };
    static Status mayLook(const Caller &caller);
    static Status mayRead(const Caller &caller);
    Result<std::string> pathOf(const std::string &capture) const;
    Result<std::shared_ptr<Entry>> admit(const Caller &caller, const std::string &capture);
    void ended(Entry &entry, const Result<WorkspaceSummary> &outcome);

    const std::shared_ptr<Backend> m_backend;
    const ReplayRules m_rules;
    mutable std::mutex m_mutex;
    std::deque<std::shared_ptr<Entry>> m_entries; ///< Newest first.
    std::uint64_t m_count = 0;
};

std::string_view toString(ReplayDesk::State state);

} // namespace eventops::api
