// SPDX-License-Identifier: MIT
#pragma once

#include "core/api/http_message.h"
#include "core/session/backend.h"

#include <chrono>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

namespace eventops::api {

/// The alerts of a workspace as server-sent events, to any number of viewers: each gets every alert of its tenants, in
/// the ledger's order, with the finding's id as event id. A viewer that comes back with the last id it saw goes on
/// behind it, however long ago that was; one that comes without hears the newest few first. One that takes nothing
/// costs little memory: it is handed more only when what it was handed is gone.
///
/// Thread: any. Alerts are read once for all viewers, when the back end says that something changed.
class AlertFeed : public std::enable_shared_from_this<AlertFeed>
{
public:
    /// @p backend answers on threads of its own.
    static std::shared_ptr<AlertFeed> start(std::shared_ptr<Backend> backend);
    void stop(); ///< Ends all streams; the back end is not asked any more.

    /// Answers @p exchange with the stream. @p lastId: empty, or the id of an event.
    void attach(std::shared_ptr<HttpExchange> exchange, const Caller &caller, const std::string &lastId);
    std::size_t viewers() const;

    static constexpr std::size_t KeptMax = 4'096;          ///< Findings at hand; older ones are read from the ledger.
    static constexpr std::size_t GreetingMax = 100;        ///< For viewers that name no event.
    static constexpr std::size_t HandedBytes = 256u << 10; ///< At a time to one viewer.
    static constexpr std::chrono::seconds HeartbeatEvery{15};

private:
    struct Alert {
        std::string id, tenant;
        std::string frame; ///< As sent; empty: a finding that is no alert, a place to go on from.
    };
    struct Viewer {
        std::shared_ptr<HttpExchange> exchange;
        Caller caller;
        std::string after;      ///< Goes on behind this alert.
        std::uint64_t next = 0; ///< Number of the alert that comes next, once it is placed.
        bool placed = false;
        bool reading = false;          ///< Its past is being read.
        std::uint64_t readAgainAt = 0; ///< Not before so many refreshes.
        std::deque<Alert> past;        ///< Read from the ledger for it alone; what comes next.
        std::chrono::steady_clock::time_point written;
    };
    struct Past;

    explicit AlertFeed(std::shared_ptr<Backend> backend) : m_backend(std::move(backend)) {}
    void changed(const Change &change);
    void refresh();
    void refreshed(std::vector<Finding> newestFirst, std::uint64_t asked, bool complete);
    void keep(const Finding &finding);
    void forget(const std::shared_ptr<Viewer> &viewer);
    void pumpAll();
    void pump(const std::shared_ptr<Viewer> &viewer);
    bool wantsPast(const std::shared_ptr<Viewer> &viewer);
    bool place(Viewer &viewer);
    void hand(Viewer &viewer);
    void readPast(const std::shared_ptr<Viewer> &viewer);
    void pastRead(const std::shared_ptr<Viewer> &viewer, Past &past, bool complete);
    static bool isFor(const Viewer &viewer, const Alert &alert);
    static Alert alertOf(const Finding &finding);
    std::uint64_t end() const { return m_first + m_alerts.size(); }

    mutable std::mutex m_mutex;
    std::shared_ptr<Backend> m_backend; ///< Null: stopped. Called under the mutex, so that none of it comes later.
    Ticket m_subscription;
    std::deque<Alert> m_alerts;                               ///< Numbers m_first, m_first + 1, …
    std::unordered_map<std::string, std::uint64_t> m_numbers; ///< By id.
    std::uint64_t m_first = 0;
    std::uint64_t m_findings = 0;   ///< Stored when last looked.
    std::uint64_t m_wanted = 0;     ///< Stored as far as we heard.
    std::string m_newest;           ///< Id of the last finding seen, alert or not.
    std::uint64_t m_rows = KeptMax; ///< To ask for.
    std::uint64_t m_refreshes = 0;
    bool m_refreshing = false;
    bool m_again = false;
    std::list<std::shared_ptr<Viewer>> m_viewers;
};

} // namespace eventops::api
