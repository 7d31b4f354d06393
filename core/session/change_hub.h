// SPDX-License-Identifier: MIT
#pragma once

#include "core/session/backend.h"
#include "core/session/workspace.h"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace eventops {

/// Tells subscribers that the workspace changed, whoever changed it: looks at the ledger's change counter after each
/// commit of a run of ours, often while one is under way, once a second otherwise, and never when nobody subscribed.
/// Thread: any may call; callbacks run on the hub's own.
class ChangeHub
{
public:
    explicit ChangeHub(Workspace workspace);
    ~ChangeHub(); ///< After it no callback runs.

    Ticket subscribe(std::function<void(Change)> changed);

    void runStarted();
    void runAdvanced(const RunProgress &progress);
    void runCommitted(); ///< There is something to see: it is looked for at once, as far as CallbackEvery allows.
    void runEnded();
    bool running() const;
    RunProgress progress() const; ///< Of the run under way, or of the last one.

    static constexpr std::chrono::milliseconds CallbackEvery{50};
    static constexpr std::chrono::milliseconds IdleLook{1'000};

private:
    struct Subscriber {
        Ticket ticket;
        std::function<void(Change)> changed;
        bool fresh = true; ///< Has not heard anything yet.
    };
    void work();
    bool look(Change &change);
    void tell(const Change &change, bool everybody);

    const Workspace m_workspace;
    mutable std::mutex m_mutex;
    std::condition_variable m_wake;
    std::vector<std::shared_ptr<Subscriber>> m_subscribers;
    bool m_stop = false;
    bool m_poked = false;
    bool m_running = false;
    RunProgress m_progress;

    // The thread's own.
    std::unique_ptr<Ledger> m_ledger;
    std::uint64_t m_counter = 0;
    bool m_wasRunning = false;
    std::uint64_t m_revision = 0;
    std::thread m_thread;
};

} // namespace eventops
